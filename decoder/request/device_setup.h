// How a stateless device is set up for a sequence: the part that happens before the first request.
#pragma once

#include <string>

#include "decoder/decoder.h"
#include "decoder/request/codec_controls.h"
#include "decoder/v4l2/media_device.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

/// Controls as a video device tells of them.
class DeviceProbe final : public ControlProbe {
  public:
    explicit DeviceProbe(const VideoDevice& device)
        : device_(device) {}
    ControlFacts query(std::uint32_t control_id) override;

  private:
    const VideoDevice& device_;
};

/// Formats of both sides as the driver has fixed them.
struct DeviceFormats {
    PixelFormat coded;
    PixelFormat pixels;
};

/// ENOTSUP when the device cannot take the stream for its format or size, as far as discovery told.
Result<> check_device(const DecoderDevice& device, V4l2Fourcc coded, std::uint32_t width, std::uint32_t height);

/// S_FMT OUTPUT, controls, S_FMT CAPTURE, in the order that the interface demands. ENOTSUP with the reason when the
/// device, the sequence and the output's formats do not go together.
Result<DeviceFormats> set_up_device(const VideoDevice& device, CodecControls& controls, const SequenceInfo& sequence,
                                    std::span<const FormatModifier> output_formats);

/// The pixel format that `set_up_device` would choose for these formats of the output, on a device that is set up for
/// the sequence. ENOTSUP, with the reason, when there is none.
Result<V4l2Fourcc> choose_pixel_format(const VideoDevice& device, const SequenceInfo& sequence, V4l2Fourcc current,
                                       std::span<const FormatModifier> output_formats);

/// How many slots a sequence needs, and why.
struct SlotCount {
    unsigned count = 0;
    unsigned least = 0; ///< with fewer, decoding stops for ever with the references alone
    std::string terms;
};
SlotCount count_slots(const SequenceInfo& sequence, const DecoderConfig& config);

} // namespace v4l2play
