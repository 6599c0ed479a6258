// What drivers are told of an H.265 picture, field by field.
#include "decoder/request/hevc_controls.h"

#include <cerrno>
#include <map>

#include "tests/unit/hevc_codec_fixture.h"

namespace v4l2play::test {
namespace {

class FakeProbe final : public ControlProbe {
  public:
    FakeProbe() {
        menu(V4L2_CID_STATELESS_HEVC_DECODE_MODE, 3);
        menu(V4L2_CID_STATELESS_HEVC_START_CODE, 3);
        add(V4L2_CID_STATELESS_HEVC_SPS, 40);
        add(V4L2_CID_STATELESS_HEVC_PPS, 64);
        add(V4L2_CID_STATELESS_HEVC_DECODE_PARAMS, 328);
        add(V4L2_CID_STATELESS_HEVC_SCALING_MATRIX, 1000);
        add(V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, 280, 600);
        add(V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, 4, 256);
    }
    ControlFacts query(std::uint32_t id) override { return facts[id]; }
    void menu(std::uint32_t id, std::uint64_t items) {
        facts[id].exists = items != 0;
        facts[id].element_size = 4;
        facts[id].menu = items;
    }
    void add(std::uint32_t id, std::uint32_t size, std::uint32_t elements = 1) {
        facts[id].exists = true;
        facts[id].element_size = size;
        facts[id].maximum_elements = elements;
    }
    std::map<std::uint32_t, ControlFacts> facts;
};

/// The elements of control `id`; none when it is not among `controls`.
template <class Control>
std::span<const Control> find(std::span<v4l2_ext_control> controls, std::uint32_t id) {
    for (const v4l2_ext_control& control : controls)
        if (control.id == id) return {static_cast<const Control*>(control.ptr), control.size / sizeof(Control)};
    return {};
}

HevcControls probed(FakeProbe probe, ModePreference modes = {}) {
    HevcControls controls(modes);
    const auto result = controls.probe(probe);
    EXPECT_TRUE(result) << result.error().what;
    return controls;
}

HevcControls slice_based() { return probed({}, {ModePreference::Decode::SliceBased}); }

TEST(HevcControlsProbe, PrefersWholeFramesWithStartCodes) {
    EXPECT_STREQ("frame-based, Annex B", probed({}).mode());
    EXPECT_FALSE(probed({}).needs_hold());
    FakeProbe slices;
    slices.menu(V4L2_CID_STATELESS_HEVC_DECODE_MODE, 1);
    slices.menu(V4L2_CID_STATELESS_HEVC_START_CODE, 1);
    EXPECT_STREQ("slice-based, no start codes", probed(slices).mode());
    EXPECT_TRUE(probed(slices).needs_hold());
    const ModePreference wish{ModePreference::Decode::SliceBased, ModePreference::StartCode::None};
    EXPECT_STREQ("slice-based, no start codes", probed({}, wish).mode());
}

TEST(HevcControlsProbe, NamesWhatIsMissingOrStrange) {
    const std::array needed{V4L2_CID_STATELESS_HEVC_DECODE_MODE,  V4L2_CID_STATELESS_HEVC_START_CODE,
                            V4L2_CID_STATELESS_HEVC_SPS,          V4L2_CID_STATELESS_HEVC_PPS,
                            V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, V4L2_CID_STATELESS_HEVC_DECODE_PARAMS};
    for (const std::uint32_t id : needed) {
        FakeProbe probe;
        probe.menu(V4L2_CID_STATELESS_HEVC_DECODE_MODE, 1); // slices need all of them
        probe.facts[id] = {};
        const auto result = HevcControls().probe(probe);
        ASSERT_FALSE(result) << std::hex << id;
        EXPECT_EQ(ENOTSUP, result.error().code);
    }
    for (const std::uint32_t id : {V4L2_CID_STATELESS_HEVC_SPS, V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS}) {
        FakeProbe probe;
        probe.add(id, 44);
        const auto result = HevcControls().probe(probe);
        ASSERT_FALSE(result);
        EXPECT_NE(result.error().what.find("44 bytes"), std::string::npos) << result.error().what;
    }
}

TEST(HevcControlsProbe, AcceptsWhatDriversDo) {
    FakeProbe probe;
    probe.menu(V4L2_CID_MPEG_VIDEO_HEVC_PROFILE, 1U << V4L2_MPEG_VIDEO_HEVC_PROFILE_MAIN);
    HevcControls controls = probed(probe);
    SequenceInfo sequence;
    EXPECT_TRUE(controls.accepts(sequence));
    sequence.bit_depth_luma = 10;
    EXPECT_EQ(ENOTSUP, controls.accepts(sequence).error().code); // chroma has 8
    sequence.bit_depth_chroma = 10;
    EXPECT_EQ("the driver has no HEVC profile with 10 bits", controls.accepts(sequence).error().what);
    probe.menu(V4L2_CID_MPEG_VIDEO_HEVC_PROFILE, 7);
    controls = probed(probe);
    EXPECT_TRUE(controls.accepts(sequence));
    sequence.chroma_format_idc = 2;
    EXPECT_TRUE(controls.accepts(sequence)); // the formats decide
    sequence.chroma_format_idc = 3;
    EXPECT_EQ("no driver decodes HEVC with chroma_format_idc 3", controls.accepts(sequence).error().what);
    sequence.chroma_format_idc = 1;
    sequence.bit_depth_luma = sequence.bit_depth_chroma = 9;
    EXPECT_EQ("no driver decodes HEVC with 9 bits", controls.accepts(sequence).error().what);
}

class HevcControlsTest : public HevcCodecTest {
  public:
    template <class Control>
    static const Control& one(std::span<v4l2_ext_control> controls, std::uint32_t id) {
        const auto found = find<Control>(controls, id);
        if (found.size() != 1) throw std::logic_error("not one element");
        return found[0];
    }
};

TEST_F(HevcControlsTest, DeviceIsSetUpWithAnSpsOfTheSequence) {
    parameter_sets().slice(idr()).parse();
    HevcControls controls = slice_based();
    const auto list = controls.sequence_controls(sequence());
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].value, V4L2_STATELESS_HEVC_DECODE_MODE_SLICE_BASED);
    EXPECT_EQ(list[1].value, V4L2_STATELESS_HEVC_START_CODE_ANNEX_B);
    const auto& sps = one<v4l2_ctrl_hevc_sps>(list, V4L2_CID_STATELESS_HEVC_SPS);
    EXPECT_EQ(sps.pic_width_in_luma_samples, 64);
    EXPECT_EQ(sps.chroma_format_idc, 1);
    EXPECT_EQ(sps.sps_max_dec_pic_buffering_minus1, 2);
}

