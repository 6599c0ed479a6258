// The whole KMS output on the plane tables of boards: which plane shows what, and what is said of the others.
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "decoder/log.h"
#include "render/kms/sink.h"
#include "tests/fakes/fake_boards.h"
#include "tests/unit/kms_board.h"
#include "tests/unit/overlay_model.h"

namespace v4l2play {
namespace {

using testing::Test;

constexpr std::uint64_t sand128_1632 = sand128 | 1632 << 8; // the height of a column is the buffer's own

using Planes = std::vector<std::size_t>;

TEST(RaspberryPi, ScansSandOutAndScalesIt) {
    for (const FakeBoard& table : {raspberry_pi_4(), raspberry_pi_5()}) {
        Board board(table);
        ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720, sand128_1632), "");
        EXPECT_EQ(board.plane(), "plane 41 (overlay), 1280x720 scaled to 1920x1080");
        board.show();
        EXPECT_EQ(board.stack(5), Planes{1}); // the primary plane is off: it would be covered
        board.overlay(100, 200, 300, 150);
        board.show();
        EXPECT_EQ(board.stack(5), (Planes{1, 2}));
        EXPECT_EQ(board.drm_.shown(2).destination, (Rect{100, 200, 300, 150}));
        EXPECT_EQ(board.drm_.shown(2).source, (Rect{0, 0, 300, 150}));
        board.output_->hide_overlay();
        board.show();
        EXPECT_EQ(board.stack(5), Planes{1});
    }
}

TEST(RaspberryPi, TenBitsOnlyInColumns) {
    Board board(raspberry_pi_4());
    const DrmFourcc p030 = drm_fourcc('P', '0', '3', '0');
    EXPECT_EQ(board.configure(p030, 1920, 1080, sand128_1632), "");
    EXPECT_NE(board.configure(p030, 1920, 1080).find("plane 41 takes P030 but not with the layout linear"),
              std::string::npos);
    EXPECT_NE(board.configure(fourcc_p010, 1920, 1080).find("plane 41 does not take P010"), std::string::npos);
}

TEST(RaspberryPi, TurnsByHalfButNotByAQuarter) {
    Board half(raspberry_pi_4(), {.card = "", .connector = "", .mode = "", .rotation = 180});
    ASSERT_EQ(half.configure(fourcc_nv12, 1920, 1080), "");
    half.show();
    EXPECT_EQ(half.drm_.shown(1).rotation, std::uint64_t{DRM_MODE_ROTATE_180});
    EXPECT_EQ(half.plane(), "plane 41 (overlay), rotated by 180, 1:1 centred");
    Board quarter(raspberry_pi_4(), {.card = "", .connector = "", .mode = "", .rotation = 90});
    EXPECT_NE(quarter.configure(fourcc_nv12, 1920, 1080)
                  .find("plane 41 takes NV12 but cannot rotate by 90: turn the display"),
              std::string::npos);
}

TEST(RaspberryPi, FileThatLiesOnItsSideIsShownAsItLiesWhereNoPlaneTurns) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.info_.rotation = 180;
    board.show();
    EXPECT_EQ(board.drm_.shown(1).rotation, std::uint64_t{DRM_MODE_ROTATE_180});
    board.info_.rotation = 90;
    board.show();
    EXPECT_EQ(board.drm_.shown(1).rotation, std::uint64_t{DRM_MODE_ROTATE_0});
    EXPECT_EQ(board.plane(), "plane 41 (overlay), 1280x720 scaled to 1920x1080, not turned by 90 as the file asks: no "
                             "plane can");
}

TEST(RaspberryPi, TurnOfTheFileAddsToWhatIsAskedFor) {
    Board board(raspberry_pi_4(), {.card = "", .connector = "", .mode = "", .rotation = 90});
    board.info_.rotation = 270;
    EXPECT_NE(board.configure(fourcc_nv12, 1280, 720).find("cannot rotate by 90"), std::string::npos); // info is new
    board.info_.rotation = 270;
    board.present();
    EXPECT_EQ(board.drm_.shown(1).rotation, std::uint64_t{DRM_MODE_ROTATE_0});
    EXPECT_EQ(board.plane(), "plane 41 (overlay), 1280x720 scaled to 1920x1080");
}

