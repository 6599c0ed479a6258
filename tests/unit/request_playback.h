// A stateless decoder on the fake kernel, with the H.264 codec, as most of its tests want it.
#pragma once

#include <memory>

#include "decoder/codec/h264.h"
#include "decoder/request/codec_controls.h"
#include "decoder/request/request_decoder.h"
#include "tests/fakes/playback.h"
#include "tests/unit/h264_clip.h"

namespace v4l2play::test {

inline DecoderConfig config_for(const ClipOptions& clip) {
    DecoderConfig config;
    config.stream.codec = CodecId::H264;
    config.stream.width = static_cast<int>(clip.width);
    config.stream.height = static_cast<int>(clip.height);
    config.presenter_slots = 2;
    config.queue_slots = 1;
    return config;
}

/// On the first stateless decoder that is found.
inline Result<std::unique_ptr<Decoder>> open_decoder(Kernel& kernel, const DecoderConfig& config,
                                                     std::unique_ptr<Codec> codec, ModePreference modes = {},
                                                     Nanoseconds teardown_limit = usual_teardown_limit) {
    V4L2PLAY_TRY(codec->configure(config.stream));
    const std::vector<DecoderDevice> devices = find_decoders(kernel);
    for (const DecoderDevice& device : devices)
        if (device.stateless)
            return create_request_decoder(kernel, device, std::move(codec), create_h264_controls(modes), config,
                                          teardown_limit);
    return fail(ENODEV, "no decoder", "find_decoders");
}

/// A device that is driven as one of that name and kernel.
inline fakes::FakeDecoder device_of(const char* driver, std::uint32_t kernel_version) {
    fakes::FakeDecoder device;
    device.driver = driver;
    device.kernel_version = kernel_version;
    return device;
}

/// On the first decoder, with controls other than H.264's.
inline Result<std::unique_ptr<Decoder>> open_decoder(Kernel& kernel, const ClipOptions& clip,
                                                     std::unique_ptr<CodecControls> controls) {
    return create_request_decoder(kernel, find_decoders(kernel).at(0), create_h264_codec(), std::move(controls),
                                  config_for(clip));
}

inline Result<std::unique_ptr<Decoder>> open_decoder(Kernel& kernel, const ClipOptions& clip,
                                                     ModePreference modes = {}) {
    return open_decoder(kernel, config_for(clip), create_h264_codec(), modes);
}

} // namespace v4l2play::test
