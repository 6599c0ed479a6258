#include "render/kms/planner.h"

#include <gtest/gtest.h>

#include "render/kms/plane_plan.h"

namespace v4l2play {
namespace {

constexpr Subsampling chroma_420{2, 2};
constexpr Subsampling chroma_444{1, 1};
constexpr Size full_hd{1920, 1080};

TEST(AlignInside, KeepsWhatIsAligned) {
    EXPECT_EQ(align_inside({8, 4, 1280, 720}, chroma_420), (Rect{8, 4, 1280, 720}));
}

TEST(AlignInside, NeverReachesOutside) {
    EXPECT_EQ(align_inside({1, 3, 100, 100}, chroma_420), (Rect{2, 4, 98, 98}));
    EXPECT_EQ(align_inside({0, 0, 853, 479}, chroma_420), (Rect{0, 0, 852, 478}));
    EXPECT_EQ(align_inside({0, 0, 853, 479}, {2, 1}), (Rect{0, 0, 852, 479}));
    EXPECT_EQ(align_inside({1, 3, 99, 99}, chroma_444), (Rect{1, 3, 99, 99}));
}

TEST(AlignInside, IsNeverEmpty) {
    EXPECT_EQ(align_inside({4, 4, 1, 1}, chroma_420), (Rect{4, 4, 2, 2}));
    EXPECT_EQ(align_inside({5, 5, 1, 1}, chroma_420), (Rect{6, 6, 2, 2}));
}

TEST(Fit, SameShapeFillsTheScreen) {
    const PlaneGeometry geometry = fit({0, 0, 1280, 720}, {1, 1}, chroma_420, full_hd);
    EXPECT_EQ(geometry.source, (Rect{0, 0, 1280, 720}));
    EXPECT_EQ(geometry.destination, (Rect{0, 0, 1920, 1080}));
    EXPECT_TRUE(geometry.scaled());
}

TEST(Fit, SameSizeIsNotScaled) { EXPECT_FALSE(fit({0, 0, 1920, 1080}, {1, 1}, chroma_420, full_hd).scaled()); }

TEST(Fit, WidePictureHasBarsAboveAndBelow) {
    const Rect destination = fit({0, 0, 1920, 800}, {1, 1}, chroma_420, {3840, 2160}).destination;
    EXPECT_EQ(destination, (Rect{0, 280, 3840, 1600}));
}

TEST(Fit, NarrowPictureHasBarsBeside) {
    EXPECT_EQ(fit({0, 0, 640, 480}, {1, 1}, chroma_420, full_hd).destination, (Rect{240, 0, 1440, 1080}));
}

TEST(Fit, PixelsHaveTheirShape) {
    // PAL widescreen: 720 pixels of 64:45 are as wide as 1024 square ones.
    EXPECT_EQ(fit({0, 0, 720, 576}, {64, 45}, chroma_420, full_hd).destination, (Rect{0, 0, 1920, 1080}));
    EXPECT_EQ(fit({0, 0, 720, 576}, {16, 15}, chroma_420, full_hd).destination, (Rect{240, 0, 1440, 1080}));
}

TEST(Fit, NonsensicalAspectsCountAsSquare) {
    const PlaneGeometry square = fit({0, 0, 640, 480}, {1, 1}, chroma_420, full_hd);
    for (const Rational aspect : {Rational{0, 1}, {1, 0}, {-4, 3}, {4, -3}, {0, 0}})
        EXPECT_EQ(fit({0, 0, 640, 480}, aspect, chroma_420, full_hd), square) << aspect.num << ":" << aspect.den;
}

TEST(Fit, HugeAspectsStayOnTheScreen) {
    constexpr std::int64_t huge = INT64_MAX;
    for (const Rational aspect : {Rational{huge, 1}, {1, huge}, {huge, huge - 1}, {65535, 1}, {1, 65535}}) {
        const Rect destination = fit({0, 0, 16384, 16384}, aspect, chroma_420, {7680, 4320}).destination;
        EXPECT_LE(destination.x + destination.width, 7680U) << aspect.num << ":" << aspect.den;
        EXPECT_LE(destination.y + destination.height, 4320U) << aspect.num << ":" << aspect.den;
        EXPECT_GT(destination.width, 0U);
        EXPECT_GT(destination.height, 0U);
    }
}

TEST(Fit, CropIsTheSource) {
    EXPECT_EQ(fit({0, 4, 1920, 1076}, {1, 1}, chroma_420, full_hd).source, (Rect{0, 4, 1920, 1076}));
}

TEST(Centre, SmallPictureIsInTheMiddle) {
    const PlaneGeometry geometry = centre({0, 0, 640, 480}, chroma_420, {1024, 768});
    EXPECT_EQ(geometry.source, (Rect{0, 0, 640, 480}));
    EXPECT_EQ(geometry.destination, (Rect{192, 144, 640, 480}));
    EXPECT_FALSE(geometry.scaled());
}

TEST(Centre, LargePictureLosesItsEdges) {
    const PlaneGeometry geometry = centre({0, 0, 1920, 1080}, chroma_420, {1024, 768});
    EXPECT_EQ(geometry.source, (Rect{448, 156, 1024, 768}));
    EXPECT_EQ(geometry.destination, (Rect{0, 0, 1024, 768}));
}

TEST(Centre, CropStartsOnChromaSamples) {
    const PlaneGeometry geometry = centre({2, 2, 1030, 770}, chroma_420, {1024, 768});
    EXPECT_EQ(geometry.source, (Rect{4, 2, 1024, 768}));
    EXPECT_FALSE(geometry.scaled());
    // A screen of odd size shows the even part.
    const PlaneGeometry odd = centre({0, 0, 2000, 100}, chroma_420, {1365, 768});
    EXPECT_EQ(odd.source.width, 1364U);
    EXPECT_FALSE(odd.scaled());
}

class Ladder : public testing::Test {
  protected:
    Ladder() {
        primary_.id = 31;
        primary_.type = PlaneType::Primary;
        primary_.formats = {{fourcc_nv12, modifier_linear}};
        overlay_.id = 41;
        overlay_.formats = {{fourcc_nv12, modifier_linear}, {fourcc_p010, modifier_linear}};
        planes_.primary = &primary_;
        planes_.overlays = {&overlay_};
        format_.fourcc = fourcc_nv12;
        format_.coded_width = 1920;
        format_.coded_height = 1088;
        info_.visible = {0, 0, 1280, 720};
    }
    std::vector<PlanePlan> ladder() { return plan_ladder(planes_, format_, info_, full_hd); }

