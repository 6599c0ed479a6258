#include "decoder/codec/hevc_parser.h"

#include <bit>

namespace v4l2play::hevc {

std::optional<NalHeader> parse_nal_header(std::span<const std::uint8_t> nal) {
    if (nal.size() < 2 || (nal[0] & 0x80) != 0 || (nal[1] & 7) == 0) return std::nullopt;
    return NalHeader{static_cast<NalType>(nal[0] >> 1), static_cast<std::uint8_t>((nal[0] & 1) << 5 | nal[1] >> 3),
                     static_cast<std::uint8_t>(nal[1] & 7)};
}

unsigned SliceHeader::num_pic_total_curr() const {
    auto count = static_cast<unsigned>(std::popcount(short_term_ref_pic_set.used));
    for (const LongTermEntry& entry : std::span(long_term).first(num_long_term))
        if (entry.used_by_curr_pic_lt) ++count;
    return count;
}

unsigned SliceHeader::active_references(unsigned list) const {
    if (list == 0) return slice_type == SliceType::I ? 0 : num_ref_idx_l0_active_minus1 + 1U;
    return slice_type == SliceType::B ? num_ref_idx_l1_active_minus1 + 1U : 0;
}

} // namespace v4l2play::hevc
