#include "render/convert.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include <fmt/format.h>

namespace v4l2play {
namespace {

// Code points of H.273, table 4.
constexpr std::uint8_t matrix_identity = 0;
constexpr std::uint8_t matrix_unspecified = 2;
constexpr std::uint8_t matrix_fcc = 4;
constexpr std::uint8_t matrix_bt601 = 6;
constexpr std::uint8_t matrix_smpte240m = 7;
constexpr std::uint8_t matrix_ycgco = 8;
constexpr std::uint8_t matrix_bt2020_constant = 10;
constexpr std::uint8_t matrix_ictcp = 14;

// 768 MiB of RGB: still fits the address space of a 32-bit machine.
constexpr std::uint64_t maximum_pixels = std::uint64_t{1} << 28;

struct LumaWeights {
    double red;
    double blue;
};

LumaWeights luma_weights(std::uint8_t matrix) {
    switch (matrix) {
    case matrix_bt709:
        return {0.2126, 0.0722};
    case matrix_fcc:
        return {0.30, 0.11};
    case matrix_smpte240m:
        return {0.212, 0.087};
    case matrix_bt2020:
    case matrix_bt2020_constant:
    case matrix_ictcp:
        return {0.2627, 0.0593};
    default:
        return {0.299, 0.114};
    }
}

struct Matrix3 {
    double rows[3][3]; // R, G, B from the first, second and third component
};

/// Components as 0..1 and -0.5..0.5 to 0..1 (H.273, 8.3).
Matrix3 real_matrix(std::uint8_t matrix) {
    if (matrix == matrix_identity) return {{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}}};
    if (matrix == matrix_ycgco) return {{{1, -1, 1}, {1, 1, 0}, {1, -1, -1}}};
    const auto [red, blue] = luma_weights(matrix);
    const double green = 1 - red - blue;
    const double from_cr = 2 * (1 - red);
    const double from_cb = 2 * (1 - blue);
    return {{{1, 0, from_cr}, {1, -from_cb * blue / green, -from_cr * red / green}, {1, from_cb, 0}}};
}

/// What a sample value means: (value - zero) / range.
struct SampleScale {
    double zero;
    double range;
};

SampleScale luma_scale(bool full_range, unsigned bit_depth) {
    const double unit = 1U << (bit_depth - 8);
    return full_range ? SampleScale{0, 256 * unit - 1} : SampleScale{16 * unit, 219 * unit};
}

SampleScale chroma_scale(bool full_range, unsigned bit_depth) {
    const double unit = 1U << (bit_depth - 8);
    return {128 * unit, full_range ? 256 * unit - 1 : 224 * unit};
}

std::uint8_t to_byte(std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void to_rgb(const RgbMatrix& matrix, const std::uint16_t* first, const std::uint16_t* second,
            const std::uint16_t* third, std::uint32_t width, std::uint8_t* rgb) {
    for (std::uint32_t x = 0; x < width; ++x, rgb += 3) {
        for (unsigned k = 0; k < 3; ++k) {
            const std::int32_t sum = matrix.weight[k][0] * first[x] + matrix.weight[k][1] * second[x] +
                                     matrix.weight[k][2] * third[x] + matrix.bias[k];
            rgb[k] = to_byte(sum >> matrix.shift);
        }
    }
}

/// Ten bits each, without gaps, least significant first.
void unpack_ten_bits(const std::uint8_t* row, std::size_t first, std::size_t count, std::uint16_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bit = 10 * (first + i);
        const unsigned two_bytes = row[bit / 8] | row[bit / 8 + 1] << 8;
        out[i] = static_cast<std::uint16_t>(two_bytes >> (bit % 8) & 0x3ff);
    }
}

/// `count` values from value `first` of a row on.
void unpack(const PixelLayout& layout, const std::uint8_t* row, std::size_t first, std::size_t count,
            std::uint16_t* out) {
    if (layout.pixel_bytes == 0) return unpack_ten_bits(row, first, count, out);
    if (layout.pixel_bytes == 1) {
        std::copy_n(row + first, count, out);
        return;
    }
    const std::uint8_t* bytes = row + 2 * first;
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<std::uint16_t>((bytes[2 * i] | bytes[2 * i + 1] << 8) >> layout.padding_bits);
}

bool is_yuv(const PixelLayout& layout) {
    const bool packed = layout.chroma == PixelLayout::Chroma::None &&
                        (layout.rgb || layout.pixel_bytes != (layout.bit_depth > 8 ? 2 : 1));
    return !packed;
}

Result<> check(const FrameFormat& format, const PixelLayout& layout, const Rect& visible) {
    if (!is_yuv(layout))
        return fail(ENOTSUP, fmt::format("{} cannot be turned into RGB", to_string(format.fourcc)), "convert");
    const bool inside = visible.width > 0 && visible.height > 0 && visible.width <= format.coded_width &&
                        visible.height <= format.coded_height && visible.x <= format.coded_width - visible.width &&
                        visible.y <= format.coded_height - visible.height;
    if (!inside) return fail(EINVAL, "the visible part is not inside the picture", "convert");
    if (std::uint64_t{visible.width} * visible.height > maximum_pixels)
        return fail(EFBIG, fmt::format("{}x{} is too large", visible.width, visible.height), "convert");
    return {};
}

} // namespace

