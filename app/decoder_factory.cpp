#include "app/decoder_factory.h"

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

Result<std::unique_ptr<Decoder>> open_stateful(const DecoderDevice& device, const DecoderConfig& config) {
    if (device.find_format(stateful_fourcc(config.stream.codec)) == nullptr)
        return fail(ENOTSUP, fmt::format("it does not decode {}", config.stream.codec_name));
    return create_stateful_decoder(system_kernel(), device, config);
}

Result<std::unique_ptr<Decoder>> open_device(const Options& options, const DecoderDevice& device,
                                             const DecoderConfig& config) {
    if (!device.stateless) return open_stateful(device, config);
    auto codec = create_codec(config.stream.codec);
    auto controls = create_controls(config.stream.codec, preference_of(options));
    if (codec == nullptr || controls == nullptr)
        return fail(ENOTSUP, fmt::format("{} through the Request API is not done yet", config.stream.codec_name));
    V4L2PLAY_TRY(codec->configure(config.stream));
    if (device.find_format(V4l2Fourcc{controls->coded_fourcc()}) == nullptr)
        return fail(ENOTSUP, fmt::format("it does not decode {}", config.stream.codec_name));
    return create_request_decoder(system_kernel(), device, std::move(codec), std::move(controls), config);
}

bool is_allowed(DecoderChoice choice, const DecoderDevice& device) {
    return choice == DecoderChoice::Auto ||
           choice == (device.stateless ? DecoderChoice::Request : DecoderChoice::Stateful);
}

std::string nothing_found(const Options& options) {
    if (!options.device.empty())
        return fmt::format("no decoder is called {}; --device=help lists them", options.device);
    return options.decoder == DecoderChoice::Stateful ? "no stateful hardware decoder: no /dev/video* device is one"
                                                      : "no hardware decoder: there is no usable /dev/media* device";
}

/// The first device that takes the stream, stateless ones first; null, with reasons, when there is none. `fault`: the
/// error of a device that could not be used, though it might take the stream.
std::unique_ptr<Decoder> try_devices(const Options& options, const DecoderConfig& config,
                                     std::vector<std::string>& reasons, int& fault) {
    bool any = false;
    std::vector<Error> closed;
    std::vector<DecoderDevice> devices = find_decoders(system_kernel(), &closed);
    // Nobody tells how busy a device is: several players, and the decoders of one, are spread over those that are
    // alike.
    static std::atomic<unsigned> turn{static_cast<unsigned>(::getpid())};
    take_turns(devices, turn++);
    for (const bool stateless : {true, false})
        for (const DecoderDevice& device : devices) {
            if (device.stateless != stateless || !is_allowed(options.decoder, device)) continue;
            if (!options.device.empty() && !is_meant(device, options.device)) continue;
            any = true;
            auto decoder = open_device(options, device, config);
            if (decoder) return std::move(*decoder);
            reasons.push_back(fmt::format("not by {}: {}", device.name(), decoder.error().what));
            if (is_device_fault(decoder.error().code)) fault = decoder.error().code;
        }
    for (Error& error : closed) {
        if (is_device_fault(error.code)) fault = error.code;
        reasons.push_back(std::move(error.what));
    }
    if (!any && (closed.empty() || !options.device.empty())) reasons.push_back(nothing_found(options));
    return nullptr;
}

} // namespace

Result<OpenedDecoder> open_decoder(const Options& options, DecoderConfig config, Output* output, bool software_only) {
    OpenedDecoder opened;
    config.stream.operating_point = options.operating_point;
    const bool hardware = options.decoder != DecoderChoice::Software;
    int fault = 0;
    if (hardware && !software_only) opened.decoder = try_devices(options, config, opened.reasons, fault);
    if (opened.decoder != nullptr) return opened;

    const bool software = options.decoder == DecoderChoice::Auto || options.decoder == DecoderChoice::Software;
    if (options.require_hw || !software)
        return fail(fault != 0 ? fault : ENOTSUP,
                    fmt::format("no hardware decoder plays this {} stream ({}); {}", config.stream.codec_name,
                                fmt::join(opened.reasons, "; "),
                                fault == EBUSY ? "stop the program that uses it, or give --decoder=software"
                                               : "--decoder=software would"));
    auto memory = output == nullptr ? create_slot_allocator(system_kernel(), config.output_needs_dmabuf)
                                    : output->create_memory(system_kernel());
    if (!memory) return fail(std::move(memory).error());
    auto decoder = create_software_decoder(system_kernel(), config, std::move(*memory));
    if (!decoder) return fail(std::move(decoder).error());
    opened.decoder = std::move(*decoder);
    return opened;
}

bool is_device_fault(int code) { return code == EBUSY || code == ENODEV || code == ENXIO || code == EIO; }

std::string describe_decoder_devices() {
    std::string text;
    for (const DecoderDevice& device : find_decoders(system_kernel())) {
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
