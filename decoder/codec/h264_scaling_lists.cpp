#include "decoder/codec/h264_scaling_lists.h"

#include <span>

namespace v4l2play::h264 {

namespace {

// Tables 7-3 and 7-4, in zig-zag order.
constexpr std::array<std::uint8_t, 16> default_4x4_intra{6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42};
constexpr std::array<std::uint8_t, 16> default_4x4_inter{10, 14, 14, 20, 20, 20, 24, 24,
                                                         24, 24, 27, 27, 27, 30, 30, 34};
constexpr std::array<std::uint8_t, 64> default_8x8_intra{
    6,  10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23, 23, 23, 23, 23, 23, 25,
    25, 25, 25, 25, 25, 25, 27, 27, 27, 27, 27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31,
    31, 31, 31, 31, 31, 33, 33, 33, 33, 33, 36, 36, 36, 36, 38, 38, 38, 40, 40, 42};
constexpr std::array<std::uint8_t, 64> default_8x8_inter{
    9,  13, 13, 15, 13, 15, 17, 17, 17, 17, 19, 19, 19, 19, 19, 21, 21, 21, 21, 21, 21, 22,
    22, 22, 22, 22, 22, 22, 24, 24, 24, 24, 24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 27,
    27, 27, 27, 27, 27, 28, 28, 28, 28, 28, 30, 30, 30, 30, 32, 32, 32, 33, 33, 35};

/// 7.3.2.1.1.1. True when the list says "use the default" (UseDefaultScalingMatrixFlag).
bool parse_scaling_list(SyntaxReader& reader, std::span<std::uint8_t> list) {
    std::uint8_t last = 8;
    std::uint8_t next = 8;
    bool use_default = false;
    for (std::size_t j = 0; j < list.size(); ++j) {
        if (next != 0) {
            std::int32_t delta_scale = 0;
            reader.se(delta_scale, -128, 127, "delta_scale outside of -128 to 127 (7.4.2.1.1.1)");
            next = static_cast<std::uint8_t>(last + delta_scale); // modulo 256
            use_default = j == 0 && next == 0;
        }
        last = list[j] = next == 0 ? last : next;
    }
    return use_default;
}

ScalingLists default_lists() {
    ScalingLists lists;
    for (unsigned i = 0; i < 6; ++i) {
        lists.list_4x4[i] = i < 3 ? default_4x4_intra : default_4x4_inter;
        lists.list_8x8[i] = i % 2 == 0 ? default_8x8_intra : default_8x8_inter;
    }
    return lists;
}

ScalingLists flat_lists() {
    ScalingLists lists;
    for (auto& list : lists.list_4x4) list.fill(16);
    for (auto& list : lists.list_8x8) list.fill(16);
    return lists;
}

/// Table 7-2. `fall_back`: what stands in for the lists that have none before them to be predicted from, the default
/// ones (rule set A) or those of the sequence (rule set B).
ScalingLists fill_in(const ScalingLists& coded, const ScalingLists& fall_back) {
    const ScalingLists defaults = default_lists();
    ScalingLists lists = coded;
    const auto choose = [&](unsigned bit, auto& list, const auto& standard, const auto& previous) {
        if ((coded.present >> bit & 1) == 0)
            list = previous;
        else if ((coded.use_default >> bit & 1) != 0)
            list = standard;
    };
    for (unsigned i = 0; i < 6; ++i) {
        const bool first = i % 3 == 0; // Intra Y, Inter Y; then Cb, Cr of each
        choose(i, lists.list_4x4[i], defaults.list_4x4[i], first ? fall_back.list_4x4[i] : lists.list_4x4[i - 1]);
    }
    for (unsigned i = 0; i < 6; ++i) { // Intra and inter take turns here
        choose(6 + i, lists.list_8x8[i], defaults.list_8x8[i], i < 2 ? fall_back.list_8x8[i] : lists.list_8x8[i - 2]);
    }
    return lists;
}

} // namespace

void parse_scaling_lists(SyntaxReader& reader, unsigned count, ScalingLists& lists) {
    for (unsigned i = 0; i < count && reader.ok(); ++i) {
        if (!reader.flag()) continue;
        lists.present = static_cast<std::uint16_t>(lists.present | 1U << i);
        const bool use_default =
            i < 6 ? parse_scaling_list(reader, lists.list_4x4[i]) : parse_scaling_list(reader, lists.list_8x8[i - 6]);
        if (use_default) lists.use_default = static_cast<std::uint16_t>(lists.use_default | 1U << i);
    }
}

ScalingLists resolve_scaling_lists(const Sps& sps, const Pps& pps) {
    const ScalingLists sequence =
        sps.seq_scaling_matrix_present_flag ? fill_in(sps.scaling, default_lists()) : flat_lists();
    if (!pps.pic_scaling_matrix_present_flag) return sequence;
    return fill_in(pps.scaling, sps.seq_scaling_matrix_present_flag ? sequence : default_lists());
}

} // namespace v4l2play::h264
