// AV1 frame headers, element by element.
#include <gtest/gtest.h>

#include "decoder/codec/av1_parser.h"
#include "tests/unit/av1_stream.h"

namespace v4l2play::test {
namespace {

using namespace av1;

class Av1FrameHeaderTest : public testing::Test {
  public:
    Av1FrameHeaderTest() {
        use(av1_sequence_header());
        for (unsigned i = 0; i < num_ref_frames; ++i) {
            frames_[i].valid = true;
            frames_[i].frame_type = FrameType::Inter;
            frames_[i].order_hint = static_cast<std::uint8_t>(i);
            frames_[i].size = {64, 64, 64, 64, 64, false, 8};
        }
    }
    void use(const Structure& sequence) {
        const auto parsed = parse_sequence_header(with_trailing_bits(sequence), sequence_);
        ASSERT_TRUE(parsed) << parsed.error().why;
    }
    const FrameHeader& parse(const Structure& structure) {
        const Parsed<> parsed = try_parse(structure);
        EXPECT_TRUE(parsed) << parsed.error().why;
        return header_;
    }
    int error_of(const Structure& structure) {
        const Parsed<> parsed = try_parse(structure);
        return parsed ? 0 : parsed.error().code;
    }
    /// Everything that was written is read: the parser must be at the end of the structure.
    Parsed<> try_parse(const Structure& structure) {
        const BitWriter bits = structure.bits();
        const Bytes bytes = bits.bytes();
        SyntaxReader reader(bytes);
        auto parsed = parse_frame_header(reader, obu_, sequence_, frames_, header_);
        EXPECT_TRUE(!parsed || bits.size() == reader.bits().position());
        return parsed;
    }

