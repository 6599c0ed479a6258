// What drivers are told of an AV1 frame, field by field.
#include "decoder/request/av1_controls.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <gtest/gtest.h>

#include "decoder/request/av1_fill.h"
#include "decoder/v4l2/uapi.h"
#include "tests/unit/av1_validator.h"

namespace v4l2play::test {
namespace {

using namespace av1;

class FakeProbe final : public ControlProbe {
  public:
    FakeProbe() {
        sizes = {{V4L2_CID_STATELESS_AV1_SEQUENCE, 12},
                 {V4L2_CID_STATELESS_AV1_FRAME, 1784},
                 {V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY, 16},
                 {V4L2_CID_STATELESS_AV1_FILM_GRAIN, 194}};
    }
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = sizes.contains(id);
        facts.element_size = facts.exists ? sizes[id] : 0;
        if (id == V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY) facts.maximum_elements = tiles;
        return facts;
    }
    std::map<std::uint32_t, std::uint32_t> sizes;
    std::uint32_t tiles = 128;
};

/// The structures of control `id`; empty when it is not among `controls`.
template <class Control>
std::span<const Control> find(std::span<v4l2_ext_control> controls, std::uint32_t id) {
    for (const v4l2_ext_control& control : controls)
        if (control.id == id) return {static_cast<const Control*>(control.ptr), control.size / sizeof(Control)};
    return {};
}

/// An inter frame of two tiles.
class Av1ControlsTest : public testing::Test {
  public:
    Av1ControlsTest() {
        header_.frame_type = FrameType::Inter;
        header_.size = {100, 80, 50, 200, 90, true, 10};
        header_.ref_frame_idx = {7, 6, 5, 4, 3, 2, 1};
        header_.order_hints = {0, 11, 12, 13, 14, 15, 16, 17};
        header_.tile_info.tile_cols = 2;
        picture_.sequence = &sequence_;
        picture_.header = &header_;
        picture_.slots = {1, 2, 3, 4, 5, 6, 7, 8};
        picture_.tiles = tiles_;
        picture_.payloads = payloads_;
    }
    std::span<v4l2_ext_control> controls(const FakeProbe& driver = {}) {
        FakeProbe probe = driver;
        EXPECT_TRUE(controls_.probe(probe));
        return controls_.picture_controls(picture_, 0);
    }
    const v4l2_ctrl_av1_frame& frame() {
        return find<v4l2_ctrl_av1_frame>(controls(), V4L2_CID_STATELESS_AV1_FRAME)[0];
    }

