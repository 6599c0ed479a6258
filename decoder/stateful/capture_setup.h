// What the CAPTURE side of a stateful decoder is set to, once the driver has seen the stream's headers.
#pragma once

#include <span>

#include "decoder/decoder.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

struct CaptureFormat {
    PixelFormat pixels;
    FrameInfo info;           ///< visible part, aspect and colour
    unsigned minimum_buffers; ///< that the driver keeps for itself (V4L2_CID_MIN_BUFFERS_FOR_CAPTURE)
};

/// Chooses among what the driver offers for this stream what the output shows best, and sets it. ENOTSUP when there is
/// nothing.
Result<CaptureFormat> set_up_capture(const VideoDevice& device, const DecoderConfig& config);

/// Whether `set_up_capture` would choose another pixel format for these formats of the output.
bool would_change_capture(const VideoDevice& device, std::span<const FormatModifier> output_formats);

} // namespace v4l2play
