#include "tests/fakes/fake_format.h"

#include <algorithm>
#include <cerrno>

namespace v4l2play::fakes {
namespace {

std::uint32_t align(std::uint32_t value, std::uint32_t step) { return (value + step - 1) / step * step; }

std::uint32_t clamp(std::uint32_t value, std::uint32_t low, std::uint32_t high, std::uint32_t step) {
    return std::min(std::max(align(value, step), low), high);
}

unsigned bytes_per_sample(std::uint32_t fourcc) { return fourcc == V4L2_PIX_FMT_P010 ? 2 : 1; }

/// What drivers append for motion vectors: nobody may compute a buffer's size for himself.
constexpr std::uint32_t hidden_bytes = 4096;

} // namespace

FakeFormats::FakeFormats(FakeDecoder& decoder)
    : decoder_(decoder) {
    output_ = adjust_output({});
    capture_ = adjust_capture(0, output_);
}

const std::vector<std::uint32_t>& FakeFormats::pixel_formats() const {
    return depth_ > 8 ? decoder_.deep_pixel_formats : decoder_.pixel_formats;
}

bool FakeFormats::is_output(std::uint32_t type) const {
    return type == static_cast<std::uint32_t>(decoder_.multi_planar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
                                                                    : V4L2_BUF_TYPE_VIDEO_OUTPUT);
}
bool FakeFormats::is_capture(std::uint32_t type) const {
    return type == static_cast<std::uint32_t>(decoder_.multi_planar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
                                                                    : V4L2_BUF_TYPE_VIDEO_CAPTURE);
}

int FakeFormats::enumerate(v4l2_fmtdesc& out) const {
    if (!is_output(out.type) && !is_capture(out.type)) return -EINVAL;
    const auto& list = is_output(out.type) ? decoder_.coded_formats : pixel_formats();
    if (out.index >= list.size()) return -EINVAL;
    out.pixelformat = list[out.index];
    out.flags = is_output(out.type) ? V4L2_FMT_FLAG_COMPRESSED : 0;
    return 0;
}

int FakeFormats::enumerate_sizes(v4l2_frmsizeenum& out) const {
    const auto& coded = decoder_.coded_formats;
    if (out.index != 0 || std::find(coded.begin(), coded.end(), out.pixel_format) == coded.end()) return -EINVAL;
    out.type = V4L2_FRMSIZE_TYPE_STEPWISE;
    out.stepwise = decoder_.sizes;
    return 0;
}

FakeFormat FakeFormats::read(const v4l2_format& format) const {
    FakeFormat wanted;
    if (decoder_.multi_planar) {
        const v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
        wanted.fourcc = pixels.pixelformat;
        wanted.width = pixels.width;
        wanted.height = pixels.height;
        wanted.size[0] = pixels.plane_fmt[0].sizeimage;
    } else {
        wanted.fourcc = format.fmt.pix.pixelformat;
        wanted.width = format.fmt.pix.width;
        wanted.height = format.fmt.pix.height;
        wanted.size[0] = format.fmt.pix.sizeimage;
    }
    return wanted;
}

void FakeFormats::write(const FakeFormat& from, v4l2_format& format) const {
    if (decoder_.multi_planar) {
        v4l2_pix_format_mplane& pixels = format.fmt.pix_mp;
        pixels = {};
        pixels.pixelformat = from.fourcc;
        pixels.width = from.width;
        pixels.height = from.height;
        pixels.field = V4L2_FIELD_NONE;
        pixels.num_planes = static_cast<std::uint8_t>(from.planes);
        for (unsigned i = 0; i < from.planes; ++i) {
            pixels.plane_fmt[i].bytesperline = from.pitch[i];
            pixels.plane_fmt[i].sizeimage = from.size[i];
        }
        pixels.colorspace = color_.colorspace;
    } else {
        v4l2_pix_format& pixels = format.fmt.pix;
        pixels = {};
        pixels.pixelformat = from.fourcc;
        pixels.width = from.width;
        pixels.height = from.height;
        pixels.field = V4L2_FIELD_NONE;
        pixels.bytesperline = from.pitch[0];
        pixels.sizeimage = from.size[0];
        pixels.colorspace = color_.colorspace;
    }
}

FakeFormat FakeFormats::adjust_output(FakeFormat wanted) const {
    const auto& coded = decoder_.coded_formats;
    if (std::find(coded.begin(), coded.end(), wanted.fourcc) == coded.end()) wanted.fourcc = coded.front();
    const v4l2_frmsize_stepwise& sizes = decoder_.sizes;
    wanted.width = clamp(wanted.width, sizes.min_width, sizes.max_width, sizes.step_width);
    wanted.height = clamp(wanted.height, sizes.min_height, sizes.max_height, sizes.step_height);
    wanted.planes = 1;
    wanted.pitch = {};
    // As cedrus does: whoever passes no size gets a buffer that fits nothing.
    wanted.size = {std::max<std::uint32_t>(wanted.size[0], 1024), 0, 0, 0};
    return wanted;
}

FakeFormat FakeFormats::adjust_capture(std::uint32_t fourcc, const FakeFormat& output) const {
    const auto& list = pixel_formats();
    FakeFormat format;
    format.fourcc = std::find(list.begin(), list.end(), fourcc) == list.end() ? list.front() : fourcc;
    format.width = output.width;
    format.height = output.height;
    const std::uint32_t pitch = align(format.width * bytes_per_sample(format.fourcc), decoder_.pitch_alignment);
    const std::uint32_t luma = pitch * align(format.height, 16);
    if (format.fourcc == V4L2_PIX_FMT_NV12M) {
        format.planes = 2;
        format.pitch = {pitch, pitch, 0, 0};
        format.size = {luma, luma / 2 + hidden_bytes, 0, 0};
    } else {
        format.pitch = {pitch, 0, 0, 0};
        format.size = {luma + luma / 2 + hidden_bytes, 0, 0, 0};
    }
    return format;
}

int FakeFormats::get(v4l2_format& format) const {
    if (!is_output(format.type) && !is_capture(format.type)) return -EINVAL;
    write(is_output(format.type) ? output_ : capture_, format);
    return 0;
}

int FakeFormats::negotiate(v4l2_format& format, bool set, bool output_busy, bool capture_busy) {
    if (!is_output(format.type) && !is_capture(format.type)) return -EINVAL;
    const FakeFormat wanted = read(format);
    if (is_capture(format.type)) {
        const FakeFormat result = adjust_capture(wanted.fourcc, output_);
        if (set && capture_busy) return -EBUSY;
        if (set) capture_ = result;
        write(result, format);
        return 0;
    }
    const FakeFormat result = adjust_output(wanted);
    if (set && (output_busy || capture_busy)) return -EBUSY;
    color_.colorspace = decoder_.multi_planar ? format.fmt.pix_mp.colorspace : format.fmt.pix.colorspace;
    if (set) {
        output_ = result;
        capture_ = adjust_capture(0, output_);
    }
    write(result, format);
    return 0;
}

int FakeFormats::set_bit_depth(unsigned depth, bool capture_busy) {
    if ((depth > 8) == (depth_ > 8)) return 0;
    if (capture_busy) return -EBUSY;
    depth_ = depth;
    if (pixel_formats().empty()) {
        depth_ = 8;
        return -EINVAL;
    }
    capture_ = adjust_capture(0, output_);
    return 0;
}

} // namespace v4l2play::fakes
