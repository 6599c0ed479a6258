// An atomic KMS request, built in place.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/kernel.h"
#include "render/kms/properties.h"

namespace v4l2play {

/// The arrays that DRM_IOCTL_MODE_ATOMIC takes, filled directly: object after object, nothing is sorted or copied, and
/// a request that is cleared and filled again allocates nothing. The first mistake in filling is remembered and is
/// what `commit` answers, so that callers check once.
class AtomicRequest {
  public:
    AtomicRequest();

    void clear();
    /// The object that the next properties belong to. An object may come more than once; the later value counts.
    void object(std::uint32_t id);
    /// A property that the object must have: ENOTSUP, naming it `name` (static storage), when it has not.
    void set(const KmsProperty& property, const char* name, std::uint64_t value);
    /// Nothing happens when the object has no such property, or it cannot be written.
    void set_if_writable(const KmsProperty& property, std::uint64_t value);

    /// `flags`: DRM_MODE_ATOMIC_*, DRM_MODE_PAGE_FLIP_EVENT; `user_data` comes back in the event. 0 or a negative
    /// errno; nothing is committed when filling had failed.
    int commit(Kernel& kernel, int fd, std::uint32_t flags, std::uint64_t user_data);

    /// 0, or the negative errno of the first mistake in filling, which `missing` names.
    [[nodiscard]] int failure() const { return failure_; }
    [[nodiscard]] const char* missing() const { return missing_; }

    [[nodiscard]] std::span<const std::uint32_t> objects() const { return objects_; }
    [[nodiscard]] std::span<const std::uint32_t> counts() const { return counts_; }
    [[nodiscard]] std::span<const std::uint32_t> properties() const { return properties_; }
    [[nodiscard]] std::span<const std::uint64_t> values() const { return values_; }

  private:
    void add(std::uint32_t property, std::uint64_t value);

    std::vector<std::uint32_t> objects_;
    std::vector<std::uint32_t> counts_; ///< properties per object
    std::vector<std::uint32_t> properties_;
    std::vector<std::uint64_t> values_;
    int failure_ = 0;
    const char* missing_ = "";
};

} // namespace v4l2play
