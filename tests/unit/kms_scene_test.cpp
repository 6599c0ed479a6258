#include "render/kms/scene.h"

#include <gtest/gtest.h>

#include "render/kms/stacking.h"

namespace v4l2play {
namespace {

KmsPlane make_plane(std::uint32_t id, PlaneType type) {
    KmsPlane plane;
    plane.id = id;
    plane.type = type;
    plane.possible_crtcs = 1;
    plane.formats = {{fourcc_argb, modifier_linear}, {fourcc_nv12, modifier_linear}};
    return plane;
}
KmsPlane fixed(KmsPlane plane, std::uint64_t zpos) {
    plane.zpos = {.id = 7, .immutable = true, .value = zpos, .minimum = zpos, .maximum = zpos};
    return plane;
}
KmsPlane movable(KmsPlane plane, std::uint64_t least, std::uint64_t most) {
    plane.zpos = {.id = 7, .immutable = false, .value = least, .minimum = least, .maximum = most};
    return plane;
}
const KmsPlane primary = make_plane(31, PlaneType::Primary);
const KmsPlane overlay = make_plane(41, PlaneType::Overlay);
const KmsPlane second = make_plane(42, PlaneType::Overlay);
const KmsPlane cursor = make_plane(30, PlaneType::Cursor);

using Zpos = std::vector<std::uint64_t>;
/// Empty when they cannot lie like that.
Zpos stack(std::vector<const KmsPlane*> planes) {
    Zpos zpos(planes.size());
    return stack_planes(planes, zpos) ? zpos : Zpos{};
}

TEST(StackPlanes, GivesEachTheLowestPlace) {
    const KmsPlane a = movable(primary, 0, 3);
    const KmsPlane b = movable(overlay, 1, 3);
    const KmsPlane c = movable(second, 0, 3);
    EXPECT_EQ(stack({&a, &b, &c}), (Zpos{0, 1, 2}));
    EXPECT_EQ(stack({&c, &a}), (Zpos{0, 1}));
    EXPECT_EQ(stack({&b, &a}), (Zpos{1, 2}));
}

TEST(StackPlanes, WhatIsFixedStaysWhereItIs) {
    const KmsPlane bottom = fixed(primary, 0);
    const KmsPlane top = fixed(overlay, 5);
    const KmsPlane between = movable(second, 0, 9);
    EXPECT_EQ(stack({&bottom, &between, &top}), (Zpos{0, 1, 5}));
    EXPECT_EQ(stack({&top, &between}), (Zpos{5, 6}));
    EXPECT_EQ(stack({&top, &bottom}), Zpos{});
    const KmsPlane low = movable(second, 0, 5);
    EXPECT_EQ(stack({&top, &low}), Zpos{});
}

TEST(StackPlanes, WithoutZposTheKernelsOrderHolds) {
    EXPECT_EQ(stack({&primary, &overlay, &second, &cursor}), (Zpos{0, 0, 0, 0}));
    EXPECT_FALSE(may_be_above(overlay, second));
    EXPECT_FALSE(may_be_above(primary, overlay));
    EXPECT_FALSE(may_be_above(second, cursor));
    EXPECT_TRUE(may_be_above(cursor, second));
}

std::vector<std::uint32_t> candidates(const CrtcPlanes& planes, const KmsPlane& video, bool black) {
    Scene scene{{&video, {}, {}, black}, 1, nullptr, {}};
    std::vector<std::uint32_t> ids;
    for (const KmsPlane* plane : overlay_candidates(planes, scene)) ids.push_back(plane->id);
    return ids;
}
using Ids = std::vector<std::uint32_t>;

TEST(OverlayCandidates, LieAboveTheVideo) {
    const CrtcPlanes planes{{&overlay, &second}, &primary, {&cursor}};
    EXPECT_EQ(candidates(planes, overlay, true), (Ids{42, 30}));
    EXPECT_EQ(candidates(planes, second, true), Ids{30});
    EXPECT_EQ(candidates(planes, primary, false), (Ids{41, 42, 30}));
}

TEST(OverlayCandidates, PrimaryPlaneAboveTheVideoUnlessItIsTheBlackBeneath) {
    const KmsPlane low = movable(overlay, 0, 3);
    const KmsPlane high = movable(primary, 0, 3);
    const CrtcPlanes planes{{&low}, &high, {}};
    EXPECT_EQ(candidates(planes, low, false), Ids{31});
    EXPECT_EQ(candidates(planes, low, true), Ids{});
}

TEST(OverlayCandidates, TakeArgb) {
    KmsPlane yuv_only = second;
    yuv_only.formats = {{fourcc_nv12, modifier_linear}};
    EXPECT_EQ(candidates({{&overlay, &yuv_only}, &primary, {}}, overlay, true), Ids{});
}

} // namespace
} // namespace v4l2play
