#include "decoder/software/libav_log.h"

#include <array>
#include <cstdarg>
#include <string_view>

#include "decoder/log.h"

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
}

namespace v4l2play {
namespace {

void write_line(void* context, int level, const char* format, va_list arguments) {
    const LogLevel ours = level <= AV_LOG_WARNING ? LogLevel::Debug : LogLevel::Trace;
    if (level > AV_LOG_VERBOSE || !log_enabled(ours)) return;
    thread_local int print_prefix = 1;
    std::array<char, 512> line{};
    av_log_format_line2(context, level, format, arguments, line.data(), static_cast<int>(line.size()), &print_prefix);
    std::string_view text(line.data());
    while (text.ends_with('\n')) text.remove_suffix(1);
    for (char& letter : line) {
        if ((letter > 0 && letter < 0x20) || letter == 0x7f) letter = '?';
    }
    if (!text.empty()) log(ours, "libav", "{}", text);
}

} // namespace

void redirect_libav_log() { av_log_set_callback(write_line); }

std::string libav_error_text(int code) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(code, text.data(), text.size());
    return text.data();
}

} // namespace v4l2play
