// What the kernel checks before the driver is asked (drm_atomic_uapi.c, drm_atomic.c, drm_atomic_helper.c), and what
// the drivers of the tables refuse.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "render/kms/formats.h"
#include "tests/fakes/fake_drm.h"

namespace v4l2play {
namespace {

template <class T>
const T* array(std::uint64_t pointer) {
    return reinterpret_cast<const T*>(static_cast<std::uintptr_t>(pointer));
}

bool listed(const std::vector<FormatModifier>& formats, const FormatModifier& wanted) { return takes(formats, wanted); }

} // namespace

int FakeDrm::fill(const drm_mode_atomic& request, Values& values) const {
    const auto* objects = array<std::uint32_t>(request.objs_ptr);
    const auto* counts = array<std::uint32_t>(request.count_props_ptr);
    const auto* ids = array<std::uint32_t>(request.props_ptr);
    const auto* set = array<std::uint64_t>(request.prop_values_ptr);
    for (std::uint32_t object = 0, at = 0; object < request.count_objs; ++object)
        for (std::uint32_t i = 0; i < counts[object]; ++i, ++at) {
            const auto found = std::find_if(properties_.begin(), properties_.end(), [&](const Property& one) {
                return one.id == ids[at] && one.object == objects[object];
            });
            if (found == properties_.end()) return -ENOENT;
            if ((found->flags & DRM_MODE_PROP_IMMUTABLE) != 0) return -EINVAL;
            const bool range = (found->flags & DRM_MODE_PROP_RANGE) != 0;
            if (range && (set[at] < found->range[0] || set[at] > found->range[1])) return -EINVAL;
            if (found->name == "FB_ID" && set[at] != 0 && framebuffers_.count(static_cast<std::uint32_t>(set[at])) == 0)
                return -ENOENT;
            const bool blob = (found->flags & DRM_MODE_PROP_BLOB) != 0;
            if (blob && set[at] != 0 && blobs_.count(static_cast<std::uint32_t>(set[at])) == 0) return -EINVAL;
            if (found->name == "IN_FENCE_FD" && set[at] != no_fence &&
                open_fences_.count(static_cast<int>(set[at])) == 0)
                return -EINVAL;
            values[ids[at]] = set[at];
        }
    return 0;
}

int FakeDrm::check_plane(const Values& values, std::size_t index) const {
    const FakePlane& plane = board_.planes[index];
    const std::uint32_t id = plane_id(index);
    const auto at = [&](const char* name) { return get(values, id, name); };
    if ((at("FB_ID") == 0) != (at("CRTC_ID") == 0)) return -EINVAL;
    if (at("FB_ID") == 0) return 0;
    const std::vector<std::uint32_t> crtcs = ids_of_displays(crtc);
    const auto on = std::find(crtcs.begin(), crtcs.end(), at("CRTC_ID"));
    if (on == crtcs.end() || (plane.possible_crtcs >> (on - crtcs.begin()) & 1) == 0) return -EINVAL;
    if (get(values, *on, "ACTIVE") == 0) return -EINVAL;
    const Framebuffer& shown = framebuffers_.at(static_cast<std::uint32_t>(at("FB_ID")));
    if (!listed(plane.formats, shown.format)) return -EINVAL;
    const std::uint64_t width = at("SRC_W") >> 16;
    const std::uint64_t height = at("SRC_H") >> 16;
    if ((at("SRC_X") >> 16) + width > shown.width || (at("SRC_Y") >> 16) + height > shown.height) return -ENOSPC;
    const std::uint64_t turned = at("rotation");
    if (plane.rotations != 0 && (turned & ~plane.rotations) != 0) return -EINVAL;
    const bool sideways = (turned & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270)) != 0;
    if (width == 0 || height == 0 || at("CRTC_W") == 0 || at("CRTC_H") == 0) return -ERANGE;
    const double x = static_cast<double>(at("CRTC_W")) / static_cast<double>(sideways ? height : width);
    const double y = static_cast<double>(at("CRTC_H")) / static_cast<double>(sideways ? width : height);
    return std::min(x, y) < plane.shrink || std::max(x, y) > plane.grow ? -ERANGE : 0;
}

bool FakeDrm::read_damage(std::uint64_t blob, std::vector<drm_mode_rect>& clips) const {
    clips.clear();
    if (blob == 0) return true;
    const std::vector<std::uint8_t>& bytes = blobs_.at(static_cast<std::uint32_t>(blob));
    clips.resize(bytes.size() / sizeof(drm_mode_rect));
    std::memcpy(clips.data(), bytes.data(), clips.size() * sizeof(drm_mode_rect));
    return bytes.size() % sizeof(drm_mode_rect) == 0;
}

