// `v4l2play probe` and `v4l2play devices`: what would play here, and why not.

#include <algorithm>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/decoder_factory.h"
#include "app/demuxer.h"
#include "app/format_table.h"
#include "app/notice.h"
#include "app/output_factory.h"
#include "render/kms/cards.h"
#include "render/kms/why.h"
#include "render/wayland/lease.h"

namespace v4l2play {
namespace {

void print_media(const std::string& file, const Demuxer& demuxer) {
    const MediaInfo& info = demuxer.info();
    print("{}: {}{}\n", file, info.container,
          info.duration == no_time ? "" : fmt::format(", {:.3f} s", static_cast<double>(info.duration) / 1e9));
    for (const StreamSummary& stream : info.streams)
        print("  {:<9} {:<12} {}{}\n", stream.kind, stream.codec, stream.details, stream.selected ? "  (played)" : "");
}

bool print_decoder(const Options& options, const Demuxer& demuxer, Output* output) {
    DecoderConfig config;
    config.stream = demuxer.stream();
    if (output != nullptr) {
        config.output_formats = offered_formats(*output, false);
        config.hardware_formats = offered_formats(*output, !options.require_zero_copy);
    }
    config.output_needs_dmabuf = !config.output_formats.empty();
    auto opened = open_decoder(options, config, output);
    if (!opened) {
        print("  decoder   none: {}\n", opened.error().what);
        return false;
    }
    const DecoderDescription decoder = opened->decoder->description();
    for (const std::string& reason : opened->reasons) print("            {}\n", reason);
    print("  decoder   {}: {}{}{}\n", decoder.kind, decoder.driver, decoder.mode.empty() ? "" : ", ", decoder.mode);
    return true;
}

void print_output(const OpenedOutput& opened) {
    const OutputDescription output = opened.output->description();
    for (const std::string& reason : opened.reasons) print("            not on {}\n", reason);
    print("  output    {}{}{} {}\n", output.kind, output.device.empty() ? "" : " ", output.device, output.mode);
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) print("{}\n", line);
}

bool probe_file(const Options& options, const std::string& file, const OpenedOutput* output) {
    auto demuxer = Demuxer::open(file);
    if (!demuxer) {
        complain(fmt::format("{}: {}", file, demuxer.error().what));
        return false;
    }
    print_media(file, **demuxer);
    const bool decoded = print_decoder(options, **demuxer, output == nullptr ? nullptr : output->output.get());
    if (output != nullptr) print_output(*output);
    return decoded;
}

std::vector<std::string> modes_of_lease(KmsOptions asked) {
    const auto lease =
        ask_for_lease(asked.connector.empty() ? std::vector<std::string>{} : std::vector{asked.connector});
    if (!lease) return {lease.error().what};
    asked.card = (*lease)->card();
    return mode_choices(asked);
}

} // namespace

bool answer_help(const Options& options) {
    const KmsOptions asked = [&] {
        const auto unless_help = [](const std::string& text) { return text == "help" ? std::string() : text; };
        KmsOptions kms;
        kms.card = unless_help(options.card);
        kms.connector = unless_help(options.connector);
        kms.mode = unless_help(options.mode);
        return kms;
    }();
    if (options.device == "help")
        print("{}", describe_decoder_devices());
    else if (options.card == "help")
        print_lines(card_choices());
    else if (options.connector == "help")
        print_lines(options.card == leased_card ? lent_connectors() : connector_choices(asked));
    else if (options.mode == "help")
        print_lines(options.card == leased_card ? modes_of_lease(asked) : mode_choices(asked));
    else
        return false;
    return true;
}

int probe(const Options& options) {
    auto output = open_output(options);
    if (!output) complain(output.error().what);
    std::size_t good = 0;
    for (const std::string& file : options.files)
        good += probe_file(options, file, output ? &*output : nullptr) ? 1U : 0U;
    if (good == 0) return exit_nothing_played;
    return good < options.files.size() ? exit_some_failed : exit_played;
}

/// `v4l2play devices --why FILE`
int explain(const Options& options) {
    auto demuxer = Demuxer::open(options.why);
    if (!demuxer) {
        complain(fmt::format("{}: {}", options.why, demuxer.error().what));
        return exit_nothing_played;
    }
    const StreamInfo& stream = (*demuxer)->stream();
    constexpr int largest = 16384;
    if (stream.width <= 0 || stream.height <= 0 || stream.width > largest || stream.height > largest) {
        complain(fmt::format("{}: it does not say how large its pictures are", options.why));
        return exit_nothing_played;
    }
    KmsOptions kms;
    kms.card = options.card;
    kms.connector = options.connector;
    kms.mode = options.mode;
    kms.content_rate = stream.frame_rate;
    kms.rotation = (options.rotate + static_cast<unsigned>(stream.rotation)) % 360;
    FrameInfo info;
    info.visible = {0, 0, static_cast<std::uint32_t>(stream.width), static_cast<std::uint32_t>(stream.height)};
    info.sample_aspect = stream.sample_aspect;
    info.color = stream.color;
    std::vector<FrameFormat> formats = decoder_formats(stream);
    for (const DrmFourcc usual : {fourcc_nv12, fourcc_p010})
        if (std::none_of(formats.begin(), formats.end(), [&](const FrameFormat& format) {
                return format.fourcc == usual && format.modifier == modifier_linear;
            }))
            formats.push_back(linear_format(usual, info.visible.width, info.visible.height));
    print_lines(explain_planes(kms, info, formats));
    return exit_played;
}

int devices(const Options& options) {
    if (!options.why.empty()) return explain(options);
    const std::vector<KmsCard> cards = list_kms_cards();
    print("decoders:\n{}software (libavcodec): every codec that it has\n\ncards:\n", describe_decoder_devices());
    print_lines(describe_kms_cards(cards));
    const std::vector<DecoderPixels> decoders = list_decoder_pixels();
    if (!decoders.empty()) print("\nplanes that show what decoders make, without a copy:\n");
    print_lines(cross(decoders, cards));
    return exit_played;
}

} // namespace v4l2play
