// What readers of syntax elements have in common: bits that may end, and an error that sticks.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>

#include "decoder/codec/syntax_error.h"

namespace v4l2play {

/// The first error sticks, and from there on elements are to be read as 0: a parser reads on to its end (loops look at
/// `ok`) and asks `result` once.
template <class Bits>
class CheckedBits {
  public:
    explicit CheckedBits(std::span<const std::uint8_t> bytes)
        : bits_(bytes) {}

    /// A condition that several elements make up. A cut unit breaks none: the zeros are not its own.
    void require(bool condition, const char* why, int code = EBADMSG) {
        if (!condition && ok()) error_ = {code, why};
    }

    [[nodiscard]] bool ok() const { return error_.code == 0 && !bits_.failed(); }
    /// Success, or why not; `truncated` when the unit ended too early.
    [[nodiscard]] Parsed<> result(const char* truncated) const {
        if (error_.code != 0) return tl::unexpected(error_);
        if (bits_.failed()) return tl::unexpected(SyntaxError{EBADMSG, truncated});
        return {};
    }
    [[nodiscard]] Bits& bits() { return bits_; }

  protected:
    Bits bits_;

  private:
    SyntaxError error_;
};

} // namespace v4l2play