TEST_F(HevcControlsTest, SlicesAreOneArrayOrARequestEach) {
    parameter_sets().slice(idr()).slice(at(idr(), 4)).slice(at(idr(), 8)).parse();
    HevcControls frames = probed({});
    EXPECT_EQ(frames.requests(picture()), 1U);
    const auto all =
        find<v4l2_ctrl_hevc_slice_params>(frames.picture_controls(picture(), 0), V4L2_CID_STATELESS_HEVC_SLICE_PARAMS);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].slice_segment_addr, 8U);
    const std::size_t first = picture().slices[0].nal.size();
    EXPECT_EQ(all[0].bit_size, 8 * (first + 3));
    EXPECT_EQ(all[0].data_byte_offset, picture().slices[0].header.data_byte_offset + 3);
    Bytes buffer(frames.bitstream_size(picture(), 0));
    EXPECT_EQ(frames.write_bitstream(picture(), 0, buffer), buffer.size());
    EXPECT_EQ((Bytes(buffer.begin() + static_cast<std::ptrdiff_t>(first) + 3,
                     buffer.begin() + static_cast<std::ptrdiff_t>(first) + 6)),
              (Bytes{0, 0, 1}));

    HevcControls slices = probed({}, {ModePreference::Decode::SliceBased, ModePreference::StartCode::None});
    EXPECT_EQ(slices.requests(picture()), 3U);
    const auto& second =
        one<v4l2_ctrl_hevc_slice_params>(slices.picture_controls(picture(), 1), V4L2_CID_STATELESS_HEVC_SLICE_PARAMS);
    EXPECT_EQ(second.slice_segment_addr, 4U);
    EXPECT_EQ(second.bit_size, 8 * picture().slices[1].nal.size());
    EXPECT_EQ(slices.write_bitstream(picture(), 1, buffer), picture().slices[1].nal.size());
}

