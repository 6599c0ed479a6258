#include "app/commands.h"
#include "app/notice.h"
#include "app/options.h"
#include "app/player.h"
#include "decoder/kernel.h"
#include "decoder/log.h"

namespace v4l2play {
namespace {

LogLevel log_level(const Options& options) {
    if (options.quiet) return LogLevel::Error;
    switch (options.verbose) {
    case 0:
        return LogLevel::Warning;
    case 1:
        return LogLevel::Info;
    default:
        return LogLevel::Debug;
    }
}

int run(const Options& options, Nanoseconds program_start) {
    set_log_level(log_level(options));
    if (answer_help(options)) return exit_played;
    switch (options.command) {
    case Command::Play:
        return play(options, program_start);
    case Command::Md5:
        return md5(options);
    case Command::Probe:
        return probe(options);
    case Command::Devices:
        return devices(options);
    }
    return exit_usage;
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    const v4l2play::Nanoseconds start = v4l2play::system_kernel().now();
    v4l2play::open_standard_streams();
    const auto parsed = v4l2play::parse_command_line(argc, argv);
    const int* code = std::get_if<int>(&parsed);
    return v4l2play::finish_output(code != nullptr ? *code : v4l2play::run(std::get<v4l2play::Options>(parsed), start));
}
