// Reads the bits of AV1 headers: the descriptors of section 4.10.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace v4l2play::av1 {

/// A read past the end gives 0, and so do all that follow; `failed` tells. Callers check it once per syntax structure.
class BitReader {
  public:
    BitReader() = default;
    explicit BitReader(std::span<const std::uint8_t> bytes)
        : bytes_(bytes) {}

    /// f(n) of section 4.10.2, most significant bit first. n <= 32.
    std::uint32_t f(unsigned n) {
        if (n > left()) [[unlikely]]
            return fail();
        std::uint64_t value = 0;
        const unsigned before = position_ % 8;
        const std::size_t first = position_ / 8;
        const std::size_t count = (before + n + 7) / 8;
        for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes_[first + i];
        position_ += n;
        value >>= count * 8 - before - n;
        return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << n) - 1));
    }
    bool flag() { return f(1) != 0; }

    /// su(n) of section 4.10.6: two's complement. 1 <= n <= 31.
    std::int32_t su(unsigned n) {
        const auto value = static_cast<std::int32_t>(f(n));
        return (value >> (n - 1)) != 0 ? value - (std::int32_t{1} << n) : value;
    }
    /// ns(n) of section 4.10.7: a number below n, which is at least 1.
    std::uint32_t ns(std::uint32_t n) {
        const auto width = static_cast<unsigned>(std::bit_width(n));
        const std::uint32_t short_codes = static_cast<std::uint32_t>((std::uint64_t{1} << width) - n);
        const std::uint32_t value = f(width - 1);
        return value < short_codes ? value : (value << 1) - short_codes + f(1);
    }
    /// uvlc() of section 4.10.3
    std::uint32_t uvlc() {
        unsigned zeros = 0;
        while (!flag()) {
            if (failed_) return 0;
            ++zeros;
        }
        if (zeros >= 32) return UINT32_MAX;
        return f(zeros) + static_cast<std::uint32_t>((std::uint64_t{1} << zeros) - 1);
    }
    /// le(n) of section 4.10.4: `n` bytes, at most 4, from a byte boundary.
    std::uint32_t le(unsigned n) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < n; ++i) value |= f(8) << (8 * i);
        return value;
    }

    /// byte_alignment(), 5.3.5
    void align() { f(static_cast<unsigned>(-position_ % 8)); }
    /// Bits read.
    [[nodiscard]] std::size_t position() const { return position_; }
    /// The bytes that are left, from the next byte boundary on.
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_.subspan((position_ + 7) / 8); }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    [[nodiscard]] std::size_t left() const { return bytes_.size() * 8 - position_; }
    std::uint32_t fail() {
        failed_ = true;
        position_ = bytes_.size() * 8;
        return 0;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0;
    bool failed_ = false;
};

} // namespace v4l2play::av1
