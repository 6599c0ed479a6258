#include "decoder/v4l2/format.h"

#include <algorithm>

#include <fmt/format.h>

namespace v4l2play {
namespace {

// Values of drm_fourcc.h, which the decoder otherwise has no use for.
constexpr std::uint64_t vendor(std::uint64_t number) { return number << 56; }
constexpr std::uint64_t sand128 = vendor(0x07) | 4; // rows of a column in bits 8..55
constexpr std::uint64_t sunxi_tiled = vendor(0x09) | 1;
// MediaTek's tiles of 16 luma columns by 32 rows; named there since Linux 6.14.
constexpr std::uint64_t mtk_16l_32s = vendor(0x0b) | 0x1;
constexpr std::uint64_t mtk_10_bit_tile = mtk_16l_32s | (0x1 << 16);
constexpr std::uint64_t mtk_10_bit_raster = mtk_16l_32s | (0x2 << 16);
// AFBC: superblocks of 16x16 (1) or 32x8 (2); sparse: each at its own place in memory; split: in halves.
constexpr std::uint64_t afbc_sparse = vendor(0x08) | 1 << 6;
constexpr std::uint64_t afbc_16x16_split = afbc_sparse | 1 << 5 | 1;
constexpr std::uint64_t afbc_32x8 = afbc_sparse | 2;
constexpr DrmFourcc unnamed{}; // what no display can be told of

constexpr FormatFacts row(std::uint32_t v4l2, DrmFourcc drm, std::uint64_t modifier, std::uint8_t depth,
                          std::uint8_t chroma, std::uint8_t memory_planes, std::uint8_t components,
                          std::uint8_t height_alignment = 1) {
    return {V4l2Fourcc{v4l2}, drm, modifier, depth, chroma, memory_planes, components, height_alignment};
}

constexpr std::array formats = {
    row(V4L2_PIX_FMT_NV12, fourcc_nv12, modifier_linear, 8, 1, 1, 2),
    row(V4L2_PIX_FMT_NV21, fourcc_nv21, modifier_linear, 8, 1, 1, 2),
    row(V4L2_PIX_FMT_NV16, fourcc_nv16, modifier_linear, 8, 2, 1, 2),
    row(V4L2_PIX_FMT_YUV420, fourcc_yuv420, modifier_linear, 8, 1, 1, 3),
    row(V4L2_PIX_FMT_YUV422P, fourcc_yuv422, modifier_linear, 8, 2, 1, 3),
    row(V4L2_PIX_FMT_NV12M, fourcc_nv12, modifier_linear, 8, 1, 2, 2),
    row(V4L2_PIX_FMT_NV21M, fourcc_nv21, modifier_linear, 8, 1, 2, 2),
    row(V4L2_PIX_FMT_NV16M, fourcc_nv16, modifier_linear, 8, 2, 2, 2),
    row(V4L2_PIX_FMT_YUV420M, fourcc_yuv420, modifier_linear, 8, 1, 3, 3),
    row(V4L2_PIX_FMT_P010, fourcc_p010, modifier_linear, 10, 1, 1, 2),
    row(V4L2_PIX_FMT_NV15, fourcc_nv15, modifier_linear, 10, 1, 1, 2),
    row(V4L2_PIX_FMT_NV20, fourcc_nv20, modifier_linear, 10, 2, 1, 2),
    row(V4L2_PIX_FMT_NV12_COL128, fourcc_nv12, sand128, 8, 1, 1, 2),
    row(V4L2_PIX_FMT_NV12_10_COL128, fourcc_p030, sand128, 10, 1, 1, 2),
    row(V4L2_PIX_FMT_NV12MT_COL128, fourcc_nv12, sand128, 8, 1, 2, 2),
    row(V4L2_PIX_FMT_NV12MT_10_COL128, fourcc_p030, sand128, 10, 1, 2, 2),
    row(V4L2_PIX_FMT_NV12_32L32, fourcc_nv12, sunxi_tiled, 8, 1, 1, 2, 32),
    row(V4L2_PIX_FMT_MM21, fourcc_nv12, mtk_16l_32s, 8, 1, 2, 2),
    row(V4L2_PIX_FMT_MT2110T, fourcc_nv15, mtk_10_bit_tile, 10, 1, 2, 2),
    row(V4L2_PIX_FMT_MT2110R, fourcc_nv15, mtk_10_bit_raster, 10, 1, 2, 2),
    row(V4L2_PIX_FMT_AFBC_YUV420_16x16_SPLIT, fourcc_yuv420_8bit, afbc_16x16_split, 8, 1, 1, 1),
    row(V4L2_PIX_FMT_AFBC_YUV420_32x8, fourcc_yuv420_8bit, afbc_32x8, 8, 1, 1, 1),
    row(V4L2_PIX_FMT_AFBC_YUV420_16x16_10_SPLIT, fourcc_yuv420_10bit, afbc_16x16_split, 10, 1, 1, 1),
    row(V4L2_PIX_FMT_AFBC_YUV420_32x8_10, fourcc_yuv420_10bit, afbc_32x8, 10, 1, 1, 1),
    // Tiles of 4x4, Hantro's own.
    row(V4L2_PIX_FMT_NV12_4L4, unnamed, modifier_linear, 8, 1, 1, 2, 4),
    row(V4L2_PIX_FMT_NV15_4L4, unnamed, modifier_linear, 10, 1, 1, 2, 4),
    row(V4L2_PIX_FMT_P010_4L4, unnamed, modifier_linear, 10, 1, 1, 2, 4),
};

constexpr std::uint32_t align(std::uint32_t value, std::uint32_t to) { return (value + to - 1) / to * to; }

std::uint32_t column_count(const PixelFormat& format, const FrameFormat& out) {
    const std::uint32_t pixels_per_column = out.bit_depth == 8 ? 128 : 96;
    return align(format.width, pixels_per_column) / pixels_per_column;
}

/// SAND: columns of 128 bytes (128 pixels, or 96 of 10 bits), in each the luma rows, then the chroma rows. V4L2 gives
/// the rows of a column as `bytesperline`; DRM has it in the modifier.
void lay_out_columns(const PixelFormat& format, FrameFormat& out) {
    const std::uint32_t pitch = column_count(format, out) * 128;
    out.modifier = sand128 | std::uint64_t{format.plane[0].bytesperline} << 8;
    out.layout[0] = {0, 0, pitch};
    out.layout[1] = {0, 128 * format.height, pitch};
}

/// SAND with luma and chroma each in memory of its own, whose columns are as high as the picture and its chroma. The
/// heights do not fit into one modifier: it carries 0, and each pitch is a height.
void lay_out_column_planes(const PixelFormat& format, FrameFormat& out) {
    out.layout[0] = {0, 0, format.height};
    out.layout[1] = {1, 0, format.height / 2};
}

void lay_out_memory_planes(const PixelFormat& format, FrameFormat& out) {
    for (std::uint8_t i = 0; i < out.components; ++i) out.layout[i] = {i, 0, format.plane[i].bytesperline};
}

/// Components one after the other in one memory plane, as V4L2 defines its contiguous formats.
void lay_out_contiguous(const PixelFormat& format, const FormatFacts& facts, FrameFormat& out) {
    const std::uint32_t pitch = format.plane[0].bytesperline;
    const std::uint32_t chroma_pitch = facts.components == 2 ? pitch : pitch / 2;
    const std::uint32_t chroma_rows = facts.chroma_format_idc == 1 ? (format.height + 1) / 2 : format.height;
    std::uint32_t offset = pitch * align(format.height, facts.height_alignment);
    out.layout[0] = {0, 0, pitch};
    for (std::uint8_t i = 1; i < facts.components; ++i) {
        out.layout[i] = {0, offset, chroma_pitch};
        offset += chroma_pitch * chroma_rows;
    }
}

/// Drivers are trusted with layouts, but not so far as to let a reader run past the end of the memory.
bool fits(const PixelFormat& format, const FormatFacts& facts, const FrameFormat& out) {
    for (std::uint8_t i = 0; i < facts.components; ++i) {
        const ComponentLayout& component = out.layout[i];
        const std::uint32_t rows = i == 0 || facts.chroma_format_idc == 2 ? format.height : format.height / 2;
        const std::uint64_t end =
            component.offset + std::uint64_t{component.pitch} * align(rows, facts.height_alignment); // of whole tiles
        if (component.pitch == 0 || end > out.memory_size[component.memory_plane]) return false;
    }
    return true;
}

bool column_planes_fit(const PixelFormat& format, const FrameFormat& out) {
    const std::uint64_t row = column_count(format, out) * 128;
    return row * out.layout[0].pitch <= out.memory_size[0] && row * out.layout[1].pitch <= out.memory_size[1];
}

/// In columns, the chroma of the last column ends the memory.
bool columns_fit(const PixelFormat& format, const FrameFormat& out) {
    if (out.memory_planes > 1) return column_planes_fit(format, out);
    const std::uint64_t column_height = format.plane[0].bytesperline;
    return column_height >= std::uint64_t{format.height} * 3 / 2 &&
           out.layout[0].pitch * column_height <= out.memory_size[0];
}

} // namespace

const FormatFacts* find_format(V4l2Fourcc fourcc) {
    const auto found = std::find_if(formats.begin(), formats.end(), [&](const auto& f) { return f.v4l2 == fourcc; });
    return found == formats.end() ? nullptr : &*found;
}

bool can_be_shown(const FormatFacts& facts) { return facts.drm != unnamed; }

bool is_same_format(const FormatFacts& facts, const FormatModifier& wanted) {
    const std::uint64_t modifier = wanted.modifier == modifier_invalid ? modifier_linear : wanted.modifier;
    return facts.drm == wanted.fourcc && facts.modifier == without_parameters(modifier);
}

Result<FrameFormat> to_frame_format(const PixelFormat& format) {
    const FormatFacts* facts = find_format(format.fourcc);
    if (facts == nullptr || !can_be_shown(*facts))
        return fail(ENOTSUP, fmt::format("pixel format {} cannot be shown", to_string(format.fourcc)), "format");
    // Sizes beyond this cannot be meant, and would overflow the sums below.
    constexpr std::uint32_t most = 32768;
    if (format.width == 0 || format.height == 0 || format.width > most || format.height > most ||
        format.plane[0].bytesperline > 8 * most || format.memory_planes != facts->memory_planes)
        return fail(EINVAL,
                    fmt::format("the driver's {} of {}x{} makes no sense", to_string(format.fourcc), format.width,
                                format.height),
                    "format");
    FrameFormat out;
    out.fourcc = facts->drm;
    out.modifier = facts->modifier;
    out.coded_width = format.width;
    out.coded_height = format.height;
    out.bit_depth = facts->bit_depth;
    out.memory_planes = facts->memory_planes;
    out.components = facts->components;
    for (std::uint8_t i = 0; i < out.memory_planes; ++i) out.memory_size[i] = format.plane[i].sizeimage;
    const bool columns = facts->modifier == sand128;
    if (columns && facts->memory_planes == 1)
        lay_out_columns(format, out);
    else if (columns)
        lay_out_column_planes(format, out);
    else if (facts->memory_planes > 1)
        lay_out_memory_planes(format, out);
    else
        lay_out_contiguous(format, *facts, out);
    if (columns ? !columns_fit(format, out) : !fits(format, *facts, out))
        return fail(EINVAL,
                    fmt::format("{} of {}x{} does not fit in the {} bytes that the driver gives",
                                to_string(format.fourcc), format.width, format.height, out.memory_size[0]),
                    "format");
    return out;
}

std::string to_string(V4l2Fourcc fourcc) { return to_string(DrmFourcc{static_cast<std::uint32_t>(fourcc)}); }

} // namespace v4l2play