TEST(RaspberryPi, WithoutLineBuffersTheReasonIsNamed) {
    Board board(raspberry_pi_4());
    board.drm_.refuse = [](const FakeDrm& drm) {
        for (std::size_t i = 1; i < 4; ++i)
            if (drm.shown(i).framebuffer != 0 && drm.shown(i).source.width != drm.shown(i).destination.width)
                return -ENOSPC;
        return 0;
    };
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    EXPECT_EQ(board.plane(),
              "plane 40 (primary), 1280x720 scaled to 1920x1080 (plane 41 takes NV12 but not scaled by 1.50 (no "
              "bandwidth or memory is left for it); plane 42 takes NV12 but not scaled by 1.50 (no bandwidth "
              "or memory is left for it); plane 43 takes NV12 but not scaled by 1.50 (no bandwidth or memory "
              "is left for it))");
}

TEST(Rk3399, OverlayOfStatisticsNeedsNoScaler) {
    Board board(rk3399());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    EXPECT_EQ(board.plane(), "plane 41 (overlay), 1280x720 scaled to 1920x1080");
    board.overlay(0, 0, 200, 100);
    board.show();
    EXPECT_EQ(board.stack(4), (Planes{1, 2}));
    EXPECT_EQ(board.configure(fourcc_nv15, 1920, 1080), "");
    EXPECT_NE(board.configure(fourcc_p010, 1920, 1080).find("plane 42 does not take P010"), std::string::npos);
}

TEST(Rk3399, NotMoreThanEightfold) {
    Board board(rk3399());
    ASSERT_EQ(board.configure(fourcc_nv12, 160, 120), "");
    EXPECT_EQ(board.plane(),
              "plane 41 (overlay), 1:1 centred: the driver refuses scaling (plane 41 takes NV12 but not scaled by "
              "9.00; plane 40 takes NV12 but not scaled by 9.00)");
}

TEST(Rk3568, PrimaryPlaneTakesNoYuv) {
    Board board(rk3568());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    EXPECT_EQ(board.plane(), "plane 41 (overlay), 1280x720 scaled to 1920x1080");
    board.overlay(0, 0, 200, 100);
    board.show();
    EXPECT_EQ(board.stack(3), (Planes{1, 0})) << "the clusters take no linear RGB";
    const std::string why = board.configure(fourcc_yuv420, 1280, 720);
    EXPECT_NE(why.find("plane 41 does not take YU12; plane 42 does not take YU12; plane 40 does not take YU12"),
              std::string::npos)
        << why;
}

TEST(Rk3568, OnlyAfbcTurnsByAQuarter) {
    Board board(rk3568(), {.card = "", .connector = "", .mode = "", .rotation = 90});
    EXPECT_NE(board.configure(fourcc_nv12, 1280, 720).find("plane 41 takes NV12 but cannot rotate by 90"),
              std::string::npos);
    ASSERT_EQ(board.configure(drm_fourcc('Y', 'U', '0', '8'), 1280, 720, afbc_16x16_sparse), "");
    board.show();
    EXPECT_EQ(board.drm_.shown(2).rotation, std::uint64_t{DRM_MODE_ROTATE_270}); // counter-clockwise, to DRM
    EXPECT_EQ(board.drm_.shown(2).destination, (Rect{656, 0, 608, 1080}));
}

TEST(Rk3588, AnOverlayShowsVideoAndThePrimaryPlaneTheStatistics) {
    FakeBoard table = rk3588();
    table.planes.pop_back(); // the other Esmart is another display's
    Board board(table);
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.overlay(10, 20, 200, 100);
    board.show();
    EXPECT_EQ(board.stack(2), (Planes{1, 0})); // an underlay: the primary plane is above
    EXPECT_EQ(board.drm_.format_of(board.drm_.shown(0).framebuffer).fourcc, fourcc_argb);
}