TEST_F(HevcControlsTest, ArraysGoWhereTheDriverHasThemAndNoFurther) {
    Pps pps;
    pps.entropy_coding_sync_enabled_flag = true;
    use(simple_sps(), pps);
    const std::array<std::uint32_t, 3> points{10, 20, 30};
    parameter_sets().unit(write_slice(sps_, pps_, idr(), points));
    unit(write_slice(sps_, pps_, at(idr(), 12), {})).parse();
    HevcControls all = probed({});
    const auto offsets =
        find<std::uint32_t>(all.picture_controls(picture(), 0), V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS);
    EXPECT_EQ(Bytes(offsets.begin(), offsets.end()), (Bytes{10, 20, 30}));
    FakeProbe small;
    small.add(V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, 4, 2);
    EXPECT_EQ("a picture with 3 entry points; the driver takes 2", probed(small).takes(picture()).error().what);
    small.add(V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, 280, 1);
    EXPECT_EQ("a picture of 2 slices; the driver takes 1", probed(small).takes(picture()).error().what);
    EXPECT_EQ(ENOTSUP, probed(small).takes(picture()).error().code);
    small.add(V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, 4, 3);
    const ModePreference a_slice_each{ModePreference::Decode::SliceBased};
    EXPECT_TRUE(probed(small, a_slice_each).takes(picture()));
    EXPECT_TRUE(probed({}).takes(picture()));
    FakeProbe none;
    none.facts.erase(V4L2_CID_STATELESS_HEVC_SLICE_PARAMS);
    none.facts.erase(V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS);
    none.facts.erase(V4L2_CID_STATELESS_HEVC_SCALING_MATRIX);
    HevcControls frame = probed(none);
    EXPECT_EQ(frame.picture_controls(picture(), 0).size(), 3U);
}

/// For drivers that take it for a part of the slice's size: the largest counts, start code included.
TEST_F(HevcControlsTest, TellsHowFarBehindItsStartTheDataBegin) {
    Pps pps;
    pps.entropy_coding_sync_enabled_flag = true;
    use(simple_sps(), pps);
    const std::array<std::uint32_t, 3> points{10, 20, 30};
    parameter_sets().unit(write_slice(sps_, pps_, idr(), points));
    unit(write_slice(sps_, pps_, at(idr(), 12), {})).parse();
    const std::uint32_t longest = picture().slices[0].header.data_byte_offset;
    ASSERT_GT(longest, picture().slices[1].header.data_byte_offset + 8U);
    EXPECT_EQ(probed({}).data_offset(picture(), 0), longest + 3);
}

TEST_F(HevcControlsTest, ReferencesAreIndicesOfTheDpb) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 3;
    use(sps);
    parameter_sets().slice(idr()).parse();
    slice(p(8, reference_set({-8}))).parse();
    SliceHeader header = b(4, reference_set({}, {4}));
    header.num_long_term = 1;
    header.long_term[0] = {0, true, false, 0};
    header.num_ref_idx_l0_active_minus1 = header.num_ref_idx_l1_active_minus1 = 1;
    slice(header).parse();
    HevcControls controls = slice_based();
    const auto list = controls.picture_controls(picture(), 0);
    const auto& params = one<v4l2_ctrl_hevc_decode_params>(list, V4L2_CID_STATELESS_HEVC_DECODE_PARAMS);
    EXPECT_EQ(params.pic_order_cnt_val, 4);
    ASSERT_EQ(params.num_active_dpb_entries, 2);
    EXPECT_EQ(params.dpb[0].timestamp, 1000U);
    EXPECT_EQ(params.dpb[0].flags, V4L2_HEVC_DPB_ENTRY_LONG_TERM_REFERENCE);
    EXPECT_EQ(params.dpb[1].pic_order_cnt_val, 8);
    EXPECT_EQ(params.num_poc_st_curr_before, 0);
    ASSERT_EQ(params.num_poc_st_curr_after, 1);
    EXPECT_EQ(params.poc_st_curr_after[0], 1);
    ASSERT_EQ(params.num_poc_lt_curr, 1);
    EXPECT_EQ(params.poc_lt_curr[0], 0);
    EXPECT_EQ(params.short_term_ref_pic_set_size, 10); // two counts (1, 010), distance 4 (00100), used
    EXPECT_EQ(params.long_term_ref_pic_set_size, 13);  // count (010), 8 low bits, two flags
    EXPECT_EQ(params.flags, 0U);
    const auto& slice_params = one<v4l2_ctrl_hevc_slice_params>(list, V4L2_CID_STATELESS_HEVC_SLICE_PARAMS);
    EXPECT_EQ(slice_params.ref_idx_l0[0], 1);
    EXPECT_EQ(slice_params.ref_idx_l0[1], 0);
    EXPECT_EQ(slice_params.slice_type, V4L2_HEVC_SLICE_TYPE_B);
}

