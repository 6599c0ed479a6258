// Which decoder plays a stream here, and why not another.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/options.h"
#include "decoder/decoder.h"
#include "decoder/v4l2/media_device.h"
#include "render/output.h"

namespace v4l2play {

struct OpenedDecoder {
    std::unique_ptr<Decoder> decoder;
    std::string device;               ///< path of its video node; empty: software
    bool any_other = false;           ///< another device, not asked yet, decodes such streams, too
    std::vector<std::string> reasons; ///< one line per decoder that was not taken
};

/// What has given a stream up, and is not asked again.
struct TriedDecoders {
    std::vector<std::string> devices; ///< OpenedDecoder::device
    bool all_hardware = false;
};

/// Finds out what more hardware may make; empty: nothing.
using FindFormats = std::function<std::vector<FormatModifier>()>;

/// Tries, as `options` allow, stateless devices, then software, which decodes into memory that `output` can show (null:
/// any). When none is left, all reasons in one line: ENOTSUP, or the error of a device that could not be used at all
/// (`is_device_fault`). `find_formats` is asked when a device does the stream, but makes nothing that is in `config`.
Result<OpenedDecoder> open_decoder(const Options& options, DecoderConfig config, Output* output = nullptr,
                                   const TriedDecoders& tried = {}, Kernel& kernel = system_kernel(),
                                   const FindFormats& find_formats = {});

/// What decoders may make for `output`, best first; empty: anything. One on the CPU makes what is shown as it is; for
/// `hardware`, which makes what it makes, other frames are rather drawn or copied.
std::vector<FormatModifier> offered_formats(const Output& output, bool hardware);

/// What streams of `codec` are called on that device; empty where it does not decode them.
std::optional<V4l2Fourcc> coded_format(const DecoderDevice& device, CodecId codec);

/// Whether an error says that a device is busy, gone or broken, not that it does not do what the stream needs.
bool is_device_fault(int code);

/// Lines for --device=help.
std::string describe_decoder_devices(Kernel& kernel = system_kernel());

} // namespace v4l2play
