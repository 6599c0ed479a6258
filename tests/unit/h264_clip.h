// Small H.264 clips made on the spot: right headers, meaningless samples.
#pragma once

#include "tests/fakes/playback.h"
#include "tests/unit/h264_stream.h"

namespace v4l2play::test {

/// Whether pictures are frames, or two fields: in one access unit, or in two. Alone: bottom fields are left out.
enum class ClipFields { No, Together, Apart, Alone };

struct ClipOptions {
    unsigned width = 64; ///< multiples of 16
    unsigned height = 64;
    unsigned pictures = 12;
    unsigned period = 0; ///< an IDR picture every so many; 0: the first only
    unsigned references = 2;
    bool b_pictures = false; ///< every second picture is a B picture that nothing refers to
    unsigned slices = 1;
    ClipFields fields = ClipFields::No; ///< height in multiples of 32
    std::size_t padding = 0;            ///< bytes added to each slice
    Nanoseconds start = 0;
};

/// 25 pictures per second, in coding order.
class Clip {
  public:
    explicit Clip(const ClipOptions& options)
        : options_(options) {
        sps_.profile_idc = 77;
        sps_.level_idc = 40;
        sps_.log2_max_frame_num_minus4 = 4;
        sps_.log2_max_pic_order_cnt_lsb_minus4 = 6;
        sps_.max_num_ref_frames = static_cast<std::uint8_t>(options.references);
        sps_.pic_width_in_mbs_minus1 = static_cast<std::uint16_t>(options.width / 16 - 1);
        sps_.frame_mbs_only_flag = options.fields == ClipFields::No;
        const unsigned map_unit_height = sps_.frame_mbs_only_flag ? 16 : 32;
        sps_.pic_height_in_map_units_minus1 = static_cast<std::uint16_t>(options.height / map_unit_height - 1);
        sps_.sample_aspect = {1, 1};
        sps_.bitstream_restriction_flag = true;
        sps_.max_num_reorder_frames = options.b_pictures ? 1 : 0;
        sps_.max_dec_frame_buffering = static_cast<std::uint8_t>(options.references);
    }

    [[nodiscard]] std::vector<fakes::TestUnit> units() {
        std::vector<fakes::TestUnit> all;
        const unsigned period = options_.period == 0 ? options_.pictures : options_.period;
        for (unsigned first = 0; first < options_.pictures; first += period)
            add_group(first, std::min(period, options_.pictures - first), all);
        return all;
    }

  private:
    /// Groups are closed: nothing refers across an IDR picture.
    void add_group(unsigned first, unsigned count, std::vector<fakes::TestUnit>& all) {
        frame_num_ = references_ = 0;
        add(h264::SliceType::I, first, 0, all);
        for (unsigned next = 1; next < count;) {
            const bool b = options_.b_pictures && next + 1 < count;
            if (b) add(h264::SliceType::P, first, next + 1, all);
            add(b ? h264::SliceType::B : h264::SliceType::P, first, next, all);
            next += b ? 2 : 1;
        }
    }
    void add(h264::SliceType type, unsigned first, unsigned position, std::vector<fakes::TestUnit>& all) {
        fakes::TestUnit unit;
        unit.pts = options_.start + (first + position) * 40 * millisecond;
        const bool idr = type == h264::SliceType::I;
        const bool reference = type != h264::SliceType::B;
        if (idr) append_nal(unit.bytes, write_sps(sps_));
        if (idr) append_nal(unit.bytes, write_pps(pps_));
        h264::SliceHeader header;
        header.nal_ref_idc = reference ? 1 : 0;
        header.idr_pic_flag = idr;
        header.idr_pic_id = static_cast<std::uint16_t>(first % 2);
        header.slice_type = type;
        header.frame_num = static_cast<std::uint16_t>(frame_num_ % 256);
        header.pic_order_cnt_lsb = static_cast<std::uint16_t>(position * 2 % 1024);
        header.num_ref_idx_l0_active_minus1 = static_cast<std::uint8_t>(references_ == 0 ? 0 : references_ - 1);
        header.field_pic_flag = options_.fields != ClipFields::No;
        add_slices(header, unit);
        if (options_.fields == ClipFields::Apart) all.push_back(std::exchange(unit, {{}, unit.pts}));
        if (options_.fields == ClipFields::Apart || options_.fields == ClipFields::Together)
            add_bottom_field(header, unit);
        if (reference) ++frame_num_;
        if (reference) references_ = std::min(references_ + 1, options_.references);
        all.push_back(std::move(unit));
    }

    void add_bottom_field(h264::SliceHeader header, fakes::TestUnit& unit) {
        header.bottom_field_flag = true;
        header.idr_pic_flag = false;
        if (header.slice_type == h264::SliceType::I) header.slice_type = h264::SliceType::P;
        ++header.pic_order_cnt_lsb;
        add_slices(header, unit);
    }
    void add_slices(h264::SliceHeader header, fakes::TestUnit& unit) {
        const unsigned rows = options_.height / (header.field_pic_flag ? 32 : 16);
        for (unsigned i = 0; i < options_.slices; ++i) {
            header.first_mb_in_slice = options_.width / 16 * rows * i / options_.slices;
            Bytes slice = write_slice(sps_, pps_, header);
            slice.insert(slice.end(), options_.padding, 0xa5);
            append_nal(unit.bytes, slice);
        }
    }

    ClipOptions options_;
    h264::Sps sps_;
    h264::Pps pps_;
    unsigned frame_num_ = 0;
    unsigned references_ = 0; ///< frames that a picture may refer to
};

inline std::vector<fakes::TestUnit> make_clip(const ClipOptions& options) { return Clip(options).units(); }

} // namespace v4l2play::test
