// The log: the one process-wide sink. Lines go to standard error, with time and area at the higher levels.
#pragma once

#include <fmt/format.h>

namespace v4l2play {

enum class LogLevel { Error, Warning, Info, Debug, Trace };

/// Thread-safe. Lines above `level` are dropped before they are formatted.
void set_log_level(LogLevel level);
[[nodiscard]] bool log_enabled(LogLevel level);
void log_line(LogLevel level, const char* area, fmt::string_view format, fmt::format_args args);

/// `area` is a static string such as "kms" or "h264".
template <class... Args>
void log(LogLevel level, const char* area, fmt::format_string<Args...> format, const Args&... args) {
    if (log_enabled(level)) log_line(level, area, format, fmt::make_format_args(args...));
}

template <class... Args>
void log_error(const char* area, fmt::format_string<Args...> format, const Args&... args) {
    log(LogLevel::Error, area, format, args...);
}
template <class... Args>
void log_warning(const char* area, fmt::format_string<Args...> format, const Args&... args) {
    log(LogLevel::Warning, area, format, args...);
}
template <class... Args>
void log_info(const char* area, fmt::format_string<Args...> format, const Args&... args) {
    log(LogLevel::Info, area, format, args...);
}
template <class... Args>
void log_debug(const char* area, fmt::format_string<Args...> format, const Args&... args) {
    log(LogLevel::Debug, area, format, args...);
}

} // namespace v4l2play
