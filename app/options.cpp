#include "app/options.h"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/notice.h"
#include "render/gles/gles_painter.h"
#include "render/kms/keyboards.h"
#include "render/kms/mode.h"
#include "render/kms/seat.h"
#include "render/kms/sink.h"
#include "render/overlay/overlay.h"
#include "render/wayland/wayland_output.h"

namespace v4l2play {
namespace {

struct CommandText {
    Command command;
    const char* name;
    const char* synopsis;
    const char* summary;
};

constexpr CommandText commands[] = {
    {Command::Play, "play", "v4l2play [play] [OPTIONS] FILE...",
     "Play files, one after the other (the default command)."},
    {Command::Md5, "md5", "v4l2play md5 [OPTIONS] FILE...",
     "Decode without showing; print the MD5 of the cropped frames in display order."},
    {Command::Probe, "probe", "v4l2play probe [OPTIONS] FILE...",
     "Say what is in files, what would play them here, and why not."},
    {Command::Devices, "devices", "v4l2play devices [OPTIONS]",
     "List decoders, their formats, and the planes that show them."},
};

const CommandText& text_of(Command command) { return commands[static_cast<std::size_t>(command)]; }

std::string footer() {
    return "Commands: play (default), md5, probe, devices; `v4l2play COMMAND --help` tells more.\n"
           "Every option with a choice accepts `help`, for example --connector=help.\n"
           "Keys: space pauses, q quits, left and right seek by 5 s, up and down by 60 s,\n"
           "      i shows and hides the slot timeline (--stats).\n"
           "Exit codes: 0 played as required, 1 usage, 2 nothing played, 3 some items failed, 4 ended by a signal,\n"
           "            5 a requirement was broken, 6 no display, 7 decoder or driver fault.";
}

template <class Choice>
using Names = std::vector<std::pair<std::string, std::pair<Choice, const char*>>>;

const Names<DecoderChoice> decoder_names = {
    {"auto", {DecoderChoice::Auto, "a hardware decoder where there is one for the stream, else software"}},
    {"request", {DecoderChoice::Request, "stateless hardware decoders only (V4L2 Request API)"}},
    {"stateful", {DecoderChoice::Stateful, "stateful hardware decoders only (V4L2 M2M)"}},
    {"software", {DecoderChoice::Software, "libavcodec, decoding straight into the buffers that are shown"}},
};
const Names<DecodeMode> decode_mode_names = {
    {"auto", {DecodeMode::Best, "frame where the driver has it"}},
    {"frame", {DecodeMode::Frame, "one request per picture"}},
    {"slice", {DecodeMode::Slice, "one request per slice"}},
};
const Names<StartCode> start_code_names = {
    {"auto", {StartCode::Best, "annexb where the driver has it"}},
    {"none", {StartCode::None, "slices without start codes"}},
    {"annexb", {StartCode::AnnexB, "slices with start codes"}},
};
const Names<OutputChoice> output_names = {
    {"auto", {OutputChoice::Auto, "wayland in a desktop session, kms where a card can be used, else offscreen"}},
    {"wayland", {OutputChoice::Wayland, "a window of the compositor that WAYLAND_DISPLAY names"}},
    {"kms", {OutputChoice::Kms, "a display plane of a card, without a compositor"}},
    {"offscreen", {OutputChoice::Offscreen, "in real time to nowhere; can save pictures"}},
    {"null", {OutputChoice::Null, "decode only, as fast as possible"}},
};
const Names<SeatChoice> seat_names = {
    {"auto",
     {SeatChoice::Auto, "the card is lent by seatd or logind where there is one, and shared with other sessions"}},
    {"none", {SeatChoice::None, "the card is opened directly"}},
};
const Names<GlesChoice> gles_names = {
    {"auto", {GlesChoice::Auto, "what the display does not take, where a GPU draws"}},
    {"always", {GlesChoice::Always, "everything, also where the CPU draws"}},
    {"never", {GlesChoice::Never, "what the display does not take is copied, or not shown"}},
};
const Names<unsigned> rotations = {
    {"0", {0, "as it is"}},
    {"90", {90, "clockwise"}},
    {"180", {180, "upside down"}},
    {"270", {270, "counter-clockwise"}},
};

/// An option of a few named values; `help` lists them.
template <class Choice>
void add_choice(CLI::App& app, const char* flags, Choice& value, const Names<Choice>& names, const char* summary) {
    std::string list;
    for (const auto& [name, meaning] : names) list += (list.empty() ? "" : "|") + name;
    app.add_option_function<std::string>(
           flags,
           [&value, &names, flags](const std::string& given) {
               for (const auto& [name, meaning] : names)
                   if (name == given) {
                       value = meaning.first;
                       return;
                   }
               if (given == "help") {
                   for (const auto& [name, meaning] : names) print("{:<10} {}\n", name, meaning.second);
                   throw CLI::Success();
               }
               throw CLI::ValidationError(fmt::format("{}={} is unknown; see {}=help", flags, given, flags));
           },
           summary)
        ->type_name(list);
}

/// Seconds, mm:ss or hh:mm:ss, with a fraction.
Nanoseconds parse_time(const std::string& text) {
    double total = 0;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t colon = text.find(':', begin);
        const std::string part = text.substr(begin, colon == std::string::npos ? colon : colon - begin);
        std::size_t used = 0;
        double value = -1;
        try {
            value = std::stod(part, &used);
        } catch (const std::exception&) {
            used = 0;
        }
        if (used != part.size() || part.empty() || !(value >= 0) || value > 1e7)
            throw CLI::ValidationError(fmt::format("--start={}: not a time; give seconds, mm:ss or hh:mm:ss", text));
        total = total * 60 + value;
        if (colon == std::string::npos) return static_cast<Nanoseconds>(total * 1e9);
        begin = colon + 1;
    }
}

void add_decoder_options(CLI::App& app, Options& options) {
    add_choice(app, "--decoder", options.decoder, decoder_names, "How to decode");
    app.add_option("--device", options.device, "Decoder device: driver name, driver:bus, or path")
        ->type_name("NAME|help");
    app.add_option("--operating-point", options.operating_point,
                   "AV1 in layers: which of the stream's operating points, 0 being the best")
        ->type_name("N")
        ->check(CLI::Range(0, 31));
    add_choice(app, "--decode-mode", options.decode_mode, decode_mode_names,
               "For driver engineers: stateless decode mode");
    add_choice(app, "--start-code", options.start_code, start_code_names, "For driver engineers: start codes");
    app.add_flag("--require-hw", options.require_hw, "Refuse to decode in software");
}

void add_output_options(CLI::App& app, Options& options) {
    add_choice(app, "--output", options.output, output_names, "Where to show");
    app.add_option("--card", options.card, "Card: driver name, path, fd:N, or lease, of the compositor")
        ->type_name("NAME|help");
    app.add_option_function<std::vector<std::string>>(
           "--connector",
           [&options](const std::vector<std::string>& names) {
               options.connector = names.front();
               options.clones.assign(names.begin() + 1, names.end());
           },
           "Connector, as HDMI-A-1; repeated: the others show the same")
        ->type_name("NAME|help")
        ->allow_extra_args(false);
    app.add_option("--mode", options.mode,
                   "preferred, content (a multiple of the first file's rate), 1920x1080 or 1920x1080@60")
        ->type_name("MODE|help")
        ->check(CLI::Validator([](const std::string& text) { return text == "help" ? "" : mode_error(text); }, ""));
}

/// Nothing for a number from 1 on; CLI11 takes negative ones for large.
std::string count_error(const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (digits && text.find_first_not_of('0') != std::string::npos) return "";
    return fmt::format("{} is no number of frames; give 1 or more", text);
}

void add_frames(CLI::App& app, Options& options, const char* summary) {
    app.add_option("--frames", options.frames, summary)->type_name("N")->check(CLI::Validator(count_error, ""));
}

void add_play_options(CLI::App& app, Options& options) {
    add_output_options(app, options);
    app.add_flag("--vrr", options.vrr, "Let the display wait for each frame, where it can (kms)");
    app.add_flag("--fullscreen{any}", options.fullscreen,
                 "Fill a screen of the compositor's choice, or --fullscreen=OUTPUT")
        ->type_name("[=OUTPUT]");
    add_choice(app, "--seat", options.seat, seat_names, "Who lends the card (kms)");
    add_choice(app, "--gles", options.gles, gles_names, "What GLES draws first, in RGB");
    add_choice(app, "--rotate", options.rotate, rotations, "Turn the picture clockwise");
    app.add_flag("--require-zero-copy", options.require_zero_copy,
                 "Fail unless every frame is scanned out of its own buffer");
    app.add_option_function<std::string>(
           "--start", [&options](const std::string& text) { options.start = parse_time(text); }, "Start at this time")
        ->type_name("TIME");
    add_frames(app, options, "Show this many frames of each file");
    app.add_flag("--loop", options.loop, "Start over at the end of the list, for ever");
    app.add_flag_callback(
        "--no-clock", [&options] { options.clock = false; }, "Show frames as fast as they come");
    app.add_flag("--stats", options.stats, "Show what the slots do, above the video (key: i)");
    app.add_option("--report", options.report, "Write a report (JSON) when done")->type_name("FILE");
    app.add_option("--ledger", options.ledger, "Write what became of each frame (CSV)")->type_name("FILE");
    // Not in the help: they break playback on purpose (README, Developing).
    app.add_option("--unsafe-release", options.unsafe_release)->group("");
    app.add_option("--slow-output", options.slow_output)->check(CLI::Range(0, 16))->group("");
    app.add_option("--screenshots", options.screenshots, "Save every shown frame as PNG here (offscreen)")
        ->type_name("DIR");
    app.add_option("--contact-sheet", options.contact_sheet, "Save an overview of the frames shown (offscreen)")
        ->type_name("FILE.png");
}

void add_options(CLI::App& app, Options& options) {
    auto* files = app.add_option("FILE", options.files, "Media files; - is standard input");
    if (options.command == Command::Devices) files->group("");
    if (options.command != Command::Devices) add_decoder_options(app, options);
    if (options.command == Command::Play) add_play_options(app, options);
    if (options.command == Command::Probe || options.command == Command::Devices) add_output_options(app, options);
    if (options.command == Command::Devices)
        app.add_option("--why", options.why, "Which planes would show this file, and why not the others")
            ->type_name("FILE");
    if (options.command == Command::Md5) {
        app.add_flag("--per-frame", options.per_frame, "One line per frame (number, time, MD5) before the total");
        add_frames(app, options, "Stop after this many frames");
    }
    app.add_flag("-v,--verbose", options.verbose, "Say more; twice: everything");
    app.add_flag("-q,--quiet", options.quiet, "Say nothing but errors");
    app.set_version_flag("--version", "v4l2play " V4L2PLAY_VERSION + wayland_build_notes() + seat_build_notes() +
                                          sink_build_notes() + keyboards_build_notes() + gles_build_notes() +
                                          overlay_build_notes());
}

/// CLI11 would list options in the usage line that are not meant to be read there.
class Formatter final : public CLI::Formatter {
  public:
    explicit Formatter(const char* synopsis)
        : synopsis_(synopsis) {
        column_width(36);
    }
    std::string make_usage(const CLI::App*, std::string) const override {
        return fmt::format("Usage: {}\n", synopsis_);
    }

