// Reads the bits of a NAL unit: H.264 and H.265 descriptors of clauses 7.2 and 9.1/9.2 over an RBSP that is never
// copied.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace v4l2play {

/// Emulation prevention bytes (H.264 7.4.1, H.265 7.4.2) are dropped while the cache is filled, so only what is read is
/// looked at: the slice data behind a header costs nothing. A read past the end gives 0, and so do all that follow;
/// `failed` tells. Callers check it once per syntax structure.
class BitReader {
  public:
    BitReader() = default;
    explicit BitReader(std::span<const std::uint8_t> nal)
        : next_(nal.data())
        , end_(nal.data() + nal.size())
        , stop_(stop_byte(nal)) {}

    /// u(n) of clause 7.2, most significant bit first. n <= 32.
    std::uint32_t u(unsigned n) {
        if (n == 0) return 0;
        if (cached_ < n) refill();
        if (cached_ < n) [[unlikely]]
            return fail();
        const auto value = static_cast<std::uint32_t>(cache_ >> (64 - n));
        drop(n);
        return value;
    }
    bool flag() { return u(1) != 0; }

    /// ue(v) (H.264 9.1, H.265 9.2): 0 to 2^32 - 2. A longer code is an error.
    std::uint32_t ue() {
        if (cached_ < 32) refill();
        const auto zeros = static_cast<unsigned>(std::countl_zero(cache_));
        if (zeros > 31) [[unlikely]]
            return fail();
        drop(zeros);
        const std::uint32_t code = u(zeros + 1);
        return failed_ ? 0 : code - 1;
    }
    /// se(v) (H.264 9.1.1, H.265 9.2.2): -(2^31 - 1) to 2^31 - 1.
    std::int32_t se() {
        const std::int64_t code = ue();
        return static_cast<std::int32_t>((code & 1) != 0 ? (code + 1) / 2 : -(code / 2));
    }
    /// te(v) (H.264 9.1) for a syntax element of at most `maximum`.
    std::uint32_t te(std::uint32_t maximum) { return maximum > 1 ? ue() : flag() || failed_ ? 0U : 1U; }

    /// Skips RBSP bits, any number.
    void skip(std::uint64_t bits) {
        for (; bits > 32 && !failed_; bits -= 32) u(32);
        if (!failed_) u(static_cast<unsigned>(bits));
    }

    /// more_rbsp_data() of clause 7.2: whether bits are left before the rbsp_trailing_bits.
    bool more_rbsp_data() {
        refill();
        if (stop_ != nullptr && next_ <= stop_) return true; // the stop bit is not even in the full cache
        return cache_ != 0 && cache_ != stop_bit_next;
    }
    [[nodiscard]] bool byte_aligned() const { return position_ % 8 == 0; }
    void align() { u(static_cast<unsigned>(-position_ % 8)); }

    /// RBSP bits read since the first of the NAL unit header.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    static constexpr std::uint64_t stop_bit_next = std::uint64_t{1} << 63;

    /// The byte with rbsp_stop_one_bit (7.3.2.11): the last that is not zero once cabac_zero_words (0x0000 03) are
    /// gone; null when all are.
    static const std::uint8_t* stop_byte(std::span<const std::uint8_t> nal) {
        std::size_t size = nal.size();
        for (; size > 0; --size) {
            const bool emulation = size > 2 && nal[size - 1] == 3 && nal[size - 2] == 0 && nal[size - 3] == 0;
            if (nal[size - 1] != 0 && !emulation) return nal.data() + size - 1;
        }
        return nullptr;
    }

    void refill() {
        while (cached_ <= 56 && next_ != end_) {
            const std::uint8_t byte = *next_++;
            if (byte == 3 && zeros_ >= 2) {
                zeros_ = 0;
                continue;
            }
            zeros_ = byte == 0 ? zeros_ + 1 : 0;
            cache_ |= std::uint64_t{byte} << (56 - cached_);
            cached_ += 8;
        }
    }
    void drop(unsigned n) {
        cache_ <<= n;
        cached_ -= n;
        position_ += n;
    }
    std::uint32_t fail() {
        failed_ = true;
        cache_ = 0;
        cached_ = 0;
        next_ = end_;
        return 0;
    }

    const std::uint8_t* next_ = nullptr;
    const std::uint8_t* end_ = nullptr;
    const std::uint8_t* stop_ = nullptr;
    std::uint64_t cache_ = 0; ///< left-aligned; zero below the cached bits
    unsigned cached_ = 0;
    std::size_t zeros_ = 0; ///< zero bytes just before next_, emulation prevention counted
    std::uint64_t position_ = 0;
    bool failed_ = false;
};

} // namespace v4l2play
