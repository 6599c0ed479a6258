// What people are told: plain lines on standard error while nothing is wrong, silenced by --quiet; the one line when
// something is; and on standard output what they asked for. Wherever that goes may be full, closed or gone: it costs
// the lines, not the playback. (fmt::print throws.)
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/options.h"

namespace v4l2play {

void write_text(std::FILE* to, std::string_view text);

/// To standard output.
template <typename... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
    write_text(stdout, fmt::format(format, std::forward<Values>(values)...));
}

inline void notice(const Options& options, const std::string& line) {
    if (!options.quiet) write_text(stderr, line + '\n');
}

/// The one line about what went wrong with a file or the whole run.
inline void complain(const std::string& line) { write_text(stderr, fmt::format("v4l2play: {}\n", line)); }

/// Some text for standard output could not be written.
bool output_lost();

/// At the start: what the program opens must not get the number of a standard stream that it was started without.
void open_standard_streams();
/// At the end: `code`, or the exit code for output that was lost.
int finish_output(int code);

} // namespace v4l2play