  private:
    const char* synopsis_;
};

Command command_of(int argc, char** argv) {
    for (const CommandText& text : commands)
        if (argc > 1 && text.name == std::string_view(argv[1])) return text.command;
    return Command::Play;
}

/// What "help" asks of the machine, not of the command line, is answered later: no file is needed for it.
bool asks_for_help(const Options& options) {
    return options.device == "help" || options.card == "help" || options.connector == "help" || options.mode == "help";
}

/// What is named decides where `auto` goes; what contradicts it is refused.
void settle_output(Options& options) {
    if (asks_for_help(options)) return;
    const auto need = [&options](OutputChoice needed, const char* what) {
        if (options.output == OutputChoice::Auto) options.output = needed;
        if (options.output != needed) throw CLI::ValidationError(what);
    };
    if (!options.screenshots.empty() || !options.contact_sheet.empty())
        need(OutputChoice::Offscreen, "--screenshots and --contact-sheet are for --output=offscreen");
    if (!options.card.empty() || !options.connector.empty() || !options.mode.empty())
        need(OutputChoice::Kms, "--card, --connector and --mode are for --output=kms");
}

/// CLI11 would take the next word for the value.
void refuse_empty_values(int argc, char** argv) {
    for (int i = 1; i < argc && argv[i] != std::string_view("--"); ++i)
        if (const std::string_view word = argv[i]; word.starts_with("--") && word.ends_with('='))
            throw CLI::ValidationError(fmt::format("{} needs a value", word));
}

} // namespace

std::variant<Options, int> parse_command_line(int argc, char** argv) {
    Options options;
    options.command = command_of(argc, argv);
    const CommandText& text = text_of(options.command);
    if (argc > 1 && std::string_view(argv[1]) == text.name) {
        ++argv;
        --argc;
    }
    CLI::App app(text.summary);
    app.formatter(std::make_shared<Formatter>(text.synopsis));
    app.footer(footer());
    add_options(app, options);
    try {
        refuse_empty_values(argc, argv);
        app.parse(argc, argv);
        if (options.files.empty() && options.command != Command::Devices && !asks_for_help(options))
            throw CLI::ValidationError(fmt::format("no file given. Usage: {}; --help tells more", text.synopsis));
        settle_output(options);
    } catch (const CLI::Success& success) {
        return app.exit(success) == 0 ? static_cast<int>(exit_played) : static_cast<int>(exit_usage);
    } catch (const CLI::ParseError& error) {
        complain(error.what());
        return static_cast<int>(exit_usage);
    }
    return options;
}

} // namespace v4l2play
