#include "decoder/v4l2/video_device.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>

namespace v4l2play {
namespace {

// A driver that never says EINVAL must not keep us enumerating for ever.
constexpr std::uint32_t most_formats = 64;
constexpr std::uint32_t most_sizes = 64;

PixelFormat from_kernel(const v4l2_format& format, bool multi_planar) {
    PixelFormat out;
    if (!multi_planar) {
        const v4l2_pix_format& pix = format.fmt.pix;
        out = {V4l2Fourcc{pix.pixelformat}, pix.width, pix.height, 1, {}};
        out.plane[0] = {pix.bytesperline, pix.sizeimage};
        return out;
    }
    const v4l2_pix_format_mplane& pix = format.fmt.pix_mp;
    out = {V4l2Fourcc{pix.pixelformat}, pix.width, pix.height, pix.num_planes, {}};
    for (std::size_t i = 0; i < std::min<std::size_t>(pix.num_planes, out.plane.size()); ++i)
        out.plane[i] = {pix.plane_fmt[i].bytesperline, pix.plane_fmt[i].sizeimage};
    return out;
}

} // namespace

void to_kernel(const PixelFormat& in, bool multi_planar, v4l2_format& format) {
    if (!multi_planar) {
        v4l2_pix_format& pix = format.fmt.pix;
        pix.pixelformat = static_cast<std::uint32_t>(in.fourcc);
        pix.width = in.width;
        pix.height = in.height;
        pix.field = V4L2_FIELD_NONE;
        pix.bytesperline = in.plane[0].bytesperline;
        pix.sizeimage = in.plane[0].sizeimage;
        return;
    }
    v4l2_pix_format_mplane& pix = format.fmt.pix_mp;
    pix.pixelformat = static_cast<std::uint32_t>(in.fourcc);
    pix.width = in.width;
    pix.height = in.height;
    pix.field = V4L2_FIELD_NONE;
    pix.num_planes = in.memory_planes;
    for (std::size_t i = 0; i < std::min<std::size_t>(in.memory_planes, in.plane.size()); ++i) {
        pix.plane_fmt[i].bytesperline = in.plane[i].bytesperline;
        pix.plane_fmt[i].sizeimage = in.plane[i].sizeimage;
    }
}

std::string error_text(int code) { return std::generic_category().message(code); }

Result<VideoDevice> VideoDevice::open(Kernel& kernel, const std::string& path) {
    const int fd = kernel.open(path.c_str(), O_RDWR | O_NONBLOCK);
    if (fd < 0) return fail(-fd, fmt::format("cannot open {}: {}", path, error_text(-fd)), "open");
    VideoDevice device(kernel, UniqueFd(kernel, fd));
    V4L2PLAY_TRY(device.query_capabilities(path));
    return device;
}

Result<> VideoDevice::query_capabilities(const std::string& path) {
    v4l2_capability capability{};
    if (const int error = call(VIDIOC_QUERYCAP, &capability); error < 0)
        return fail(-error, fmt::format("{} is no video device: {}", path, error_text(-error)), "QUERYCAP");
    const bool per_node = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0;
    const std::uint32_t what = per_node ? capability.device_caps : capability.capabilities;
    multi_planar_ = (what & V4L2_CAP_VIDEO_M2M_MPLANE) != 0;
    if ((what & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE)) == 0 || (what & V4L2_CAP_STREAMING) == 0)
        return fail(ENODEV, fmt::format("{} is no memory-to-memory device", path), "QUERYCAP");
    driver_ = field_text(capability.driver);
    card_ = field_text(capability.card);
    bus_info_ = field_text(capability.bus_info);
    kernel_version_ = capability.version;
    return {};
}