    SequenceHeader sequence_;
    FrameHeader header_;
    Av1Picture picture_;
    std::array<Tile, 2> tiles_{{{4, 5, 0, 0}, {11, 2, 0, 1}}};
    std::array<std::uint8_t, 9> first_{1, 2, 3, 4, 5, 6, 7, 8, 9};
    std::array<std::uint8_t, 4> second_{10, 11, 12, 13};
    std::array<std::span<const std::uint8_t>, 2> payloads_{first_, second_};
    Av1Controls controls_;
};

TEST_F(Av1ControlsTest, ProbeNamesWhatIsMissingOrStrange) {
    for (const std::uint32_t id :
         {V4L2_CID_STATELESS_AV1_SEQUENCE, V4L2_CID_STATELESS_AV1_FRAME, V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY}) {
        FakeProbe probe;
        probe.sizes.erase(id);
        EXPECT_EQ(ENOTSUP, Av1Controls().probe(probe).error().code);
    }
    for (const auto& [id, size] : FakeProbe().sizes) {
        FakeProbe probe;
        probe.sizes[id] = size + 4;
        EXPECT_EQ(ENOTSUP, Av1Controls().probe(probe).error().code);
    }
    FakeProbe probe;
    probe.sizes[V4L2_CID_STATELESS_AV1_FRAME] = 1780;
    EXPECT_EQ("the driver's AV1_FRAME has 1780 bytes, not 1784", Av1Controls().probe(probe).error().what);
}

TEST_F(Av1ControlsTest, FilmGrainIsForDriversThatHaveIt) {
    EXPECT_EQ(4U, controls().size());
    EXPECT_STREQ("with film grain", controls_.mode());
    FakeProbe plain;
    plain.sizes.erase(V4L2_CID_STATELESS_AV1_FILM_GRAIN);
    EXPECT_EQ(3U, controls(plain).size());
    EXPECT_STREQ("no film grain", controls_.mode());
    EXPECT_FALSE(controls_.needs_hold());
    EXPECT_EQ(1U, controls_.requests(picture_));
    EXPECT_EQ(V4L2_PIX_FMT_AV1_FRAME, controls_.coded_fourcc());
}

TEST_F(Av1ControlsTest, GrainThatTheDriverCannotAddIsLeftOutAndSaidOnce) {
    FakeProbe plain;
    plain.sizes.erase(V4L2_CID_STATELESS_AV1_FILM_GRAIN);
    header_.film_grain.num_y_points = 1;
    testing::internal::CaptureStderr();
    EXPECT_EQ(3U, controls(plain).size());
    EXPECT_EQ("", testing::internal::GetCapturedStderr()) << "no grain in this picture";
    header_.film_grain.apply_grain = true;
    sequence_.film_grain_params_present = true;
    testing::internal::CaptureStderr();
    for (unsigned pictures = 0; pictures < 3; ++pictures) {
        for (const v4l2_ext_control& control : controls(plain))
            EXPECT_NE(V4L2_CID_STATELESS_AV1_FILM_GRAIN, control.id) << "S_EXT_CTRLS would fail";
        EXPECT_EQ(3U, controls(plain).size());
    }
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(std::string::npos, said.find("film grain")) << said;
    EXPECT_EQ(1, std::count(said.begin(), said.end(), '\n')) << said;
}

TEST_F(Av1ControlsTest, AcceptsMainProfile) {
    SequenceInfo sequence;
    EXPECT_TRUE(controls_.accepts(sequence));
    sequence.bit_depth_luma = 10;
    sequence.chroma_format_idc = 0;
    EXPECT_TRUE(controls_.accepts(sequence));
    sequence.bit_depth_luma = 12;
    EXPECT_EQ(ENOTSUP, controls_.accepts(sequence).error().code);
    sequence.bit_depth_luma = 8;
    sequence.chroma_format_idc = 2;
    EXPECT_EQ(ENOTSUP, controls_.accepts(sequence).error().code);
}

TEST_F(Av1ControlsTest, DevicesAreSetUpFromTheSizeAlone) {
    SequenceInfo sequence;
    sequence.bit_depth_luma = 10;
    sequence.info.visible = {0, 0, 101, 55};
    const auto list = controls_.sequence_controls(sequence);
    ASSERT_EQ(1U, list.size());
    const auto& s = find<v4l2_ctrl_av1_sequence>(list, V4L2_CID_STATELESS_AV1_SEQUENCE)[0];
    EXPECT_EQ(100, s.max_frame_width_minus_1);
    EXPECT_EQ(54, s.max_frame_height_minus_1);
    EXPECT_EQ(10, s.bit_depth);
    EXPECT_EQ(0x30000U, s.flags);
    sequence.chroma_format_idc = 0;
    EXPECT_EQ(
        0x34000U,
        find<v4l2_ctrl_av1_sequence>(controls_.sequence_controls(sequence), V4L2_CID_STATELESS_AV1_SEQUENCE)[0].flags);
}

TEST_F(Av1ControlsTest, TilesAndTheirBitstream) {
    const auto tiles = find<v4l2_ctrl_av1_tile_group_entry>(controls(), V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY);
    ASSERT_EQ(2U, tiles.size());
    EXPECT_EQ(4U, tiles[0].tile_offset);
    EXPECT_EQ(5U, tiles[0].tile_size);
    EXPECT_EQ(11U, tiles[1].tile_offset);
    EXPECT_EQ(1U, tiles[1].tile_col);
    ASSERT_EQ(13U, controls_.bitstream_size(picture_, 0));
    std::array<std::uint8_t, 20> buffer{};
    EXPECT_EQ(13U, controls_.write_bitstream(picture_, 0, buffer));
    EXPECT_EQ(9, buffer[8]);
    EXPECT_EQ(10, buffer[9]);
    EXPECT_EQ(0, buffer[13]);
}

TEST_F(Av1ControlsTest, MoreTilesThanTheDriverTakesAreRefused) {
    FakeProbe small;
    small.tiles = 2;
    EXPECT_TRUE(controls_.probe(small));
    EXPECT_TRUE(controls_.takes(picture_));
    small.tiles = 1;
    EXPECT_TRUE(controls_.probe(small));
    const auto taken = controls_.takes(picture_);
    ASSERT_FALSE(taken);
    EXPECT_EQ(ENOTSUP, taken.error().code);
    EXPECT_EQ("a frame of 2 tiles; the driver takes 1", taken.error().what);
}

TEST_F(Av1ControlsTest, ReferencesAreNamedByTheirTime) {
    const v4l2_ctrl_av1_frame& f = frame();
    for (unsigned i = 0; i < 8; ++i) EXPECT_EQ((i + 1) * 1000U, f.reference_frame_ts[i]);
    EXPECT_EQ(7, f.ref_frame_idx[0]);
    EXPECT_EQ(1, f.ref_frame_idx[6]);
    EXPECT_EQ(17U, f.order_hints[7]);
    header_.frame_type = FrameType::IntraOnly;
    const v4l2_ctrl_av1_frame& intra = frame();
    EXPECT_EQ(2000U, intra.reference_frame_ts[1]) << "the state of the slots is there for intra frames, too";
    EXPECT_EQ(-1, intra.ref_frame_idx[0]);
    EXPECT_EQ(0U, intra.order_hints[7]);
}

TEST_F(Av1ControlsTest, Sizes) {
    const v4l2_ctrl_av1_frame& f = frame();
    EXPECT_EQ(100U, f.upscaled_width);
    EXPECT_EQ(79U, f.frame_width_minus_1);
    EXPECT_EQ(49U, f.frame_height_minus_1);
    EXPECT_EQ(199, f.render_width_minus_1);
    EXPECT_EQ(89, f.render_height_minus_1);
    EXPECT_EQ(10, f.superres_denom);
    EXPECT_NE(0U, f.flags & V4L2_AV1_FRAME_FLAG_USE_SUPERRES);
}

TEST_F(Av1ControlsTest, EveryFrameFlagHasItsBit) {
    const std::vector<std::pair<std::uint32_t, bool FrameHeader::*>> flags{
        {V4L2_AV1_FRAME_FLAG_SHOW_FRAME, &FrameHeader::show_frame},
        {V4L2_AV1_FRAME_FLAG_SHOWABLE_FRAME, &FrameHeader::showable_frame},
        {V4L2_AV1_FRAME_FLAG_ERROR_RESILIENT_MODE, &FrameHeader::error_resilient_mode},
        {V4L2_AV1_FRAME_FLAG_DISABLE_CDF_UPDATE, &FrameHeader::disable_cdf_update},
        {V4L2_AV1_FRAME_FLAG_ALLOW_SCREEN_CONTENT_TOOLS, &FrameHeader::allow_screen_content_tools},
        {V4L2_AV1_FRAME_FLAG_FORCE_INTEGER_MV, &FrameHeader::force_integer_mv},
        {V4L2_AV1_FRAME_FLAG_ALLOW_INTRABC, &FrameHeader::allow_intrabc},
        {V4L2_AV1_FRAME_FLAG_ALLOW_HIGH_PRECISION_MV, &FrameHeader::allow_high_precision_mv},
        {V4L2_AV1_FRAME_FLAG_IS_MOTION_MODE_SWITCHABLE, &FrameHeader::is_motion_mode_switchable},
        {V4L2_AV1_FRAME_FLAG_USE_REF_FRAME_MVS, &FrameHeader::use_ref_frame_mvs},
        {V4L2_AV1_FRAME_FLAG_DISABLE_FRAME_END_UPDATE_CDF, &FrameHeader::disable_frame_end_update_cdf},
        {V4L2_AV1_FRAME_FLAG_ALLOW_WARPED_MOTION, &FrameHeader::allow_warped_motion},
        {V4L2_AV1_FRAME_FLAG_REFERENCE_SELECT, &FrameHeader::reference_select},
        {V4L2_AV1_FRAME_FLAG_REDUCED_TX_SET, &FrameHeader::reduced_tx_set},
        {V4L2_AV1_FRAME_FLAG_SKIP_MODE_ALLOWED, &FrameHeader::skip_mode_allowed},
        {V4L2_AV1_FRAME_FLAG_SKIP_MODE_PRESENT, &FrameHeader::skip_mode_present},
        {V4L2_AV1_FRAME_FLAG_FRAME_SIZE_OVERRIDE, &FrameHeader::frame_size_override_flag},
        {V4L2_AV1_FRAME_FLAG_BUFFER_REMOVAL_TIME_PRESENT, &FrameHeader::buffer_removal_time_present_flag},
        {V4L2_AV1_FRAME_FLAG_FRAME_REFS_SHORT_SIGNALING, &FrameHeader::frame_refs_short_signaling},
    };
    header_.size.use_superres = header_.show_frame = false;
    EXPECT_EQ(0U, frame().flags);
    for (const auto& [flag, field] : flags) {
        header_.*field = true;
        EXPECT_EQ(flag, frame().flags);
        header_.*field = false;
    }
}

TEST_F(Av1ControlsTest, EverySequenceFlagHasItsBit) {
    const std::vector<std::pair<std::uint32_t, bool SequenceHeader::*>> flags{
        {V4L2_AV1_SEQUENCE_FLAG_STILL_PICTURE, &SequenceHeader::still_picture},
        {V4L2_AV1_SEQUENCE_FLAG_USE_128X128_SUPERBLOCK, &SequenceHeader::use_128x128_superblock},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_FILTER_INTRA, &SequenceHeader::enable_filter_intra},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_INTRA_EDGE_FILTER, &SequenceHeader::enable_intra_edge_filter},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_INTERINTRA_COMPOUND, &SequenceHeader::enable_interintra_compound},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_MASKED_COMPOUND, &SequenceHeader::enable_masked_compound},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_WARPED_MOTION, &SequenceHeader::enable_warped_motion},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_DUAL_FILTER, &SequenceHeader::enable_dual_filter},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_ORDER_HINT, &SequenceHeader::enable_order_hint},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_JNT_COMP, &SequenceHeader::enable_jnt_comp},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_REF_FRAME_MVS, &SequenceHeader::enable_ref_frame_mvs},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_SUPERRES, &SequenceHeader::enable_superres},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_CDEF, &SequenceHeader::enable_cdef},
        {V4L2_AV1_SEQUENCE_FLAG_ENABLE_RESTORATION, &SequenceHeader::enable_restoration},
        {V4L2_AV1_SEQUENCE_FLAG_FILM_GRAIN_PARAMS_PRESENT, &SequenceHeader::film_grain_params_present},
    };
    constexpr std::uint32_t sampling = V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_X | V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_Y;
    v4l2_ctrl_av1_sequence out;
    for (const auto& [flag, field] : flags) {
        sequence_.*field = true;
        fill(out, sequence_);
        EXPECT_EQ(sampling | flag, out.flags);
        sequence_.*field = false;
    }
    sequence_.color.mono_chrome = sequence_.color.color_range = sequence_.color.separate_uv_delta_q = true;
    fill(out, sequence_);
    EXPECT_EQ(sampling | V4L2_AV1_SEQUENCE_FLAG_MONO_CHROME | V4L2_AV1_SEQUENCE_FLAG_COLOR_RANGE |
                  V4L2_AV1_SEQUENCE_FLAG_SEPARATE_UV_DELTA_Q,
              out.flags);
}

