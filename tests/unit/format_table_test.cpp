// `v4l2play devices`: what decoders make, crossed with the planes that take it.
#include <gtest/gtest.h>

#include "app/format_table.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {
namespace {

using Lines = std::vector<std::string>;

KmsPlane plane(std::uint32_t id, std::uint32_t crtcs, std::vector<FormatModifier> formats,
               PlaneType type = PlaneType::Overlay) {
    KmsPlane plane;
    plane.id = id;
    plane.type = type;
    plane.possible_crtcs = crtcs;
    plane.formats = std::move(formats);
    return plane;
}

KmsConnector connector(const char* name, std::uint32_t crtcs) {
    KmsConnector connector;
    connector.name = name;
    connector.possible_crtcs = crtcs;
    return connector;
}

constexpr std::uint64_t sand128_any_height = 0x0700000000000004;

/// Two displays: one has a plane of its own and shares another; a cursor never shows video.
KmsCard card() {
    KmsCard card{"/dev/dri/card1", "vc4", "", {connector("HDMI-A-1", 1), connector("HDMI-A-2", 2)}, {}};
    card.planes = {plane(40, 1, {{fourcc_nv12, 0}, {fourcc_xrgb, 0}}, PlaneType::Primary),
                   plane(41, 3, {{fourcc_nv12, 0}, {fourcc_nv12, sand128_any_height}}),
                   plane(42, 3, {{fourcc_nv12, 0}}, PlaneType::Cursor)};
    return card;
}

TEST(Cross, TellsForEachFormatWhichPlanesOfWhichConnector) {
    const DecoderPixels decoder{"rpivid (platform:rpivid)",
                                {V4l2Fourcc{V4L2_PIX_FMT_NV12}, V4l2Fourcc{V4L2_PIX_FMT_NV12_COL128},
                                 V4l2Fourcc{V4L2_PIX_FMT_P010}, V4l2Fourcc{V4L2_PIX_FMT_NV12_4L4},
                                 V4l2Fourcc{V4L2_PIX_FMT_NV12_16L16}}};
    EXPECT_EQ(cross({decoder}, {card()}),
              (Lines{"rpivid (platform:rpivid)", "  NV12  card1 HDMI-A-1: planes 40 41, HDMI-A-2: plane 41",
                     "  NC12  card1 HDMI-A-1: plane 41, HDMI-A-2: plane 41", "  P010  no plane takes P010",
                     "  VT12  DRM has no name for it", "  never taken from it: HM12"}));
}

TEST(Cross, NeedsNoDisplay) {
    const DecoderPixels decoder{"visl", {V4l2Fourcc{V4L2_PIX_FMT_NV12}}};
    EXPECT_EQ(cross({decoder}, {}), (Lines{"visl", "  NV12  no plane takes NV12"}));
    EXPECT_EQ(cross({}, {card()}), Lines{});
    // A card that cannot be used has neither connectors nor planes.
    EXPECT_EQ(cross({decoder}, {KmsCard{"/dev/dri/card0", "", "no outputs", {}, {}}, card()}),
              (Lines{"visl", "  NV12  card1 HDMI-A-1: planes 40 41, HDMI-A-2: plane 41"}));
}

} // namespace
} // namespace v4l2play
