// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "decoder/nanoseconds.h"

namespace v4l2play {

/// What the process answers; part of the contract with scripts.
enum ExitCode : int {
    exit_played = 0,
    exit_usage = 1,
    exit_nothing_played = 2,
    exit_some_failed = 3,
    exit_signal = 4,
    exit_requirement_broken = 5,
    exit_no_display = 6,
    exit_decoder_fault = 7,
};

enum class Command { Play, Md5, Probe, Devices };
enum class DecoderChoice { Auto, Request, Stateful, Software };
enum class DecodeMode { Best, Frame, Slice };
enum class StartCode { Best, None, AnnexB };
enum class SeatChoice { Auto, None };
enum class GlesChoice { Auto, Always, Never };
enum class OutputChoice { Auto, Wayland, Kms, Offscreen, Null };

struct Options {
    Command command = Command::Play;
    std::vector<std::string> files;
    DecoderChoice decoder = DecoderChoice::Auto;
    OutputChoice output = OutputChoice::Auto;
    SeatChoice seat = SeatChoice::Auto;
    GlesChoice gles = GlesChoice::Auto;
    std::string device;
    unsigned operating_point = 0; ///< StreamInfo::operating_point
    DecodeMode decode_mode = DecodeMode::Best;
    StartCode start_code = StartCode::Best;
    std::string card;
    std::string connector;
    std::vector<std::string> clones; ///< other connectors, which show the same
    std::string mode;
    bool vrr = false;
    std::string why; ///< devices: the file to explain planes for
    std::string report;
    std::string ledger;
    std::string fullscreen; ///< empty: no; "any", or the connector of a screen
    unsigned rotate = 0;    ///< clockwise: 0, 90, 180, 270
    std::string screenshots;
    std::string contact_sheet;
    Nanoseconds start = 0;
    std::optional<std::uint64_t> frames; ///< of each item
    bool loop = false;
    bool clock = true;
    unsigned unsafe_release = 0; ///< SlotPool::set_unsafe_release
    unsigned slow_output = 0;    ///< refreshes by which everything is shown later
    bool require_hw = false;
    bool require_zero_copy = false;
    bool stats = false;
    bool per_frame = false; ///< md5
    int verbose = 0;
    bool quiet = false;
};

/// The options, or the exit code when the command line has been dealt with (--help, errors: said already).
std::variant<Options, int> parse_command_line(int argc, char** argv);

} // namespace v4l2play
