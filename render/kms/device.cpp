#include "render/kms/device.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "render/kms/formats.h"

namespace v4l2play {
namespace {

using Resources = DrmPointer<drmModeRes, drmModeFreeResources>;
using Connector = DrmPointer<drmModeConnector, drmModeFreeConnector>;
using Blob = DrmPointer<drmModePropertyBlobRes, drmModeFreePropertyBlob>;

/// A blob's bytes; empty when there is none.
std::span<const std::uint8_t> bytes(const Blob& blob) {
    if (blob == nullptr) return {};
    return {static_cast<const std::uint8_t*>(blob->data), blob->length};
}

Blob read_blob(int fd, std::uint64_t id) {
    return id == 0 ? nullptr : Blob(drmModeGetPropertyBlob(fd, static_cast<std::uint32_t>(id)));
}

/// What the kernel knows, or, where it knows nothing, what the display answers (that takes tens of milliseconds).
Connector get_connector(int fd, std::uint32_t id) {
    Connector connector(drmModeGetConnectorCurrent(fd, id));
    if (connector == nullptr || connector->connection != DRM_MODE_CONNECTED || connector->count_modes == 0)
        connector.reset(drmModeGetConnector(fd, id));
    return connector;
}

std::optional<KmsConnector> read_connector(int fd, std::uint32_t id, const Connector& connector) {
    if (connector == nullptr) return std::nullopt;
    const char* type = drmModeGetConnectorTypeName(connector->connector_type);
    KmsConnector result;
    result.id = id;
    result.name = fmt::format("{}-{}", type == nullptr ? "Unknown" : type, connector->connector_type_id);
    result.connected = connector->connection == DRM_MODE_CONNECTED;
    result.possible_crtcs = drmModeConnectorGetPossibleCrtcs(fd, connector.get());
    result.modes.assign(connector->modes, connector->modes + connector->count_modes);
    const PropertyList properties(fd, id, DRM_MODE_OBJECT_CONNECTOR);
    result.crtc_id = properties.find("CRTC_ID");
    result.link_status = properties.find("link-status");
    result.hdr_metadata = properties.find("HDR_OUTPUT_METADATA");
    if (const Blob edid = read_blob(fd, properties.find("EDID").value))
        result.sink = read_sink({static_cast<const std::uint8_t*>(edid->data), edid->length});
    result.max_bpc = properties.find("max bpc");
    result.vrr_capable = properties.find("vrr_capable").value == 1;
    result.colorspace = {
        properties.find("Colorspace"),
        {properties.enum_value("Colorspace", "Default"), properties.enum_value("Colorspace", "BT2020_RGB")}};
    return result;
}

KmsCrtc read_crtc(int fd, std::uint32_t id, std::uint32_t index) {
    const PropertyList properties(fd, id, DRM_MODE_OBJECT_CRTC);
    KmsCrtc crtc{.id = id,
                 .index = index,
                 .active = properties.find("ACTIVE"),
                 .mode_id = properties.find("MODE_ID"),
                 .vrr_enabled = properties.find("VRR_ENABLED"),
                 .mode = std::nullopt};
    const Blob blob = read_blob(fd, crtc.mode_id.value);
    if (blob != nullptr && blob->length == sizeof(drmModeModeInfo)) {
        crtc.mode.emplace();
        std::memcpy(&*crtc.mode, blob->data, sizeof(drmModeModeInfo));
    }
    return crtc;
}

/// Without IN_FORMATS the driver knows nothing of modifiers: its formats are linear ones.
std::vector<FormatModifier> read_formats(int fd, const drmModePlane& plane, const PropertyList& properties) {
    const Blob blob = read_blob(fd, properties.find("IN_FORMATS").value);
    std::vector<FormatModifier> formats = parse_in_formats(bytes(blob));
    if (!formats.empty()) return formats;
    for (std::uint32_t i = 0; i < plane.count_formats; ++i)
        formats.push_back({DrmFourcc{plane.formats[i]}, modifier_linear});
    return formats;
}

PlaneType plane_type(const PropertyList& properties) {
    switch (properties.find("type").value) {
    case DRM_PLANE_TYPE_PRIMARY:
        return PlaneType::Primary;
    case DRM_PLANE_TYPE_CURSOR:
        return PlaneType::Cursor;
    default:
        return PlaneType::Overlay;
    }
}

void read_geometry(const PropertyList& properties, KmsPlane& plane) {
    plane.fb_id = properties.find("FB_ID");
    plane.crtc_id = properties.find("CRTC_ID");
    plane.in_fence_fd = properties.find("IN_FENCE_FD");
    plane.crtc_x = properties.find("CRTC_X");
    plane.crtc_y = properties.find("CRTC_Y");
    plane.crtc_w = properties.find("CRTC_W");
    plane.crtc_h = properties.find("CRTC_H");
    plane.src_x = properties.find("SRC_X");
    plane.src_y = properties.find("SRC_Y");
    plane.src_w = properties.find("SRC_W");
    plane.src_h = properties.find("SRC_H");
}

/// The names are the kernel's (drm_color_mgmt.c); they are what the interface is made of.
void read_color(const PropertyList& properties, KmsPlane& plane) {
    plane.color_encoding.property = properties.find("COLOR_ENCODING");
    plane.color_encoding.values = {properties.enum_value("COLOR_ENCODING", "ITU-R BT.601 YCbCr"),
                                   properties.enum_value("COLOR_ENCODING", "ITU-R BT.709 YCbCr"),
                                   properties.enum_value("COLOR_ENCODING", "ITU-R BT.2020 YCbCr")};
    plane.color_range.property = properties.find("COLOR_RANGE");
    plane.color_range.values = {properties.enum_value("COLOR_RANGE", "YCbCr limited range"),
                                properties.enum_value("COLOR_RANGE", "YCbCr full range")};
}

KmsPlane read_plane(int fd, const drmModePlane& source) {
    const PropertyList properties(fd, source.plane_id, DRM_MODE_OBJECT_PLANE);
    KmsPlane plane;
    plane.id = source.plane_id;
    plane.type = plane_type(properties);
    plane.possible_crtcs = source.possible_crtcs;
    plane.formats = read_formats(fd, source, properties);
    read_geometry(properties, plane);
    read_color(properties, plane);
    plane.zpos = properties.find("zpos");
    plane.rotation = properties.find("rotation");
    for (const auto& [name, bit] : {std::pair("rotate-90", DRM_MODE_ROTATE_90),
                                    {"rotate-180", DRM_MODE_ROTATE_180},
                                    {"rotate-270", DRM_MODE_ROTATE_270}})
        if (properties.enum_value("rotation", name)) plane.rotations |= static_cast<std::uint64_t>(bit);
    plane.alpha = properties.find("alpha");
    plane.damage_clips = properties.find("FB_DAMAGE_CLIPS");
    plane.blend_mode = {properties.find("pixel blend mode"),
                        {properties.enum_value("pixel blend mode", "Pre-multiplied")}};
    return plane;
}

constexpr std::size_t usual_flips = 16; // so that steady playback allocates nothing

std::string driver_name(int fd) {
    const DrmPointer<drmVersion, drmFreeVersion> version(drmGetVersion(fd));
    return version == nullptr ? "unknown" : std::string(version->name, static_cast<std::size_t>(version->name_len));
}

} // namespace

const char* to_string(PlaneType type) {
    switch (type) {
    case PlaneType::Overlay:
        return "overlay";
    case PlaneType::Primary:
        return "primary";
    case PlaneType::Cursor:
        return "cursor";
    }
    return "?";
}

Result<KmsDevice> KmsDevice::open(Kernel& kernel, Seat* seat, const std::string& path) {
    Result<DeviceFile> file = DeviceFile::open(kernel, seat, path);
    if (!file) return fail(std::move(file).error());
    KmsDevice device;
    device.kernel_ = &kernel;
    device.fd_ = std::move(*file);
    device.path_ = path;
    device.flips_.reserve(usual_flips);
    device.driver_ = driver_name(device.fd());
    V4L2PLAY_TRY(device.set_capabilities());
    V4L2PLAY_TRY(device.read_resources());
    device.read_planes();
    return device;
}

Result<> KmsDevice::set_capabilities() {
    const Resources resources(drmModeGetResources(fd()));
    if (resources == nullptr || resources->count_connectors == 0 || resources->count_crtcs == 0)
        return fail(ENODEV, fmt::format("{} ({}) has no display outputs", path_, driver_), "drmModeGetResources");
    if (drmSetClientCap(fd(), DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) != 0 ||
        drmSetClientCap(fd(), DRM_CLIENT_CAP_ATOMIC, 1) != 0)
        return fail(ENOTSUP, fmt::format("the driver of {} ({}) has no atomic modesetting", path_, driver_),
                    "DRM_CLIENT_CAP_ATOMIC");
    std::uint64_t prime = 0;
    if (drmGetCap(fd(), DRM_CAP_PRIME, &prime) != 0 || (prime & DRM_PRIME_CAP_IMPORT) == 0)
        return fail(ENOTSUP, fmt::format("{} ({}) cannot import dmabufs", path_, driver_), "DRM_CAP_PRIME");
    std::uint64_t modifiers = 0;
    has_modifiers_ = drmGetCap(fd(), DRM_CAP_ADDFB2_MODIFIERS, &modifiers) == 0 && modifiers != 0;
    return {};
}

Result<> KmsDevice::read_resources() {
    const Resources resources(drmModeGetResources(fd()));
    if (resources == nullptr) return fail(errno, "cannot read the resources of " + path_, "drmModeGetResources");
    for (int i = 0; i < resources->count_connectors; ++i)
        if (std::optional<KmsConnector> connector =
                read_connector(fd(), resources->connectors[i], get_connector(fd(), resources->connectors[i])))
            connectors_.push_back(std::move(*connector));
    for (int i = 0; i < resources->count_crtcs; ++i)
        crtcs_.push_back(read_crtc(fd(), resources->crtcs[i], static_cast<std::uint32_t>(i)));
    return {};
}

void KmsDevice::read_planes() {
    const DrmPointer<drmModePlaneRes, drmModeFreePlaneResources> list(drmModeGetPlaneResources(fd()));
    if (list == nullptr) return;
    for (std::uint32_t i = 0; i < list->count_planes; ++i) {
        const DrmPointer<drmModePlane, drmModeFreePlane> plane(drmModeGetPlane(fd(), list->planes[i]));
        if (plane != nullptr) planes_.push_back(read_plane(fd(), *plane));
    }
}

void KmsDevice::refresh(std::uint32_t connector) {
    for (KmsConnector& known : connectors_) {
        if (known.id != connector) continue;
        // The display is asked: not every driver has done so by the time it tells of a change.
        const std::optional<KmsConnector> now =
            read_connector(fd(), connector, Connector(drmModeGetConnector(fd(), connector)));
        known.connected = now && now->connected;
        if (now) known.modes = now->modes;
        if (now) known.vrr_capable = now->vrr_capable;
        if (now) known.link_status = now->link_status;
        if (now) known.sink = now->sink;
    }
}

std::uint32_t KmsDevice::crtc_of(const KmsPlane& plane) const {
    const DrmPointer<drmModePlane, drmModeFreePlane> now(drmModeGetPlane(fd(), plane.id));
    return now == nullptr ? 0 : now->crtc_id;
}

Result<> KmsDevice::become_master() {
    if (drmIsMaster(fd()) != 0 || drmSetMaster(fd()) == 0) return {};
    const int code = errno == EINVAL ? EBUSY : errno;
    return fail(code, fmt::format("another program holds the display on {}: stop it or use --output=offscreen", path_),
                "DRM_IOCTL_SET_MASTER");
}

void KmsDevice::drop_master() {
    if (drmIsMaster(fd()) != 0) drmDropMaster(fd());
}

bool KmsDevice::is_revoked() const {
    drmModeObjectListPtr objects = drmModeGetLease(fd());
    const bool revoked = objects != nullptr && objects->count == 0;
    drmFree(objects);
    return revoked;
}

Result<> KmsDevice::read_events() {
    alignas(drm_event_vblank) std::array<char, 512> buffer;
    const ssize_t size = kernel_->read(fd(), buffer.data(), buffer.size());
    if (size == -EAGAIN) return {};
    if (size < 0) return fail(static_cast<int>(-size), fmt::format("cannot read from {}", path_), "read");
    const auto end = static_cast<std::size_t>(size);
    drm_event header{};
    for (std::size_t at = 0; end - at >= sizeof header; at += header.length) {
        std::memcpy(&header, buffer.data() + at, sizeof header);
        if (header.length < sizeof header || header.length > end - at) break;
        drm_event_vblank event{};
        if (header.type != DRM_EVENT_FLIP_COMPLETE || header.length < sizeof event) continue;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        flips_.push_back(event);
    }
    return {};
}

std::optional<drm_event_vblank> KmsDevice::take_flip(std::uint32_t crtc) {
    const auto found = std::find_if(flips_.begin(), flips_.end(),
                                    [&](const drm_event_vblank& event) { return event.crtc_id == crtc; });
    if (found == flips_.end()) return std::nullopt;
    const drm_event_vblank event = *found;
    flips_.erase(found);
    return event;
}

bool KmsDevice::has_flip(std::uint32_t crtc) const {
    return std::any_of(flips_.begin(), flips_.end(),
                       [&](const drm_event_vblank& event) { return event.crtc_id == crtc; });
}

bool KmsDevice::is_claimed(std::uint32_t object) const {
    return std::find(claimed_.begin(), claimed_.end(), object) != claimed_.end();
}

std::vector<std::string> card_paths(Kernel& kernel) {
    std::vector<std::string> paths;
    for (const std::string& name : kernel.list_directory("/dev/dri"))
        if (name.rfind("card", 0) == 0) paths.push_back("/dev/dri/" + name);
    return paths;
}

} // namespace v4l2play
