// The properties of a KMS object, looked up by name once, when the card is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <xf86drm.h>
#include <xf86drmMode.h>

namespace v4l2play {

/// Frees what libdrm has allocated.
template <auto free_function>
struct DrmFree {
    template <class T>
    void operator()(T* object) const {
        free_function(object);
    }
};
template <class T, auto free_function>
using DrmPointer = std::unique_ptr<T, DrmFree<free_function>>;

/// One property of one object. id 0: the object has none of that name.
struct KmsProperty {
    std::uint32_t id = 0;
    bool immutable = false;
    std::uint64_t value = 0;   ///< as found when the card was opened: what is put back at the end
    std::uint64_t minimum = 0; ///< of ranges
    std::uint64_t maximum = 0;

    [[nodiscard]] bool writable() const { return id != 0 && !immutable; }
};

/// All properties of one object (a snapshot; for set-up only, it allocates).
class PropertyList {
  public:
    /// `type` is DRM_MODE_OBJECT_PLANE, _CRTC or _CONNECTOR.
    PropertyList(int fd, std::uint32_t object, std::uint32_t type);

    [[nodiscard]] KmsProperty find(std::string_view name) const;
    /// The number behind the name `entry` of an enumeration or bit mask.
    [[nodiscard]] std::optional<std::uint64_t> enum_value(std::string_view name, std::string_view entry) const;

  private:
    using Property = DrmPointer<drmModePropertyRes, drmModeFreeProperty>;
    [[nodiscard]] const std::pair<Property, std::uint64_t>* look_up(std::string_view name) const;

    std::vector<std::pair<Property, std::uint64_t>> properties_;
};

} // namespace v4l2play
