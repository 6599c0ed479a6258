// Reads AV1 syntax elements into the fields of a structure and checks their range.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>

#include "decoder/codec/av1_bits.h"
#include "decoder/codec/syntax_error.h"

namespace v4l2play::av1 {

/// The first error sticks, and from there on elements read as 0: a parser reads on to its end (loops look at `ok`) and
/// asks `result` once.
class SyntaxReader {
  public:
    explicit SyntaxReader(std::span<const std::uint8_t> bytes)
        : bits_(bytes) {}

    // The descriptors of section 4.10.
    std::uint32_t f(unsigned n) { return ok() ? bits_.f(n) : 0; }
    template <class T>
    void f(T& field, unsigned n) {
        field = static_cast<T>(f(n));
    }
    template <class T>
    void f(T& field, unsigned n, std::uint32_t maximum, const char* why) {
        const std::uint32_t value = f(n);
        require(value <= maximum, why);
        field = static_cast<T>(value <= maximum ? value : 0);
    }
    bool flag() { return ok() && bits_.flag(); }
    void flag(bool& field) { field = flag(); }
    std::int32_t su(unsigned n) { return ok() ? bits_.su(n) : 0; }
    std::uint32_t ns(std::uint32_t n) { return ok() ? bits_.ns(n) : 0; }
    std::uint32_t uvlc() { return ok() ? bits_.uvlc() : 0; }
    std::uint32_t le(unsigned n) { return ok() ? bits_.le(n) : 0; }

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
    [[nodiscard]] BitReader& bits() { return bits_; }

  private:
    BitReader bits_;
    SyntaxError error_;
};

} // namespace v4l2play::av1
