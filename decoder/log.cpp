#include "decoder/log.h"

#include <atomic>
#include <cstdio>
#include <ctime>

namespace v4l2play {
namespace {

std::atomic<LogLevel> current_level{LogLevel::Warning};

constexpr const char* level_name(LogLevel level) {
    switch (level) {
    case LogLevel::Error:
        return "error: ";
    case LogLevel::Warning:
        return "warning: ";
    default:
        return "";
    }
}

} // namespace

void set_log_level(LogLevel level) { current_level.store(level, std::memory_order_relaxed); }

bool log_enabled(LogLevel level) { return level <= current_level.load(std::memory_order_relaxed); }

void log_line(LogLevel level, const char* area, fmt::string_view format, fmt::format_args args) {
    fmt::memory_buffer line;
    auto out = std::back_inserter(line);
    if (log_enabled(LogLevel::Debug)) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        fmt::format_to(out, "[{:6}.{:06}] ", static_cast<long>(now.tv_sec), now.tv_nsec / 1000);
    }
    fmt::format_to(out, "{}: {}", area, level_name(level));
    fmt::vformat_to(out, format, args);
    line.push_back('\n');
    // One write per line, so that lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace v4l2play
