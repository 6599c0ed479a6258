#include "decoder/software/picture_copy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include <fmt/format.h>

#include "decoder/software/libav_pixels.h"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace v4l2play {
namespace {

/// What may stand in for a format that our tables lack, when the output takes anything.
constexpr std::array anything{
    FormatModifier{fourcc_yuv420}, FormatModifier{fourcc_yuv422}, FormatModifier{fourcc_yuv444},
    FormatModifier{fourcc_s010},   FormatModifier{fourcc_s210},   FormatModifier{fourcc_s410},
    FormatModifier{fourcc_s012},   FormatModifier{fourcc_s212},   FormatModifier{fourcc_s412},
};

/// Y, Cb, Cr (or Y alone), each in a plane of its own in whole little-endian bytes.
bool is_plain_planar(const AVPixFmtDescriptor& pixels) {
    constexpr std::uint64_t strange = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM |
                                      AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT;
    if ((pixels.flags & strange) != 0 || (pixels.nb_components != 1 && pixels.nb_components < 3)) return false;
    for (int c = 0; c < std::min<int>(pixels.nb_components, 3); ++c) {
        const AVComponentDescriptor& component = pixels.comp[c];
        if (component.plane != c || component.offset != 0 || component.shift != 0 || component.depth < 8 ||
            component.depth > 16 || component.step != (component.depth > 8 ? 2 : 1))
            return false;
    }
    return true;
}

bool is_linear(const FormatModifier& format) {
    return format.modifier == modifier_linear || format.modifier == modifier_invalid;
}

/// How much worse `layout` is than the picture; what is lost counts more than what is wasted.
unsigned penalty(const AVPixFmtDescriptor& pixels, const PixelLayout& layout) {
    const auto difference = [](int have, int want, unsigned loss) {
        return have < want ? static_cast<unsigned>(want - have) * loss : static_cast<unsigned>(have - want);
    };
    const unsigned depth = difference(layout.bit_depth, pixels.comp[0].depth, 2);
    if (pixels.nb_components == 1) return depth + (layout.components() > 1 ? 1 : 0);
    return depth + difference(-layout.chroma_shift_x, -pixels.log2_chroma_w, 3) +
           difference(-layout.chroma_shift_y, -pixels.log2_chroma_h, 3);
}

const PixelLayout* least_loss(const AVPixFmtDescriptor& pixels, std::span<const FormatModifier> formats) {
    const PixelLayout* best = nullptr;
    unsigned least = std::numeric_limits<unsigned>::max();
    for (const FormatModifier& format : formats) {
        const PixelLayout* layout = is_linear(format) ? find_pixel_layout(format.fourcc) : nullptr;
        if (layout == nullptr || layout->pixel_bytes == 0 || layout->pixel_bytes > 2 || layout->components() == 1)
            continue;
        const unsigned worse = penalty(pixels, *layout);
        if (worse >= least) continue;
        least = worse;
        best = layout;
    }
    return best;
}

/// From the samples of a picture to those of a slot.
struct DepthChange {
    unsigned up = 0;
    unsigned down = 0;
    unsigned rounding = 0;
    unsigned maximum = 0;
    unsigned padding = 0;

