// Arbitrary bytes as AV1 OBUs: what a parser accepts keeps what av1_syntax.h promises. Every reference slot has a
// frame, so that inter frames can be read.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "decoder/codec/av1_parser.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::av1;

constexpr unsigned side = 64; ///< of the frames in the slots

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

SavedFrames saved_frames() {
    SavedFrames frames;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        frames[i].valid = true;
        frames[i].order_hint = static_cast<std::uint8_t>(i);
        frames[i].size.upscaled_width = frames[i].size.frame_width = frames[i].size.frame_height = side;
        frames[i].size.render_width = frames[i].size.render_height = side;
    }
    return frames;
}

void check(const SequenceHeader& sequence) {
    const unsigned depth = sequence.color.bit_depth;
    require(depth == 8 || depth == 10 || depth == 12, "bit_depth");
    require(sequence.seq_profile <= 2 && sequence.order_hint_bits <= 8, "sequence header");
    require(sequence.operating_points_cnt_minus_1 < max_operating_points, "operating points");
}

void check(const FilmGrain& grain) {
    require(grain.num_y_points <= 14 && grain.num_cb_points <= 10 && grain.num_cr_points <= 10, "points");
    require(grain.grain_scaling_minus_8 <= 3 && grain.ar_coeff_lag <= 3 && grain.ar_coeff_shift_minus_6 <= 3, "grain");
    require(grain.cb_offset < 512 && grain.cr_offset < 512, "grain offsets");
}

void check(const FrameHeader& header) {
    const FrameSize& size = header.size;
    require(size.frame_width >= 1 && size.frame_width <= size.upscaled_width && size.upscaled_width <= 65536, "width");
    require(size.frame_height >= 1 && size.frame_height <= 65536, "height");
    require(size.superres_denom >= superres_num && size.superres_denom <= 16, "superres_denom");
    require(header.primary_ref_frame <= primary_ref_none && header.interpolation_filter <= 4, "frame header");
    for (const std::uint8_t index : header.ref_frame_idx) require(index < num_ref_frames, "ref_frame_idx");
    require(header.tile_info.tile_cols >= 1 && header.tile_info.tile_cols <= 64, "tile_cols");
    require(header.tile_info.tile_rows >= 1 && header.tile_info.tile_rows <= 64, "tile_rows");
    require(header.tile_info.context_update_tile_id < header.tile_info.tile_cols * header.tile_info.tile_rows, "tile");
    require(header.loop_filter.sharpness <= 7 && header.cdef.bits <= 3 && header.cdef.damping_minus_3 <= 3, "filters");
    check(header.film_grain);
}

class Units {
  public:
    void unit(const Obu& obu) {
        HdrMetadata hdr;
        if (obu.type == ObuType::SequenceHeader) sequence(obu);
        if (obu.type == ObuType::Metadata) parse_metadata(obu.payload, hdr);
        if (known_ && (obu.type == ObuType::Frame || obu.type == ObuType::FrameHeader)) frame(obu);
    }

  private:
    void sequence(const Obu& obu) {
        SequenceHeader read;
        if (!parse_sequence_header(obu.payload, read)) return;
        check(read);
        sequence_ = read;
        known_ = true;
    }
    void frame(const Obu& obu) {
        SavedFrames frames = saved_frames();
        FrameHeader header;
        SyntaxReader reader(obu.payload);
        if (!parse_frame_header(reader, obu, sequence_, frames, header) || header.show_existing_frame) return;
        check(header);
        std::vector<Tile> tiles;
        if (obu.type != ObuType::Frame || !parse_tile_group(reader, header.tile_info, 0, tiles)) return;
        require(tiles.size() <= std::size_t{header.tile_info.tile_cols} * header.tile_info.tile_rows, "tiles");
        for (const Tile& tile : tiles)
            require(std::uint64_t{tile.offset} + tile.size <= obu.payload.size() &&
                        tile.row < header.tile_info.tile_rows && tile.col < header.tile_info.tile_cols,
                    "a tile");
    }

    SequenceHeader sequence_;
    bool known_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    if (auto configuration = parse_av1_configuration(bytes))
        while (configuration->units.next()) {
        }
    Units units;
    ObuReader reader(bytes);
    while (const auto obu = reader.next()) {
        require(obu->payload.data() >= data && obu->payload.data() + obu->payload.size() <= data + size, "an OBU");
        units.unit(*obu);
    }
    return 0;
}
