// Reads syntax elements of H.264 and H.265 into the fields of a structure, and checks their range.
#pragma once

#include <cstdint>

#include "decoder/codec/bits.h"
#include "decoder/codec/checked_bits.h"

namespace v4l2play::nal {

class SyntaxReader : public CheckedBits<BitReader> {
  public:
    using CheckedBits::CheckedBits;

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

    /// As `require(false)`; 0, to go into the element's field.
    std::uint32_t refuse(const char* why) {
        require(false, why);
        return 0;
    }
};

} // namespace v4l2play::nal
