// A display that a compositor lends: it keeps its hands off, and the KMS output drives it as if there was no
// compositor.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decoder/result.h"

namespace v4l2play {

/// What stands for a card of which the compositor lends a part.
constexpr std::string_view leased_card = "lease";

/// The compositor's own end of a lease. It lasts as long as this object and the compositor do, and no longer than the
/// compositor wants.
class DrmLease {
  public:
    virtual ~DrmLease() = default;
    /// "fd:7", for KmsOptions::card: with the leased objects alone. The descriptor stays this object's.
    [[nodiscard]] virtual std::string card() const = 0;
    /// That are leased.
    [[nodiscard]] virtual const std::vector<std::string>& connectors() const = 0;
    /// Readable when the compositor may have ended it.
    [[nodiscard]] virtual int fd() const = 0;
    /// Why it has ended, once it has.
    virtual Result<> check() = 0;
};

/// Asks the compositor that the environment names for these connectors, or for the first that it lends; waits for the
/// answer, half a minute at most: there may be a person who is asked. Source: drm-lease-v1 of wayland-protocols. ENODEV
/// (no compositor, no such display), ENOTSUP (it lends none, or this build has no such protocol), EACCES (it does not
/// want to), ETIMEDOUT.
Result<std::unique_ptr<DrmLease>> ask_for_lease(const std::vector<std::string>& connectors);
/// The same after a lease was taken back, until it is `cancelled`: whoever lent it may offer these connectors again at
/// any time. A compositor that is gone, and one that lends nothing, is waited for half a minute.
Result<std::unique_ptr<DrmLease>> ask_for_lease_again(const std::vector<std::string>& connectors,
                                                      const std::atomic<bool>& cancelled);

/// The answers to --card=lease --connector=help, one line each; errors come as a line too.
std::vector<std::string> lent_connectors();

} // namespace v4l2play