TEST(Allwinner, VideoOnTheViLayerUnderTheUiLayers) {
    for (const FakeBoard& table : {allwinner_h3(), allwinner_h6(), allwinner_h616()}) {
        Board board(table);
        ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
        EXPECT_EQ(board.plane(), "plane 40 (overlay), 1280x720 scaled to 1920x1080");
        board.overlay(0, 0, 200, 100);
        board.show();
        EXPECT_EQ(board.stack(4), (Planes{0, 2}));
    }
}

TEST(Allwinner, TenBitsSinceDe3) {
    EXPECT_NE(Board(allwinner_h3()).configure(fourcc_p010, 1920, 1080).find("plane 40 does not take P010"),
              std::string::npos);
    EXPECT_EQ(Board(allwinner_h6()).configure(fourcc_p010, 1920, 1080), "");
    EXPECT_EQ(Board(allwinner_h616()).configure(fourcc_p010, 1920, 1080), "");
}

TEST(Hdr, DisplayIsToldOfLightColoursAndDepthTogether) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    const std::uint32_t connector = FakeDrm::connector;
    EXPECT_EQ(board.drm_.value(connector, "HDR_OUTPUT_METADATA"), 0U);
    EXPECT_EQ(board.drm_.value(connector, "Colorspace"), 0U);
    EXPECT_EQ(board.drm_.value(connector, "max bpc"), 8U);
    board.show();

    FrameInfo hdr = board.info_;
    hdr.color = {9, 16, 9, false};
    hdr.hdr.has_mastering_display = hdr.hdr.has_content_light = true;
    hdr.hdr.primaries = {{{34000, 16000}, {13250, 34500}, {7500, 3000}}};
    hdr.hdr.white_point = {15635, 16450};
    hdr.hdr.max_luminance = 1000 * 10000;
    hdr.hdr.min_luminance = 50;
    hdr.hdr.max_content_light_level = 900;
    hdr.hdr.max_pic_average_light_level = 400;
    board.info_ = hdr;
    const auto before = board.drm_.commits;
    board.show();
    EXPECT_EQ(board.drm_.commits, before + 1) << "with the frame";
    EXPECT_EQ(board.drm_.value(connector, "Colorspace"), 9U);
    EXPECT_EQ(board.drm_.value(connector, "max bpc"), 12U);
    const auto& blob = board.drm_.blob(board.drm_.value(connector, "HDR_OUTPUT_METADATA"));
    hdr_output_metadata told{};
    ASSERT_EQ(blob.size(), sizeof told);
    std::memcpy(&told, blob.data(), sizeof told);
    EXPECT_EQ(told.hdmi_metadata_type1.eotf, 2);
    EXPECT_EQ(told.hdmi_metadata_type1.display_primaries[1].y, 34500);
    EXPECT_EQ(told.hdmi_metadata_type1.white_point.x, 15635);
    EXPECT_EQ(told.hdmi_metadata_type1.max_display_mastering_luminance, 1000);
    EXPECT_EQ(told.hdmi_metadata_type1.min_display_mastering_luminance, 50);
    EXPECT_EQ(told.hdmi_metadata_type1.max_cll, 900);
    EXPECT_EQ(told.hdmi_metadata_type1.max_fall, 400);
    EXPECT_NE(board.drm_.shown(1).framebuffer, 0U);

    board.info_.color = {9, 18, 9, false}; // HLG
    board.show();
    const auto& hlg = board.drm_.blob(board.drm_.value(connector, "HDR_OUTPUT_METADATA"));
    std::memcpy(&told, hlg.data(), sizeof told);
    EXPECT_EQ(told.hdmi_metadata_type1.eotf, 3);

    board.info_.color = {1, 1, 1, false};
    board.show();
    EXPECT_EQ(board.drm_.value(connector, "HDR_OUTPUT_METADATA"), 0U);
    EXPECT_EQ(board.drm_.value(connector, "Colorspace"), 0U);
    EXPECT_EQ(board.drm_.value(connector, "max bpc"), 8U);
}

