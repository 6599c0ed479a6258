// A display that a compositor lends: it keeps its hands off, and the KMS output drives it as if there was no
// compositor.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decoder/result.h"

namespace v4l2play {

/// What stands for a card of which the compositor lends a part.
constexpr std::string_view leased_card = "lease";

/// The compositor's own end of a lease. It lasts as long as this object and the compositor do, and no longer than the
/// compositor wants, which the kernel tells whoever uses the descriptor.
class DrmLease {
  public:
    virtual ~DrmLease() = default;
    /// "fd:7", for KmsOptions::card: with the leased objects alone. The descriptor stays this object's.
    [[nodiscard]] virtual std::string card() const = 0;
};

/// Asks the compositor that the environment names for these connectors, or for the first that it lends; waits for the
/// answer, half a minute at most: there may be a person who is asked. Source: drm-lease-v1 of wayland-protocols. ENODEV
/// (no compositor, no such display), ENOTSUP (it lends none, or this build has no such protocol), EACCES (it does not
/// want to), ETIMEDOUT.
Result<std::unique_ptr<DrmLease>> ask_for_lease(const std::vector<std::string>& connectors);

/// The answers to --card=lease --connector=help, one line each; errors come as a line too.
std::vector<std::string> lent_connectors();

} // namespace v4l2play
