// The boolean entropy decoder of VP9 (section 9.2), for as far as a compressed header goes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace v4l2play::vp9 {

/// Reads past the end give zeros; `failed` tells, and also when the marker bit at the start is wrong.
class BoolDecoder {
  public:
    /// 9.2.1: init_bool
    explicit BoolDecoder(std::span<const std::uint8_t> bytes)
        : bytes_(bytes) {
        refill();
        marker_ = flag();
    }

    /// B(p): true with a probability of (256 - p) / 256 (9.2.2).
    bool read(std::uint8_t probability) {
        const std::uint32_t split = 1 + (((range_ - 1) * probability) >> 8);
        const std::uint64_t threshold = std::uint64_t{split} << 56;
        const bool bit = value_ >= threshold;
        if (bit) value_ -= threshold;
        range_ = bit ? range_ - split : split;
        const auto shift = static_cast<unsigned>(std::countl_zero(static_cast<std::uint8_t>(range_)));
        range_ <<= shift;
        value_ <<= shift;
        used_ += shift;
        if (used_ + 8 > loaded_) refill();
        return bit;
    }
    bool flag() { return read(128); }
    /// L(n) (9.2.4)
    std::uint32_t literal(unsigned n) {
        std::uint32_t value = 0;
        for (; n > 0; --n) value = value << 1 | (flag() ? 1U : 0U);
        return value;
    }

    /// A conforming header never needs bits that are not there.
    [[nodiscard]] bool failed() const { return marker_ || used_ + 8 > bytes_.size() * 8; }

  private:
    void refill() {
        while (loaded_ < used_ + 57) {
            const std::size_t next = loaded_ / 8;
            const std::uint8_t byte = next < bytes_.size() ? bytes_[next] : std::uint8_t{0};
            value_ |= std::uint64_t{byte} << (56 - (loaded_ - used_));
            loaded_ += 8;
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::uint64_t value_ = 0; ///< left-aligned; its highest 8 bits are what the range is compared with
    std::size_t loaded_ = 0;  ///< bits of the header that went into the value
    std::size_t used_ = 0;    ///< bits that were shifted out of it
    std::uint32_t range_ = 255;
    bool marker_ = false;
};

} // namespace v4l2play::vp9
