// Formats of a fake decoder: what S_FMT makes of what was asked.
#pragma once

#include <array>

#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

struct FakeFormat {
    std::uint32_t fourcc = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    unsigned planes = 1; ///< memory planes
    std::array<std::uint32_t, 4> pitch{};
    std::array<std::uint32_t, 4> size{};
    bool operator==(const FakeFormat&) const = default;
};

/// Both sides of one context. Errors are negative errno values.
class FakeFormats {
  public:
    explicit FakeFormats(FakeDecoder& decoder);

    int enumerate(v4l2_fmtdesc& out) const;
    int enumerate_sizes(v4l2_frmsizeenum& out) const;
    int get(v4l2_format& format) const;
    /// TRY_FMT, or S_FMT when `set`. `output_busy`, `capture_busy`: buffers exist.
    int negotiate(v4l2_format& format, bool set, bool output_busy, bool capture_busy);
    /// The SPS tells how deep the samples are: that decides the pixel formats. EBUSY when they would change under
    /// existing buffers.
    int set_bit_depth(unsigned depth, bool capture_busy);

    [[nodiscard]] const FakeFormat& output() const { return output_; }
    [[nodiscard]] const FakeFormat& capture() const { return capture_; }
    /// OUTPUT or CAPTURE, single- or multi-planar as the device is.
    [[nodiscard]] bool is_output(std::uint32_t type) const;
    [[nodiscard]] bool is_capture(std::uint32_t type) const;

  private:
    [[nodiscard]] FakeFormat read(const v4l2_format& format) const;
    void write(const FakeFormat& from, v4l2_format& format) const;
    [[nodiscard]] FakeFormat adjust_output(FakeFormat wanted) const;
    [[nodiscard]] FakeFormat adjust_capture(std::uint32_t fourcc, const FakeFormat& output) const;
    [[nodiscard]] const std::vector<std::uint32_t>& pixel_formats() const;

    FakeDecoder& decoder_;
    unsigned depth_ = 8;
    FakeFormat output_;
    FakeFormat capture_;
    v4l2_pix_format color_{}; ///< colorimetry goes from OUTPUT to CAPTURE
};

} // namespace v4l2play::fakes