    [[nodiscard]] unsigned operator()(unsigned sample) const {
        return std::min(((sample << up) + rounding) >> down, maximum) << padding;
    }
};

DepthChange depth_change(int from, const PixelLayout& to) {
    DepthChange change;
    const int difference = to.bit_depth - from;
    change.up = static_cast<unsigned>(std::max(difference, 0));
    change.down = static_cast<unsigned>(std::max(-difference, 0));
    change.rounding = change.down > 0 ? 1U << (change.down - 1) : 0;
    change.maximum = (1U << to.bit_depth) - 1;
    change.padding = to.padding_bits;
    return change;
}

/// One row of a component; with `second`, of two that are interleaved. `shift`: source samples per slot sample, as a
/// power of two; negative: slot samples per source sample.
template <class From, class To>
void convert_row(const From* first, const From* second, To* to, std::size_t count, int shift,
                 const DepthChange& change) {
    const auto take = [&](const From* row, std::size_t x) {
        const std::size_t at = shift >= 0 ? x << shift : x >> -shift;
        return static_cast<To>(change(row[at]));
    };
    // Without a change of size the compiler makes vector code of the loops.
    if (second == nullptr) {
        if (shift == 0)
            for (std::size_t x = 0; x < count; ++x) to[x] = static_cast<To>(change(first[x]));
        else
            for (std::size_t x = 0; x < count; ++x) to[x] = take(first, x);
        return;
    }
    if (shift == 0) {
        for (std::size_t x = 0; x < count; ++x) {
            to[2 * x] = static_cast<To>(change(first[x]));
            to[2 * x + 1] = static_cast<To>(change(second[x]));
        }
        return;
    }
    for (std::size_t x = 0; x < count; ++x) {
        to[2 * x] = take(first, x);
        to[2 * x + 1] = take(second, x);
    }
}

/// Rows are aligned far beyond what 16-bit samples need.
std::uint16_t* as_words(std::uint8_t* row) { return static_cast<std::uint16_t*>(static_cast<void*>(row)); }
const std::uint16_t* as_words(const std::uint8_t* row) {
    return static_cast<const std::uint16_t*>(static_cast<const void*>(row));
}

class Converter {
  public:
    Converter(const AVFrame& frame, const PixelLayout& to, const FrameFormat& format, std::uint8_t* memory)
        : frame_(frame)
        , from_(*av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format)))
        , to_(to)
        , format_(format)
        , memory_(memory)
        , change_(depth_change(from_.comp[0].depth, to)) {}

    void convert() const {
        component(0, 0, -1);
        if (from_.nb_components == 1) return gray_chroma();
        const bool cr_first = to_.chroma == PixelLayout::Chroma::InterleavedCrFirst;
        if (to_.interleaved()) return component(1, cr_first ? 2 : 1, cr_first ? 1 : 2);
        component(1, 1, -1);
        component(2, 2, -1);
    }

  private:
    [[nodiscard]] std::uint32_t columns(unsigned index) const {
        return component_width(to_, index, static_cast<std::uint32_t>(frame_.width));
    }
    [[nodiscard]] std::uint32_t rows(unsigned index) const {
        return component_height(to_, index, static_cast<std::uint32_t>(frame_.height));
    }
    [[nodiscard]] std::uint8_t* row(unsigned index, std::uint32_t y) const {
        return memory_ + format_.layout[index].offset + std::size_t{y} * format_.layout[index].pitch;
    }
    [[nodiscard]] const std::uint8_t* source_row(int plane, std::uint32_t y) const {
        if (plane < 0) return nullptr;
        return frame_.data[plane] + static_cast<std::ptrdiff_t>(y) * frame_.linesize[plane];
    }

    /// Slot component `index` from plane `first`, and `second` when two are interleaved.
    void component(unsigned index, int first, int second) const {
        const int shift_x = index == 0 ? 0 : to_.chroma_shift_x - from_.log2_chroma_w;
        const int shift_y = index == 0 ? 0 : to_.chroma_shift_y - from_.log2_chroma_h;
        for (std::uint32_t y = 0; y < rows(index); ++y) {
            const std::uint32_t from = shift_y >= 0 ? y << shift_y : y >> -shift_y;
            convert_any(source_row(first, from), source_row(second, from), row(index, y), columns(index), shift_x);
        }
    }

    void convert_any(const std::uint8_t* first, const std::uint8_t* second, std::uint8_t* to, std::size_t count,
                     int shift) const {
        const auto with_target = [&](const auto* a, const auto* b) {
            if (to_.pixel_bytes == 2)
                convert_row(a, b, as_words(to), count, shift, change_);
            else
                convert_row(a, b, to, count, shift, change_);
        };
        if (from_.comp[0].step == 2)
            with_target(as_words(first), as_words(second));
        else
            with_target(first, second);
    }

    void gray_chroma() const {
        const auto middle = static_cast<std::uint16_t>(1U << (to_.bit_depth - 1) << to_.padding_bits);
        for (unsigned index = 1; index < to_.components(); ++index) {
            const std::size_t values = columns(index) * (to_.interleaved() ? 2U : 1U);
            for (std::uint32_t y = 0; y < rows(index); ++y) {
                std::uint8_t* to = row(index, y);
                if (to_.pixel_bytes == 2)
                    std::fill_n(as_words(to), values, middle);
                else
                    std::fill_n(to, values, static_cast<std::uint8_t>(middle));
            }
        }
    }

    const AVFrame& frame_;
    const AVPixFmtDescriptor& from_;
    const PixelLayout& to_;
    const FrameFormat& format_;
    std::uint8_t* const memory_;
    const DepthChange change_;
};

void copy_as_it_is(const AVFrame& frame, const PixelLayout& layout, const FrameFormat& format, std::uint8_t* memory) {
    for (unsigned i = 0; i < format.components; ++i) {
        const auto row = row_bytes(layout, i, component_width(layout, i, static_cast<std::uint32_t>(frame.width)));
        const auto rows = component_height(layout, i, static_cast<std::uint32_t>(frame.height));
        av_image_copy_plane(memory + format.layout[i].offset, static_cast<int>(format.layout[i].pitch), frame.data[i],
                            frame.linesize[i], static_cast<int>(row), static_cast<int>(rows));
    }
}

} // namespace

/// libavcodec makes one layout of a pixel format. Where the output shows that at all, it is taken, though another may
/// be better for the output (one that a plane scans out): to rearrange every picture by the CPU would cost more.
Result<PictureTarget> choose_target(int pixel_format, std::span<const FormatModifier> output_formats) {
    const AVPixFmtDescriptor* pixels = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(pixel_format));
    const auto own = from_libav_pixel_format(pixel_format);
    const bool shown =
        own && (output_formats.empty() ||
                std::any_of(output_formats.begin(), output_formats.end(), [&](const FormatModifier& format) {
                    return format.fourcc == own->layout->fourcc && is_linear(format);
                }));
    if (shown) return PictureTarget{own->layout, false};
    if (pixels != nullptr && is_plain_planar(*pixels)) {
        const auto candidates = output_formats.empty() ? std::span<const FormatModifier>(anything) : output_formats;
        if (const PixelLayout* layout = least_loss(*pixels, candidates)) return PictureTarget{layout, true};
    }
    if (own) return PictureTarget{own->layout, false};
    return fail(ENOTSUP, fmt::format("pixel format {} is not supported", pixels != nullptr ? pixels->name : "unknown"),
                "get_buffer2");
}

void copy_picture(const AVFrame& frame, const PictureTarget& target, const FrameFormat& format, std::uint8_t* memory) {
    if (target.converted)
        Converter(frame, *target.layout, format, memory).convert();
    else
        copy_as_it_is(frame, *target.layout, format, memory);
}

} // namespace v4l2play