/// The EDID of a display whose CTA-861 extension has a block of colorimetry and one of HDR static metadata.
std::vector<std::uint8_t> edid(std::uint8_t colorimetry, std::uint8_t transfers) {
    constexpr std::uint8_t extended_3_bytes = 7 << 5 | 3;
    std::vector<std::uint8_t> bytes(256);
    std::fill(bytes.begin() + 1, bytes.begin() + 7, 0xff);
    bytes[8] = 0x04; // "ABC"
    bytes[9] = 0x43;
    bytes[18] = 1; // EDID 1.4
    bytes[19] = 4;
    bytes[126] = 1; // extension
    const std::uint8_t extension[] = {2, 3,         12, 0, extended_3_bytes, 5, colorimetry, 0, extended_3_bytes,
                                      6, transfers, 1};
    std::copy(std::begin(extension), std::end(extension), bytes.begin() + 128);
    for (const std::size_t block : {std::size_t{0}, std::size_t{128}}) {
        std::uint8_t sum = 0;
        for (std::size_t i = 0; i < 127; ++i) sum = static_cast<std::uint8_t>(sum + bytes[block + i]);
        bytes[block + 127] = static_cast<std::uint8_t>(-sum);
    }
    return bytes;
}

constexpr std::uint8_t sdr = 1, pq = 4, hlg = 8, bt2020_rgb = 0x80;

TEST(Hdr, DisplaySaysWhatItUnderstands) {
    if (!sink_build_notes().empty()) GTEST_SKIP() << sink_build_notes();
    EXPECT_EQ(read_sink(edid(bt2020_rgb, sdr | pq | hlg)), (SinkColors{true, true, true}));
    EXPECT_EQ(read_sink(edid(0, sdr | hlg)), (SinkColors{false, true, false}));
    EXPECT_EQ(read_sink(edid(0, sdr)), (SinkColors{}));
    EXPECT_EQ(read_sink({}), std::nullopt);
    auto damaged = edid(bt2020_rgb, pq);
    damaged[130] = 127; // its blocks end behind the extension
    damaged[132] = 0xff;
    for (const std::size_t size : {std::size_t{256}, std::size_t{130}, std::size_t{1}})
        EXPECT_FALSE(read_sink(std::span(damaged).first(size)).value_or(SinkColors{}).hlg);
}

