// VP9 headers, element by element; superframes.
#include "decoder/codec/vp9_parser.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "decoder/codec/vp9_superframe.h"
#include "tests/unit/vp9_stream.h"

namespace v4l2play::test {
namespace {

using namespace vp9;

class Vp9ParserTest : public testing::Test {
  public:
    Vp9ParserTest() { references_.fill({64, 64}); }
    /// 0, or the code of the error.
    int parse(const Vp9Frame& frame) {
        bytes_ = frame.write();
        return parse(bytes_);
    }
    int parse(const Bytes& bytes) {
        const auto parsed = parser_.parse(bytes, references_, header_);
        return parsed ? 0 : parsed.error().code;
    }

    HeaderParser parser_;
    ReferenceSizes references_{};
    FrameHeader header_;
    Bytes bytes_;
};

TEST_F(Vp9ParserTest, KeyFrame) {
    Vp9Frame frame = Vp9Frame::key(352, 287);
    frame.header.render_width = 176;
    frame.header.render_height = 144;
    frame.header.refresh_frame_context = true;
    frame.header.frame_context_idx = 2;
    frame.header.color = {8, ColorSpace::Bt709, true, true, true};
    frame.header.quantization = {200, -15, 0, 7};
    frame.header.loop_filter.level = 63;
    frame.header.loop_filter.sharpness = 5;
    frame.header.tile_rows_log2 = 2;
    frame.tile_cols_bits = 0;
    ASSERT_EQ(0, parse(frame));
    EXPECT_TRUE(header_.key_frame && header_.show_frame && header_.is_intra() && header_.refresh_frame_context);
    EXPECT_FALSE(header_.error_resilient_mode || header_.intra_only || header_.frame_parallel_decoding_mode);
    EXPECT_EQ(352, header_.frame_width);
    EXPECT_EQ(287, header_.frame_height);
    EXPECT_EQ(176, header_.render_width);
    EXPECT_EQ(144, header_.render_height);
    EXPECT_EQ(0xff, header_.refresh_frame_flags);
    EXPECT_EQ(2, header_.frame_context_idx);
    EXPECT_TRUE(header_.has_color_config);
    EXPECT_EQ(frame.header.color, header_.color);
    EXPECT_EQ(200, header_.quantization.base_q_idx);
    EXPECT_EQ(-15, header_.quantization.delta_q_y_dc);
    EXPECT_EQ(0, header_.quantization.delta_q_uv_dc);
    EXPECT_EQ(7, header_.quantization.delta_q_uv_ac);
    EXPECT_EQ(63, header_.loop_filter.level);
    EXPECT_EQ(5, header_.loop_filter.sharpness);
    EXPECT_EQ(2, header_.tile_rows_log2);
    EXPECT_EQ(bytes_.size(),
              header_.uncompressed_size + std::size_t{header_.header_size_in_bytes} + frame.tiles.size());
}

TEST_F(Vp9ParserTest, RenderSizeIsTheFrameSizeWhenItIsNotCoded) {
    ASSERT_EQ(0, parse(Vp9Frame::key(100, 50)));
    EXPECT_EQ(100, header_.render_width);
    EXPECT_EQ(50, header_.render_height);
}

TEST_F(Vp9ParserTest, LargestSize) {
    Vp9Frame frame = Vp9Frame::key(65536, 65536);
    frame.tile_cols_bits = 4; // 16 to 256 columns
    frame.tile_cols_increments = 4;
    ASSERT_EQ(0, parse(frame));
    EXPECT_EQ(65536, header_.frame_width);
    EXPECT_EQ(65536, header_.render_height);
    EXPECT_EQ(8, header_.tile_cols_log2);
}

TEST_F(Vp9ParserTest, InterFrame) {
    references_ = {{{64, 64}, {80, 48}, {64, 64}, {64, 64}, {64, 64}, {64, 64}, {64, 64}, {64, 64}}};
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    Vp9Frame frame = Vp9Frame::inter(0x81);
    frame.header.ref_frame_idx = {7, 1, 3};
    frame.header.ref_frame_sign_bias = {false, false, true};
    frame.header.allow_high_precision_mv = true;
    frame.header.interpolation_filter = InterpolationFilter::Bilinear;
    frame.header.reset_frame_context = 2;
    frame.header.frame_parallel_decoding_mode = true;
    frame.size_of_reference = 1;
    ASSERT_EQ(0, parse(frame));
    EXPECT_FALSE(header_.is_intra());
    EXPECT_EQ(0x81, header_.refresh_frame_flags);
    EXPECT_EQ(frame.header.ref_frame_idx, header_.ref_frame_idx);
    EXPECT_EQ(frame.header.ref_frame_sign_bias, header_.ref_frame_sign_bias);
    EXPECT_EQ(80, header_.frame_width);
    EXPECT_EQ(48, header_.frame_height);
    EXPECT_EQ(80, header_.render_width);
    EXPECT_TRUE(header_.allow_high_precision_mv && header_.frame_parallel_decoding_mode);
    EXPECT_EQ(InterpolationFilter::Bilinear, header_.interpolation_filter);
    EXPECT_EQ(2, header_.reset_frame_context);
    frame.header.interpolation_filter = InterpolationFilter::Switchable;
    frame.size_of_reference = 3;
    frame.set_size(31, 60);
    ASSERT_EQ(EBADMSG, parse(frame)) << "64 is more than twice 31";
    frame.set_size(40, 60);
    ASSERT_EQ(0, parse(frame));
    EXPECT_EQ(40, header_.frame_width);
    EXPECT_EQ(InterpolationFilter::Switchable, header_.interpolation_filter);
}

TEST_F(Vp9ParserTest, ReferencesAreScaledWithinLimits) {
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    Vp9Frame frame = Vp9Frame::inter();
    frame.size_of_reference = 3;
    EXPECT_EQ(0, parse(frame.set_size(32, 32)));
    EXPECT_EQ(EBADMSG, parse(frame.set_size(32, 31)));
    frame.tile_cols_bits = 2;
    EXPECT_EQ(0, parse(frame.set_size(1024, 1024)));
    EXPECT_EQ(EBADMSG, parse(frame.set_size(1025, 1024)));
}

TEST_F(Vp9ParserTest, OneReferenceWithinLimitsIsEnough) {
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    Vp9Frame frame = Vp9Frame::inter();
    references_[1] = {129, 64};
    references_[2] = {64, 3};
    frame.header.ref_frame_idx = {0, 1, 2};
    EXPECT_EQ(0, parse(frame));
    frame.size_of_reference = 3;
    frame.header.ref_frame_idx = {1, 2, 1};
    EXPECT_EQ(EBADMSG, parse(frame.set_size(64, 64)));
}

TEST_F(Vp9ParserTest, MissingReferences) {
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    references_[5] = {};
    EXPECT_EQ(0, parse(Vp9Frame::inter()));
    for (unsigned i = 0; i < 3; ++i) {
        Vp9Frame frame = Vp9Frame::inter();
        frame.header.ref_frame_idx[i] = 5;
        EXPECT_EQ(ENOENT, parse(frame)) << i;
    }
}

TEST_F(Vp9ParserTest, IntraOnlyFrame) {
    Vp9Frame frame = Vp9Frame::intra_only(0x42, 2);
    frame.header.frame_context_idx = 3;
    frame.header.color = {8, ColorSpace::Bt601, false, true, true};
    ASSERT_EQ(0, parse(frame));
    EXPECT_TRUE(header_.is_intra() && header_.intra_only);
    EXPECT_FALSE(header_.key_frame || header_.has_color_config);
    EXPECT_EQ(frame.header.color, header_.color);
    EXPECT_EQ(0x42, header_.refresh_frame_flags);
    EXPECT_EQ(2, header_.reset_frame_context);
    EXPECT_EQ(3, header_.frame_context_idx);
    frame.header.profile = 2;
    frame.header.color = {10, ColorSpace::Bt2020, true, true, true};
    ASSERT_EQ(0, parse(frame));
    EXPECT_TRUE(header_.has_color_config);
    EXPECT_EQ(frame.header.color, header_.color);
}

TEST_F(Vp9ParserTest, ErrorResilientFrame) {
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    Vp9Frame frame = Vp9Frame::inter();
    frame.header.error_resilient_mode = true;
    frame.header.frame_context_idx = 1;
    ASSERT_EQ(0, parse(frame));
    EXPECT_FALSE(header_.refresh_frame_context);
    EXPECT_TRUE(header_.frame_parallel_decoding_mode);
    EXPECT_EQ(0, header_.reset_frame_context);
    EXPECT_EQ(1, header_.frame_context_idx);
}

TEST_F(Vp9ParserTest, ErrorResilientFramesHaveNoSignBias) {
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    Vp9Frame frame = Vp9Frame::inter();
    frame.header.ref_frame_sign_bias = {false, true, true};
    frame.header.error_resilient_mode = true;
    ASSERT_EQ(0, parse(frame));
    EXPECT_EQ((std::array<bool, 3>{}), header_.ref_frame_sign_bias);
}

TEST_F(Vp9ParserTest, ShowExistingFrame) {
    ASSERT_EQ(0, parse(Vp9Frame::show(6)));
    EXPECT_EQ(1, bytes_.size());
    EXPECT_TRUE(header_.show_existing_frame);
    EXPECT_EQ(6, header_.frame_to_show_map_idx);
}

TEST_F(Vp9ParserTest, LoopFilterDeltasStay) {
    Vp9Frame frame = Vp9Frame::key();
    frame.header.loop_filter.delta_enabled = frame.header.loop_filter.delta_update = true;
    frame.header.loop_filter.ref_deltas = {-63, 9, 9, 63};
    frame.header.loop_filter.mode_deltas = {5, -7};
    frame.ref_deltas_coded = {true, false, false, true};
    frame.mode_deltas_coded = {false, true};
    ASSERT_EQ(0, parse(frame));
    const std::array<std::int8_t, 4> ref_deltas{-63, 0, -1, 63};
    const std::array<std::int8_t, 2> mode_deltas{0, -7};
    EXPECT_EQ(ref_deltas, header_.loop_filter.ref_deltas);
    EXPECT_EQ(mode_deltas, header_.loop_filter.mode_deltas);
    Vp9Frame next = Vp9Frame::inter();
    next.header.loop_filter.delta_enabled = true;
    ASSERT_EQ(0, parse(next));
    EXPECT_FALSE(header_.loop_filter.delta_update);
    EXPECT_EQ(ref_deltas, header_.loop_filter.ref_deltas);
    EXPECT_EQ(mode_deltas, header_.loop_filter.mode_deltas);
    next.header.error_resilient_mode = true; // setup_past_independence
    ASSERT_EQ(0, parse(next));
    EXPECT_EQ((std::array<std::int8_t, 4>{1, 0, -1, -1}), header_.loop_filter.ref_deltas);
    EXPECT_EQ((std::array<std::int8_t, 2>{0, 0}), header_.loop_filter.mode_deltas);
}

TEST_F(Vp9ParserTest, SegmentationFeaturesStay) {
    Vp9Frame frame = Vp9Frame::key();
    Segmentation& segmentation = frame.header.segmentation;
    segmentation.enabled = segmentation.update_map = segmentation.temporal_update = segmentation.update_data = true;
    segmentation.abs_or_delta_update = true;
    segmentation.tree_probs = {1, 255, 3, 4, 5, 6, 0};
    segmentation.pred_probs = {255, 8, 9};
    segmentation.feature_enabled[1] = {true, true, true, true};
    segmentation.feature_data[1] = {-255, 63, 3, 0};
    segmentation.feature_enabled[7][0] = true;
    segmentation.feature_data[7][0] = 255;
    ASSERT_EQ(0, parse(frame));
    EXPECT_TRUE(header_.segmentation.update_map && header_.segmentation.temporal_update);
    EXPECT_EQ(segmentation.tree_probs, header_.segmentation.tree_probs);
    EXPECT_EQ(segmentation.pred_probs, header_.segmentation.pred_probs);
    EXPECT_EQ(segmentation.feature_enabled, header_.segmentation.feature_enabled);
    EXPECT_EQ(segmentation.feature_data, header_.segmentation.feature_data);

    ASSERT_EQ(0, parse(Vp9Frame::inter())); // off for one frame
    EXPECT_FALSE(header_.segmentation.enabled);
    Vp9Frame next = Vp9Frame::inter();
    next.header.segmentation.enabled = next.header.segmentation.update_map = true;
    next.header.segmentation.tree_probs.fill(128);
    ASSERT_EQ(0, parse(next));
    EXPECT_TRUE(header_.segmentation.abs_or_delta_update);
    EXPECT_FALSE(header_.segmentation.update_data || header_.segmentation.temporal_update);
    EXPECT_EQ(segmentation.feature_data, header_.segmentation.feature_data);
    EXPECT_EQ((std::array<std::uint8_t, 3>{255, 255, 255}), header_.segmentation.pred_probs);
    ASSERT_EQ(0, parse(Vp9Frame::intra_only()));
    EXPECT_EQ(Segmentation().feature_enabled, header_.segmentation.feature_enabled);
}

TEST_F(Vp9ParserTest, NewFeaturesReplaceAll) {
    Vp9Frame frame = Vp9Frame::key();
    frame.header.segmentation.enabled = frame.header.segmentation.update_data = true;
    frame.header.segmentation.feature_enabled[3][1] = true;
    frame.header.segmentation.feature_data[3][1] = -9;
    ASSERT_EQ(0, parse(frame));
    Vp9Frame next = Vp9Frame::inter();
    next.header.segmentation.enabled = next.header.segmentation.update_data = true;
    ASSERT_EQ(0, parse(next));
    EXPECT_EQ(Segmentation().feature_enabled, header_.segmentation.feature_enabled);
    EXPECT_EQ(Segmentation().feature_data, header_.segmentation.feature_data);
}

TEST_F(Vp9ParserTest, WhatFailsLeavesNothing) {
    Vp9Frame frame = Vp9Frame::key();
    frame.header.segmentation.enabled = frame.header.segmentation.update_data = true;
    frame.header.segmentation.feature_enabled[0][0] = true;
    frame.tiles.clear();
    ASSERT_EQ(EBADMSG, parse(frame)) << "no tiles";
    ASSERT_EQ(0, parse(Vp9Frame::inter()));
    EXPECT_FALSE(header_.segmentation.feature_enabled[0][0]);
}

TEST_F(Vp9ParserTest, TileColumns) {
    struct Case {
        std::uint32_t width;
        unsigned bits, increments, log2;
    };
    for (const Case& c : {Case{64, 0, 0, 0}, Case{511 - 64, 0, 0, 0}, Case{512, 1, 1, 1}, Case{1920, 2, 1, 1},
                          Case{1920, 2, 2, 2}, Case{4096, 4, 4, 4}, Case{4097, 3, 0, 1}}) {
        Vp9Frame frame = Vp9Frame::key(c.width, 64);
        frame.tile_cols_increments = c.increments;
        frame.tile_cols_bits = c.increments < c.bits ? c.increments + 1 : c.bits;
        ASSERT_EQ(0, parse(frame)) << c.width;
        EXPECT_EQ(c.log2, header_.tile_cols_log2) << c.width;
    }
}

TEST_F(Vp9ParserTest, RefusesWhatIsWrong) {
    Bytes bytes = Vp9Frame::key().write();
    bytes[0] ^= 0x80; // frame_marker
    EXPECT_EQ(EBADMSG, parse(bytes));
    Vp9Frame frame = Vp9Frame::key();
    frame.sync_code ^= 1;
    EXPECT_EQ(EBADMSG, parse(frame));
    frame = Vp9Frame::intra_only();
    frame.sync_code ^= 0x800000;
    EXPECT_EQ(EBADMSG, parse(frame));
    frame = Vp9Frame::key();
    frame.header.color.color_space = ColorSpace::Rgb;
    EXPECT_EQ(EBADMSG, parse(frame));
    frame = Vp9Frame::key();
    frame.empty_compressed_header = true;
    EXPECT_EQ(EBADMSG, parse(frame));
    ASSERT_EQ(0, parse(Vp9Frame::key()));
    frame = Vp9Frame::inter();
    frame.header.profile = 2;
    EXPECT_EQ(EBADMSG, parse(frame));
}

TEST_F(Vp9ParserTest, RefusesWhatNoDriverHas) {
    for (const std::uint8_t profile : {1, 3}) {
        Vp9Frame frame = Vp9Frame::key();
        frame.header.profile = profile;
        frame.header.color.bit_depth = profile == 3 ? 10 : 8;
        EXPECT_EQ(ENOTSUP, parse(frame));
    }
    Vp9Frame frame = Vp9Frame::key();
    frame.header.profile = 2;
    frame.header.color.bit_depth = 12;
    EXPECT_EQ(ENOTSUP, parse(frame));
    frame.header.color.bit_depth = 10;
    ASSERT_EQ(0, parse(frame));
    EXPECT_EQ(10, header_.color.bit_depth);
}

TEST_F(Vp9ParserTest, NoPartOfAHeaderIsEnough) {
    const Bytes whole = Vp9Frame::key().write();
    ASSERT_EQ(0, parse(whole));
    for (std::size_t size = 0; size <= header_.uncompressed_size + std::size_t{header_.header_size_in_bytes}; ++size)
        EXPECT_EQ(EBADMSG, parse(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
}

TEST(Vp9Superframe, OneFrame) {
    const Bytes frame = Vp9Frame::key().write();
    const Superframe superframe = split_superframe(frame);
    ASSERT_EQ(1, superframe.count);
    EXPECT_EQ(frame.size(), superframe.frame[0].size());
    EXPECT_EQ(0, split_superframe({}).count);
}

TEST(Vp9Superframe, EverySizeOfIndex) {
    for (unsigned bytes_of_size = 1; bytes_of_size <= 4; ++bytes_of_size) {
        const std::vector<Bytes> frames(8, Bytes(200, 0x82));
        const Bytes unit = write_superframe(frames, bytes_of_size);
        const Superframe superframe = split_superframe(unit);
        ASSERT_EQ(8, superframe.count);
        EXPECT_FALSE(superframe.cut);
        for (unsigned i = 0; i < 8; ++i) {
            EXPECT_EQ(200, superframe.frame[i].size());
            EXPECT_EQ(unit.data() + std::size_t{200} * i, superframe.frame[i].data());
        }
    }
}

TEST(Vp9Superframe, FramesOfNoBytesAreLeftOut) {
    const Bytes unit = write_superframe({Bytes(3, 0x82), {}, Bytes(4, 0x83)});
    const Superframe superframe = split_superframe(unit);
    ASSERT_EQ(2, superframe.count);
    EXPECT_EQ(3, superframe.frame[0].size());
    EXPECT_EQ(0x83, superframe.frame[1][0]);
}

TEST(Vp9Superframe, IndexMustBeWhole) {
    Bytes unit = write_superframe({Bytes(3, 0x82), Bytes(4, 0x83)});
    unit[7] ^= 1; // the first of the two markers
    EXPECT_EQ(1, split_superframe(unit).count);
    EXPECT_EQ(unit.size(), split_superframe(unit).frame[0].size());
    const Bytes marker{0xc7};
    EXPECT_EQ(1, split_superframe(marker).count);
}

TEST(Vp9Superframe, SizesBeyondTheUnit) {
    Bytes unit = write_superframe({Bytes(3, 0x82), Bytes(4, 0x83), Bytes(5, 0x84)});
    unit[unit.size() - 5] = 5; // the second frame has 5 bytes now
    EXPECT_TRUE(split_superframe(unit).cut);
    EXPECT_EQ(2, split_superframe(unit).count);
}

TEST(Vp9CompressedHeader, EveryDeltaComesBack) {
    FrameHeader header;
    header.quantization.base_q_idx = 1;
    CompressedHeader written;
    written.tx_mode = 4;
    unsigned delta = 0;
    for (auto& plane : written.coef[3])
        for (auto& reference : plane)
            for (std::size_t band = 0; band < 6; ++band)
                for (std::size_t context = 0; context < (band == 0 ? 3U : 6U); ++context)
                    for (std::uint8_t& value : reference[band][context])
                        value = static_cast<std::uint8_t>(delta++ % 255);
    ASSERT_GT(delta, 255);
    CompressedHeader read;
    ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, written).write(), header, read));
    EXPECT_EQ(written.coef, read.coef);
}

/// Every element of an inter frame, each with a value of its own.
TEST(Vp9CompressedHeader, InterFrame) {
    FrameHeader header;
    header.quantization.base_q_idx = 1;
    header.interpolation_filter = InterpolationFilter::Switchable;
    header.ref_frame_sign_bias = {false, false, true};
    header.allow_high_precision_mv = true;
    CompressedHeader written;
    written.tx_mode = 4;
    written.reference_mode = ReferenceMode::Select;
    std::uint8_t next = 1;
    const auto fill = [&](auto& array, std::size_t size) {
        auto* bytes = reinterpret_cast<std::uint8_t*>(&array);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = next++;
    };
    fill(written.tx8, sizeof written.tx8);
    fill(written.tx16, sizeof written.tx16);
    fill(written.tx32, sizeof written.tx32);
    fill(written.skip, sizeof written.skip);
    fill(written.inter_mode, sizeof written.inter_mode);
    fill(written.interp_filter, sizeof written.interp_filter);
    fill(written.is_inter, sizeof written.is_inter);
    fill(written.comp_mode, sizeof written.comp_mode);
    fill(written.single_ref, sizeof written.single_ref);
    fill(written.comp_ref, sizeof written.comp_ref);
    fill(written.y_mode, sizeof written.y_mode);
    fill(written.partition, sizeof written.partition);
    auto* mv = reinterpret_cast<std::uint8_t*>(&written.mv);
    for (std::size_t i = 0; i < sizeof written.mv; ++i) mv[i] = static_cast<std::uint8_t>(2 * i + 1);
    CompressedHeader read;
    ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, written).write(), header, read));
    EXPECT_TRUE(written == read);
}

