// Headers of FWHT, the codec of the kernel's virtual driver vicodec: the kernel's documentation of its fwht_cframe_hdr.
#pragma once

#include <cstdint>
#include <span>

#include <tl/expected.hpp>

#include "decoder/color.h"

namespace v4l2play::fwht {

constexpr std::size_t header_size = 44;
constexpr std::uint32_t version_of_requests = 3; ///< the one that the stateless interface takes

// Flags, in the header as in the stateless control.
constexpr std::uint32_t chroma_full_height = 1U << 7;
constexpr std::uint32_t chroma_full_width = 1U << 8;
constexpr std::uint32_t intra_frame = 1U << 10;
constexpr std::uint32_t components_shift = 16; ///< three bits: components less 1
constexpr std::uint32_t pixel_encoding_mask = 3U << 19;
constexpr std::uint32_t pixel_encoding_yuv = 1U << 19;

/// fwht_cframe_hdr without its magic numbers. The last four but one are V4L2's numbers.
struct Header {
    std::uint32_t version = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t flags = 0;
    std::uint32_t colorspace = 0;
    std::uint32_t xfer_func = 0;
    std::uint32_t ycbcr_enc = 0;
    std::uint32_t quantization = 0;
    std::uint32_t size = 0; ///< bytes that follow the header

    [[nodiscard]] bool is_intra() const { return (flags & intra_frame) != 0; }
    [[nodiscard]] unsigned components() const { return (flags >> components_shift & 7U) + 1; }
    [[nodiscard]] unsigned chroma_width_divisor() const { return (flags & chroma_full_width) != 0 ? 1 : 2; }
    [[nodiscard]] unsigned chroma_height_divisor() const { return (flags & chroma_full_height) != 0 ? 1 : 2; }
};

/// Reads the header at the start of `frame` (fwht_cframe_hdr of the kernel's codec-fwht.h); the rest of it is there,
/// too. Else the reason, static text.
tl::expected<Header, const char*> parse_header(std::span<const std::uint8_t> frame);

/// V4L2's enumerations (v4l2_colorspace, v4l2_xfer_func, v4l2_ycbcr_encoding, v4l2_quantization) in H.273's numbers.
ColorDescription describe_color(std::uint32_t colorspace, std::uint32_t xfer_func, std::uint32_t ycbcr_enc,
                                std::uint32_t quantization);

} // namespace v4l2play::fwht