int FakeDrm::check(const Values& values) const {
    for (std::size_t i = 0; i < board_.planes.size(); ++i)
        if (const int error = check_plane(values, i); error != 0) return error;
    for (std::size_t i = 0; i < board_.displays; ++i) {
        const std::uint64_t driven_by = get(values, of(connector, i), "CRTC_ID");
        if (driven_by != 0 && driven_by != of(crtc, i)) return -EINVAL; // no encoder leads there
        if (get(values, of(crtc, i), "ACTIVE") == 0) continue;
        if (get(values, of(crtc, i), "MODE_ID") == 0 || driven_by == 0) return -EINVAL;
    }
    return 0;
}

std::set<int> FakeDrm::take_fences(Values& values, std::size_t display) const {
    std::set<int> fences;
    for (std::size_t i = 0; i < board_.planes.size(); ++i) {
        if (get(values, plane_id(i), "CRTC_ID") != of(crtc, display)) continue;
        std::uint64_t& fence = values.at(find(plane_id(i), "IN_FENCE_FD")->id);
        if (fence != no_fence) fences.insert(static_cast<int>(fence));
        fence = no_fence;
    }
    return fences;
}

bool FakeDrm::waits_for_fence(std::size_t display) const {
    return std::any_of(awaited_[display].begin(), awaited_[display].end(),
                       [&](int fence) { return unsignalled_.count(fence) != 0; });
}

bool FakeDrm::needs_modeset(const Values& values) const {
    const auto changes = [&](std::uint32_t object, const char* name) {
        return get(values, object, name) != get(values_, object, name);
    };
    for (std::size_t i = 0; i < board_.displays; ++i) {
        if (changes(of(crtc, i), "ACTIVE") || changes(of(crtc, i), "MODE_ID")) return true;
        for (const char* name : {"CRTC_ID", "Colorspace", "max bpc", "HDR_OUTPUT_METADATA"})
            if (changes(of(connector, i), name)) return true;
    }
    return false;
}

/// Those whose CRTC is part of the commit: it is named itself, or drives what is named, before or after.
std::vector<std::size_t> FakeDrm::displays_of(const drm_mode_atomic& request, const Values& values) const {
    const auto* objects = array<std::uint32_t>(request.objs_ptr);
    std::vector<std::size_t> displays;
    for (std::size_t i = 0; i < board_.displays; ++i) {
        const std::uint32_t id = of(crtc, i);
        if (std::any_of(objects, objects + request.count_objs, [&](std::uint32_t object) {
                return object == id || get(values, object, "CRTC_ID") == id || get(values_, object, "CRTC_ID") == id;
            }))
            displays.push_back(i);
    }
    return displays;
}

int FakeDrm::atomic(const drm_mode_atomic& request) {
    const bool only_test = (request.flags & DRM_MODE_ATOMIC_TEST_ONLY) != 0;
    const bool wants_event = (request.flags & DRM_MODE_PAGE_FLIP_EVENT) != 0;
    if (!master) return ++refused, -EACCES;
    if (only_test && wants_event) return -EINVAL;
    Values values = values_;
    for (const Property& property : properties_)
        if (property.name == "FB_DAMAGE_CLIPS") values[property.id] = 0; // it is for one commit alone
    if (const int error = fill(request, values); error != 0) return error;
    if (needs_modeset(values) && (request.flags & DRM_MODE_ATOMIC_ALLOW_MODESET) == 0) return -EINVAL;
    if (const int error = check(values); error != 0) return error;
    std::vector<std::vector<drm_mode_rect>> damage(damage_.size());
    for (std::size_t i = 0; i < damage.size(); ++i)
        if (!read_damage(get(values, plane_id(i), "FB_DAMAGE_CLIPS"), damage[i])) return -EINVAL;
    if (refuse) {
        std::swap(values, values_); // the driver sees what it is asked for
        const int error = refuse(*this);
        std::swap(values, values_);
        if (error != 0) return error;
    }
    if (only_test) return ++tests, 0;
    const std::vector<std::size_t> displays = displays_of(request, values);
    for (const std::size_t display : displays) {
        if (!pending_[display]) continue;
        if ((request.flags & DRM_MODE_ATOMIC_NONBLOCK) != 0) return -EBUSY;
        if (flips_complete) vblank(display);
        pending_[display].reset(); // the kernel has waited for it long enough
    }
    for (const std::size_t display : displays) {
        awaited_[display] = take_fences(values, display);
        if (wants_event) pending_[display] = request.user_data;
    }
    values_ = std::move(values);
    damage_ = std::move(damage);
    ++commits;
    return 0;
}

} // namespace v4l2play
