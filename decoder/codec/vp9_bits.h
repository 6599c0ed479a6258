// Reads the bits of a VP9 uncompressed header: the f(n) and s(n) descriptors of section 4.10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace v4l2play::vp9 {

/// A read past the end gives 0, and so do all that follow; `failed` tells. Callers check it once per header.
class BitReader {
  public:
    BitReader() = default;
    explicit BitReader(std::span<const std::uint8_t> bytes)
        : bytes_(bytes) {}

    /// f(n) of section 4.10, most significant bit first. n <= 16.
    std::uint32_t f(unsigned n) {
        std::uint32_t value = 0;
        for (; n > 0; --n) value = value << 1 | (flag() ? 1U : 0U);
        return failed_ ? 0 : value;
    }
    bool flag() {
        failed_ = failed_ || position_ / 8 >= bytes_.size();
        if (failed_) return false;
        const bool bit = (bytes_[position_ / 8] >> (7 - position_ % 8) & 1) != 0;
        ++position_;
        return bit;
    }
    /// s(n) of section 4.10: n bits of magnitude, then the sign.
    std::int32_t s(unsigned n) {
        const auto magnitude = static_cast<std::int32_t>(f(n));
        return flag() ? -magnitude : magnitude;
    }

    /// Whole bytes from the start to behind the last bit read.
    [[nodiscard]] std::size_t bytes_read() const { return (position_ + 7) / 8; }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0; ///< in bits
    bool failed_ = false;
};

} // namespace v4l2play::vp9
