// A display whose card may go, and come back.
#pragma once

#include <memory>

#include "render/kms/cards.h"
#include "render/output.h"

namespace v4l2play {

/// As create_kms_output; but when the card itself goes (its driver is unbound, its cable to the machine pulled), frames
/// are discarded and the card is waited for. The card at the same place of the machine is it, whatever its number then
/// is, and shows what is due. `lend`: cards come from a seat, where there is one.
Result<std::unique_ptr<Output>> create_lasting_kms_output(const KmsOptions& options, bool lend,
                                                          Kernel& kernel = system_kernel());

} // namespace v4l2play
