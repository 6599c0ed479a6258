// The stateless decoder: a codec that parses, a device that decodes what it is told to, and the order of things.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"
#include "decoder/decoder.h"
#include "decoder/kernel.h"
#include "decoder/patience.h"
#include "decoder/request/codec_controls.h"
#include "decoder/v4l2/media_device.h"

namespace v4l2play {

/// Opens `device`, and sets it up when the codec knows its first sequence already. ENOTSUP, with the reason, when the
/// device, the stream and the output's formats do not go together. `codec` must have been configured for the stream.
Result<std::unique_ptr<Decoder>> create_request_decoder(Kernel& kernel, const DecoderDevice& device,
                                                        std::unique_ptr<Codec> codec,
                                                        std::unique_ptr<CodecControls> controls,
                                                        const DecoderConfig& config,
                                                        Nanoseconds teardown_limit = usual_teardown_limit);

} // namespace v4l2play
