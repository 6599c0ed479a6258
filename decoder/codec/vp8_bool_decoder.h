// The boolean entropy decoder of VP8 (RFC 6386 section 7), for as far as a frame header goes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace v4l2play::vp8 {

/// Reads past the end give zeros, as the specification has it; `failed` tells. Callers check it once per header.
class BoolDecoder {
  public:
    BoolDecoder() = default;
    explicit BoolDecoder(std::span<const std::uint8_t> partition)
        : next_(partition.data())
        , end_(partition.data() + partition.size())
        , size_(partition.size()) {
        refill();
    }

    /// B(p) of section 7.3: true with a probability of (256 - p) / 256.
    bool read(std::uint8_t probability) {
        const std::uint32_t split = 1 + ((range_ - 1) * probability >> 8);
        const std::uint64_t threshold = std::uint64_t{split} << 56;
        const bool bit = value_ >= threshold;
        if (bit) value_ -= threshold;
        range_ = bit ? range_ - split : split;
        normalise();
        return bit;
    }
    bool flag() { return read(128); }
    /// L(n) of section 7.3, most significant bit first.
    std::uint32_t literal(unsigned bits) {
        std::uint32_t value = 0;
        while (bits-- > 0) value = value << 1 | (flag() ? 1U : 0U);
        return value;
    }
    /// L(n) for the magnitude, L(1) for the sign (section 19.2).
    std::int32_t signed_literal(unsigned bits) {
        const auto magnitude = static_cast<std::int32_t>(literal(bits));
        return flag() ? -magnitude : magnitude;
    }

    [[nodiscard]] bool failed() const { return position_ > std::uint64_t{size_} * 8; }

    // What another decoder needs to go on from here (section 7.3).
    [[nodiscard]] std::uint64_t position() const { return position_; } ///< bits shifted out of the partition
    [[nodiscard]] std::uint8_t range() const { return static_cast<std::uint8_t>(range_); }
    [[nodiscard]] std::uint8_t value() const { return static_cast<std::uint8_t>(value_ >> 56); }
    /// Bits of the byte behind `value` that are not shifted in yet: 0 to 7.
    [[nodiscard]] std::uint8_t bit_count() const { return static_cast<std::uint8_t>(-position_ & 7); }

  private:
    /// Brings the range back to 128..255.
    void normalise() {
        const auto shift = static_cast<unsigned>(std::countl_zero(static_cast<std::uint8_t>(range_)));
        if (shift == 0) return;
        range_ <<= shift;
        value_ <<= shift;
        position_ += shift;
        cached_ -= static_cast<int>(shift);
        if (cached_ < 8) refill();
    }
    void refill() {
        while (cached_ <= 56 && next_ != end_) {
            value_ |= std::uint64_t{*next_++} << (56 - cached_);
            cached_ += 8;
        }
        if (next_ == end_ && cached_ < 8) cached_ = 8; // zeros from here on
    }

    const std::uint8_t* next_ = nullptr;
    const std::uint8_t* end_ = nullptr;
    std::size_t size_ = 0;
    std::uint64_t value_ = 0; ///< left-aligned; zero below the cached bits
    int cached_ = 0;
    std::uint32_t range_ = 255;
    std::uint64_t position_ = 0;
};

} // namespace v4l2play::vp8
