// Frames on a display plane, without a compositor and without a copy.
#pragma once

#include <memory>

#include "render/kms/cards.h"
#include "render/output.h"

namespace v4l2play {

/// Takes the display over when it is first configured and puts it back as it was when it is destroyed. Errors are one
/// line each with the cure, or with what there is: ENODEV, EACCES, EBUSY (another program holds the display), EINVAL
/// (no such connector or mode), ENOTSUP.
///
/// `present` takes the frame's slot when it succeeds (`frame.slot` is then empty). A frame whose pool or info is not
/// the configured one is configured for on the way. Frames must not wait when `configure` is called (`ready`), or they
/// are discarded.
///
/// `seat`, which may be null, lends the card: while another session has it, frames are discarded and no commit is
/// tried; whatever is on the screen then stays held, as nobody tells how long it is read.
Result<std::unique_ptr<Output>> create_kms_output(const KmsOptions& options, Kernel& kernel = system_kernel(),
                                                  std::unique_ptr<Seat> seat = nullptr);

} // namespace v4l2play