TEST(Hdr, DisplayIsToldOfNothingElse) {
    if (!sink_build_notes().empty()) GTEST_SKIP() << sink_build_notes();
    set_log_level(LogLevel::Error);
    const struct {
        std::vector<std::uint8_t> edid;
        std::uint8_t transfer;
        bool metadata;
        std::uint64_t colorspace;
    } cases[]{
        {edid(bt2020_rgb, sdr | pq), 16, true, 9},
        {edid(0, sdr | pq), 16, true, 0},
        {edid(bt2020_rgb, sdr), 16, false, 0},
        {edid(bt2020_rgb, sdr | pq), 18, false, 0},
        {{1, 2, 3}, 18, true, 9},
    };
    for (const auto& one : cases) {
        FakeBoard table = raspberry_pi_4();
        table.edid = one.edid;
        Board board(table);
        ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
        board.info_.color = {9, one.transfer, 9, false};
        board.show();
        EXPECT_EQ(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA") != 0, one.metadata);
        EXPECT_EQ(board.drm_.value(FakeDrm::connector, "Colorspace"), one.colorspace);
        EXPECT_EQ(board.drm_.value(FakeDrm::connector, "max bpc"), one.metadata ? 12U : 8U);
    }
}

/// It may have been asked at a bad moment; the video has not changed.
TEST(Hdr, DisplayThatSaysOtherThingsIsStillToldWhenItIsLitAnew) {
    if (!sink_build_notes().empty()) GTEST_SKIP() << sink_build_notes();
    FakeBoard table = raspberry_pi_4();
    table.edid = edid(bt2020_rgb, sdr | pq);
    Board board(table, {}, true);
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.info_.color = {9, 16, 9, false};
    board.show();
    ASSERT_NE(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
    board.drm_.set_value(FakeDrm::connector, "EDID", 0);
    board.drm_.connect(true);
    board.drm_.advance(5 * second);
    ASSERT_TRUE(board.output_->dispatch());
    board.seat_->take_away();
    ASSERT_TRUE(board.output_->dispatch());
    board.drm_.set_value(FakeDrm::connector, "HDR_OUTPUT_METADATA", 0); // the other session's
    board.seat_->lend();
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_NE(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
}

TEST(Hdr, DisplayThatRefusesItsColoursShowsTheVideo) {
    set_log_level(LogLevel::Error);
    unsigned asked = 0; // the display is also asked at the board's end
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.show();
    board.drm_.refuse = [&asked](const FakeDrm& drm) {
        const bool colors = drm.value(FakeDrm::connector, "HDR_OUTPUT_METADATA") != 0;
        asked += colors ? 1 : 0;
        return colors ? -EINVAL : 0;
    };
    board.info_.color = {9, 16, 9, false};
    const auto before = board.drm_.commits;
    for (int i = 0; i < 3; ++i) board.show();
    EXPECT_EQ(board.drm_.commits, before + 3);
    EXPECT_EQ(asked, 1U) << "never again";
    EXPECT_EQ(board.drm_.value(FakeDrm::connector, "Colorspace"), 0U);
}

TEST(ModeThatFits, OnlyWhereNoPlaneScalesAndTheModeIsTheContents) {
    set_log_level(LogLevel::Warning);
    for (const bool scales : {true, false})
        for (const char* asked : {"content", ""}) {
            FakeBoard table = rk3399();
            for (FakePlane& plane : table.planes)
                if (!scales) plane.shrink = plane.grow = 1;
            KmsOptions options;
            options.mode = asked;
            options.content_rate = {30, 1};
            Board board(table, options);
            testing::internal::CaptureStderr();
            ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
            const std::string told = testing::internal::GetCapturedStderr();
            const bool fitted = !scales && options.mode == "content";
            EXPECT_EQ(told.find("refuses scaling") != std::string::npos, !scales && !fitted) << "what became of it";
            EXPECT_EQ(board.output_->description().mode, fitted ? "1280x720@60.00" : "1920x1080@60.00");
            board.show();
            if (fitted) {
                EXPECT_EQ(board.plane(), "plane 41 (overlay), 1:1 centred");
                EXPECT_EQ(board.drm_.shown(1).destination, (Rect{0, 0, 1280, 720}));
            }
            ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), ""); // another file: the mode stays
            EXPECT_EQ(board.output_->description().mode, fitted ? "1280x720@60.00" : "1920x1080@60.00");
        }
}

TEST(VariableRefresh, WhereItIsAskedForAndTheDisplayCan) {
    FakeBoard table = raspberry_pi_4();
    for (const bool capable : {true, false})
        for (const bool asked : {true, false}) {
            table.vrr = capable;
            KmsOptions options;
            options.vrr = asked;
            Board board(table, options);
            ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
            board.show();
            const bool varies = capable && asked;
            EXPECT_EQ(board.drm_.value(FakeDrm::crtc, "VRR_ENABLED"), varies ? 1U : 0U);
            EXPECT_EQ(board.output_->timing().period == 0, varies); // shows a frame at any time
            EXPECT_EQ(board.output_->description().mode, varies ? "1920x1080@60.00 and slower" : "1920x1080@60.00");
            board.show();
            board.output_.reset();
            EXPECT_EQ(board.drm_.value(FakeDrm::crtc, "VRR_ENABLED"), 0U);
        }
}

TEST(Hotplug, FramesAreDiscardedWhileNoDisplayIsThere) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.show();
    for (int round = 0; round < 100; ++round) {
        board.drm_.connect(false);
        board.drm_.advance(second);
        ASSERT_TRUE(board.output_->dispatch());
        EXPECT_EQ(board.discarded(), "the display is gone") << round;
        if (round == 50) board.drm_.set_modes({fake_mode(594000, 3840, 4400, 2160, 2250, DRM_MODE_TYPE_PREFERRED)});
        board.drm_.connect(true);
        board.drm_.advance(second);
        ASSERT_TRUE(board.output_->dispatch());
        board.show();
        const Rect whole = round < 50 ? Rect{0, 0, 1920, 1080} : Rect{0, 0, 3840, 2160};
        EXPECT_EQ(board.drm_.shown(1).destination, whole) << round;
        EXPECT_EQ(board.pool_->free_count(), 3U) << round;
    }
    board.output_->stop();
    EXPECT_EQ(board.pool_->free_count(), 4U);
    EXPECT_EQ(board.pool_->statistics().early_reuse, 0U);
    board.output_.reset();
    EXPECT_EQ(board.drm_.framebuffers(), 0U);
}