    SequenceHeader sequence_;
    SavedFrames frames_;
    FrameHeader header_;
    Obu obu_;
};

Structure one(const char* name, unsigned n, std::int64_t value) {
    Structure s;
    s.u(name, n, value);
    return s;
}

TEST_F(Av1FrameHeaderTest, KeyFrame) {
    const FrameHeader& h = parse(av1_key_frame(5));
    EXPECT_EQ(FrameType::Key, h.frame_type);
    EXPECT_TRUE(h.show_frame);
    EXPECT_FALSE(h.showable_frame);
    EXPECT_TRUE(h.error_resilient_mode);
    EXPECT_TRUE(h.force_integer_mv) << "of intra frames it is inferred";
    EXPECT_EQ(5, h.order_hint);
    EXPECT_EQ(primary_ref_none, h.primary_ref_frame);
    EXPECT_EQ(all_frames, h.refresh_frame_flags);
    EXPECT_EQ(64U, h.size.upscaled_width);
    EXPECT_EQ(64U, h.size.frame_width);
    EXPECT_EQ(8, h.size.superres_denom);
    EXPECT_EQ(1U, h.tile_info.count());
    EXPECT_EQ(16U, h.tile_info.mi_col_starts[1]);
    EXPECT_EQ(100, h.quantization.base_q_idx);
    EXPECT_EQ(TxMode::Largest, h.tx_mode);
    EXPECT_EQ((std::array<std::int8_t, 8>{1, 0, 0, 0, -1, 0, -1, -1}), h.loop_filter.deltas.ref);
    for (const SavedFrame& frame : frames_) {
        EXPECT_FALSE(frame.valid) << "a key frame that is shown invalidates all slots";
        EXPECT_EQ(0, frame.order_hint);
    }
}

TEST_F(Av1FrameHeaderTest, InterFrame) {
    const FrameHeader& h = parse(av1_inter_frame(9, 0x12, true, {0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(FrameType::Inter, h.frame_type);
    EXPECT_TRUE(h.showable_frame) << "inferred of a frame that is shown";
    EXPECT_EQ(0x12, h.refresh_frame_flags);
    EXPECT_EQ((std::array<std::uint8_t, 7>{0, 1, 2, 3, 4, 5, 6}), h.ref_frame_idx);
    EXPECT_EQ((std::array<std::uint8_t, 8>{0, 0, 1, 2, 3, 4, 5, 6}), h.order_hints);
    EXPECT_EQ(4, h.interpolation_filter) << "switchable";
    EXPECT_FALSE(h.is_intra());
    const FrameHeader& fixed = parse(av1_inter_frame(9, 0)
                                         .with("is_filter_switchable", 0)
                                         .after("is_filter_switchable", one("interpolation_filter", 2, 3)));
    EXPECT_EQ(3, fixed.interpolation_filter);
}

TEST_F(Av1FrameHeaderTest, HiddenFrames) {
    const FrameHeader& h = parse(av1_hidden_intra(2, 3, 0x41));
    EXPECT_EQ(FrameType::IntraOnly, h.frame_type);
    EXPECT_FALSE(h.show_frame);
    EXPECT_TRUE(h.showable_frame);
    EXPECT_EQ(0x41, h.refresh_frame_flags);
    EXPECT_EQ(EBADMSG, error_of(av1_hidden_intra(2, 3, 0xff))) << "6.8.2";
    EXPECT_EQ(0, error_of(av1_hidden_intra(0, 3, 0xff))) << "a key frame may";
    EXPECT_TRUE(frames_[0].valid) << "a hidden key frame leaves the slots alone";
}

TEST_F(Av1FrameHeaderTest, ShowExistingFrame) {
    frames_[3].frame_type = FrameType::Key;
    frames_[3].film_grain.grain_seed = 77;
    const FrameHeader& key = parse(av1_show_existing(3));
    EXPECT_TRUE(key.show_existing_frame);
    EXPECT_EQ(3, key.frame_to_show_map_idx);
    EXPECT_EQ(all_frames, key.refresh_frame_flags);
    EXPECT_EQ(77, key.film_grain.grain_seed);
    EXPECT_EQ(0, parse(av1_show_existing(4)).refresh_frame_flags);
    frames_[4].valid = false;
    EXPECT_EQ(ENOENT, error_of(av1_show_existing(4)));
}

TEST_F(Av1FrameHeaderTest, FrameIdsFindLostFrames) {
    Structure ids;
    ids.u("delta_frame_id_length_minus_2", 4, 0).u("additional_frame_id_length_minus_1", 3, 0); // 2 and 3 bits
    use(av1_sequence_header().with("frame_id_numbers_present_flag", 1).after("frame_id_numbers_present_flag", ids));
    for (unsigned i = 0; i < num_ref_frames; ++i) frames_[i].frame_id = 4;
    frames_[7].frame_id = 0; // 5 is too far from it
    Structure inter = av1_inter_frame(9, 0).after("disable_cdf_update", one("current_frame_id", 3, 5));
    for (unsigned i = 0; i < refs_per_frame; ++i)
        inter = inter.after("ref_frame_idx_" + std::to_string(i),
                            one(("delta_frame_id_minus_1_" + std::to_string(i)).c_str(), 2, 0));
    EXPECT_EQ(5, parse(inter).current_frame_id);
    EXPECT_TRUE(frames_[0].valid);
    EXPECT_FALSE(frames_[7].valid);
    EXPECT_EQ(ENOENT, error_of(inter.with("delta_frame_id_minus_1_3", 1))) << "another frame is in the slot";
    EXPECT_EQ(ENOENT, error_of(inter.with("ref_frame_idx_2", 7)));
    const Structure show = av1_show_existing(1).after("frame_to_show_map_idx", one("display_frame_id", 3, 4));
    EXPECT_TRUE(parse(show).show_existing_frame);
    EXPECT_EQ(ENOENT, error_of(show.with("display_frame_id", 3)));
}

TEST_F(Av1FrameHeaderTest, ErrorResilientFramesTellTheOrderHintsOfTheSlots) {
    Structure hints;
    for (unsigned i = 0; i < 8; ++i) hints.u("ref_order_hint_" + std::to_string(i), 7, i == 6 ? 100 : i);
    const Structure inter = av1_inter_frame(9, 0)
                                .with("error_resilient_mode", 1)
                                .without("primary_ref_frame")
                                .after("refresh_frame_flags", hints);
    parse(inter);
    EXPECT_TRUE(frames_[5].valid);
    EXPECT_FALSE(frames_[6].valid) << "another frame should be there";
    EXPECT_EQ(100, frames_[6].order_hint);
    EXPECT_EQ(ENOENT, error_of(inter.with("ref_frame_idx_0", 6)));
}

TEST_F(Av1FrameHeaderTest, SwitchFramesRefreshAllAndOverrideTheSize) {
    Structure s;
    s.flag("show_existing_frame", false).u("frame_type", 2, 3).flag("show_frame", true);
    s.flag("disable_cdf_update", false).u("order_hint", 7, 9);
    for (unsigned i = 0; i < 8; ++i) s.u("ref_order_hint", 7, i);
    s.flag("frame_refs_short_signaling", false);
    for (unsigned i = 0; i < 7; ++i) s.u("ref_frame_idx", 3, i);
    s.u("frame_width_minus_1", 10, 31).u("frame_height_minus_1", 10, 47);
    s.flag("render_and_frame_size_different", false).flag("allow_high_precision_mv", true);
    s.flag("is_filter_switchable", true).flag("is_motion_mode_switchable", true);
    s.flag("disable_frame_end_update_cdf", true).append(av1_coding_tools());
    s.flag("reference_select", false).flag("reduced_tx_set", true);
    for (unsigned i = 1; i < 8; ++i) s.flag("is_global", false);
    const FrameHeader& h = parse(s);
    EXPECT_EQ(FrameType::Switch, h.frame_type);
    EXPECT_EQ(all_frames, h.refresh_frame_flags);
    EXPECT_TRUE(h.error_resilient_mode && h.frame_size_override_flag && h.reduced_tx_set);
    EXPECT_EQ(32U, h.size.upscaled_width);
    EXPECT_EQ(48U, h.size.frame_height);
    EXPECT_EQ(EBADMSG, error_of(s.with("frame_width_minus_1", 64))) << "above the maximum";
    EXPECT_EQ(EBADMSG, error_of(s.with("frame_width_minus_1", 30))) << "less than half of a reference";
}

TEST_F(Av1FrameHeaderTest, SizesMayBeThoseOfAReference) {
    frames_[2].size = {40, 40, 36, 50, 60, false, 8};
    Structure found;
    found.flag("found_ref_0", false).flag("found_ref_1", true);
    const Structure inter = av1_inter_frame(9, 0, true, {0, 2, 0, 0, 0, 0, 0})
                                .with("frame_size_override_flag", 1)
                                .without("render_and_frame_size_different")
                                .after("ref_frame_idx_6", found);
    const FrameHeader& h = parse(inter);
    EXPECT_EQ(40U, h.size.upscaled_width);
    EXPECT_EQ(36U, h.size.frame_height);
    EXPECT_EQ(50U, h.size.render_width);
    EXPECT_EQ(60U, h.size.render_height);
    Structure none;
    for (unsigned i = 0; i < 7; ++i) none.flag("found_ref", false);
    none.u("frame_width_minus_1", 10, 39).u("frame_height_minus_1", 10, 38);
    EXPECT_EQ(40U, parse(av1_inter_frame(9, 0).with("frame_size_override_flag", 1).after("ref_frame_idx_6", none))
                       .size.frame_width);
}

TEST_F(Av1FrameHeaderTest, SuperresScalesTheWidth) {
    use(av1_sequence_header().with("enable_superres", 1));
    Structure superres;
    superres.flag("use_superres", true).u("coded_denom", 3, 7);
    Structure render;
    render.u("render_width_minus_1", 16, 127).u("render_height_minus_1", 16, 99);
    Structure frame = av1_key_frame().with("render_and_frame_size_different", 1);
    frame = frame.after("render_and_frame_size_different", render).after("order_hint", superres);
    const FrameHeader& h = parse(frame);
    EXPECT_TRUE(h.size.use_superres);
    EXPECT_EQ(16, h.size.superres_denom);
    EXPECT_EQ(64U, h.size.upscaled_width);
    EXPECT_EQ(32U, h.size.frame_width);
    EXPECT_EQ(128U, h.size.render_width);
    EXPECT_EQ(100U, h.size.render_height);
    EXPECT_EQ(8U, h.tile_info.mi_col_starts[1]);
}

TEST_F(Av1FrameHeaderTest, ScreenContentTools) {
    use(av1_sequence_header()
            .with("seq_choose_screen_content_tools", 1)
            .without("seq_force_screen_content_tools")
            .after("seq_choose_screen_content_tools", one("seq_choose_integer_mv", 1, 1)));
    Structure key = av1_key_frame();
    Structure tools;
    tools.flag("allow_screen_content_tools", true).flag("force_integer_mv", false);
    key = key.after("render_and_frame_size_different", one("allow_intrabc", 1, 1)).after("disable_cdf_update", tools);
    for (const char* name :
         {"loop_filter_level_0", "loop_filter_level_1", "loop_filter_sharpness", "loop_filter_delta_enabled"})
        key = key.without(name);
    const FrameHeader& h = parse(key);
    EXPECT_TRUE(h.allow_screen_content_tools);
    EXPECT_TRUE(h.allow_intrabc);
    EXPECT_TRUE(h.loop_filter.delta_enabled);

    for (unsigned i = 0; i < num_ref_frames; ++i) frames_[i].valid = true;
    tools = tools.with("force_integer_mv", 1);
    const FrameHeader& inter =
        parse(av1_inter_frame(9, 0).after("disable_cdf_update", tools).without("allow_high_precision_mv"));
    EXPECT_TRUE(inter.force_integer_mv);
    EXPECT_FALSE(inter.allow_high_precision_mv);
}

// 7.8, with the slots holding order hints around that of the frame.
TEST_F(Av1FrameHeaderTest, ShortSignallingFindsTheOtherReferences) {
    const std::array<std::uint8_t, 8> hints{10, 20, 30, 40, 60, 70, 80, 12};
    for (unsigned i = 0; i < num_ref_frames; ++i) frames_[i].order_hint = hints[i];
    Structure inter = av1_inter_frame(50, 0).with("frame_refs_short_signaling", 1);
    for (unsigned i = 0; i < refs_per_frame; ++i) inter = inter.without("ref_frame_idx_" + std::to_string(i));
    Structure given;
    given.u("last_frame_idx", 3, 3).u("gold_frame_idx", 3, 0);
    inter = inter.after("frame_refs_short_signaling", given);
    const FrameHeader& h = parse(inter);
    // LAST 40 and GOLDEN 10 as told; ALTREF the latest to come (80), BWDREF the earliest (60), ALTREF2 the next (70);
    // LAST2 and LAST3 the latest of those before that are left: 30 and 20.
    EXPECT_EQ((std::array<std::uint8_t, 7>{3, 2, 1, 0, 4, 5, 6}), h.ref_frame_idx);
    EXPECT_EQ(EBADMSG, error_of(inter.with("last_frame_idx", 4))) << "a frame to come";

    // No frame to come: all are forward, the rest is the earliest.
    frames_[4].order_hint = frames_[5].order_hint = frames_[6].order_hint = 5;
    const FrameHeader& forward = parse(inter);
    EXPECT_EQ(3, forward.ref_frame_idx[0]);
    EXPECT_EQ(2, forward.ref_frame_idx[1]) << "30";
    EXPECT_EQ(1, forward.ref_frame_idx[2]) << "20";
    EXPECT_EQ(7, forward.ref_frame_idx[4]) << "12";
    EXPECT_EQ(6, forward.ref_frame_idx[5]) << "5: of equals the last";
    EXPECT_EQ(5, forward.ref_frame_idx[6]);
}

TEST_F(Av1FrameHeaderTest, SkipModeTakesTheNearestReferences) {
    const Structure select = av1_inter_frame(4, 0, true, {0, 1, 2, 3, 6, 7, 5}).with("reference_select", 1);
    const FrameHeader& both = parse(select.after("reference_select", one("skip_mode_present", 1, 1)));
    EXPECT_TRUE(both.skip_mode_allowed && both.skip_mode_present);
    EXPECT_EQ((std::array<std::uint8_t, 2>{4, 7}), both.skip_mode_frame) << "order hints 3 and 5";

    const Structure forward = av1_inter_frame(9, 0, true, {0, 7, 2, 3, 6, 7, 5}).with("reference_select", 1);
    const FrameHeader& h = parse(forward.after("reference_select", one("skip_mode_present", 1, 0)));
    EXPECT_TRUE(h.skip_mode_allowed);
    EXPECT_FALSE(h.skip_mode_present);
    EXPECT_EQ((std::array<std::uint8_t, 2>{2, 5}), h.skip_mode_frame) << "order hints 7 and 6";

    EXPECT_FALSE(parse(av1_inter_frame(9, 0).with("reference_select", 1)).skip_mode_allowed) << "one reference alone";
    EXPECT_EQ(0, header_.skip_mode_frame[0]);
}

TEST_F(Av1FrameHeaderTest, OrderHintsWrap) {
    EXPECT_EQ(1, relative_dist(sequence_, 0, 127));
    EXPECT_EQ(-1, relative_dist(sequence_, 127, 0));
    EXPECT_EQ(63, relative_dist(sequence_, 63, 0));
    EXPECT_EQ(-64, relative_dist(sequence_, 64, 0));
    sequence_.enable_order_hint = false;
    EXPECT_EQ(0, relative_dist(sequence_, 5, 0));
}

TEST_F(Av1FrameHeaderTest, PrimaryReferenceGivesItsParameters) {
    frames_[5].loop_filter_deltas.ref = {9, 8, 7, 6, 5, 4, 3, 2};
    frames_[5].segmentation.feature_enabled[2] = 1;
    frames_[5].segmentation.feature_data[2][0] = -17;
    Structure segmentation;
    segmentation.flag("update_map", true).flag("temporal_update", true).flag("update_data", false);
    const Structure inter = av1_inter_frame(9, 0, true, {0, 0, 0, 5, 0, 0, 0}).with("primary_ref_frame", 3);
    const FrameHeader& h = parse(inter.with("segmentation_enabled", 1).after("segmentation_enabled", segmentation));
    EXPECT_EQ(9, h.loop_filter.deltas.ref[0]);
    EXPECT_EQ(-17, h.segmentation.params.feature_data[2][0]);
    EXPECT_EQ(2, h.segmentation.last_active_seg_id);
    EXPECT_FALSE(h.segmentation.seg_id_pre_skip);
    EXPECT_TRUE(h.segmentation.temporal_update);
    EXPECT_EQ(0, parse(inter).segmentation.params.feature_enabled[2]) << "without segmentation nothing is kept";
}

TEST_F(Av1FrameHeaderTest, SegmentationFeaturesAreClipped) {
    Structure features;
    for (unsigned segment = 0; segment < 8; ++segment)
        for (unsigned feature = 0; feature < 8; ++feature) {
            const bool enabled = segment == 6 && (feature == 1 || feature == 5 || feature == 7);
            features.flag("feature_enabled", enabled);
            if (enabled && feature == 1) features.u("feature_value", 7, 0x40); // -64
            if (enabled && feature == 5) features.u("feature_value", 3, 7);
        }
    const FrameHeader& h =
        parse(av1_key_frame().with("segmentation_enabled", 1).after("segmentation_enabled", features));
    EXPECT_TRUE(h.segmentation.update_map && h.segmentation.update_data);
    EXPECT_FALSE(h.segmentation.temporal_update);
    EXPECT_EQ(-63, h.segmentation.params.feature_data[6][1]);
    EXPECT_EQ(7, h.segmentation.params.feature_data[6][5]);
    EXPECT_EQ(0xa2, h.segmentation.params.feature_enabled[6]);
    EXPECT_EQ(6, h.segmentation.last_active_seg_id);
    EXPECT_TRUE(h.segmentation.seg_id_pre_skip);
}

TEST_F(Av1FrameHeaderTest, QuantisersAndTheirDeltas) {
    use(av1_sequence_header().with("separate_uv_delta_q", 1));
    Structure matrices;
    matrices.u("qm_y", 4, 1).u("qm_u", 4, 2).u("qm_v", 4, 3);
    Structure diff;
    diff.flag("diff_uv_delta", true).flag("delta_coded_u_dc", true).u("u_dc", 7, 4).flag("delta_coded_u_ac", false);
    diff.flag("v_dc_coded", true).u("v_dc", 7, 5).flag("v_ac_coded", false);
    Structure key = av1_key_frame().with("delta_coded_y_dc", 1).without("delta_coded_u_dc").without("delta_coded_u_ac");
    key = key.with("using_qmatrix", 1).after("using_qmatrix", matrices).after("delta_coded_y_dc", diff);
    key = key.after("delta_coded_y_dc", one("y_dc", 7, 0x7f));
    const Quantization& q = parse(key).quantization;
    EXPECT_EQ(-1, q.delta_q_y_dc);
    EXPECT_EQ(4, q.delta_q_u_dc);
    EXPECT_EQ(5, q.delta_q_v_dc);
    EXPECT_EQ(0, q.delta_q_v_ac);
    EXPECT_TRUE(q.diff_uv_delta);
    EXPECT_EQ(3, q.qm_v);
    EXPECT_EQ(ENOTSUP, error_of(key.with("y_dc", 0x40))) << "-64 is not in the interface's range";
}

TEST_F(Av1FrameHeaderTest, LosslessFramesHaveNoFiltersAndSmallTransforms) {
    use(av1_sequence_header().with("enable_cdef", 1).with("enable_restoration", 1));
    Structure key = av1_key_frame().with("base_q_idx", 0).without("delta_q_present").without("tx_mode_select");
    for (const char* name :
         {"loop_filter_level_0", "loop_filter_level_1", "loop_filter_sharpness", "loop_filter_delta_enabled"})
        key = key.without(name);
    const FrameHeader& h = parse(key);
    EXPECT_TRUE(h.coded_lossless && h.all_lossless);
    EXPECT_EQ(TxMode::Only4x4, h.tx_mode);
}

TEST_F(Av1FrameHeaderTest, DeltaQAndDeltaLf) {
    Structure delta;
    delta.u("delta_q_res", 2, 3).flag("delta_lf_present", true).u("delta_lf_res", 2, 2).flag("delta_lf_multi", true);
    const FrameHeader& h = parse(av1_key_frame().with("delta_q_present", 1).after("delta_q_present", delta));
    EXPECT_TRUE(h.quantization.delta_q_present);
    EXPECT_EQ(3, h.quantization.delta_q_res);
    EXPECT_TRUE(h.loop_filter.delta_lf_present && h.loop_filter.delta_lf_multi);
    EXPECT_EQ(2, h.loop_filter.delta_lf_res);
}

TEST_F(Av1FrameHeaderTest, LoopFilterLevelsAndDeltas) {
    Structure chroma;
    chroma.u("loop_filter_level_2", 6, 3).u("loop_filter_level_3", 6, 4);
    Structure deltas;
    deltas.flag("loop_filter_delta_update", true);
    for (unsigned i = 0; i < 10; ++i) {
        deltas.flag("update", i == 4 || i == 9);
        if (i == 4 || i == 9) deltas.u("delta", 7, 0x7e); // -2
    }
    const Structure key = av1_key_frame()
                              .with("loop_filter_level_0", 1)
                              .after("loop_filter_level_1", chroma)
                              .with("loop_filter_sharpness", 7)
                              .with("loop_filter_delta_enabled", 1)
                              .after("loop_filter_delta_enabled", deltas);
    const LoopFilter& lf = parse(key).loop_filter;
    EXPECT_EQ((std::array<std::uint8_t, 4>{1, 0, 3, 4}), lf.level);
    EXPECT_EQ(7, lf.sharpness);
    EXPECT_EQ(-2, lf.deltas.ref[4]);
    EXPECT_EQ(-1, lf.deltas.ref[6]);
    EXPECT_EQ(-2, lf.deltas.mode[1]);
    EXPECT_EQ(ENOTSUP, error_of(key.with("delta", 0x40)));
}

TEST_F(Av1FrameHeaderTest, CdefStrengths) {
    use(av1_sequence_header().with("enable_cdef", 1));
    Structure cdef;
    cdef.u("cdef_damping_minus_3", 2, 2).u("cdef_bits", 2, 1);
    cdef.u("y_pri", 4, 9).u("y_sec", 2, 3).u("uv_pri", 4, 8).u("uv_sec", 2, 2);
    cdef.u("y_pri", 4, 7).u("y_sec", 2, 1).u("uv_pri", 4, 6).u("uv_sec", 2, 3);
    const Cdef& c = parse(av1_key_frame().after("loop_filter_delta_enabled", cdef)).cdef;
    EXPECT_EQ(2, c.damping_minus_3);
    EXPECT_EQ(1, c.bits);
    EXPECT_EQ(9, c.y_pri_strength[0]);
    EXPECT_EQ(4, c.y_sec_strength[0]) << "3 means 4";
    EXPECT_EQ(2, c.uv_sec_strength[0]);
    EXPECT_EQ(7, c.y_pri_strength[1]);
    EXPECT_EQ(4, c.uv_sec_strength[1]);
}

TEST_F(Av1FrameHeaderTest, LoopRestoration) {
    use(av1_sequence_header().with("enable_restoration", 1));
    Structure lr;
    lr.u("lr_type_y", 2, 1).u("lr_type_u", 2, 0).u("lr_type_v", 2, 2);
    lr.flag("lr_unit_shift", true).flag("lr_unit_extra_shift", false).flag("lr_uv_shift", true);
    const LoopRestoration& r = parse(av1_key_frame().after("loop_filter_delta_enabled", lr)).loop_restoration;
    EXPECT_TRUE(r.uses_lr);
    EXPECT_TRUE(r.uses_chroma_lr) << "the third plane counts, too";
    EXPECT_EQ(RestorationType::Switchable, r.type[0]);
    EXPECT_EQ(RestorationType::Wiener, r.type[2]);
    EXPECT_EQ(1, r.lr_unit_shift);
    EXPECT_EQ((std::array<std::uint16_t, 3>{128, 64, 64}), r.size);

    use(av1_sequence_header().with("enable_restoration", 1).with("use_128x128_superblock", 1));
    const Structure big = lr.without("lr_unit_extra_shift").with("lr_unit_shift", 0);
    EXPECT_EQ(128, parse(av1_key_frame().after("loop_filter_delta_enabled", big)).loop_restoration.size[0]);
}

class Av1GlobalMotionTest : public Av1FrameHeaderTest {
  public:
    /// The frame with global motion of LAST_FRAME.
    static Structure with_motion(const Structure& motion) {
        return av1_inter_frame(9, 0).with("is_global_1", 1).after("is_global_1", motion);
    }
};

TEST_F(Av1GlobalMotionTest, Translation) {
    // Without high precision 8 bits of magnitude and 2 of fraction; 0 in the first code of three bits.
    Structure motion;
    motion.flag("is_rot_zoom", false).flag("is_translation", true);
    motion.flag("more_0", false).u("bits_0", 3, 1); // -1
    motion.flag("more_1", false).u("bits_1", 3, 4); // 2
    const GlobalMotion& gm = parse(with_motion(motion)).global_motion;
    EXPECT_EQ(WarpModel::Translation, gm.type[1]);
    EXPECT_EQ(-(1 << 14), gm.params[1][0]);
    EXPECT_EQ(2 << 14, gm.params[1][1]);
    EXPECT_EQ(1 << 16, gm.params[1][2]);
    EXPECT_EQ(0, gm.invalid);
    EXPECT_EQ(WarpModel::Identity, gm.type[2]);
}

TEST_F(Av1GlobalMotionTest, RotZoomIsRelativeToThePrimaryReference) {
    frames_[0].global_motion[1] = {0, 0, (1 << 16) + 20, 40, -40, (1 << 16) + 20};
    Structure motion;
    motion.flag("is_rot_zoom", true);
    // Beyond the middle of the range codes count the other way round: 1 is one more.
    for (const unsigned bits : {0U, 1U, 0U, 0U}) motion.flag("more", false).u("bits", 3, bits);
    const GlobalMotion& gm = parse(with_motion(motion).with("primary_ref_frame", 0)).global_motion;
    EXPECT_EQ(WarpModel::RotZoom, gm.type[1]);
    EXPECT_EQ((std::array<std::int32_t, 6>{0, 0, (1 << 16) + 20, 42, -42, (1 << 16) + 20}), gm.params[1]);
    EXPECT_EQ(0, gm.invalid);
}

TEST_F(Av1GlobalMotionTest, AffineMayBeNoValidWarp) {
    Structure motion;
    motion.flag("is_rot_zoom", false).flag("is_translation", false);
    // As far as it goes: the last code of all, 4096.
    for (unsigned parameter = 2; parameter < 4; ++parameter) {
        for (unsigned i = 0; i < 10; ++i) motion.flag("more", true);
        motion.u("final", 13, 8191);
    }
    motion.flag("more_4", false).u("bits_4", 3, 0).flag("more_5", false).u("bits_5", 3, 0);
    motion.flag("more_0", false).u("bits_0", 3, 0).flag("more_1", false).u("bits_1", 3, 0);
    const GlobalMotion& gm = parse(with_motion(motion)).global_motion;
    EXPECT_EQ(WarpModel::Affine, gm.type[1]);
    EXPECT_EQ((std::array<std::int32_t, 6>{0, 0, (1 << 16) + 8192, 8192, 0, 1 << 16}), gm.params[1]);
    EXPECT_EQ(2, gm.invalid);
}

class Av1FilmGrainTest : public Av1FrameHeaderTest {
  public:
    Av1FilmGrainTest() { use(av1_sequence_header().with("film_grain_params_present", 1)); }

    static Structure grain() {
        Structure g;
        g.flag("apply_grain", true).u("grain_seed", 16, 1234);
        g.u("num_y_points", 4, 2).u("y0", 8, 10).u("ys0", 8, 20).u("y1", 8, 30).u("ys1", 8, 40);
        g.flag("chroma_scaling_from_luma", false);
        g.u("num_cb_points", 4, 1).u("cb0", 8, 128).u("cbs0", 8, 50).u("num_cr_points", 4, 1);
        g.u("cr0", 8, 127).u("crs0", 8, 51).u("grain_scaling_minus_8", 2, 3).u("ar_coeff_lag", 2, 1);
        for (unsigned i = 0; i < 4; ++i) g.u("ar_y", 8, 100 + i);
        for (unsigned i = 0; i < 5; ++i) g.u("ar_cb", 8, 110 + i);
        for (unsigned i = 0; i < 5; ++i) g.u("ar_cr", 8, 120 + i);
        g.u("ar_coeff_shift_minus_6", 2, 1).u("grain_scale_shift", 2, 2);
        g.u("cb_mult", 8, 1).u("cb_luma_mult", 8, 2).u("cb_offset", 9, 300);
        g.u("cr_mult", 8, 3).u("cr_luma_mult", 8, 4).u("cr_offset", 9, 301);
        g.flag("overlap_flag", true).flag("clip_to_restricted_range", true);
        return g;
    }
    static Structure key(const Structure& grain) { return av1_key_frame().append(grain); }
};

TEST_F(Av1FilmGrainTest, AllOfIt) {
    const FilmGrain& g = parse(key(grain())).film_grain;
    EXPECT_TRUE(g.apply_grain && g.update_grain);
    EXPECT_EQ(1234, g.grain_seed);
    EXPECT_EQ(2, g.num_y_points);
    EXPECT_EQ(40, g.point_y[1].scaling);
    EXPECT_EQ(128, g.point_cb[0].value);
    EXPECT_EQ(51, g.point_cr[0].scaling);
    EXPECT_EQ(103, g.ar_coeffs_y_plus_128[3]);
    EXPECT_EQ(114, g.ar_coeffs_cb_plus_128[4]);
    EXPECT_EQ(124, g.ar_coeffs_cr_plus_128[4]);
    EXPECT_EQ(301, g.cr_offset);
    EXPECT_TRUE(g.overlap_flag && g.clip_to_restricted_range);
    EXPECT_FALSE(parse(key(one("apply_grain", 1, 0))).film_grain.apply_grain);
}

TEST_F(Av1FilmGrainTest, ACopyHasASeedOfItsOwn) {
    frames_[5].film_grain.apply_grain = frames_[5].film_grain.update_grain = true;
    frames_[5].film_grain.num_y_points = 3;
    frames_[5].film_grain.grain_seed = 1;
    Structure copy;
    copy.flag("apply_grain", true).u("grain_seed", 16, 9).flag("update_grain", false);
    copy.u("film_grain_params_ref_idx", 3, 5);
    const Structure inter = av1_inter_frame(9, 0, true, {0, 0, 0, 0, 0, 0, 5}).append(copy);
    const FilmGrain& g = parse(inter).film_grain;
    EXPECT_EQ(9, g.grain_seed);
    EXPECT_EQ(3, g.num_y_points);
    EXPECT_FALSE(g.update_grain);
    EXPECT_EQ(5, g.film_grain_params_ref_idx);
    EXPECT_EQ(EBADMSG, error_of(inter.with("film_grain_params_ref_idx", 4))) << "no reference of this frame";
}

TEST_F(Av1FilmGrainTest, RefusesWhatBreaksTheSpecification) {
    EXPECT_EQ(EBADMSG, error_of(key(grain().with("y1", 10)))) << "points are in order";
    EXPECT_EQ(EBADMSG, error_of(key(grain().with("num_y_points", 15))));
    EXPECT_EQ(EBADMSG, error_of(key(grain().with("num_cb_points", 11))));
}

TEST_F(Av1FrameHeaderTest, RefusesEveryCut) {
    const Structure frames[] = {av1_key_frame(), av1_inter_frame(9, 1, false, {0, 1, 2, 3, 4, 5, 6})};
    for (const Structure& frame : frames) {
        const BitWriter whole = frame.bits();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            BitWriter cut = whole;
            cut.cut(size / 8 * 8);
            const Bytes bytes = cut.bytes();
            SyntaxReader reader(bytes);
            SavedFrames frames_before = frames_;
            const auto parsed = parse_frame_header(reader, obu_, sequence_, frames_before, header_);
            ASSERT_FALSE(parsed) << size;
            ASSERT_EQ(EBADMSG, parsed.error().code) << parsed.error().why;
        }
    }
}

} // namespace
} // namespace v4l2play::test
