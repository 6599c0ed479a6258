// Pictures that libavcodec cannot put into slots itself: copied, or rearranged for an output that lacks their format
// (many displays read only NV12, which libavcodec never makes).
#pragma once

#include <span>

#include "decoder/pixel_layout.h"
#include "decoder/result.h"

struct AVFrame;

namespace v4l2play {

struct PictureTarget {
    const PixelLayout* layout = nullptr;
    bool converted = false; ///< not the memory that libavcodec makes: every picture has to be rearranged
};

/// What a slot for pictures of `pixel_format` (an AVPixelFormat) should look like. The format itself when the output
/// takes it, or `output_formats` is empty; else the format of the output that loses least; else the format itself
/// again, for the output to refuse. ENOTSUP when there is no way to put such pictures into slots.
Result<PictureTarget> choose_target(int pixel_format, std::span<const FormatModifier> output_formats);

/// Fills the slot memory with `frame`. Depth is rounded; chroma is taken from the nearest sample; where the picture has
/// none, it is gray.
void copy_picture(const AVFrame& frame, const PictureTarget& target, const FrameFormat& format, std::uint8_t* memory);

} // namespace v4l2play