TEST(Hotplug, LinkThatTheDriverLostIsSetUpAnew) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.show();
    board.drm_.set_value(FakeDrm::connector, "link-status", 1);
    board.drm_.connect(true); // no more than a word of the driver's
    board.drm_.advance(second);
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_EQ(board.drm_.value(FakeDrm::connector, "link-status"), 0U);
    board.show();
    EXPECT_EQ(board.drm_.shown(1).destination, (Rect{0, 0, 1920, 1080}));
    EXPECT_EQ(board.pool_->free_count(), 3U);
    const unsigned commits = board.drm_.commits;
    board.drm_.connect(true); // nothing is wrong this time
    board.drm_.advance(second);
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_EQ(board.drm_.commits, commits);
}

TEST(Hotplug, FlipThatNeverCompletesEndsWithTheDisplayTurnedOffAndOn) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.show();
    board.drm_.flips_complete = false;
    board.present();
    EXPECT_FALSE(board.output_->ready());
    board.drm_.advance(4 * second);
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_TRUE(board.output_->ready());      // the display is lost; frames are discarded
    EXPECT_EQ(board.pool_->free_count(), 2U); // neither what is shown nor what may be is let go
    board.drm_.advance(second);
    board.present(); // turns the display off and on
    board.drm_.flips_complete = true;
    ASSERT_TRUE(board.output_->dispatch());
    board.show();
    EXPECT_EQ(board.pool_->free_count(), 3U);
    EXPECT_NE(board.drm_.shown(1).framebuffer, 0U);
}

TEST(Planner, AsksOnceForEachArrangement) {
    Board board(rk3399());
    ASSERT_EQ(board.configure(fourcc_nv12, 160, 120), "");
    const unsigned asked = board.drm_.tests;
    EXPECT_GT(asked, 0U);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(board.configure(fourcc_nv12, 160, 120), ""); // new pools, as after a seek
    EXPECT_EQ(board.drm_.tests, asked);
    ASSERT_EQ(board.configure(fourcc_nv12, 320, 240), "");
    EXPECT_GT(board.drm_.tests, asked);
}

TEST(Planner, OverlayThatNothingTakesLeavesTheVideoAlone) {
    FakeBoard table = rk3399();
    table.planes.resize(2); // both show video
    for (FakePlane& plane : table.planes) plane.formats = {{fourcc_nv12, 0}, {fourcc_xrgb, 0}};
    Board board(table);
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.show();
    board.overlay(0, 0, 100, 100);
    board.show();
    EXPECT_EQ(board.stack(2), Planes{1});
}

/// A commit of its own would take the vblank of the frame after the first.
TEST(Overlay, WaitsForAFrameAlsoAfterAPause) {
    Board board(rk3399());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    for (int i = 0; i < 3; ++i) board.show();
    board.drm_.advance(second);
    board.show();
    const unsigned commits = board.drm_.commits;
    board.overlay(0, 0, 100, 100);
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_EQ(board.drm_.commits, commits);
    board.drm_.advance(second / 10);
    ASSERT_TRUE(board.output_->dispatch());
    EXPECT_EQ(board.drm_.commits, commits + 1) << "no frame comes";
}

/// The frame in flight cannot take it along; the next one does, though it comes later than it was expected.
TEST(Overlay, WaitsForTheFrameAfterTheOneInFlight) {
    Board board(rk3399());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    for (int i = 0; i < 3; ++i) board.show();
    board.drm_.flips_complete = false;
    board.present();
    const unsigned commits = board.drm_.commits;
    board.overlay(0, 0, 100, 100);
    board.drm_.advance(60 * millisecond);
    board.drm_.flips_complete = true;
    ASSERT_TRUE(board.output_->dispatch());
    ASSERT_TRUE(board.output_->ready());
    EXPECT_EQ(board.drm_.commits, commits);
    board.show();
    EXPECT_EQ(board.drm_.commits, commits + 1);
    EXPECT_EQ(board.stack(3).size(), 2U) << "with the overlay";
}

