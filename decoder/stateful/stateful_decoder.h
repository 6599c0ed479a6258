// The stateful decoder: a driver that parses the stream by itself (V4L2's "Memory-to-Memory Stateful Video Decoder
// Interface").
#pragma once

#include <memory>

#include "decoder/decoder.h"
#include "decoder/kernel.h"
#include "decoder/patience.h"
#include "decoder/v4l2/media_device.h"

namespace v4l2play {

/// The format that a stateful driver takes this codec in; 0 when there is none.
V4l2Fourcc stateful_fourcc(CodecId codec);

/// Opens `device` and starts its OUTPUT side. The rest waits for what the driver finds in the stream: a failure of that
/// comes as DecoderFailed. ENOTSUP, with the reason, when the device does not take the stream.
Result<std::unique_ptr<Decoder>> create_stateful_decoder(Kernel& kernel, const DecoderDevice& device,
                                                         const DecoderConfig& config,
                                                         Nanoseconds teardown_limit = usual_teardown_limit);

} // namespace v4l2play