TEST_F(HevcControlsTest, MissingPicturesOfASetAreNeverNamed) {
    parameter_sets().slice(idr()).parse();
    SliceHeader header = p(6, reference_set({-6, -7}));
    header.num_ref_idx_l0_active_minus1 = 0;
    slice(header).parse();
    HevcControls controls = slice_based();
    const auto& params = one<v4l2_ctrl_hevc_decode_params>(controls.picture_controls(picture(), 0),
                                                           V4L2_CID_STATELESS_HEVC_DECODE_PARAMS);
    ASSERT_EQ(params.num_poc_st_curr_before, 2);
    EXPECT_EQ(params.poc_st_curr_before[1], 0);
}

TEST_F(HevcControlsTest, RandomAccessPicturesAreFlagged) {
    SliceHeader header = idr();
    header.no_output_of_prior_pics_flag = true;
    parameter_sets().slice(header).parse();
    HevcControls controls = slice_based();
    EXPECT_EQ(one<v4l2_ctrl_hevc_decode_params>(controls.picture_controls(picture(), 0),
                                                V4L2_CID_STATELESS_HEVC_DECODE_PARAMS)
                  .flags,
              7U);
    slice(cra(4)).parse();
    EXPECT_EQ(one<v4l2_ctrl_hevc_decode_params>(controls.picture_controls(picture(), 0),
                                                V4L2_CID_STATELESS_HEVC_DECODE_PARAMS)
                  .flags,
              static_cast<std::uint64_t>(V4L2_HEVC_DECODE_PARAM_FLAG_IRAP_PIC));
}

TEST_F(HevcControlsTest, TilesHaveTheirSizesAlsoWhenUniform) {
    Sps sps = simple_sps();
    sps.pic_width_in_luma_samples = 112; // 7 blocks
    Pps pps;
    pps.tiles_enabled_flag = true;
    pps.num_tile_columns_minus1 = 2;
    pps.num_tile_rows_minus1 = 1;
    use(sps, pps);
    parameter_sets().slice(idr()).parse();
    HevcControls controls = slice_based();
    const auto& uniform = one<v4l2_ctrl_hevc_pps>(controls.picture_controls(picture(), 0), V4L2_CID_STATELESS_HEVC_PPS);
    EXPECT_EQ(
        (std::array{uniform.column_width_minus1[0], uniform.column_width_minus1[1], uniform.column_width_minus1[2]}),
        (std::array<std::uint8_t, 3>{1, 1, 2})); // (6-3): 7 / 3 each, the rest where it falls
    EXPECT_EQ(uniform.row_height_minus1[1], 1);
    EXPECT_EQ(uniform.num_tile_rows_minus1, 1);
    pps.uniform_spacing_flag = false;
    pps.column_width_minus1 = {3, 0};
    pps.row_height_minus1 = {0};
    use(sps, pps);
    parameter_sets().slice(idr()).parse();
    const auto& sent = one<v4l2_ctrl_hevc_pps>(controls.picture_controls(picture(), 0), V4L2_CID_STATELESS_HEVC_PPS);
    EXPECT_EQ((std::array{sent.column_width_minus1[0], sent.column_width_minus1[1], sent.column_width_minus1[2]}),
              (std::array<std::uint8_t, 3>{3, 0, 1}));
    EXPECT_EQ(sent.row_height_minus1[1], 2);
}

