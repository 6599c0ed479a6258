#include "decoder/software/libav_pixels.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/slot_memory.h"

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace v4l2play {
namespace {

struct Entry {
    AVPixelFormat format;
    DrmFourcc fourcc;
    bool full_range;
    bool identity_matrix;
};

constexpr std::array entries{
    Entry{AV_PIX_FMT_YUV420P, fourcc_yuv420, false, false},
    Entry{AV_PIX_FMT_YUVJ420P, fourcc_yuv420, true, false},
    Entry{AV_PIX_FMT_YUV422P, fourcc_yuv422, false, false},
    Entry{AV_PIX_FMT_YUVJ422P, fourcc_yuv422, true, false},
    Entry{AV_PIX_FMT_YUV444P, fourcc_yuv444, false, false},
    Entry{AV_PIX_FMT_YUVJ444P, fourcc_yuv444, true, false},
    Entry{AV_PIX_FMT_YUV411P, drm_fourcc('Y', 'U', '1', '1'), false, false},
    Entry{AV_PIX_FMT_YUVJ411P, drm_fourcc('Y', 'U', '1', '1'), true, false},
    Entry{AV_PIX_FMT_YUV410P, drm_fourcc('Y', 'U', 'V', '9'), false, false},
    Entry{AV_PIX_FMT_NV12, fourcc_nv12, false, false},
    Entry{AV_PIX_FMT_NV21, fourcc_nv21, false, false},
    Entry{AV_PIX_FMT_NV16, fourcc_nv16, false, false},
    Entry{AV_PIX_FMT_NV24, drm_fourcc('N', 'V', '2', '4'), false, false},
    Entry{AV_PIX_FMT_P010LE, fourcc_p010, false, false},
    Entry{AV_PIX_FMT_YUV420P10LE, fourcc_s010, false, false},
    Entry{AV_PIX_FMT_YUV422P10LE, fourcc_s210, false, false},
    Entry{AV_PIX_FMT_YUV444P10LE, fourcc_s410, false, false},
    Entry{AV_PIX_FMT_YUV420P12LE, fourcc_s012, false, false},
    Entry{AV_PIX_FMT_YUV422P12LE, fourcc_s212, false, false},
    Entry{AV_PIX_FMT_YUV444P12LE, fourcc_s412, false, false},
    Entry{AV_PIX_FMT_GRAY8, fourcc_r8, false, false},
    Entry{AV_PIX_FMT_GRAY10LE, drm_fourcc('R', '1', '0', ' '), false, false},
    Entry{AV_PIX_FMT_GRAY12LE, drm_fourcc('R', '1', '2', ' '), false, false},
    Entry{AV_PIX_FMT_GBRP, fourcc_yuv444, true, true},
    Entry{AV_PIX_FMT_GBRP10LE, fourcc_s410, true, true},
    Entry{AV_PIX_FMT_GBRP12LE, fourcc_s412, true, true},
    // Byte order in memory on the left, bits of a little-endian word on the right: BGR0 is XRGB8888.
    Entry{AV_PIX_FMT_BGR0, drm_fourcc('X', 'R', '2', '4'), true, false},
    Entry{AV_PIX_FMT_BGRA, drm_fourcc('A', 'R', '2', '4'), true, false},
    Entry{AV_PIX_FMT_RGB0, drm_fourcc('X', 'B', '2', '4'), true, false},
    Entry{AV_PIX_FMT_RGBA, drm_fourcc('A', 'B', '2', '4'), true, false},
    Entry{AV_PIX_FMT_BGR24, drm_fourcc('R', 'G', '2', '4'), true, false},
    Entry{AV_PIX_FMT_RGB24, drm_fourcc('B', 'G', '2', '4'), true, false},
    Entry{AV_PIX_FMT_RGB565LE, drm_fourcc('R', 'G', '1', '6'), true, false},
    Entry{AV_PIX_FMT_YUYV422, drm_fourcc('Y', 'U', 'Y', 'V'), false, false},
    Entry{AV_PIX_FMT_UYVY422, drm_fourcc('U', 'Y', 'V', 'Y'), false, false},
};

/// Displays and GPUs want rows to start at multiples of this; so do the widest vector registers.
constexpr std::uint64_t pitch_alignment = 64;
constexpr std::uint64_t offset_alignment = 256;
/// libavcodec's vector code reads and writes up to a register and 16 bytes past the last row of a component.
constexpr std::uint64_t over_read = 16 + 64;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// Rows of chroma are an exact fraction of those of luma: some display engines know only one pitch.
std::uint64_t component_pitch(const PixelLayout& layout, unsigned component, std::uint64_t luma_pitch) {
    if (component == 0) return luma_pitch;
    return (luma_pitch >> layout.chroma_shift_x) * (layout.interleaved() ? 2 : 1);
}

std::uint64_t luma_pitch(const PixelLayout& layout, std::uint32_t width, const RowAlignment& alignment) {
    std::uint64_t multiple = pitch_alignment;
    for (const int row : alignment)
        multiple = std::max<std::uint64_t>(multiple, row > 0 ? static_cast<unsigned>(row) : 1);
    if (layout.components() > 1) multiple <<= layout.chroma_shift_x;
    // 3-byte pixels: a multiple of the pixel too, so that the pitch is a whole number of pixels.
    if (layout.pixel_bytes == 3) multiple *= 3;
    return round_up(row_bytes(layout, 0, width), multiple);
}

} // namespace

std::optional<LibavPixels> from_libav_pixel_format(int format) {
    const auto* found =
        std::find_if(entries.begin(), entries.end(), [format](const Entry& entry) { return entry.format == format; });
    if (found == entries.end()) return {};
    return LibavPixels{find_pixel_layout(found->fourcc), found->full_range, found->identity_matrix};
}

Result<FrameFormat> lay_out_picture(const PixelLayout& layout, std::uint32_t coded_width, std::uint32_t coded_height,
                                    std::uint32_t allocated_width, std::uint32_t allocated_height,
                                    const RowAlignment& alignment) {
    FrameFormat format;
    format.fourcc = layout.fourcc;
    // Whole chroma samples: displays refuse a subsampled picture of odd size.
    format.coded_width = static_cast<std::uint32_t>(round_up(coded_width, 1U << layout.chroma_shift_x));
    format.coded_height = static_cast<std::uint32_t>(round_up(coded_height, 1U << layout.chroma_shift_y));
    format.bit_depth = layout.bit_depth;
    format.components = static_cast<std::uint8_t>(layout.components());
    const std::uint32_t width = std::max(allocated_width, format.coded_width);
    const std::uint32_t height = std::max(allocated_height, format.coded_height);
    const std::uint64_t pitch = luma_pitch(layout, width, alignment);
    std::uint64_t end = 0;
    for (unsigned i = 0; i < layout.components(); ++i) {
        const std::uint64_t offset = round_up(end, offset_alignment);
        const std::uint64_t row = component_pitch(layout, i, pitch);
        end = offset + row * component_height(layout, i, height) + over_read;
        if (end > maximum_slot_bytes)
            return fail(EFBIG, fmt::format("pictures of {}x{} are too large", coded_width, coded_height), "layout");
        format.layout[i] = {0, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(row)};
    }
    format.memory_size[0] = static_cast<std::size_t>(end);
    return format;
}

} // namespace v4l2play
