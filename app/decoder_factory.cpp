#include "app/decoder_factory.h"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "decoder/codec/codec.h"
#include "decoder/request/codec_controls.h"
#include "decoder/request/request_decoder.h"
#include "decoder/software/software_decoder.h"
#include "decoder/stateful/stateful_decoder.h"
#include "decoder/v4l2/media_device.h"
#include "decoder/v4l2/quirks.h"

namespace v4l2play {
namespace {

ModePreference preference_of(const Options& options) {
    using Decode = ModePreference::Decode;
    using Code = ModePreference::StartCode;
    constexpr Decode decode[] = {Decode::Best, Decode::FrameBased, Decode::SliceBased};
    constexpr Code code[] = {Code::Best, Code::None, Code::AnnexB};
    return {decode[static_cast<int>(options.decode_mode)], code[static_cast<int>(options.start_code)]};
}

Result<> require_format(const DecoderDevice& device, V4l2Fourcc coded, const StreamInfo& stream) {
    if (device.find_format(coded) != nullptr) return {};
    return fail(ENOTSUP, fmt::format("it does not decode {}", stream.codec_name));
}

Result<std::unique_ptr<Decoder>> open_device(Kernel& kernel, const Options& options, const DecoderDevice& device,
                                             const DecoderConfig& config) {
    if (!device.stateless) {
        V4L2PLAY_TRY(require_format(device, stateful_fourcc(config.stream.codec), config.stream));
        return create_stateful_decoder(kernel, device, config);
    }
    auto codec = create_codec(config.stream.codec);
    auto controls = create_controls(config.stream.codec, preference_of(options));
    if (codec == nullptr || controls == nullptr)
        return fail(ENOTSUP, fmt::format("{} through the Request API is not done yet", config.stream.codec_name));
    V4L2PLAY_TRY(codec->configure(config.stream));
    V4L2PLAY_TRY(require_format(device, V4l2Fourcc{controls->coded_fourcc()}, config.stream));
    return create_request_decoder(kernel, device, std::move(codec), std::move(controls), config);
}

/// The same, with other formats if it makes nothing that is in `config`, and there are others; they stay there.
Result<std::unique_ptr<Decoder>> open_device(Kernel& kernel, const Options& options, const DecoderDevice& device,
                                             DecoderConfig& config, const FindFormats& find_formats) {
    auto decoder = open_device(kernel, options, device, config);
    if (decoder || !find_formats || !is_no_common_format(decoder.error())) return decoder;
    std::vector<FormatModifier> found = find_formats();
    if (found.empty()) return decoder;
    config.output_formats = std::move(found);
    return open_device(kernel, options, device, config);
}

/// Whether what the person has asked for, and what has happened, leave the device to be tried.
bool is_eligible(const Options& options, const TriedDecoders& tried, const DecoderDevice& device) {
    const DecoderChoice kind = device.stateless ? DecoderChoice::Request : DecoderChoice::Stateful;
    if (options.decoder != DecoderChoice::Auto && options.decoder != kind) return false;
    if (!options.device.empty() && !is_meant(device, options.device)) return false;
    return std::find(tried.devices.begin(), tried.devices.end(), device.video_path) == tried.devices.end();
}

std::string nothing_found(const Options& options) {
    if (!options.device.empty())
        return fmt::format("no decoder is called {}; --device=help lists them", options.device);
    return options.decoder == DecoderChoice::Stateful ? "no stateful hardware decoder: no /dev/video* device is one"
                                                      : "no hardware decoder: there is no usable /dev/media* device";
}

/// Those that may be tried: stateless ones first.
std::vector<DecoderDevice> eligible_devices(Kernel& kernel, const Options& options, const TriedDecoders& tried,
                                            std::vector<Error>& closed) {
    std::vector<DecoderDevice> devices = find_decoders(kernel, &closed);
    // Nobody tells how busy a device is: several players, and the decoders of one, are spread over those that are
    // alike.
    static std::atomic<unsigned> turn{static_cast<unsigned>(::getpid())};
    take_turns(devices, turn++);
    std::erase_if(devices, [&](const DecoderDevice& device) { return !is_eligible(options, tried, device); });
    std::stable_partition(devices.begin(), devices.end(), [](const DecoderDevice& device) { return device.stateless; });
    return devices;
}

/// The first device that takes the stream, into `opened`; none, with reasons, when there is none. `fault`: the error of
/// a device that could not be used, though it might take the stream.
void try_devices(Kernel& kernel, const Options& options, const DecoderConfig& config, const TriedDecoders& tried,
                 const FindFormats& find_formats, OpenedDecoder& opened, int& fault) {
    std::vector<Error> closed;
    const std::vector<DecoderDevice> devices = eligible_devices(kernel, options, tried, closed);
    DecoderConfig hardware = config;
    if (!config.hardware_formats.empty()) hardware.output_formats = config.hardware_formats;
    for (auto device = devices.begin(); device != devices.end(); ++device) {
        auto decoder = open_device(kernel, options, *device, hardware, find_formats);
        if (decoder) {
            opened.decoder = std::move(*decoder);
            opened.device = device->video_path;
            opened.any_other = std::any_of(device + 1, devices.end(), [&](const DecoderDevice& other) {
                return coded_format(other, config.stream.codec).has_value();
            });
            return;
        }
        opened.reasons.push_back(fmt::format("not by {}: {}", device->name(), decoder.error().what));
        if (is_device_fault(decoder.error().code)) fault = decoder.error().code;
    }
    for (Error& error : closed) {
        if (is_device_fault(error.code)) fault = error.code;
        opened.reasons.push_back(std::move(error.what));
    }
    const bool any = !devices.empty() || !tried.devices.empty();
    if (!any && (closed.empty() || !options.device.empty())) opened.reasons.push_back(nothing_found(options));
}

const char* cure(const StreamInfo& stream, int fault) {
    const bool software = has_software_decoder(stream);
    if (fault == EBUSY)
        return software ? "stop the program that uses it, or give --decoder=software" : "stop the program that uses it";
    return software ? "--decoder=software would" : "and nothing else does";
}

} // namespace

std::vector<FormatModifier> offered_formats(const Output& output, bool hardware) {
    std::vector<FormatModifier> formats = output.formats();
    if (!hardware || formats.empty()) return formats;
    for (const FormatModifier& drawn : output.drawn_formats()) add_new(formats, drawn);
    return formats;
}

std::optional<V4l2Fourcc> coded_format(const DecoderDevice& device, CodecId codec) {
    const auto controls = device.stateless ? create_controls(codec) : nullptr;
    if (device.stateless && controls == nullptr) return std::nullopt;
    const V4l2Fourcc fourcc = controls == nullptr ? stateful_fourcc(codec) : V4l2Fourcc{controls->coded_fourcc()};
    return device.find_format(fourcc) == nullptr ? std::nullopt : std::optional(fourcc);
}

Result<OpenedDecoder> open_decoder(const Options& options, DecoderConfig config, Output* output,
                                   const TriedDecoders& tried, Kernel& kernel, const FindFormats& find_formats) {
    OpenedDecoder opened;
    config.stream.operating_point = options.operating_point;
    const bool named = options.decoder == DecoderChoice::Request || options.decoder == DecoderChoice::Stateful;
    config.stream.base_alone = named && !options.require_hw; // a person who asks for hardware gets what that can do
    const bool hardware = options.decoder != DecoderChoice::Software;
    int fault = 0;
    if (hardware && !tried.all_hardware) try_devices(kernel, options, config, tried, find_formats, opened, fault);
    if (opened.decoder != nullptr) return opened;

    const bool software = options.decoder == DecoderChoice::Auto || options.decoder == DecoderChoice::Software;
    if (options.require_hw || !software)
        return fail(fault != 0 ? fault : ENOTSUP,
                    fmt::format("no hardware decoder plays this {} stream ({}); {}", config.stream.codec_name,
                                fmt::join(opened.reasons, "; "), cure(config.stream, fault)));
    auto memory =
        output == nullptr ? create_slot_allocator(kernel, config.output_needs_dmabuf) : output->create_memory(kernel);
    if (!memory) return fail(std::move(memory).error());
    auto decoder = create_software_decoder(kernel, config, std::move(*memory));
    if (!decoder) return fail(std::move(decoder).error());
    opened.decoder = std::move(*decoder);
    return opened;
}

bool is_device_fault(int code) { return code == EBUSY || code == ENODEV || code == ENXIO || code == EIO; }

std::string describe_decoder_devices(Kernel& kernel) {
    std::string text;
    for (const DecoderDevice& device : find_decoders(kernel)) {
        std::string formats;
        for (const CodedFormat& coded : device.coded_formats) formats += " " + to_string(coded.fourcc);
        text += fmt::format("{:<28} {:<9} {}:{}\n", device.name(), device.stateless ? "stateless" : "stateful",
                            device.video_path, formats);
        for (const QuirkRow& row : quirk_table())
            if (is_in_force(row, device.driver, device.kernel_version))
                text += fmt::format("  quirk: {} (kernels: {}; {})\n", row.meaning, row.kernels, row.reference);
    }
    return text.empty() ? "no hardware decoder found (no /dev/media* device leads to one)\n" : text;
}

} // namespace v4l2play
