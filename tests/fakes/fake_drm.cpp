#include "tests/fakes/fake_drm.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <xf86drm.h>

namespace v4l2play {
namespace {

FakeDrm* installed = nullptr; // whom drmIoctl asks

/// As the kernel fills arrays: all of it when there is room, and in any case how much there is.
template <class T, class Count>
void give(std::uint64_t pointer, Count& count, const std::vector<T>& values) {
    if (count >= values.size() && pointer != 0 && !values.empty())
        std::memcpy(reinterpret_cast<void*>(static_cast<std::uintptr_t>(pointer)), values.data(),
                    values.size() * sizeof(T));
    count = static_cast<Count>(values.size());
}

/// An IN_FORMATS blob: one modifier entry per pair.
std::vector<std::uint8_t> in_formats(const std::vector<FormatModifier>& pairs) {
    std::vector<std::uint32_t> formats;
    std::vector<drm_format_modifier> modifiers;
    for (const FormatModifier& pair : pairs) {
        const auto fourcc = static_cast<std::uint32_t>(pair.fourcc);
        auto found = std::find(formats.begin(), formats.end(), fourcc);
        if (found == formats.end()) found = formats.insert(formats.end(), fourcc);
        drm_format_modifier entry{};
        entry.formats = std::uint64_t{1} << (found - formats.begin());
        entry.modifier = pair.modifier;
        modifiers.push_back(entry);
    }
    if (formats.size() % 2 != 0) formats.push_back(0);
    drm_format_modifier_blob header{};
    header.version = FORMAT_BLOB_CURRENT;
    header.count_formats = static_cast<std::uint32_t>(formats.size());
    header.formats_offset = sizeof header;
    header.count_modifiers = static_cast<std::uint32_t>(modifiers.size());
    header.modifiers_offset = static_cast<std::uint32_t>(sizeof header + formats.size() * 4);
    std::vector<std::uint8_t> bytes;
    const auto append = [&bytes](const auto* data, std::size_t count) {
        const auto* first = reinterpret_cast<const std::uint8_t*>(data);
        bytes.insert(bytes.end(), first, first + count * sizeof *data);
    };
    append(&header, 1);
    append(formats.data(), formats.size());
    append(modifiers.data(), modifiers.size());
    return bytes;
}

} // namespace

FakeDrm::FakeDrm(FakeBoard board)
    : board_(std::move(board)) {
    installed = this;
    add_outputs();
    for (std::size_t i = 0; i < board_.planes.size(); ++i) add_plane(i);
    damage_.resize(board_.planes.size());
}

FakeDrm::~FakeDrm() { installed = nullptr; }

void FakeDrm::add(std::uint32_t object, const char* name, std::uint32_t flags, std::uint64_t value,
                  std::vector<std::uint64_t> range, std::vector<std::pair<std::string, std::uint64_t>> names) {
    const std::uint32_t id = next_id_++;
    properties_.push_back({id, object, name, flags, std::move(range), std::move(names)});
    values_[id] = value;
}

std::uint32_t FakeDrm::add_blob(std::vector<std::uint8_t> bytes) {
    const std::uint32_t id = next_id_++;
    blobs_[id] = std::move(bytes);
    return id;
}

void FakeDrm::add_outputs() {
    for (const std::uint32_t id : ids_of_displays(connector)) {
        add(id, "CRTC_ID", DRM_MODE_PROP_OBJECT, 0);
        add(id, "link-status", DRM_MODE_PROP_ENUM, 0, {}, {{"Good", 0}, {"Bad", 1}});
        add(id, "vrr_capable", DRM_MODE_PROP_RANGE | DRM_MODE_PROP_IMMUTABLE, board_.vrr ? 1 : 0, {0, 1});
        if (!board_.edid.empty()) add(id, "EDID", DRM_MODE_PROP_BLOB | DRM_MODE_PROP_IMMUTABLE, add_blob(board_.edid));
        if (!board_.hdr) continue;
        add(id, "HDR_OUTPUT_METADATA", DRM_MODE_PROP_BLOB, 0);
        add(id, "Colorspace", DRM_MODE_PROP_ENUM, 0, {}, {{"Default", 0}, {"BT2020_RGB", 9}, {"BT2020_YCC", 10}});
        add(id, "max bpc", DRM_MODE_PROP_RANGE, 8, {8, 12});
    }
    for (const std::uint32_t id : ids_of_displays(crtc)) {
        add(id, "ACTIVE", DRM_MODE_PROP_RANGE, 0, {0, 1});
        add(id, "MODE_ID", DRM_MODE_PROP_BLOB, 0);
        add(id, "VRR_ENABLED", DRM_MODE_PROP_RANGE, 0, {0, 1});
    }
}

/// `id` of the first display, and the same of the others.
std::vector<std::uint32_t> FakeDrm::ids_of_displays(std::uint32_t id) const {
    std::vector<std::uint32_t> ids;
    for (std::size_t i = 0; i < board_.displays; ++i) ids.push_back(of(id, i));
    return ids;
}

void FakeDrm::add_plane(std::size_t index) {
    const FakePlane& plane = board_.planes[index];
    const std::uint32_t id = plane_id(index);
    constexpr std::uint64_t types[] = {DRM_PLANE_TYPE_OVERLAY, DRM_PLANE_TYPE_PRIMARY, DRM_PLANE_TYPE_CURSOR};
    add(id, "type", DRM_MODE_PROP_ENUM | DRM_MODE_PROP_IMMUTABLE, types[static_cast<std::size_t>(plane.type)], {},
        {{"Overlay", 0}, {"Primary", 1}, {"Cursor", 2}});
    add(id, "IN_FORMATS", DRM_MODE_PROP_BLOB | DRM_MODE_PROP_IMMUTABLE, add_blob(in_formats(plane.formats)));
    for (const char* name : {"FB_ID", "CRTC_ID"}) add(id, name, DRM_MODE_PROP_OBJECT, 0);
    add(id, "IN_FENCE_FD", DRM_MODE_PROP_SIGNED_RANGE, no_fence);
    for (const char* name : {"SRC_X", "SRC_Y", "SRC_W", "SRC_H", "CRTC_W", "CRTC_H"})
        add(id, name, DRM_MODE_PROP_RANGE, 0, {0, UINT32_MAX});
    for (const char* name : {"CRTC_X", "CRTC_Y"}) add(id, name, DRM_MODE_PROP_SIGNED_RANGE, 0, {0, INT32_MAX});
    if (plane.zpos >= 0)
        add(id, "zpos",
            DRM_MODE_PROP_RANGE | (plane.zpos_least == plane.zpos_most ? std::uint32_t{DRM_MODE_PROP_IMMUTABLE} : 0U),
            static_cast<std::uint64_t>(plane.zpos), {plane.zpos_least, plane.zpos_most});
    if (plane.rotations != 0) {
        std::vector<std::pair<std::string, std::uint64_t>> names;
        constexpr const char* all[] = {"rotate-0", "rotate-90", "rotate-180", "rotate-270", "reflect-x", "reflect-y"};
        for (std::uint64_t bit = 0; bit < std::size(all); ++bit)
            if ((plane.rotations >> bit & 1) != 0) names.emplace_back(all[bit], bit);
        add(id, "rotation", DRM_MODE_PROP_BITMASK, DRM_MODE_ROTATE_0, {}, names);
    }
    if (plane.encodings != 0) {
        std::vector<std::pair<std::string, std::uint64_t>> names{
            {"ITU-R BT.601 YCbCr", 0}, {"ITU-R BT.709 YCbCr", 1}, {"ITU-R BT.2020 YCbCr", 2}};
        names.resize(plane.encodings);
        add(id, "COLOR_ENCODING", DRM_MODE_PROP_ENUM, 0, {}, names);
        add(id, "COLOR_RANGE", DRM_MODE_PROP_ENUM, 0, {}, {{"YCbCr limited range", 0}, {"YCbCr full range", 1}});
    }
    if (plane.damage) add(id, "FB_DAMAGE_CLIPS", DRM_MODE_PROP_BLOB, 0);
    if (plane.alpha) add(id, "alpha", DRM_MODE_PROP_RANGE, 0xffff, {0, 0xffff});
}

const FakeDrm::Property* FakeDrm::find(std::uint32_t object, const std::string& name) const {
    for (const Property& one : properties_)
        if (one.object == object && one.name == name) return &one;
    return nullptr;
}

std::uint64_t FakeDrm::get(const Values& values, std::uint32_t object, const char* name) const {
    const Property* one = find(object, name);
    return one == nullptr ? 0 : values.at(one->id);
}

std::uint64_t FakeDrm::value(std::uint32_t object, const std::string& name) const {
    return get(values_, object, name.c_str());
}

FakeShown FakeDrm::shown(std::size_t plane) const {
    const std::uint32_t id = plane_id(plane);
    const auto at = [&](const char* name) { return static_cast<std::uint32_t>(get(values_, id, name)); };
    return {at("FB_ID"),
            {at("SRC_X") >> 16, at("SRC_Y") >> 16, at("SRC_W") >> 16, at("SRC_H") >> 16},
            {at("CRTC_X"), at("CRTC_Y"), at("CRTC_W"), at("CRTC_H")},
            at("zpos"),
            at("rotation")};
}

int FakeDrm::version(drm_version& request) const {
    const auto text = [](char* room, auto& length, const char* value) {
        if (room != nullptr) std::memcpy(room, value, std::min<std::size_t>(length, std::strlen(value)));
        length = std::strlen(value);
    };
    text(request.name, request.name_len, board_.driver);
    text(request.date, request.date_len, "0");
    text(request.desc, request.desc_len, "fake");
    return 0;
}

int FakeDrm::resources(drm_mode_card_res& request) const {
    give(request.crtc_id_ptr, request.count_crtcs, ids_of_displays(crtc));
    give(request.connector_id_ptr, request.count_connectors, ids_of_displays(connector));
    give(request.encoder_id_ptr, request.count_encoders, ids_of_displays(encoder));
    request.count_fbs = 0;
    return 0;
}

int FakeDrm::get_connector(drm_mode_get_connector& request) const {
    const std::vector<std::uint32_t> ids = ids_of_displays(connector);
    const auto display =
        static_cast<std::size_t>(std::find(ids.begin(), ids.end(), request.connector_id) - ids.begin());
    if (display == ids.size()) return -ENOENT;
    std::vector<drm_mode_modeinfo> modes;
    for (const drmModeModeInfo& mode : display == 0 || board_.other_modes.empty() ? board_.modes : board_.other_modes) {
        static_assert(sizeof(drm_mode_modeinfo) == sizeof mode);
        if (connected_[display]) std::memcpy(&modes.emplace_back(), &mode, sizeof mode);
    }
    give(request.modes_ptr, request.count_modes, modes);
    give<std::uint32_t>(request.encoders_ptr, request.count_encoders, {of(encoder, display)});
    request.count_props = 0;
    request.connector_type = DRM_MODE_CONNECTOR_HDMIA;
    request.connector_type_id = static_cast<std::uint32_t>(display + 1);
    request.connection = connected_[display] ? DRM_MODE_CONNECTED : DRM_MODE_DISCONNECTED;
    return 0;
}

int FakeDrm::object_properties(drm_mode_obj_get_properties& request) const {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint64_t> values;
    for (const Property& one : properties_) {
        if (one.object != request.obj_id) continue;
        ids.push_back(one.id);
        values.push_back(values_.at(one.id));
    }
    std::uint32_t count = request.count_props;
    give(request.props_ptr, count, ids);
    give(request.prop_values_ptr, request.count_props, values);
    return ids.empty() ? -ENOENT : 0;
}

int FakeDrm::property(drm_mode_get_property& request) const {
    const auto found = std::find_if(properties_.begin(), properties_.end(),
                                    [&](const Property& one) { return one.id == request.prop_id; });
    if (found == properties_.end()) return -ENOENT;
    std::strncpy(request.name, found->name.c_str(), sizeof request.name - 1);
    request.flags = found->flags;
    std::vector<std::uint64_t> values = found->range;
    std::vector<drm_mode_property_enum> names;
    for (const auto& [name, value] : found->names) {
        values.push_back(value);
        names.emplace_back();
        names.back().value = value;
        std::strncpy(names.back().name, name.c_str(), sizeof names.back().name - 1);
    }
    give(request.values_ptr, request.count_values, values);
    give(request.enum_blob_ptr, request.count_enum_blobs, names);
    return 0;
}

int FakeDrm::get_blob(drm_mode_get_blob& request) const {
    const auto found = blobs_.find(request.blob_id);
    if (found == blobs_.end()) return -ENOENT;
    give(request.data, request.length, found->second);
    return 0;
}

int FakeDrm::get_plane(drm_mode_get_plane& request) const {
    if (request.plane_id < first_plane || request.plane_id - first_plane >= board_.planes.size()) return -ENOENT;
    request.possible_crtcs = board_.planes[request.plane_id - first_plane].possible_crtcs;
    request.crtc_id = static_cast<std::uint32_t>(get(values_, request.plane_id, "CRTC_ID"));
    request.fb_id = static_cast<std::uint32_t>(get(values_, request.plane_id, "FB_ID"));
    request.count_format_types = 0;
    return 0;
}

int FakeDrm::add_framebuffer(drm_mode_fb_cmd2& request) {
    const std::uint64_t modifier = (request.flags & DRM_MODE_FB_MODIFIERS) != 0 ? request.modifier[0] : modifier_linear;
    if (request.width == 0 || request.height == 0 || request.handles[0] == 0) return -EINVAL;
    for (const std::uint32_t handle : request.handles)
        if (handle != 0 && handles_.count(handle) == 0 && dumb_.count(handle) == 0) return -ENOENT;
    request.fb_id = next_id_++;
    framebuffers_[request.fb_id] = {{DrmFourcc{request.pixel_format}, modifier}, request.width, request.height};
    return 0;
}

/// Planes that show it go dark, which is seen.
int FakeDrm::remove_framebuffer(std::uint32_t id) {
    if (framebuffers_.erase(id) == 0) return -ENOENT;
    for (std::size_t i = 0; i < board_.planes.size(); ++i) {
        if (shown(i).framebuffer != id) continue;
        if (master) ++torn_down; // who is not can do nothing else
        set_value(plane_id(i), "FB_ID", 0);
        set_value(plane_id(i), "CRTC_ID", 0);
    }
    return 0;
}

/// Memory and framebuffers.
int FakeDrm::buffers(unsigned long request, void* argument) {
    switch (request) {
    case DRM_IOCTL_MODE_CREATE_DUMB: {
        auto& dumb = *static_cast<drm_mode_create_dumb*>(argument);
        dumb.pitch = dumb.width * dumb.bpp / 8;
        dumb.size = std::uint64_t{dumb.pitch} * dumb.height;
        dumb.handle = next_id_++;
        dumb_[dumb.handle] = dumb.size;
        return 0;
    }
    case DRM_IOCTL_MODE_MAP_DUMB:
        return dumb_.count(static_cast<drm_mode_map_dumb*>(argument)->handle) != 0 ? 0 : -ENOENT;
    case DRM_IOCTL_MODE_DESTROY_DUMB:
        return dumb_.erase(static_cast<drm_mode_destroy_dumb*>(argument)->handle) != 0 ? 0 : -EINVAL;
    case DRM_IOCTL_PRIME_FD_TO_HANDLE: {
        auto& prime = *static_cast<drm_prime_handle*>(argument);
        prime.handle = static_cast<std::uint32_t>(prime.fd);
        handles_.insert(prime.handle); // however often it is imported
        return 0;
    }
    case DRM_IOCTL_GEM_CLOSE:
        if (handles_.erase(static_cast<drm_gem_close*>(argument)->handle) != 0) return 0;
        ++bad_closes;
        return -EINVAL;
    case DRM_IOCTL_MODE_ADDFB2:
        return add_framebuffer(*static_cast<drm_mode_fb_cmd2*>(argument));
    case DRM_IOCTL_MODE_RMFB:
        return remove_framebuffer(*static_cast<std::uint32_t*>(argument));
    default:
        return -ENOTTY;
    }
}

int FakeDrm::ioctl(int fd, unsigned long request, void* argument) {
    if (fd != card_fd) return -ENOTTY;
    if (unplugged) return -ENODEV;
    switch (request) {
    case DRM_IOCTL_VERSION:
        return version(*static_cast<drm_version*>(argument));
    case DRM_IOCTL_GET_CAP: {
        auto& cap = *static_cast<drm_get_cap*>(argument);
        cap.value = cap.capability == DRM_CAP_PRIME ? DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT : 1;
        return 0;
    }
    case DRM_IOCTL_SET_CLIENT_CAP:
    case DRM_IOCTL_DROP_MASTER:
        return 0;
    case DRM_IOCTL_SET_MASTER:
        return master ? 0 : -EACCES;
    case DRM_IOCTL_AUTH_MAGIC:
        return master ? -EINVAL : -EACCES;
    case DRM_IOCTL_MODE_GETRESOURCES:
        return resources(*static_cast<drm_mode_card_res*>(argument));
    case DRM_IOCTL_MODE_GETCONNECTOR:
        return get_connector(*static_cast<drm_mode_get_connector*>(argument));
    case DRM_IOCTL_MODE_GETENCODER: {
        auto& wanted = *static_cast<drm_mode_get_encoder*>(argument);
        wanted.possible_crtcs = 1U << (wanted.encoder_id - encoder) / 3;
        return 0;
    }
    case DRM_IOCTL_MODE_OBJ_GETPROPERTIES:
        return object_properties(*static_cast<drm_mode_obj_get_properties*>(argument));
    case DRM_IOCTL_MODE_GETPROPERTY:
        return property(*static_cast<drm_mode_get_property*>(argument));
    case DRM_IOCTL_MODE_GETPROPBLOB:
        return get_blob(*static_cast<drm_mode_get_blob*>(argument));
    case DRM_IOCTL_MODE_CREATEPROPBLOB: {
        auto& create = *static_cast<drm_mode_create_blob*>(argument);
        const auto* data = reinterpret_cast<const std::uint8_t*>(static_cast<std::uintptr_t>(create.data));
        create.blob_id = add_blob({data, data + create.length});
        ++blobs_made;
        return 0;
    }
    case DRM_IOCTL_MODE_DESTROYPROPBLOB:
        return blobs_.erase(static_cast<drm_mode_destroy_blob*>(argument)->blob_id) != 0 ? 0 : -ENOENT;
    case DRM_IOCTL_MODE_GETPLANERESOURCES: {
        std::vector<std::uint32_t> ids;
        for (std::size_t i = 0; i < board_.planes.size(); ++i) ids.push_back(plane_id(i));
        auto& list = *static_cast<drm_mode_get_plane_res*>(argument);
        give(list.plane_id_ptr, list.count_planes, ids);
        return 0;
    }
    case DRM_IOCTL_MODE_GETPLANE:
        return get_plane(*static_cast<drm_mode_get_plane*>(argument));
    case DRM_IOCTL_MODE_ATOMIC:
        return revoked ? -ENOENT : atomic(*static_cast<drm_mode_atomic*>(argument));
    case DRM_IOCTL_MODE_GET_LEASE:
        static_cast<drm_mode_get_lease*>(argument)->count_objects = revoked ? 0 : 3;
        return 0;
    default:
        return buffers(request, argument);
    }
}

int FakeDrm::open(const char* path, int /*flags*/) {
    return std::string_view(path) == "/dev/dri/card0" && !unplugged ? card_fd : -ENOENT;
}

std::vector<std::string> FakeDrm::list_directory(const char* path) {
    return std::string_view(path) == "/dev/dri" && !unplugged ? std::vector<std::string>{"card0"}
                                                              : std::vector<std::string>{};
}

void* FakeDrm::mmap(std::size_t length, int, int, std::int64_t, int&) { return std::calloc(1, length); }
int FakeDrm::munmap(void* address, std::size_t) {
    std::free(address);
    return 0;
}

void FakeDrm::vblank(std::size_t display) {
    constexpr Nanoseconds period = second / 60;
    now_ += period;
    complete_flip(display);
}

void FakeDrm::complete_flip(std::size_t display) {
    ++sequence_[display];
    if (!pending_[display]) return;
    drm_event_vblank event{};
    event.base.type = DRM_EVENT_FLIP_COMPLETE;
    event.base.length = sizeof event;
    event.user_data = *pending_[display];
    event.tv_sec = static_cast<std::uint32_t>(now_ / second);
    event.tv_usec = static_cast<std::uint32_t>(now_ % second / 1000);
    event.sequence = sequence_[display];
    event.crtc_id = of(crtc, display);
    pending_[display].reset();
    events_.push_back(event);
}

ssize_t FakeDrm::read(int fd, void* buffer, std::size_t size) {
    if (fd != card_fd) {
        constexpr char uevent[] = "change@/devices/platform/fake/drm/card0\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1";
        if (uevents_ == 0 || size < sizeof uevent) return -EAGAIN;
        --uevents_;
        std::memcpy(buffer, uevent, sizeof uevent);
        return sizeof uevent;
    }
    if (unplugged) return -ENODEV;
    for (std::size_t i = 0; i < board_.displays; ++i)
        if (flips_complete && pending_[i] && !waits_for_fence(i)) vblank(i);
    if (events_.empty() || size < sizeof(drm_event_vblank)) return -EAGAIN;
    std::memcpy(buffer, &events_.front(), sizeof(drm_event_vblank));
    events_.pop_front();
    return sizeof(drm_event_vblank);
}

int fake_drm_ioctl(int fd, unsigned long request, void* argument) {
    const int result = installed == nullptr ? -ENODEV : installed->ioctl(fd, request, argument);
    if (result >= 0) return result;
    errno = -result;
    return -1;
}

} // namespace v4l2play

/// In place of libdrm's own.
extern "C" int drmIoctl(int fd, unsigned long request, void* argument) {
    return v4l2play::fake_drm_ioctl(fd, request, argument);
}