TEST(Vp9CompressedHeader, WhatIsNotCodedIsNoUpdate) {
    FrameHeader header;
    header.quantization.base_q_idx = 1;
    for (const std::uint8_t tx_mode : {0, 1, 2, 3}) {
        CompressedHeader written;
        written.tx_mode = tx_mode;
        CompressedHeader read;
        read.skip[0] = 9;
        ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, written).write(), header, read));
        EXPECT_TRUE(written == read);
    }
}

TEST(Vp9CompressedHeader, LosslessHasNoTxMode) {
    const FrameHeader header;
    ASSERT_TRUE(header.is_lossless());
    CompressedHeader written;
    written.skip = {250, 1, 254};
    CompressedHeader read;
    ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, written).write(), header, read));
    EXPECT_EQ(0, read.tx_mode);
    EXPECT_EQ(written.skip, read.skip);
}

TEST(Vp9CompressedHeader, ReferenceModes) {
    FrameHeader header;
    for (const ReferenceMode mode : {ReferenceMode::Single, ReferenceMode::Compound, ReferenceMode::Select}) {
        header.ref_frame_sign_bias = {true, false, true};
        CompressedHeader written;
        written.reference_mode = mode;
        if (mode != ReferenceMode::Single) written.comp_ref[4] = 3;
        if (mode != ReferenceMode::Compound) written.single_ref[4][1] = 5;
        CompressedHeader read;
        ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, written).write(), header, read));
        EXPECT_TRUE(written == read);
    }
    header.ref_frame_sign_bias = {true, true, true}; // nothing to combine
    CompressedHeader read;
    ASSERT_TRUE(parse_compressed_header(Vp9CompressedWriter(header, {}).write(), header, read));
    EXPECT_EQ(ReferenceMode::Single, read.reference_mode);
}

TEST(Vp9CompressedHeader, MarkerAndLength) {
    FrameHeader header;
    header.quantization.base_q_idx = 1;
    CompressedHeader written;
    written.tx_mode = 3;
    for (std::size_t i = 0; i < 3; ++i) written.coef[0][0][0][0][i] = {253, 251, 249};
    const Bytes whole = Vp9CompressedWriter(header, written).write();
    CompressedHeader read;
    ASSERT_TRUE(parse_compressed_header(whole, header, read));
    for (std::size_t size = 0; size + 2 < whole.size(); ++size)
        EXPECT_FALSE(parse_compressed_header(std::span(whole).first(size), header, read)) << size;
    Bytes marked = whole;
    marked[0] |= 0x80;
    EXPECT_FALSE(parse_compressed_header(marked, header, read));
}

} // namespace
} // namespace v4l2play::test
