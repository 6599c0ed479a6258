// One H.265 picture as the codec hands it to whoever fills a device's controls.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/codec/codec.h"
#include "decoder/codec/hevc_syntax.h"

namespace v4l2play::hevc {

constexpr std::uint8_t no_picture = 0xff;

/// A picture in the DPB that this one or later ones may refer to, at the time the picture is decoded.
struct DpbEntry {
    FrameId id = 0;
    std::int32_t pic_order_cnt = 0;
    bool long_term = false;
    std::uint8_t pic_struct = 0; ///< as below
};

/// RefPicSetStCurrBefore, StCurrAfter or LtCurr (8.3.2): indices into HevcPicture::dpb, `no_picture` for what is
/// missing.
struct ReferenceSet {
    std::uint8_t count = 0;
    std::array<std::uint8_t, maximum_set_pictures> index{};

    void push(std::uint8_t dpb_index) {
        if (count < index.size()) index[count++] = dpb_index;
    }
    [[nodiscard]] std::span<const std::uint8_t> entries() const { return {index.data(), count}; }
};

struct Slice {
    SliceHeader header;
    std::span<const std::uint8_t> nal; ///< from the NAL unit header on, emulation prevention included, no start code
    std::span<const std::uint32_t> entry_points; ///< bytes of each part but the last, emulation prevention included
    std::size_t first_entry_point = 0;           ///< place in the picture's
    /// RefPicList0 and 1 (8.3.4): indices into HevcPicture::dpb. As long as header.active_references() says.
    std::array<std::array<std::uint8_t, maximum_list_entries>, 2> list{};
};

struct HevcPicture : Picture {
    const Sps* sps = nullptr;
    const Pps* pps = nullptr;
    const ScalingLists* scaling = nullptr; ///< in force for this picture; null when none are
    std::span<const Slice> slices;         ///< slice segments in bitstream order, at least one
    std::int32_t pic_order_cnt = 0;
    std::uint8_t pic_struct = 0; ///< Table D.2; 0 = frame, also when nothing is said
    std::uint8_t dpb_count = 0;
    std::array<DpbEntry, maximum_dpb_pictures> dpb{};
    ReferenceSet st_curr_before;
    ReferenceSet st_curr_after;
    ReferenceSet lt_curr;
};

} // namespace v4l2play::hevc