TEST_F(Av1ControlsTest, CodingTools) {
    header_.quantization = {200, -1, 2, -3, 4, -5, true, true, 1, 2, 3, true, 2};
    header_.segmentation.enabled = header_.segmentation.seg_id_pre_skip = true;
    header_.segmentation.params.feature_enabled[3] = 0x21;
    header_.segmentation.params.feature_data[3] = {-200, 0, 0, 0, 0, 5, 0, 0};
    header_.loop_filter.level = {1, 2, 3, 4};
    header_.loop_filter.delta_lf_multi = true;
    header_.loop_filter.deltas.mode = {-1, 6};
    header_.cdef.y_sec_strength[1] = 4;
    header_.loop_restoration.type = {RestorationType::Wiener, RestorationType::None, RestorationType::Sgrproj};
    header_.loop_restoration.size = {64, 32, 32};
    header_.loop_restoration.uses_chroma_lr = true;
    header_.global_motion.is_translation[3] = true;
    header_.global_motion.type[3] = WarpModel::Translation;
    header_.global_motion.params[3][0] = -5;
    header_.global_motion.invalid = 0x10;
    header_.skip_mode_frame = {1, 5};
    header_.tx_mode = TxMode::Select;
    header_.interpolation_filter = 4;
    header_.buffer_removal_time[31] = 9;
    const v4l2_ctrl_av1_frame& f = frame();
    EXPECT_EQ(200, f.quantization.base_q_idx);
    EXPECT_EQ(-1, f.quantization.delta_q_y_dc);
    EXPECT_EQ(-3, f.quantization.delta_q_u_ac);
    EXPECT_EQ(-5, f.quantization.delta_q_v_ac);
    EXPECT_EQ(7, f.quantization.flags);
    EXPECT_EQ(3, f.quantization.qm_v);
    EXPECT_EQ(2, f.quantization.delta_q_res);
    EXPECT_EQ(0x11, f.segmentation.flags);
    EXPECT_EQ(0x21, f.segmentation.feature_enabled[3]);
    EXPECT_EQ(-200, f.segmentation.feature_data[3][0]);
    EXPECT_EQ(5, f.segmentation.feature_data[3][5]);
    EXPECT_EQ(4, f.loop_filter.level[3]);
    EXPECT_EQ(V4L2_AV1_LOOP_FILTER_FLAG_DELTA_LF_MULTI, f.loop_filter.flags);
    EXPECT_EQ(-1, f.loop_filter.ref_deltas[7]);
    EXPECT_EQ(6, f.loop_filter.mode_deltas[1]);
    EXPECT_EQ(4, f.cdef.y_sec_strength[1]);
    EXPECT_EQ(V4L2_AV1_FRAME_RESTORE_SGRPROJ, f.loop_restoration.frame_restoration_type[2]);
    EXPECT_EQ(V4L2_AV1_LOOP_RESTORATION_FLAG_USES_CHROMA_LR, f.loop_restoration.flags);
    EXPECT_EQ(32U, f.loop_restoration.loop_restoration_size[1]);
    EXPECT_EQ(V4L2_AV1_GLOBAL_MOTION_FLAG_IS_TRANSLATION, f.global_motion.flags[3]);
    EXPECT_EQ(V4L2_AV1_WARP_MODEL_TRANSLATION, f.global_motion.type[3]);
    EXPECT_EQ(-5, f.global_motion.params[3][0]);
    EXPECT_EQ(65536, f.global_motion.params[7][5]);
    EXPECT_EQ(0x10, f.global_motion.invalid);
    EXPECT_EQ(5, f.skip_mode_frame[1]);
    EXPECT_EQ(V4L2_AV1_TX_MODE_SELECT, f.tx_mode);
    EXPECT_EQ(V4L2_AV1_INTERPOLATION_FILTER_SWITCHABLE, f.interpolation_filter);
    EXPECT_EQ(9U, f.buffer_removal_time[31]);
}

