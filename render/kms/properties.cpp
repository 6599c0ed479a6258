#include "render/kms/properties.h"

#include <cerrno>
#include <cstring>

#include "decoder/log.h"

namespace v4l2play {
namespace {

/// What is refused later because of it is blamed on the driver, which "has no" such property.
void warn_unread(std::uint32_t object, const char* what) {
    log_warning("kms", "{} of object {} cannot be read: {}; as if there were none", what, object, std::strerror(errno));
}

} // namespace

PropertyList::PropertyList(int fd, std::uint32_t object, std::uint32_t type) {
    const DrmPointer<drmModeObjectProperties, drmModeFreeObjectProperties> list(
        drmModeObjectGetProperties(fd, object, type));
    if (list == nullptr) warn_unread(object, "the properties");
    for (std::uint32_t i = 0; list != nullptr && i < list->count_props; ++i) {
        Property property(drmModeGetProperty(fd, list->props[i]));
        if (property == nullptr)
            warn_unread(object, "a property");
        else
            properties_.emplace_back(std::move(property), list->prop_values[i]);
    }
}

const std::pair<PropertyList::Property, std::uint64_t>* PropertyList::look_up(std::string_view name) const {
    for (const auto& entry : properties_)
        if (name == entry.first->name) return &entry;
    return nullptr;
}

KmsProperty PropertyList::find(std::string_view name) const {
    const auto* entry = look_up(name);
    if (entry == nullptr) return {};
    const drmModePropertyRes& property = *entry->first;
    KmsProperty found{
        .id = property.prop_id, .immutable = (property.flags & DRM_MODE_PROP_IMMUTABLE) != 0, .value = entry->second};
    if (drm_property_type_is(entry->first.get(), DRM_MODE_PROP_RANGE) != 0 && property.count_values == 2) {
        found.minimum = property.values[0];
        found.maximum = property.values[1];
    }
    return found;
}

std::optional<std::uint64_t> PropertyList::enum_value(std::string_view name, std::string_view entry) const {
    const auto* found = look_up(name);
    if (found == nullptr) return std::nullopt;
    for (int i = 0; i < found->first->count_enums; ++i)
        if (entry == found->first->enums[i].name) return found->first->enums[i].value;
    return std::nullopt;
}

} // namespace v4l2play