TEST_F(HevcControlsTest, ScalingListsAreInRasterOrder) {
    Sps sps = simple_sps();
    sps.scaling_list_enabled_flag = true;
    use(sps);
    parameter_sets().slice(idr()).parse();
    HevcControls controls = slice_based();
    const auto& matrix = one<v4l2_ctrl_hevc_scaling_matrix>(controls.picture_controls(picture(), 0),
                                                            V4L2_CID_STATELESS_HEVC_SCALING_MATRIX);
    // Table 7-6 for intra: the last row is the last column, from the top 24 to 115.
    const Bytes last_row(matrix.scaling_list_8x8[0] + 56, matrix.scaling_list_8x8[0] + 64);
    EXPECT_EQ(last_row, (Bytes{24, 25, 29, 36, 47, 65, 88, 115}));
    for (unsigned i = 0; i < 8; ++i)
        EXPECT_EQ(matrix.scaling_list_32x32[1][8 * i + 7], matrix.scaling_list_32x32[1][56 + i]);
    EXPECT_EQ(matrix.scaling_list_4x4[5][15], 16);
    EXPECT_EQ(matrix.scaling_list_dc_coef_32x32[1], 16);
}

TEST_F(HevcControlsTest, ReferenceSetsGoAsTheyWereSent) {
    Sps sps = simple_sps();
    sps.num_short_term_ref_pic_sets = 2;
    sps.short_term_ref_pic_sets[0] = reference_set({-1, -3}, {2, 7}, 0b1011);
    ShortTermRefPicSet& predicted = sps.short_term_ref_pic_sets[1];
    predicted.inter_ref_pic_set_prediction_flag = predicted.delta_rps_sign = true;
    predicted.abs_delta_rps_minus1 = 4;
    predicted.used_by_curr_pic_flag = 0b00101;
    predicted.use_delta_flag = 0b10101;
    sps.num_long_term_ref_pics_sps = 1;
    sps.long_term_ref_pics[0] = {77, true};
    use(sps);
    parameter_sets().slice(idr()).parse();
    FakeProbe probe;
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, 80, 65);
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, 4, 65);
    HevcControls controls = probed(probe);
    const auto list = controls.picture_controls(picture(), 0);
    const auto sets = find<v4l2_ctrl_hevc_ext_sps_st_rps>(list, V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS);
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_EQ(sets[0].num_negative_pics, 2);
    EXPECT_EQ(sets[0].num_positive_pics, 2);
    EXPECT_EQ(sets[0].delta_poc_s0_minus1[1], 1);
    EXPECT_EQ(sets[0].delta_poc_s1_minus1[0], 1);
    EXPECT_EQ(sets[0].delta_poc_s1_minus1[1], 4);
    EXPECT_EQ(sets[0].used_by_curr_pic, 0b1011U);
    EXPECT_EQ(sets[0].flags, 0);
    EXPECT_EQ(sets[1].flags, V4L2_HEVC_EXT_SPS_ST_RPS_FLAG_INTER_REF_PIC_SET_PRED);
    EXPECT_EQ(sets[1].delta_rps_sign, 1);
    EXPECT_EQ(sets[1].abs_delta_rps_minus1, 4);
    EXPECT_EQ(sets[1].used_by_curr_pic, 0b00101U);
    EXPECT_EQ(sets[1].use_delta_flag, 0b10101U);
    const auto& candidate = one<v4l2_ctrl_hevc_ext_sps_lt_rps>(list, V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS);
    EXPECT_EQ(candidate.lt_ref_pic_poc_lsb_sps, 77);
    EXPECT_EQ(candidate.flags, V4L2_HEVC_EXT_SPS_LT_RPS_FLAG_USED_LT);
}