/// One whose overlay plane asks what has changed; of the boards' drivers none does, but i915, amdgpu and virtio.
FakeBoard asking_board() {
    FakeBoard table = rk3399();
    for (FakePlane& plane : table.planes) plane.damage = true;
    return table;
}

std::vector<Rect> damage_of(const FakeDrm& drm, std::size_t plane) {
    std::vector<Rect> damage;
    for (const drm_mode_rect& clip : drm.damage(plane))
        damage.push_back({static_cast<std::uint32_t>(clip.x1), static_cast<std::uint32_t>(clip.y1),
                          static_cast<std::uint32_t>(clip.x2 - clip.x1),
                          static_cast<std::uint32_t>(clip.y2 - clip.y1)});
    return damage;
}

void overlay(Board& board, const OverlayModel& model, std::uint32_t x = 0) {
    auto buffer = board.output_->acquire_overlay(model.width(), model.height());
    ASSERT_TRUE(buffer);
    model.draw(*buffer);
    board.output_->show_overlay(*buffer, x, 0);
}

TEST(Overlay, SaysWhatHasChanged) {
    Board board(asking_board());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.show();
    OverlayModel model(100, 50);
    std::minstd_rand random(1);
    overlay(board, model);
    board.show();
    const std::size_t plane = board.stack(4).back();
    EXPECT_EQ(damage_of(board.drm_, plane), std::vector<Rect>{}) << "it is new";
    model.change(random);
    const Rect first = model.changed();
    overlay(board, model);
    board.show();
    EXPECT_EQ(damage_of(board.drm_, plane), std::vector<Rect>{first});
    board.show();
    EXPECT_EQ(damage_of(board.drm_, plane), std::vector<Rect>{}) << "of the video alone";
    const unsigned made = board.drm_.blobs_made;
    overlay(board, model); // the same place again
    board.show();
    EXPECT_EQ(damage_of(board.drm_, plane), std::vector<Rect>{first});
    EXPECT_EQ(board.drm_.blobs_made, made) << "needs no other blob";
    overlay(board, model, 7);
    board.show();
    EXPECT_EQ(damage_of(board.drm_, plane), std::vector<Rect>{}) << "it is elsewhere";
}

TEST(Overlay, NothingDiffersOutsideOfTheDamage) {
    Board board(asking_board());
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    for (int i = 0; i < 8; ++i) board.show();
    OverlayModel model(40, 30), seen(40, 30);
    std::minstd_rand random(1);
    bool on = false, wanted = false;
    unsigned small = 0;
    const std::size_t blobs = board.drm_.blobs();
    for (int round = 0; round < 500; ++round) {
        for (auto shown = random() % 4; shown > 0; --shown) { // of which one is seen
            if (random() % 16 == 0) model.resize(20 + random() % 100, 30);
            model.change(random);
            overlay(board, model, random() % 16 == 0 ? 5 : 0);
            wanted = true;
        }
        if (random() % 16 == 0) {
            board.output_->hide_overlay();
            wanted = false;
        }
        if (random() % 64 == 0) {
            board.output_->stop();
            ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
            on = false;
        }
        board.show();
        ASSERT_LE(board.drm_.blobs(), blobs + 1);
        const std::vector<std::size_t> stack = board.stack(4);
        ASSERT_EQ(stack.size(), wanted ? 2U : 1U) << round;
        const auto damage = wanted ? damage_of(board.drm_, stack.back()) : std::vector<Rect>{};
        if (!damage.empty()) {
            ASSERT_TRUE(on && model.pixels().size() == seen.pixels().size()) << round;
            for (std::size_t i = 0; i < seen.pixels().size(); ++i) {
                const auto x = static_cast<std::uint32_t>(i % model.width()),
                           y = static_cast<std::uint32_t>(i / model.width());
                ASSERT_TRUE(model.pixels()[i] == seen.pixels()[i] ||
                            (x - damage[0].x < damage[0].width && y - damage[0].y < damage[0].height))
                    << round;
            }
            small += damage[0].width < 20 ? 1 : 0;
        }
        on = wanted;
        seen = model;
    }
    EXPECT_GT(small, 50U);
}