void RgbImage::resize(std::uint32_t new_width, std::uint32_t new_height) {
    width = new_width;
    height = new_height;
    pixels.resize(std::size_t{width} * height * 3);
}

std::uint8_t effective_matrix(const ColorDescription& color, std::uint32_t height) {
    if (color.matrix != matrix_unspecified) return color.matrix;
    return height >= 720 ? matrix_bt709 : matrix_bt601;
}

RgbMatrix make_rgb_matrix(std::uint8_t matrix, bool full_range, unsigned bit_depth) {
    const Matrix3 real = real_matrix(matrix);
    const SampleScale luma = luma_scale(full_range, bit_depth);
    // With the identity matrix all three components are like luma.
    const SampleScale chroma = matrix == matrix_identity ? luma : chroma_scale(full_range, bit_depth);
    RgbMatrix result;
    // Weights have about 14 bits behind the point at any depth: with 12-bit samples, sums stay below 2^29.
    result.shift = 14 + (bit_depth - 8);
    const double one = 255.0 * (1U << result.shift);
    for (unsigned k = 0; k < 3; ++k) {
        double bias = (1U << result.shift) / 2.0; // rounds
        for (unsigned i = 0; i < 3; ++i) {
            const SampleScale& scale = i == 0 ? luma : chroma;
            result.weight[k][i] = static_cast<std::int32_t>(std::lround(real.rows[k][i] * one / scale.range));
            bias -= result.weight[k][i] * scale.zero;
        }
        result.bias[k] = static_cast<std::int32_t>(std::lround(bias));
    }
    return result;
}

/// Fills `samples_[1]` and `samples_[2]` for row `y` of the picture.
void PictureConverter::read_chroma(const FrameView& view, const Rect& visible, std::uint32_t y) {
    const PixelLayout& layout = view.layout();
    const unsigned shift = layout.chroma_shift_x;
    const std::uint32_t first = visible.x >> shift;
    const std::uint32_t count = ((visible.x + visible.width - 1) >> shift) - first + 1;
    const unsigned per_pair = layout.interleaved() ? 2 : 1;
    const bool cr_first = layout.chroma == PixelLayout::Chroma::InterleavedCrFirst;
    stored_.resize(std::size_t{count} * per_pair);
    for (unsigned i = 1; i < 3; ++i) {
        if (i < layout.components())
            unpack(layout, view.row(i, y >> layout.chroma_shift_y), std::size_t{first} * per_pair, stored_.size(),
                   stored_.data());
        const unsigned offset = layout.interleaved() && (i == 2) != cr_first ? 1 : 0;
        std::uint16_t* out = samples_[i].data();
        for (std::uint32_t x = 0; x < visible.width; ++x)
            out[x] = stored_[std::size_t{((visible.x + x) >> shift) - first} * per_pair + offset];
    }
}

/// Row `y` of the visible part into `samples_`.
void PictureConverter::read_row(const FrameView& view, const Rect& visible, std::uint32_t y) {
    unpack(view.layout(), view.row(0, visible.y + y), visible.x, visible.width, samples_[0].data());
    if (view.layout().chroma != PixelLayout::Chroma::None) read_chroma(view, visible, visible.y + y);
}

Result<> PictureConverter::convert(const Frame& frame, RgbImage& image) {
    const auto view = mapper_.map(frame.slot);
    if (!view) return fail(view.error());
    const PixelLayout& layout = view->layout();
    const Rect& visible = frame.info.visible;
    V4L2PLAY_TRY(check(frame.slot.pool().format(), layout, visible));

    const ColorDescription& color = frame.info.color;
    const bool gray = layout.chroma == PixelLayout::Chroma::None;
    const std::uint8_t coded = effective_matrix(color, visible.height);
    // Gray has no chroma whatever the stream calls its matrix; neutral chroma gives R = G = B with any but identity.
    const RgbMatrix matrix = make_rgb_matrix(gray ? matrix_bt709 : coded, color.full_range, layout.bit_depth);
    image.resize(visible.width, visible.height);
    const auto neutral = static_cast<std::uint16_t>(1U << (layout.bit_depth - 1));
    for (auto& row : samples_) row.assign(visible.width, neutral);
    for (std::uint32_t y = 0; y < visible.height; ++y) {
        read_row(*view, visible, y);
        to_rgb(matrix, samples_[0].data(), samples_[1].data(), samples_[2].data(), visible.width, image.row(y));
    }
    return {};
}

} // namespace v4l2play