    KmsPlane primary_;
    KmsPlane overlay_;
    CrtcPlanes planes_;
    FrameFormat format_;
    FrameInfo info_;
};

TEST_F(Ladder, ScalesBeforeItCentresAndOverlaysComeFirst) {
    const std::vector<PlanePlan> rungs = ladder();
    ASSERT_EQ(rungs.size(), 6U);
    const bool scaled[] = {true, true, true, false, false, false};
    const KmsPlane* plane[] = {&overlay_, &overlay_, &primary_, &overlay_, &overlay_, &primary_};
    const bool black[] = {false, true, false, false, true, false};
    for (std::size_t i = 0; i < rungs.size(); ++i) {
        EXPECT_EQ(rungs[i].geometry.scaled(), scaled[i]) << i;
        EXPECT_EQ(rungs[i].plane, plane[i]) << i;
        EXPECT_EQ(rungs[i].black_beneath, black[i]) << i;
    }
}

TEST_F(Ladder, PictureOfTheScreensSizeHasNoSecondHalf) {
    info_.visible = {0, 0, 1920, 1080};
    const std::vector<PlanePlan> rungs = ladder();
    ASSERT_EQ(rungs.size(), 3U);
    EXPECT_FALSE(rungs[0].geometry.scaled());
}

TEST_F(Ladder, PlanesThatDoNotTakeTheFormatAreLeftOut) {
    format_.fourcc = fourcc_p010;
    for (const PlanePlan& rung : ladder()) EXPECT_EQ(rung.plane, &overlay_);
    format_.modifier = 0x0700000000000004ULL;
    EXPECT_TRUE(ladder().empty());
}

TEST_F(Ladder, NothingIsBlackAboveAnUnderlay) {
    primary_.zpos = {.id = 7, .immutable = true, .value = 1};
    overlay_.zpos = {.id = 7, .immutable = true, .value = 0};
    for (const PlanePlan& rung : ladder()) EXPECT_FALSE(rung.black_beneath);
}

TEST_F(Ladder, HostileCropsStayInsideThePicture) {
    for (const Rect visible : {Rect{0, 0, 0, 0}, {5000, 5000, 10, 10}, {1900, 1000, UINT32_MAX, UINT32_MAX}}) {
        info_.visible = visible;
        for (const PlanePlan& rung : ladder()) {
            EXPECT_LE(rung.geometry.source.x + rung.geometry.source.width, 1920U);
            EXPECT_LE(rung.geometry.source.y + rung.geometry.source.height, 1088U);
        }
    }
}

TEST_F(Ladder, UnspecifiedMatrixGoesByTheHeight) {
    EXPECT_EQ(ladder().front().color.matrix, 1);
    info_.visible.height = 576;
    EXPECT_NE(ladder().front().color.matrix, 1);
    info_.color.matrix = 9;
    EXPECT_EQ(ladder().front().color.matrix, 9);
}

TEST_F(Ladder, SaysWhatItDoes) {
    EXPECT_EQ(describe(ladder().front(), info_), "plane 41 (overlay), 1280x720 scaled to 1920x1080");
    EXPECT_EQ(describe(ladder().back(), info_), "plane 31 (primary), 1:1 centred");
    info_.visible = {0, 0, 1920, 1088};
    EXPECT_EQ(describe(ladder().back(), info_), "plane 31 (primary), 1:1 centred, edges of 1920x1088 cut off");
}

} // namespace
} // namespace v4l2play
