#include "decoder/codec/fwht_header.h"

#include <array>

namespace v4l2play::fwht {

namespace {

std::uint32_t big_endian(const std::uint8_t* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

tl::unexpected<const char*> malformed(const char* why) { return tl::unexpected<const char*>(why); }

template <std::size_t Size>
std::uint8_t look_up(const std::array<std::uint8_t, Size>& table, std::uint32_t index, std::uint8_t otherwise) {
    return index < Size ? table[index] : otherwise;
}

} // namespace

tl::expected<Header, const char*> parse_header(std::span<const std::uint8_t> frame) {
    constexpr std::uint32_t magic_1 = 0x4f4f4f4f;
    constexpr std::uint32_t magic_2 = 0xffffffff;
    constexpr std::uint32_t largest_side = 1 << 14;
    if (frame.size() < header_size) return malformed("the frame is shorter than its header");
    if (big_endian(frame.data()) != magic_1 || big_endian(frame.data() + 4) != magic_2)
        return malformed("the frame does not begin with the magic number");
    Header header;
    std::size_t at = 8;
    for (std::uint32_t* field : {&header.version, &header.width, &header.height, &header.flags, &header.colorspace,
                                 &header.xfer_func, &header.ycbcr_enc, &header.quantization, &header.size}) {
        *field = big_endian(frame.data() + at);
        at += 4;
    }
    if (header.version == 0 || header.version > version_of_requests) return malformed("the version is unknown");
    if (header.width == 0 || header.width > largest_side || header.height == 0 || header.height > largest_side)
        return malformed("the size is impossible");
    if (header.size == 0) return malformed("the frame is empty");
    if (header.size > frame.size() - header_size) return malformed("the frame is cut short");
    return header;
}

ColorDescription describe_color(std::uint32_t colorspace, std::uint32_t xfer_func, std::uint32_t ycbcr_enc,
                                std::uint32_t quantization) {
    constexpr std::uint8_t none = 2; // unspecified
    // By v4l2_colorspace: default, SMPTE 170M, 240M, BT.709, BT.878, 470 M, 470 B/G, JPEG, sRGB, opRGB, BT.2020, raw,
    // DCI-P3. What is left to default follows from it, as V4L2_MAP_*_DEFAULT have it.
    constexpr std::array<std::uint8_t, 13> primaries{none, 6, 7, 1, 6, 4, 5, 1, 1, none, 9, none, 11};
    constexpr std::array<std::uint8_t, 13> default_transfer{none, 1, 7, 1, 1, 1, 1, 13, 13, none, 14, none, 17};
    constexpr std::array<std::uint8_t, 13> default_matrix{none, 6, 7, 1, 6, 6, 6, 6, 6, 6, 9, none, 1};
    // By v4l2_xfer_func: default, BT.709, sRGB, opRGB, SMPTE 240M, none, DCI-P3, SMPTE 2084.
    constexpr std::array<std::uint8_t, 8> transfer{none, 1, 13, none, 7, 8, 17, 16};
    // By v4l2_ycbcr_encoding: default, 601, 709, xv601, xv709, sYCC, BT.2020, its constant luminance, SMPTE 240M.
    constexpr std::array<std::uint8_t, 9> matrix{none, 6, 1, 6, 1, 6, 9, 10, 7};
    constexpr std::uint32_t jpeg = 7;
    constexpr std::uint32_t full_range = 1;
    ColorDescription color;
    color.primaries = look_up(primaries, colorspace, none);
    color.transfer = look_up(transfer, xfer_func, none);
    if (xfer_func == 0) color.transfer = look_up(default_transfer, colorspace, none);
    color.matrix = look_up(matrix, ycbcr_enc, none);
    if (ycbcr_enc == 0) color.matrix = look_up(default_matrix, colorspace, none);
    color.full_range = quantization == full_range || (quantization == 0 && colorspace == jpeg);
    return color;
}

} // namespace v4l2play::fwht
