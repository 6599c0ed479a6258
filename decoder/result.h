// What a call gives back: a value, or an error that says what failed, where and why.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace v4l2play {

/// A failed call. `code` is an errno value (EINVAL, ENOTSUP, ENODEV, EBADMSG for malformed bitstream, ...), `what` one
/// line for a person, `where` the call or syntax structure that failed (static storage).
struct Error {
    int code = 0;
    std::string what;
    const char* where = "";
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(int code, std::string what, const char* where = "") {
    return tl::unexpected(Error{code, std::move(what), where});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

} // namespace v4l2play

/// Leaves the function with the error of `expression`, if it has one.
#define V4L2PLAY_TRY(expression)                                                                                       \
    do {                                                                                                               \
        if (auto try_result = (expression); !try_result) [[unlikely]]                                                  \
            return ::v4l2play::fail(std::move(try_result).error());                                                    \
    } while (0)
