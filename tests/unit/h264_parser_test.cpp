#include <gtest/gtest.h>

#include <vector>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/h264_structures.h"

namespace v4l2play::h264 {
namespace {

TEST(H264Nal, Header) {
    const Bytes idr{0x65};
    const auto header = parse_nal_header(idr);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->nal_ref_idc, 3);
    EXPECT_EQ(header->type, NalType::IdrSlice);
    EXPECT_FALSE(parse_nal_header({}));
    EXPECT_FALSE(parse_nal_header(Bytes{0xe5}));
}

Structure sei_message(unsigned type, unsigned size, const Structure& payload) {
    return Structure().u("payload_type", 8, type).u("payload_size", 8, size).append(payload);
}
Structure recovery_point(unsigned recovery_frame_cnt) {
    return Structure()
        .ue("recovery_frame_cnt", recovery_frame_cnt)
        .flag("exact_match_flag", true)
        .flag("broken_link_flag", false)
        .u("changing_slice_group_idc", 2, 0)
        .u("alignment", 1, 1);
}
Sei sei_of(const Structure& messages) {
    Sei sei;
    parse_sei(nal_header(0, 6).append(messages).nal(), sei);
    return sei;
}

TEST(H264Sei, RecoveryPoint) {
    const Sei sei = sei_of(sei_message(6, 1, recovery_point(2).u("", 0, 0)));
    EXPECT_TRUE(sei.has_recovery_point);
    EXPECT_EQ(sei.recovery_frame_cnt, 2U);
    EXPECT_TRUE(sei.exact_match_flag);
    EXPECT_FALSE(sei.broken_link_flag);
}

TEST(H264Sei, RecoveryPointBehindOthers) {
    Structure user_data = Structure().u("", 8, 5).u("", 8, 255).u("", 8, 3); // 258 bytes, many of them zero
    for (int i = 0; i < 258; ++i) user_data.u("", 8, i < 250 ? 0 : 3);
    Structure unknown = Structure().u("", 8, 255).u("", 8, 255).u("", 8, 1).u("", 8, 1).u("", 8, 0xaa);
    const Structure recovery = sei_message(6, 1, recovery_point(2));
    EXPECT_TRUE(sei_of(Structure(user_data).append(unknown).append(recovery)).has_recovery_point);
    EXPECT_TRUE(sei_of(Structure(recovery).append(user_data)).has_recovery_point);
    EXPECT_FALSE(sei_of(Structure(user_data).append(unknown)).has_recovery_point);
}

TEST(H264Sei, Malformed) {
    EXPECT_FALSE(sei_of(sei_message(6, 6, recovery_point(65536))).has_recovery_point);
    EXPECT_FALSE(sei_of(Structure().u("", 8, 6)).has_recovery_point);
    EXPECT_FALSE(sei_of(sei_message(5, 200, Structure().u("", 8, 6).u("", 8, 1).u("", 8, 0xff))).has_recovery_point)
        << "a size beyond the unit";
    Structure endless;
    for (int i = 0; i < 5000; ++i) endless.u("", 8, 255);
    EXPECT_FALSE(sei_of(endless).has_recovery_point);
    Sei sei;
    parse_sei({}, sei);
    EXPECT_FALSE(sei.has_recovery_point);
}

/// Parses the first bits of `structure`, for every number of them, in memory that ends there. Whole bytes must be
/// refused; the zeros that fill up a byte may happen to make sense.
template <class Parse>
void cut_everywhere(const Structure& structure, Parse parse) {
    const std::size_t size = structure.bits().size();
    for (std::size_t cut = 0; cut <= size; ++cut) {
        test::BitWriter bits = structure.bits();
        bits.cut(cut);
        const bool parsed = parse(bits.nal());
        if (cut == size || cut % 8 == 0) {
            EXPECT_EQ(parsed, cut == size) << cut << " of " << size;
        }
    }
}

TEST(H264Truncated, Sps) {
    const auto parse = [](const Bytes& nal) {
        Sps sps;
        return parse_sps(nal, sps).has_value();
    };
    cut_everywhere(main_sps(), parse);
    cut_everywhere(poc1_sps(), parse);
    cut_everywhere(interlaced_sps(), parse);
    cut_everywhere(scaled_sps(3, {{0, 8}, {6, 8}, {11, 0}}), parse);
}

TEST(H264Truncated, VuiMayBe) {
    const std::size_t vui = main_sps().bits().size();
    for (std::size_t cut = vui; cut < vui_sps().bits().size(); ++cut) {
        test::BitWriter bits = vui_sps().bits();
        bits.cut(cut);
        Sps sps;
        EXPECT_TRUE(parse_sps(bits.nal(), sps)) << cut;
        EXPECT_LE(sps.max_num_reorder_frames, sps.max_dec_frame_buffering);
    }
}

TEST(H264Truncated, Pps) {
    const Sets sets;
    const auto parse = [&](const Bytes& nal) {
        Pps parsed;
        return parse_pps(nal, sets.sps_table(), parsed).has_value();
    };
    cut_everywhere(pps(), parse);
    Structure map = Structure().ue("", 299);
    for (int i = 0; i < 300; ++i) map.u("", 2, i % 3);
    cut_everywhere(pps_with_groups(6, map), parse);
}

TEST(H264Truncated, Slices) {
    const Sets sets;
    const auto parse = [&](const Bytes& nal) {
        SliceHeader header;
        return sets.slice(nal, header).has_value();
    };
    cut_everywhere(idr_slice(), parse);
    cut_everywhere(p_slice(), parse);
    cut_everywhere(b_slice(), parse);
}

} // namespace
} // namespace v4l2play::h264