TEST_F(Av1ControlsTest, FilmGrain) {
    FilmGrain& g = header_.film_grain;
    g.num_y_points = 2;
    g.point_y[1] = {30, 40};
    g.num_cr_points = 1;
    g.point_cr[0] = {7, 8};
    g.point_cr[1] = {9, 9}; // of a frame before: not in use
    g.ar_coeffs_cb_plus_128[24] = 3;
    g.cr_offset = 511;
    g.overlap_flag = g.update_grain = true;
    const auto grain = [&] { return find<v4l2_ctrl_av1_film_grain>(controls(), V4L2_CID_STATELESS_AV1_FILM_GRAIN)[0]; };
    EXPECT_EQ(0, grain().flags);
    EXPECT_EQ(0, grain().num_y_points) << "nothing when there is no grain";
    g.apply_grain = true;
    const v4l2_ctrl_av1_film_grain out = grain();
    EXPECT_EQ(V4L2_AV1_FILM_GRAIN_FLAG_APPLY_GRAIN | V4L2_AV1_FILM_GRAIN_FLAG_UPDATE_GRAIN |
                  V4L2_AV1_FILM_GRAIN_FLAG_OVERLAP,
              out.flags);
    EXPECT_EQ(40, out.point_y_scaling[1]);
    EXPECT_EQ(7, out.point_cr_value[0]);
    EXPECT_EQ(0, out.point_cr_value[1]);
    EXPECT_EQ(3, out.ar_coeffs_cb_plus_128[24]);
    EXPECT_EQ(511, out.cr_offset);
    g.update_grain = false; // copied, and with that also what was coded there (6.8.20)
    g.film_grain_params_ref_idx = 5;
    EXPECT_EQ(out.flags, grain().flags);
    EXPECT_EQ(0, grain().film_grain_params_ref_idx);
}

} // namespace
} // namespace v4l2play::test
