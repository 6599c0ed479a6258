// What parsers return.
#pragma once

#include "decoder/result.h"

namespace v4l2play {

/// Why a structure was refused: static text that names the element and its section, and whether the stream is broken
/// (EBADMSG), refers to what is not there (ENOENT), or uses what is not done here (ENOTSUP). No allocation.
struct SyntaxError {
    int code = 0;
    const char* why = "";
};
template <class T = void>
using Parsed = tl::expected<T, SyntaxError>;

} // namespace v4l2play