TEST_F(HevcControlsTest, ReferenceSetsThatChangeAreNoticed) {
    Sps sps = simple_sps();
    sps.num_short_term_ref_pic_sets = 2;
    sps.short_term_ref_pic_sets[0] = reference_set({-1});
    sps.short_term_ref_pic_sets[1] = reference_set({-2});
    use(sps);
    parameter_sets().slice(idr()).parse();
    const SequenceInfo described = sequence();
    FakeProbe probe;
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, 80, 65);
    HevcControls controls = probed(probe);
    HevcControls without = probed({});
    EXPECT_FALSE(controls.changes_reference_sets(picture())) << "the first of the context";
    (void)controls.picture_controls(picture(), 0);
    (void)without.picture_controls(picture(), 0);
    parameter_sets().slice(idr()).parse();
    EXPECT_FALSE(controls.changes_reference_sets(picture())) << "an SPS that is repeated";
    sps.short_term_ref_pic_sets[1] = reference_set({-3});
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_TRUE(controls.changes_reference_sets(picture())) << "with an equal set 0";
    EXPECT_FALSE(without.changes_reference_sets(picture())) << "the driver has no such control";
    (void)controls.sequence_controls(described);
    EXPECT_FALSE(controls.changes_reference_sets(picture())) << "of a new context";
    (void)controls.picture_controls(picture(), 0);
    sps.num_short_term_ref_pic_sets = 1;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_TRUE(controls.changes_reference_sets(picture())) << "fewer of them";
}

TEST_F(HevcControlsTest, MoreReferenceSetsThanTheDriverTakesAreRefused) {
    Sps sps = simple_sps();
    sps.num_short_term_ref_pic_sets = 2;
    sps.short_term_ref_pic_sets[0] = sps.short_term_ref_pic_sets[1] = reference_set({-1});
    sps.long_term_ref_pics_present_flag = true;
    sps.num_long_term_ref_pics_sps = 3;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_TRUE(probed({}).takes(picture())) << "a driver without the controls finds them in the slices";
    FakeProbe probe;
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, 80, 2);
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, 4, 3);
    EXPECT_TRUE(probed(probe).takes(picture()));
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, 4, 2);
    const auto long_term = probed(probe).takes(picture());
    ASSERT_FALSE(long_term);
    EXPECT_EQ(ENOTSUP, long_term.error().code);
    EXPECT_EQ("an SPS of 3 long-term reference pictures; the driver takes 2", long_term.error().what);
    probe.add(V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, 80, 1);
    const auto short_term = probed(probe).takes(picture());
    ASSERT_FALSE(short_term);
    EXPECT_EQ("an SPS of 2 reference picture sets; the driver takes 1", short_term.error().what);
}

TEST_F(HevcControlsTest, WeightsAreThoseOfTheActiveReferences) {
    Pps pps;
    pps.weighted_pred_flag = true;
    use(simple_sps(), pps);
    parameter_sets().slice(idr()).parse();
    SliceHeader header = p(1, reference_set({-1}));
    PredWeight& weight = header.pred_weight_table.weights[0][0];
    header.pred_weight_table.luma_log2_weight_denom = 6;
    header.pred_weight_table.delta_chroma_log2_weight_denom = -1;
    weight.delta_luma_weight = -7;
    weight.luma_offset = 9;
    weight.delta_chroma_weight = {3, -4};
    slice(header).parse();
    HevcControls controls = slice_based();
    const auto& table =
        one<v4l2_ctrl_hevc_slice_params>(controls.picture_controls(picture(), 0), V4L2_CID_STATELESS_HEVC_SLICE_PARAMS)
            .pred_weight_table;
    EXPECT_EQ(table.luma_log2_weight_denom, 6);
    EXPECT_EQ(table.delta_chroma_log2_weight_denom, -1);
    EXPECT_EQ(table.delta_luma_weight_l0[0], -7);
    EXPECT_EQ(table.luma_offset_l0[0], 9);
    EXPECT_EQ(table.delta_chroma_weight_l0[0][1], -4);
    // (7-56): 100 was sent; 128 + 100 - (128 * (32 + 3) >> 5) and 128 + 100 - (128 * (32 - 4) >> 5)
    EXPECT_EQ(table.chroma_offset_l0[0][0], 88);
    EXPECT_EQ(table.chroma_offset_l0[0][1], 116);
}

} // namespace
} // namespace v4l2play::test
