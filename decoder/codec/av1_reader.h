// Reads AV1 syntax elements into the fields of a structure and checks their range.
#pragma once

#include <cstdint>

#include "decoder/codec/av1_bits.h"
#include "decoder/codec/checked_bits.h"

namespace v4l2play::av1 {

class SyntaxReader : public CheckedBits<BitReader> {
  public:
    using CheckedBits::CheckedBits;

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
};

} // namespace v4l2play::av1
