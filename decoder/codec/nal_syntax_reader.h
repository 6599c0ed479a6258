// Reads syntax elements of H.264 and H.265 into the fields of a structure, and checks their range.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>

#include "decoder/codec/bits.h"
#include "decoder/codec/syntax_error.h"

namespace v4l2play::nal {

/// The first error sticks, and from there on elements read as 0: a parser reads on to its end (loops look at `ok`) and
/// asks `result` once.
class SyntaxReader {
  public:
    explicit SyntaxReader(std::span<const std::uint8_t> nal)
        : bits_(nal) {}

    // The descriptors of H.264 clause 7.2, which are those of H.265 clause 7.2.
    template <class T>
    void u(T& field, unsigned n) {
        field = static_cast<T>(ok() ? bits_.u(n) : 0);
    }
    void flag(bool& field) { field = flag(); }
    bool flag() { return ok() && bits_.flag(); }

    template <class T>
    void u(T& field, unsigned n, std::uint32_t maximum, const char* why) {
        u(field, n);
        if (field > maximum) field = static_cast<T>(refuse(why));
    }
    template <class T>
    void ue(T& field, std::uint32_t maximum, const char* why) {
        field = static_cast<T>(ue(maximum, why));
    }
    std::uint32_t ue(std::uint32_t maximum, const char* why) {
        const std::uint32_t value = ok() ? bits_.ue() : 0;
        return value > maximum ? refuse(why) : value;
    }
    template <class T>
    void se(T& field, std::int32_t minimum, std::int32_t maximum, const char* why) {
        const std::int32_t value = ok() ? bits_.se() : 0;
        field = static_cast<T>(value);
        require(value >= minimum && value <= maximum, why);
        if (!ok()) field = 0;
    }
    /// The widest se(v).
    void se(std::int32_t& field) { field = ok() ? bits_.se() : 0; }

    /// A condition that several elements make up. A cut unit breaks none: the zeros are not its own.
    void require(bool condition, const char* why, int code = EBADMSG) {
        if (!condition && ok()) error_ = {code, why};
    }
    /// As `require(false)`; 0, to go into the element's field.
    std::uint32_t refuse(const char* why) {
        require(false, why);
        return 0;
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

} // namespace v4l2play::nal
