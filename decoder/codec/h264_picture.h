// One H.264 picture as the codec hands it to whoever fills a device's controls.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/codec.h"
#include "decoder/codec/h264_syntax.h"

namespace v4l2play::h264 {

/// Which fields of a frame are meant (bits): 1 top, 2 bottom, 3 both.
enum class Fields : std::uint8_t { None = 0, Top = 1, Bottom = 2, Frame = 3 };

constexpr Fields operator|(Fields a, Fields b) {
    return static_cast<Fields>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Fields operator&(Fields a, Fields b) {
    return static_cast<Fields>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// The other parity; of a frame nothing.
constexpr Fields opposite(Fields fields) {
    return static_cast<Fields>(static_cast<unsigned>(fields) ^ static_cast<unsigned>(Fields::Frame));
}
constexpr Fields without(Fields fields, Fields removed) { return fields & opposite(removed); }
constexpr bool any(Fields fields) { return fields != Fields::None; }

/// What the picture of a slice codes.
constexpr Fields coded_fields(const SliceHeader& header) {
    if (!header.field_pic_flag) return Fields::Frame;
    return header.bottom_field_flag ? Fields::Bottom : Fields::Top;
}

/// A frame in the DPB that may be referred to (at most 16), at the time the picture is decoded. Both of its fields are
/// in it; it may be the frame of the picture itself, when that is a second field.
struct DpbEntry {
    FrameId id = 0;         ///< 0: no memory: `non_existing` or `lost`
    FrameId substitute = 0; ///< when id is 0: the reference to name in its place; 0 none
    std::uint16_t frame_num = 0;
    std::int32_t frame_num_wrap = 0; ///< FrameNumWrap (8-27)
    /// 8.2.4.1: PicNum, or LongTermPicNum. When fields are decoded, that of its first field.
    std::int32_t pic_num = 0;
    std::uint16_t long_term_frame_idx = 0;
    Fields short_term = Fields::Frame;    ///< fields marked "used for short-term reference"
    Fields long_term = Fields::None;      ///< fields marked "used for long-term reference"
    Fields decoded = Fields::Frame;       ///< fields that exist
    bool field_pair = false;              ///< coded as complementary fields
    bool non_existing = false;            ///< inferred for a gap in frame_num (8.2.5.2)
    bool lost = false;                    ///< was coded, but not received or not decoded; no conforming decoder has it
    std::int32_t top_field_order_cnt = 0; ///< 0 for a field that does not exist
    std::int32_t bottom_field_order_cnt = 0;

    [[nodiscard]] Fields reference() const { return short_term | long_term; }
    [[nodiscard]] bool is_long_term() const { return any(long_term); }
};

/// One entry of RefPicList0/1: index into H264Picture::dpb, and the field(s) meant.
struct ListEntry {
    std::uint8_t dpb_index = 0xff; ///< 0xff: no reference picture
    Fields fields = Fields::Frame;

    bool operator==(const ListEntry&) const = default;
};

struct Slice {
    SliceHeader header;
    std::span<const std::uint8_t> nal; ///< from the NAL unit header on, emulation prevention included, no start code
    std::array<std::uint8_t, 2> list_size{};
    std::array<std::array<ListEntry, maximum_list_entries>, 2> list{}; ///< after modification (8.2.4.3)
};

struct H264Picture : Picture {
    const Sps* sps = nullptr;
    const Pps* pps = nullptr;
    const ScalingLists* scaling =
        nullptr;                          ///< resolved for this picture; null when flat (neither SPS nor PPS has lists)
    std::span<const Slice> slices;        ///< primary coded picture, in bitstream order, at least one
    Fields structure = Fields::Frame;     ///< a frame, or one field
    std::int32_t top_field_order_cnt = 0; ///< that of the first field in the second; 0 when there is none
    std::int32_t bottom_field_order_cnt = 0;
    bool reference = false; ///< nal_ref_idc != 0
    std::uint8_t dpb_count = 0;
    std::array<DpbEntry, maximum_dpb_frames> dpb{};
};

} // namespace v4l2play::h264
