#include "render/kms/refusal.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "render/kms/formats.h"

namespace v4l2play {
namespace {

/// A property that a scene has, and how to be without it.
struct Property {
    std::string name; ///< "scaled by 1.50"
    std::function<void(Scene&)> drop;
};

void drop_scaling(PlaneGeometry& geometry) {
    const bool sideways = geometry.sideways();
    std::uint32_t& across = sideways ? geometry.source.height : geometry.source.width;
    std::uint32_t& down = sideways ? geometry.source.width : geometry.source.height;
    across = geometry.destination.width = std::min(across, geometry.destination.width);
    down = geometry.destination.height = std::min(down, geometry.destination.height);
}

std::string scale_name(const PlaneGeometry& geometry) {
    const Rect& source = geometry.source;
    const bool sideways = geometry.sideways();
    const double x = static_cast<double>(geometry.destination.width) / (sideways ? source.height : source.width);
    const double y = static_cast<double>(geometry.destination.height) / (sideways ? source.width : source.height);
    const std::string across = fmt::format("{:.2f}", x);
    const std::string down = fmt::format("{:.2f}", y);
    return across == down ? "scaled by " + across : fmt::format("scaled by {} across and {} down", across, down);
}

std::string color_name(const ColorDescription& color) {
    const bool wide = color.matrix == 9 || color.matrix == 10;
    return fmt::format("with colours of {}, {} range",
                       wide                ? "BT.2020"
                       : color.matrix == 6 ? "BT.601"
                                           : "BT.709",
                       color.full_range ? "full" : "limited");
}

void turn_upright(PlaneGeometry& geometry) {
    if (geometry.sideways()) {
        std::swap(geometry.destination.width, geometry.destination.height);
        std::swap(geometry.destination.x, geometry.destination.y);
    }
    geometry.rotation = 0;
}

/// The properties of `scene`, the likeliest to be refused first.
std::vector<Property> properties_of(const Scene& scene, const FrameFormat& format) {
    std::vector<Property> list;
    const PlaneGeometry& geometry = scene.video.geometry;
    const Rect& source = geometry.source;
    if (scene.overlay_plane != nullptr)
        list.push_back({"with an overlay above", [](Scene& without) { without.overlay_plane = nullptr; }});
    if (geometry.scaled())
        list.push_back({scale_name(geometry), [](Scene& without) { drop_scaling(without.video.geometry); }});
    if (geometry.rotation != 0)
        list.push_back({fmt::format("rotated by {}", geometry.rotation),
                        [](Scene& without) { turn_upright(without.video.geometry); }});
    if (scene.video.black_beneath)
        list.push_back({"above another plane", [](Scene& without) { without.video.black_beneath = false; }});
    if (source.x != 0 || source.y != 0)
        list.push_back({fmt::format("cropped from {},{}", source.x, source.y),
                        [](Scene& without) { without.video.geometry.source.x = without.video.geometry.source.y = 0; }});
    if (source.width < format.coded_width || source.height < format.coded_height)
        list.push_back({fmt::format("cropped to {}x{}", source.width, source.height), [&format](Scene& without) {
                            Rect& whole = without.video.geometry.source;
                            whole = {0, 0, format.coded_width, format.coded_height};
                        }});
    list.push_back({color_name(scene.video.color), [](Scene& without) { without.video.tell_color = false; }});
    return list;
}

std::string alone(const Scene& scene, const std::vector<Property>& properties, const SceneTest& test) {
    for (const Property& property : properties) {
        Scene without = scene;
        property.drop(without);
        if (test(without) == 0) return property.name;
    }
    return {};
}

std::string together(const Scene& scene, const std::vector<Property>& properties, const SceneTest& test) {
    Scene without = scene;
    std::string names;
    for (const Property& property : properties) {
        property.drop(without);
        names += (names.empty() ? "" : " and ") + property.name;
        if (test(without) == 0) return names;
    }
    return {};
}

/// EINVAL and ERANGE are what the kernel's own checks answer to drivers that cannot; others have their own reasons.
std::string cause(int error) {
    if (error == -EINVAL || error == -ERANGE) return {};
    if (error == -ENOSPC) return " (no bandwidth or memory is left for it)";
    return fmt::format(" ({})", std::strerror(-error));
}

} // namespace

std::string why_refused(const Scene& scene, const FrameFormat& format, int error, const SceneTest& test) {
    const std::vector<Property> properties = properties_of(scene, format);
    std::string reason = alone(scene, properties, test);
    if (reason.empty()) reason = together(scene, properties, test);
    const std::uint32_t plane = scene.video.plane->id;
    if (!reason.empty())
        return fmt::format("plane {} takes {} but not {}{}", plane, to_string(format.fourcc), reason, cause(error));
    return fmt::format("plane {} lists {} but refuses {}x{} in every way{}", plane, to_string(format.fourcc),
                       format.coded_width, format.coded_height, cause(error));
}

std::string why_not_listed(const KmsPlane& plane, const FormatModifier& format) {
    if (takes(plane.formats, format)) return {};
    const bool other_layout = std::any_of(plane.formats.begin(), plane.formats.end(),
                                          [&](const FormatModifier& one) { return one.fourcc == format.fourcc; });
    if (!other_layout) return fmt::format("plane {} does not take {}", plane.id, to_string(format.fourcc));
    return fmt::format("plane {} takes {} but not with the layout {}", plane.id, to_string(format.fourcc),
                       modifier_name(format.modifier));
}

} // namespace v4l2play
