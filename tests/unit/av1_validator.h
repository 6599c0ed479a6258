// What the kernel's interface allows in AV1 controls, whatever the stream.
#pragma once

#include <algorithm>
#include <bit>
#include <span>
#include <string>

#include "decoder/codec/av1_picture.h"
#include "decoder/request/av1_controls.h"

namespace v4l2play::test {

/// A driver that has all controls.
class Av1Probe final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = true;
        facts.element_size = size_of(id);
        return facts;
    }

  private:
    static std::uint32_t size_of(std::uint32_t id) {
        switch (id) {
        case V4L2_CID_STATELESS_AV1_SEQUENCE:
            return sizeof(v4l2_ctrl_av1_sequence);
        case V4L2_CID_STATELESS_AV1_FRAME:
            return sizeof(v4l2_ctrl_av1_frame);
        case V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY:
            return sizeof(v4l2_ctrl_av1_tile_group_entry);
        default:
            return sizeof(v4l2_ctrl_av1_film_grain);
        }
    }
};

/// Checks the controls of pictures. The first field out of its range is kept in `fault`.
class Av1Validator {
  public:
    Av1Validator() {
        Av1Probe probe;
        expect(controls_.probe(probe).has_value(), "probe");
    }
    void check(const Picture& picture) {
        std::size_t size = controls_.bitstream_size(picture, 0);
        std::vector<std::uint8_t> bitstream(size);
        expect(controls_.write_bitstream(picture, 0, bitstream) == size, "bitstream size");
        for (const v4l2_ext_control& control : controls_.picture_controls(picture, 0)) check(control, picture, size);
    }
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    void check(const v4l2_ext_control& control, const Picture& picture, std::size_t bitstream) {
        switch (control.id) {
        case V4L2_CID_STATELESS_AV1_SEQUENCE:
            sequence_ = *static_cast<const v4l2_ctrl_av1_sequence*>(control.ptr);
            return check_sequence(sequence_);
        case V4L2_CID_STATELESS_AV1_FRAME:
            frame_ = static_cast<const v4l2_ctrl_av1_frame*>(control.ptr);
            return check_frame(*frame_, picture);
        case V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY:
            return check_tiles({static_cast<const v4l2_ctrl_av1_tile_group_entry*>(control.ptr),
                                control.size / sizeof(v4l2_ctrl_av1_tile_group_entry)},
                               bitstream);
        case V4L2_CID_STATELESS_AV1_FILM_GRAIN:
            return check_grain(*static_cast<const v4l2_ctrl_av1_film_grain*>(control.ptr));
        default:
            return expect(false, "a control that is not AV1's");
        }
    }
    void check_sequence(const v4l2_ctrl_av1_sequence& s) {
        expect(s.flags < 1U << 20, "sequence.flags");
        expect(s.seq_profile == 0, "seq_profile");
        expect(s.order_hint_bits <= 8 && s.reserved == 0, "order_hint_bits");
        expect(s.bit_depth == 8 || s.bit_depth == 10, "bit_depth");
    }
    void check_frame(const v4l2_ctrl_av1_frame& f, const Picture& picture) {
        check_tile_info(f);
        check_quantization(f.quantization);
        check_segmentation(f.segmentation);
        check_filters(f);
        check_motion(f.global_motion);
        expect(f.flags < 1U << 20, "frame.flags");
        expect(f.superres_denom >= 8 && f.superres_denom <= 16, "superres_denom");
        expect(f.frame_type <= V4L2_AV1_SWITCH_FRAME, "frame_type");
        expect(f.interpolation_filter <= V4L2_AV1_INTERPOLATION_FILTER_SWITCHABLE, "interpolation_filter");
        expect(f.tx_mode <= V4L2_AV1_TX_MODE_SELECT, "tx_mode");
        expect(f.primary_ref_frame <= 7, "primary_ref_frame");
        expect(f.order_hint < 256, "order_hint");
        expect(f.upscaled_width >= 1 && f.upscaled_width <= 65536, "upscaled_width");
        expect(f.frame_width_minus_1 < f.upscaled_width, "frame_width_minus_1");
        expect(f.frame_height_minus_1 < 65536, "frame_height_minus_1");
        for (const __u8 reference : f.skip_mode_frame) expect(reference <= 7, "skip_mode_frame");
        const bool skips = (f.flags & V4L2_AV1_FRAME_FLAG_SKIP_MODE_PRESENT) != 0;
        expect(!skips || (f.skip_mode_frame[0] != 0 && f.skip_mode_frame[0] < f.skip_mode_frame[1]), "skip_mode_frame");
        // Both controls are of one request where the sequence is.
        const unsigned hints = 1U << sequence_.order_hint_bits;
        expect(f.order_hint < hints, "order_hint");
        for (const __u32 hint : f.order_hints) expect(hint < hints, "order_hints");
        expect(f.upscaled_width <= sequence_.max_frame_width_minus_1 + 1U &&
                   f.frame_height_minus_1 <= sequence_.max_frame_height_minus_1,
               "a frame that is larger than its sequence");
        expect(f.current_frame_id < 1U << 16, "current_frame_id");
        const bool fresh = f.frame_type == V4L2_AV1_KEY_FRAME && (f.flags & V4L2_AV1_FRAME_FLAG_SHOW_FRAME) != 0;
        const bool all = fresh || f.frame_type == V4L2_AV1_SWITCH_FRAME;
        expect(!all || f.refresh_frame_flags == 0xff, "refresh_frame_flags of a key or switch frame");
        expect(f.frame_type != V4L2_AV1_INTRA_ONLY_FRAME || f.refresh_frame_flags != 0xff, "refresh_frame_flags");
        expect(is_zero(f.reserved), "frame.reserved");
        check_references(f, picture);
    }
    static bool is_zero(std::span<const __u8> bytes) {
        return std::all_of(bytes.begin(), bytes.end(), [](__u8 byte) { return byte == 0; });
    }
    void check_references(const v4l2_ctrl_av1_frame& f, const Picture& picture) {
        const bool intra = f.frame_type == V4L2_AV1_KEY_FRAME || f.frame_type == V4L2_AV1_INTRA_ONLY_FRAME;
        for (const __u32 hint : f.order_hints) expect(!intra || hint == 0, "order_hints of an intra frame");
        for (const __s8 index : f.ref_frame_idx) {
            expect(!intra || index == -1, "ref_frame_idx of an intra frame");
            if (intra) continue;
            expect(index >= 0 && index < 8, "ref_frame_idx");
            if (index < 0 || index >= 8) continue;
            const FrameId id = f.reference_frame_ts[index] / 1000;
            expect(std::find(picture.references.begin(), picture.references.end(), id) != picture.references.end(),
                   "a reference slot without its picture");
        }
        expect(!intra || picture.references.empty(), "an intra frame refers to pictures");
    }
    void check_tile_info(const v4l2_ctrl_av1_frame& f) {
        const v4l2_av1_tile_info& t = f.tile_info;
        expect(t.tile_cols >= 1 && t.tile_cols <= 64 && t.tile_rows >= 1 && t.tile_rows <= 64, "tile_cols, tile_rows");
        for (unsigned i = 0; i < std::min<unsigned>(t.tile_cols, 64); ++i)
            expect(t.mi_col_starts[i] < t.mi_col_starts[i + 1], "mi_col_starts");
        for (unsigned i = 0; i < std::min<unsigned>(t.tile_rows, 64); ++i)
            expect(t.mi_row_starts[i] < t.mi_row_starts[i + 1], "mi_row_starts");
        expect(t.mi_col_starts[std::min<unsigned>(t.tile_cols, 64)] == (f.frame_width_minus_1 + 8) / 8 * 2, "MiCols");
        expect(t.mi_row_starts[std::min<unsigned>(t.tile_rows, 64)] == (f.frame_height_minus_1 + 8) / 8 * 2, "MiRows");
        // 5.9.15: sent with several tiles
        const bool several = t.tile_cols * t.tile_rows > 1;
        expect(t.tile_size_bytes <= 4 && (t.tile_size_bytes != 0) == several && t.flags < 2, "tile_size_bytes");
        expect(is_zero(t.reserved), "tile_info.reserved");
        expect(t.context_update_tile_id < t.tile_cols * t.tile_rows, "context_update_tile_id");
        // 4 x 4 samples in a superblock of 64 or 128 on a side
        const unsigned shift = (sequence_.flags & V4L2_AV1_SEQUENCE_FLAG_USE_128X128_SUPERBLOCK) != 0 ? 5 : 4;
        const auto superblocks = [shift](unsigned from, unsigned to) {
            return (to - from + (1U << shift) - 1) >> shift;
        };
        for (unsigned i = 0; i < std::min<unsigned>(t.tile_cols, 64); ++i)
            expect(t.width_in_sbs_minus_1[i] + 1 == superblocks(t.mi_col_starts[i], t.mi_col_starts[i + 1]),
                   "width_in_sbs_minus_1");
        for (unsigned i = 0; i < std::min<unsigned>(t.tile_rows, 64); ++i)
            expect(t.height_in_sbs_minus_1[i] + 1 == superblocks(t.mi_row_starts[i], t.mi_row_starts[i + 1]),
                   "height_in_sbs_minus_1");
    }
    void check_tiles(std::span<const v4l2_ctrl_av1_tile_group_entry> tiles, std::size_t bitstream) {
        expect(tiles.size() == std::size_t{frame_->tile_info.tile_cols} * frame_->tile_info.tile_rows, "tile count");
        std::size_t end = 0;
        for (const v4l2_ctrl_av1_tile_group_entry& tile : tiles) {
            expect(tile.tile_offset >= end, "tile_offset");
            end = std::size_t{tile.tile_offset} + tile.tile_size;
            expect(tile.tile_size > 0 && end <= bitstream, "tile_size");
            const auto number = static_cast<unsigned>(&tile - tiles.data());
            const unsigned columns = frame_->tile_info.tile_cols;
            expect(tile.tile_row == number / columns && tile.tile_col == number % columns, "tile_row, tile_col");
        }
    }
    void check_quantization(const v4l2_av1_quantization& q) {
        expect(q.flags < 8 && q.qm_y < 16 && q.qm_u < 16 && q.qm_v < 16 && q.delta_q_res < 4, "quantization");
        for (const int delta : {q.delta_q_y_dc, q.delta_q_u_dc, q.delta_q_u_ac, q.delta_q_v_dc, q.delta_q_v_ac})
            expect(delta >= -63 && delta <= 63, "delta_q");
    }
    void check_segmentation(const v4l2_av1_segmentation& s) {
        constexpr std::array<int, 8> maximum{255, 63, 63, 63, 63, 7, 0, 0};
        expect(s.flags < 32 && s.last_active_seg_id < 8, "segmentation");
        for (const auto& segment : s.feature_data)
            for (unsigned i = 0; i < 8; ++i)
                expect(segment[i] <= maximum[i] && segment[i] >= (i < 5 ? -maximum[i] : 0), "feature_data");
    }
    void check_filters(const v4l2_ctrl_av1_frame& f) {
        const v4l2_av1_loop_filter& lf = f.loop_filter;
        expect(lf.flags < 16 && lf.sharpness < 8 && lf.delta_lf_res < 4, "loop_filter");
        for (const __u8 level : lf.level) expect(level < 64, "loop_filter.level");
        for (const int delta : lf.ref_deltas) expect(delta >= -63 && delta <= 63, "ref_deltas");
        for (const int delta : lf.mode_deltas) expect(delta >= -63 && delta <= 63, "mode_deltas");
        expect(f.cdef.damping_minus_3 < 4 && f.cdef.bits < 4, "cdef");
        for (unsigned i = 0; i < 8; ++i) {
            expect(f.cdef.y_pri_strength[i] < 16 && f.cdef.uv_pri_strength[i] < 16, "cdef_pri_strength");
            expect(f.cdef.y_sec_strength[i] <= 4 && f.cdef.y_sec_strength[i] != 3, "cdef_y_sec_strength");
            expect(f.cdef.uv_sec_strength[i] <= 4 && f.cdef.uv_sec_strength[i] != 3, "cdef_uv_sec_strength");
        }
        const v4l2_av1_loop_restoration& lr = f.loop_restoration;
        expect(lr.flags < 4 && lr.lr_unit_shift <= 2 && lr.lr_uv_shift <= 1 && lr.reserved == 0, "loop_restoration");
        for (unsigned i = 0; i < 3; ++i) {
            expect(lr.frame_restoration_type[i] <= V4L2_AV1_FRAME_RESTORE_SWITCHABLE, "frame_restoration_type");
            expect((lr.flags & V4L2_AV1_LOOP_RESTORATION_FLAG_USES_LR) == 0 ||
                       (lr.loop_restoration_size[i] >= 32 && lr.loop_restoration_size[i] <= 256 &&
                        std::has_single_bit(lr.loop_restoration_size[i])),
                   "loop_restoration_size");
        }
    }
    void check_motion(const v4l2_av1_global_motion& gm) {
        for (unsigned i = 0; i < 8; ++i) {
            expect(gm.flags[i] < 8 && gm.type[i] <= V4L2_AV1_WARP_MODEL_AFFINE, "global_motion.type");
            for (unsigned k = 0; k < 6; ++k) {
                const int least = k % 3 == 2 ? 1 << 16 : 0;
                const int reach = k < 2 ? 1 << 22 : 1 << 13;
                expect(std::abs(gm.params[i][k] - least) <= reach, "global_motion.params");
            }
        }
        expect((gm.invalid & 1) == 0, "global_motion.invalid");
    }
    void check_grain(const v4l2_ctrl_av1_film_grain& g) {
        expect(g.flags < 32 && g.film_grain_params_ref_idx < 8, "film_grain");
        expect(is_zero(g.reserved), "film_grain.reserved");
        expect(g.num_y_points <= 14 && g.num_cb_points <= 10 && g.num_cr_points <= 10, "num_points");
        expect(g.grain_scaling_minus_8 < 4 && g.ar_coeff_lag < 4 && g.ar_coeff_shift_minus_6 < 4, "film_grain");
        expect(g.grain_scale_shift < 4 && g.cb_offset < 512 && g.cr_offset < 512, "film_grain");
        check_points({g.point_y_value, g.num_y_points});
        check_points({g.point_cb_value, g.num_cb_points});
        check_points({g.point_cr_value, g.num_cr_points});
    }
    void check_points(std::span<const __u8> values) {
        for (std::size_t i = 1; i < values.size(); ++i) expect(values[i] > values[i - 1], "point_value");
    }
    void expect(bool holds, const char* field) {
        if (!holds && fault_.empty()) fault_ = std::string(field) + " is out of range";
    }

    Av1Controls controls_;
    v4l2_ctrl_av1_sequence sequence_{};
    const v4l2_ctrl_av1_frame* frame_ = nullptr;
    std::string fault_;
};

} // namespace v4l2play::test