std::uint32_t VideoDevice::buffer_type(QueueSide side) const {
    if (side == QueueSide::Output)
        return multi_planar_ ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
    return multi_planar_ ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

std::vector<V4l2Fourcc> VideoDevice::formats(QueueSide side) const {
    std::vector<V4l2Fourcc> found;
    for (std::uint32_t i = 0; i < most_formats; ++i) {
        v4l2_fmtdesc description{};
        description.type = buffer_type(side);
        description.index = i;
        if (call(VIDIOC_ENUM_FMT, &description) < 0) break;
        found.push_back(V4l2Fourcc{description.pixelformat});
    }
    return found;
}

bool VideoDevice::decodes() const {
    for (std::uint32_t i = 0; i < most_formats; ++i) {
        v4l2_fmtdesc description{};
        description.type = buffer_type(QueueSide::Output);
        description.index = i;
        if (call(VIDIOC_ENUM_FMT, &description) < 0) break;
        if ((description.flags & V4L2_FMT_FLAG_COMPRESSED) != 0) return true;
    }
    return false;
}

FrameSizes VideoDevice::frame_sizes(V4l2Fourcc coded) const {
    FrameSizes sizes;
    for (std::uint32_t i = 0; i < most_sizes; ++i) {
        v4l2_frmsizeenum size{};
        size.index = i;
        size.pixel_format = static_cast<std::uint32_t>(coded);
        if (call(VIDIOC_ENUM_FRAMESIZES, &size) < 0) break;
        const bool discrete = size.type == V4L2_FRMSIZE_TYPE_DISCRETE;
        const std::uint32_t width = discrete ? size.discrete.width : size.stepwise.max_width;
        const std::uint32_t height = discrete ? size.discrete.height : size.stepwise.max_height;
        sizes.maximum_width = std::max(sizes.maximum_width, width);
        sizes.maximum_height = std::max(sizes.maximum_height, height);
        if (!discrete) break;
    }
    return sizes;
}

Result<PixelFormat> VideoDevice::get_format(QueueSide side) const {
    v4l2_format format{};
    format.type = buffer_type(side);
    if (const int error = call(VIDIOC_G_FMT, &format); error < 0)
        return fail(-error, fmt::format("the driver tells no format: {}", error_text(-error)), "G_FMT");
    return from_kernel(format, multi_planar_);
}

Result<PixelFormat> VideoDevice::set_format(QueueSide side, const PixelFormat& wanted) const {
    v4l2_format format{};
    format.type = buffer_type(side);
    to_kernel(wanted, multi_planar_, format);
    if (const int error = call(VIDIOC_S_FMT, &format); error < 0)
        return fail(-error,
                    fmt::format("the driver refuses {} of {}x{}: {}", to_string(wanted.fourcc), wanted.width,
                                wanted.height, error_text(-error)),
                    "S_FMT");
    return from_kernel(format, multi_planar_);
}

bool VideoDevice::query_control(std::uint32_t id, v4l2_query_ext_ctrl& control) const {
    control = {};
    control.id = id;
    return call(VIDIOC_QUERY_EXT_CTRL, &control) >= 0 && (control.flags & V4L2_CTRL_FLAG_DISABLED) == 0;
}

std::uint64_t VideoDevice::menu_items(const v4l2_query_ext_ctrl& control) const {
    if (control.type != V4L2_CTRL_TYPE_MENU && control.type != V4L2_CTRL_TYPE_INTEGER_MENU) return 0;
    std::uint64_t items = 0;
    const std::int64_t last = std::min<std::int64_t>(control.maximum, 63);
    for (std::int64_t i = std::max<std::int64_t>(control.minimum, 0); i <= last; ++i) {
        v4l2_querymenu item{};
        item.id = control.id;
        item.index = static_cast<std::uint32_t>(i);
        if (call(VIDIOC_QUERYMENU, &item) >= 0) items |= std::uint64_t{1} << i;
    }
    return items;
}

Result<> VideoDevice::set_controls(std::span<v4l2_ext_control> controls) const {
    if (controls.empty()) return {};
    v4l2_ext_controls list{};
    list.which = V4L2_CTRL_WHICH_CUR_VAL;
    list.count = static_cast<std::uint32_t>(controls.size());
    list.controls = controls.data();
    if (const int error = call(VIDIOC_S_EXT_CTRLS, &list); error < 0) {
        // error_idx names the control only when it is below the count.
        const std::uint32_t id = controls[list.error_idx < list.count ? list.error_idx : 0].id;
        return fail(-error, fmt::format("the driver refuses control {:#x}: {}", id, error_text(-error)), "S_EXT_CTRLS");
    }
    return {};
}

int VideoDevice::set_request_controls(int request_fd, std::span<v4l2_ext_control> controls) const {
    v4l2_ext_controls list{};
    list.which = V4L2_CTRL_WHICH_REQUEST_VAL;
    list.count = static_cast<std::uint32_t>(controls.size());
    list.request_fd = request_fd;
    list.controls = controls.data();
    return call(VIDIOC_S_EXT_CTRLS, &list);
}

int VideoDevice::decoder_command(std::uint32_t command) const {
    v4l2_decoder_cmd argument{};
    argument.cmd = command;
    return call(VIDIOC_DECODER_CMD, &argument);
}

} // namespace v4l2play
