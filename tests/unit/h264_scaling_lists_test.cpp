#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/h264_structures.h"

namespace v4l2play::h264 {
namespace {

Structure scaled_pps(unsigned count, const std::vector<std::pair<unsigned, int>>& lists) {
    return pps().append(pps_extension()
                            .with("pic_scaling_matrix_present_flag", 1)
                            .with("transform_8x8_mode_flag", count > 6 ? 1 : 0)
                            .after("pic_scaling_matrix_present_flag", scaling_matrix(count, lists)));
}
/// The first number of each list, the sum of each: enough to tell them apart.
std::vector<int> firsts(const ScalingLists& lists) {
    std::vector<int> values;
    for (const auto& list : lists.list_4x4) values.push_back(list[0]);
    for (const auto& list : lists.list_8x8) values.push_back(list[0]);
    return values;
}
std::vector<int> resolved(const Structure& sps, const Structure& pps) {
    const Sets sets(sps, pps);
    return firsts(resolve_scaling_lists(sets.sps, sets.pps));
}

TEST(H264Scaling, ReadsLists) {
    const Sps sps = sps_of(scaled_sps(1, {{1, 20}, {4, 0}, {7, 100}}));
    EXPECT_EQ(sps.scaling.present, 1U << 1 | 1U << 4 | 1U << 7);
    EXPECT_EQ(sps.scaling.use_default, 1U << 4);
    EXPECT_EQ(sps.scaling.list_4x4[1][0], 20);
    EXPECT_EQ(sps.scaling.list_4x4[1][15], 35);
    EXPECT_EQ(sps.scaling.list_8x8[1][63], 163);
    EXPECT_EQ(sps.max_num_ref_frames, 4) << "what follows is still found";
}

TEST(H264Scaling, TheLastValueRepeatsAndDeltasWrap) {
    Structure matrix = Structure().flag("present", true).se("", 127).se("", 127).se("", -6); // nextScale 135, 6, 0
    for (int i = 1; i < 8; ++i) matrix.flag("present", false);
    const Sps sps =
        sps_of(high_sps().with("seq_scaling_matrix_present_flag", 1).after("seq_scaling_matrix_present_flag", matrix));
    EXPECT_EQ(sps.scaling.list_4x4[0],
              (std::array<std::uint8_t, 16>{135, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6}));
    EXPECT_EQ(sps.scaling.use_default, 0);
    EXPECT_EQ(sps.max_num_ref_frames, 4) << "what follows is still found";
}

TEST(H264Scaling, DeltaOutOfRange) {
    for (const int delta : {-129, 128}) {
        expect_sps_refused(scaled_sps(1, {{0, 8}}).with("delta_scale", delta), "delta_scale");
        expect_pps_refused(scaled_pps(6, {{3, 8}}).with("delta_scale", delta), "delta_scale");
    }
}

TEST(H264Scaling, FlatWithoutMatrices) { EXPECT_EQ(resolved(main_sps(), pps()), std::vector<int>(12, 16)); }

TEST(H264Scaling, DefaultLists) {
    const Sets sets(scaled_sps(1, {}), pps());
    const ScalingLists lists = resolve_scaling_lists(sets.sps, sets.pps);
    EXPECT_EQ(firsts(lists), (std::vector<int>{6, 6, 6, 10, 10, 10, 6, 9, 6, 9, 6, 9}));
    const auto sum = [](const auto& list) { return std::accumulate(list.begin(), list.end(), 0); };
    EXPECT_EQ(sum(lists.list_4x4[2]), 6 + 2 * 13 + 3 * 20 + 4 * 28 + 3 * 32 + 2 * 37 + 42); // Table 7-3, by diagonals
    EXPECT_EQ(sum(lists.list_4x4[5]), 10 + 2 * 14 + 3 * 20 + 4 * 24 + 3 * 27 + 2 * 30 + 34);
    EXPECT_EQ(sum(lists.list_8x8[0]), 6 + 20 + 37 + 64 + 90 + 138 + 175 + 216 + 203 + 186 + 165 + 144 + 114 + 80 + 42);
    EXPECT_EQ(sum(lists.list_8x8[1]), 9 + 26 + 43 + 68 + 95 + 126 + 154 + 192 + 175 + 162 + 140 + 120 + 96 + 66 + 35);
}

TEST(H264Scaling, RuleSetA) {
    EXPECT_EQ(resolved(scaled_sps(1, {{1, 20}, {5, 30}, {6, 40}}), pps()),
              (std::vector<int>{6, 20, 20, 10, 10, 30, 40, 9, 40, 9, 40, 9}));
    EXPECT_EQ(resolved(scaled_sps(3, {{0, 20}, {1, 0}, {8, 40}, {9, 50}, {10, 0}}), pps()),
              (std::vector<int>{20, 6, 6, 10, 10, 10, 6, 9, 40, 50, 6, 50}));
    EXPECT_EQ(resolved(high_sps(), scaled_pps(8, {{4, 20}, {7, 33}})),
              (std::vector<int>{6, 6, 6, 10, 20, 20, 6, 33, 6, 33, 6, 33}))
        << "also in pictures of a sequence without lists";
}

TEST(H264Scaling, RuleSetB) {
    const Structure sps = scaled_sps(3, {{0, 20}, {1, 21}, {3, 23}, {6, 60}, {7, 70}, {8, 80}});
    EXPECT_EQ(resolved(sps, pps()), (std::vector<int>{20, 21, 21, 23, 23, 23, 60, 70, 80, 70, 80, 70}));
    EXPECT_EQ(resolved(sps, scaled_pps(12, {{2, 40}, {9, 90}})),
              (std::vector<int>{20, 20, 40, 23, 23, 23, 60, 70, 60, 90, 60, 90}));
}

TEST(H264Scaling, CountOf8x8ListsOfAPps) {
    EXPECT_EQ(pps_of(scaled_pps(12, {{11, 50}}), high_sps(3)).scaling.list_8x8[5][0], 50);
    EXPECT_EQ(pps_of(scaled_pps(8, {{7, 50}}), high_sps(1)).second_chroma_qp_index_offset, 12);
    EXPECT_EQ(pps_of(scaled_pps(6, {{5, 50}}), high_sps(3)).second_chroma_qp_index_offset, 12);
}

} // namespace
} // namespace v4l2play::h264
