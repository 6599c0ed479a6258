#include "render/kms/atomic.h"

#include <cerrno>

namespace v4l2play {
namespace {

// A screen with a dozen planes needs fewer.
constexpr std::size_t usual_objects = 32;
constexpr std::size_t usual_properties = 256;

/// The kernel takes pointers as 64 bits, on 32-bit machines too.
std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

} // namespace

AtomicRequest::AtomicRequest() {
    objects_.reserve(usual_objects);
    counts_.reserve(usual_objects);
    properties_.reserve(usual_properties);
    values_.reserve(usual_properties);
}

void AtomicRequest::clear() {
    objects_.clear();
    counts_.clear();
    properties_.clear();
    values_.clear();
    failure_ = 0;
    missing_ = "";
}

void AtomicRequest::object(std::uint32_t id) {
    objects_.push_back(id);
    counts_.push_back(0);
}

void AtomicRequest::add(std::uint32_t property, std::uint64_t value) {
    if (counts_.empty()) {
        failure_ = -EINVAL;
        missing_ = "an object";
        return;
    }
    properties_.push_back(property);
    values_.push_back(value);
    ++counts_.back();
}

void AtomicRequest::set(const KmsProperty& property, const char* name, std::uint64_t value) {
    if (failure_ != 0) return;
    if (property.writable()) return add(property.id, value);
    failure_ = -ENOTSUP;
    missing_ = name;
}

void AtomicRequest::set_if_writable(const KmsProperty& property, std::uint64_t value) {
    if (failure_ == 0 && property.writable()) add(property.id, value);
}

int AtomicRequest::commit(Kernel& kernel, int fd, std::uint32_t flags, std::uint64_t user_data) {
    if (failure_ != 0) return failure_;
    drm_mode_atomic request{};
    request.flags = flags;
    request.count_objs = static_cast<std::uint32_t>(objects_.size());
    request.objs_ptr = address(objects_.data());
    request.count_props_ptr = address(counts_.data());
    request.props_ptr = address(properties_.data());
    request.prop_values_ptr = address(values_.data());
    request.user_data = user_data;
    return kernel.ioctl(fd, DRM_IOCTL_MODE_ATOMIC, &request);
}

} // namespace v4l2play