TEST(Planner, VideoMovesDownWhenNothingLiesAboveIt) {
    FakeBoard table = rk3399();
    table.planes.resize(2);
    Board board(table);
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.show();
    EXPECT_EQ(board.stack(2), Planes{1});
    board.overlay(0, 0, 100, 100);
    board.show();
    EXPECT_EQ(board.drm_.format_of(board.drm_.shown(0).framebuffer).fourcc, fourcc_nv12);
    EXPECT_EQ(board.drm_.format_of(board.drm_.shown(1).framebuffer).fourcc, fourcc_argb);
}

/// Moving is a whole commit of all planes, and a risk; it happens for the first overlay and never again.
TEST(Planner, VideoStaysWhereItIsHoweverOftenTheOverlayComesAndGoes) {
    FakeBoard table = rk3399();
    table.planes.resize(2);
    Board board(table);
    ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), "");
    board.show();
    const auto video_on = [&](std::size_t plane) {
        const std::uint32_t framebuffer = board.drm_.shown(plane).framebuffer;
        return framebuffer != 0 && board.drm_.format_of(framebuffer).fourcc == fourcc_nv12;
    };
    EXPECT_TRUE(video_on(1));
    board.overlay(0, 0, 100, 100);
    board.show();
    EXPECT_TRUE(video_on(0));
    const unsigned tests = board.drm_.tests;
    for (std::uint32_t round = 0; round < 50; ++round) {
        board.output_->hide_overlay();
        board.show();
        EXPECT_TRUE(video_on(0)) << round;
        board.overlay(0, 0, 100, 100);
        board.show();
        EXPECT_TRUE(video_on(0)) << round;
        ASSERT_EQ(board.configure(fourcc_nv12, 1920, 1080), ""); // a seek, another item
        board.show();
        EXPECT_TRUE(video_on(0)) << round;
    }
    EXPECT_EQ(board.drm_.tests, tests) << "nothing is asked twice";
}

TEST(Planner, OverlayThatIsNotThereHasNoMemory) {
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    for (int i = 0; i < 8; ++i) board.show(); // each slot has its framebuffer
    const std::size_t framebuffers = board.drm_.framebuffers();
    for (int round = 0; round < 3; ++round) {
        for (int drawn = 0; drawn < 4; ++drawn) {
            board.overlay(0, 0, 100, 100);
            board.show();
        }
        EXPECT_GT(board.drm_.framebuffers(), framebuffers);
        EXPECT_TRUE(board.output_->acquire_overlay(100, 100)) << "which is never shown";
        board.output_->hide_overlay();
        EXPECT_GT(board.drm_.framebuffers(), framebuffers) << "it is still on the screen";
        board.show();
        EXPECT_EQ(board.drm_.framebuffers(), framebuffers);
        EXPECT_EQ(board.drm_.torn_down, 0U);
    }
}

/// A driver that takes an arrangement now and then (bandwidth) does not have the video jump between two.
TEST(Planner, WhatWasRefusedOnceIsNotTriedAgainWhileThePictureStays) {
    set_log_level(LogLevel::Error);
    Rect large;
    bool busy = true;
    Board board(raspberry_pi_4());
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.show();
    large = board.drm_.shown(1).destination;
    board.drm_.refuse = [&](const FakeDrm& drm) {
        return busy && drm.shown(1).destination == large && drm.shown(1).framebuffer != 0 ? -ENOSPC : 0;
    };
    board.overlay(0, 0, 64, 64); // a whole commit
    board.show();
    const std::string lower = board.plane();
    EXPECT_FALSE(board.drm_.shown(1).framebuffer != 0 && board.drm_.shown(1).destination == large);
    for (int i = 0; i < 50; ++i) {
        busy = !busy;
        i % 2 == 0 ? board.output_->hide_overlay() : board.overlay(0, 0, 64, 64);
        board.show();
        EXPECT_EQ(board.plane(), lower) << i;
    }
}

} // namespace
} // namespace v4l2play
