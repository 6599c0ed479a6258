#include "render/kms/plane_plan.h"

#include <algorithm>

#include <drm_mode.h>
#include <fmt/format.h>

#include "render/convert.h"
#include "render/kms/formats.h"
#include "render/kms/stacking.h"
#include "render/yuv.h"

namespace v4l2play {
namespace {

/// The part of `visible` that exists; all of it when there is none.
Rect clip(const Rect& visible, const FrameFormat& format) {
    Rect rect = visible;
    rect.x = std::min(rect.x, format.coded_width);
    rect.y = std::min(rect.y, format.coded_height);
    rect.width = std::min(rect.width, format.coded_width - rect.x);
    rect.height = std::min(rect.height, format.coded_height - rect.y);
    return rect.width == 0 || rect.height == 0 ? Rect{0, 0, format.coded_width, format.coded_height} : rect;
}

void add_rungs(std::vector<PlanePlan>& ladder, const CrtcPlanes& planes, const FormatModifier& wanted,
               const PlaneGeometry& geometry, const ColorDescription& color) {
    for (const KmsPlane* plane : planes.overlays) {
        if (!takes(plane->formats, wanted) || !can_rotate(*plane, geometry.rotation)) continue;
        ladder.push_back({plane, geometry, color, false, true});
        if (may_be_above(*plane, *planes.primary)) ladder.push_back({plane, geometry, color, true, true});
    }
    if (takes(planes.primary->formats, wanted) && can_rotate(*planes.primary, geometry.rotation))
        ladder.push_back({planes.primary, geometry, color, false, true});
}

/// H.273 matrix coefficients → index in KmsPlane::color_encoding.
std::size_t encoding_index(std::uint8_t matrix) {
    switch (matrix) {
    case 4: // FCC
    case 5: // BT.470 System B, G
    case 6: // BT.601
        return 0;
    case 9:
    case 10:
        return 2;
    default:
        return 1;
    }
}

void add_color(AtomicRequest& request, const PlanePlan& plan) {
    const KmsPlane& plane = *plan.plane;
    std::optional<std::uint64_t> encoding = plane.color_encoding.values[encoding_index(plan.color.matrix)];
    if (!encoding) encoding = plane.color_encoding.values[1];
    if (encoding) request.set_if_writable(plane.color_encoding.property, *encoding);
    if (const auto range = plane.color_range.values[plan.color.full_range ? 1 : 0])
        request.set_if_writable(plane.color_range.property, *range);
}

void add_geometry(AtomicRequest& request, const KmsPlane& plane, const PlaneGeometry& geometry) {
    constexpr unsigned fraction_bits = 16;
    request.set(plane.src_x, "SRC_X", std::uint64_t{geometry.source.x} << fraction_bits);
    request.set(plane.src_y, "SRC_Y", std::uint64_t{geometry.source.y} << fraction_bits);
    request.set(plane.src_w, "SRC_W", std::uint64_t{geometry.source.width} << fraction_bits);
    request.set(plane.src_h, "SRC_H", std::uint64_t{geometry.source.height} << fraction_bits);
    request.set(plane.crtc_x, "CRTC_X", geometry.destination.x);
    request.set(plane.crtc_y, "CRTC_Y", geometry.destination.y);
    request.set(plane.crtc_w, "CRTC_W", geometry.destination.width);
    request.set(plane.crtc_h, "CRTC_H", geometry.destination.height);
}

void add_framebuffer(AtomicRequest& request, const KmsPlane& plane, const PlaneTarget& target) {
    request.object(plane.id);
    request.set(plane.fb_id, "FB_ID", target.framebuffer);
    request.set(plane.crtc_id, "CRTC_ID", target.crtc);
    request.set_if_writable(plane.zpos, target.zpos);
    request.set_if_writable(plane.alpha, plane.alpha.maximum);
    if (plane.blend_mode.values[0]) request.set_if_writable(plane.blend_mode.property, *plane.blend_mode.values[0]);
}

} // namespace

std::vector<FormatModifier> offered_formats(const CrtcPlanes& planes) {
    std::vector<FormatModifier> formats;
    const auto add = [&](const KmsPlane& plane) {
        for (const FormatModifier& format : plane.formats)
            if (is_yuv(format.fourcc)) add_new(formats, format);
    };
    for (const KmsPlane* overlay : planes.overlays) add(*overlay);
    add(*planes.primary);
    std::stable_partition(formats.begin(), formats.end(),
                          [](const FormatModifier& format) { return format.fourcc == fourcc_nv12; });
    return formats;
}

std::vector<PlanePlan> plan_ladder(const CrtcPlanes& planes, const FrameFormat& format, const FrameInfo& info,
                                   Size screen, unsigned rotation) {
    const Subsampling chroma = subsampling(format.fourcc);
    const Rect visible = clip(info.visible, format);
    const Size turned = rotate(screen, rotation);
    const PlaneGeometry fitted = rotate(fit(visible, info.sample_aspect, chroma, turned), rotation);
    const PlaneGeometry centred = rotate(centre(visible, chroma, turned), rotation);
    const FormatModifier wanted{format.fourcc, format.modifier};
    ColorDescription color = info.color;
    color.matrix = effective_matrix(color, visible.height);
    std::vector<PlanePlan> ladder;
    add_rungs(ladder, planes, wanted, fitted, color);
    if (!(centred == fitted)) add_rungs(ladder, planes, wanted, centred, color);
    return ladder;
}

/// DRM counts counter-clockwise.
std::uint64_t rotation_bit(unsigned rotation) {
    constexpr std::uint64_t bits[] = {DRM_MODE_ROTATE_0, DRM_MODE_ROTATE_270, DRM_MODE_ROTATE_180, DRM_MODE_ROTATE_90};
    return bits[rotation / 90 % 4];
}

bool can_rotate(const KmsPlane& plane, unsigned rotation) {
    return rotation == 0 || (plane.rotation.writable() && (plane.rotations & rotation_bit(rotation)) != 0);
}

void add_plane(AtomicRequest& request, const PlanePlan& plan, const PlaneTarget& target) {
    add_framebuffer(request, *plan.plane, target);
    add_geometry(request, *plan.plane, plan.geometry);
    if (plan.geometry.rotation != 0)
        request.set(plan.plane->rotation, "rotation", rotation_bit(plan.geometry.rotation));
    else
        request.set_if_writable(plan.plane->rotation, DRM_MODE_ROTATE_0);
    if (plan.tell_color) add_color(request, plan);
}

void add_picture(AtomicRequest& request, const KmsPlane& plane, const PlaneTarget& target, const Rect& destination) {
    add_framebuffer(request, plane, target);
    add_geometry(request, plane, {{0, 0, destination.width, destination.height}, destination, 0});
    request.set_if_writable(plane.rotation, DRM_MODE_ROTATE_0);
}

void add_plane_off(AtomicRequest& request, const KmsPlane& plane) {
    request.object(plane.id);
    request.set(plane.fb_id, "FB_ID", 0);
    request.set(plane.crtc_id, "CRTC_ID", 0);
}

std::string describe(const PlanePlan& plan, const FrameInfo& info) {
    const Rect& from = plan.geometry.source;
    const Rect& to = plan.geometry.destination;
    std::string text = fmt::format("plane {} ({})", plan.plane->id, to_string(plan.plane->type));
    if (plan.geometry.rotation != 0) text += fmt::format(", rotated by {}", plan.geometry.rotation);
    if (plan.geometry.scaled())
        return text + fmt::format(", {}x{} scaled to {}x{}", from.width, from.height, to.width, to.height);
    text += ", 1:1 centred";
    // Odd sizes lose a row or column to chroma alignment, which is no crop to speak of.
    if (from.width + 1 < info.visible.width || from.height + 1 < info.visible.height)
        text += fmt::format(", edges of {}x{} cut off", info.visible.width, info.visible.height);
    return text;
}

} // namespace v4l2play
