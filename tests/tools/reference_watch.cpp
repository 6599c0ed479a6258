#include "tests/tools/reference_watch.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <linux/v4l2-controls.h>

#include "decoder/v4l2/queue.h"
#include "decoder/v4l2/uapi.h"
#include "decoder/v4l2/uapi_av1.h"

namespace v4l2play::test {
namespace {

struct Names {
    std::vector<FrameId>& out;

    /// Nanoseconds of a V4L2 time stamp; a reference that a picture does not have is 0.
    void add(std::uint64_t timestamp) {
        if (timestamp != 0) out.push_back(timestamp / 1000);
    }
};

template <class Control>
const Control& read(const v4l2_ext_control& control) {
    return *static_cast<const Control*>(control.ptr);
}

/// What one control refers to; true when it says that the picture may come first.
bool take(const v4l2_ext_control& control, Names names) {
    switch (control.id) {
    case V4L2_CID_STATELESS_H264_DECODE_PARAMS: {
        const auto& decode = read<v4l2_ctrl_h264_decode_params>(control);
        for (const auto& entry : decode.dpb)
            if ((entry.flags & V4L2_H264_DPB_ENTRY_FLAG_VALID) != 0) names.add(entry.reference_ts);
        return (decode.flags & (V4L2_H264_DECODE_PARAM_FLAG_PFRAME | V4L2_H264_DECODE_PARAM_FLAG_BFRAME)) == 0;
    }
    case V4L2_CID_STATELESS_HEVC_DECODE_PARAMS: {
        const auto& decode = read<v4l2_ctrl_hevc_decode_params>(control);
        for (unsigned i = 0; i < decode.num_active_dpb_entries; ++i) names.add(decode.dpb[i].timestamp);
        return (decode.flags & V4L2_HEVC_DECODE_PARAM_FLAG_IRAP_PIC) != 0;
    }
    case V4L2_CID_STATELESS_VP8_FRAME: {
        const auto& frame = read<v4l2_ctrl_vp8_frame>(control);
        for (const std::uint64_t name : {frame.last_frame_ts, frame.golden_frame_ts, frame.alt_frame_ts})
            names.add(name);
        return V4L2_VP8_FRAME_IS_KEY_FRAME(&frame);
    }
    case V4L2_CID_STATELESS_VP9_FRAME: {
        const auto& frame = read<v4l2_ctrl_vp9_frame>(control);
        for (const std::uint64_t name : {frame.last_frame_ts, frame.golden_frame_ts, frame.alt_frame_ts})
            names.add(name);
        return (frame.flags & V4L2_VP9_FRAME_FLAG_KEY_FRAME) != 0;
    }
    case V4L2_CID_STATELESS_AV1_FRAME: {
        const auto& frame = read<v4l2_ctrl_av1_frame>(control);
        for (const __s8 index : frame.ref_frame_idx)
            if (index >= 0) names.add(frame.reference_frame_ts[index]);
        return frame.frame_type == V4L2_AV1_KEY_FRAME;
    }
    case V4L2_CID_STATELESS_MPEG2_PICTURE: {
        const auto& picture = read<v4l2_ctrl_mpeg2_picture>(control);
        for (const std::uint64_t name : {picture.forward_ref_ts, picture.backward_ref_ts}) names.add(name);
        return picture.picture_coding_type == V4L2_MPEG2_PIC_CODING_TYPE_I;
    }
    case V4L2_CID_STATELESS_FWHT_PARAMS:
        names.add(read<v4l2_ctrl_fwht_params>(control).backward_ref_ts);
        return false;
    default:
        return false;
    }
}

} // namespace

int ReferenceWatch::ioctl(int fd, unsigned long request, void* argument) {
    // Before the kernel has it: afterwards another thread may be told of the picture at any time.
    if (request == VIDIOC_S_EXT_CTRLS) note_controls(argument);
    if (request == VIDIOC_QBUF) note_bitstream(fd, argument);
    if (request == MEDIA_REQUEST_IOC_QUEUE) {
        const std::lock_guard lock(mutex_);
        if (auto node = open_.extract(fd)) {
            pictures_.emplace(node.mapped().id, node.mapped().bitstream); // of two fields, the first
            requests_.push_back(std::move(node.mapped()));
        }
    }
    const int answer = real_.ioctl(fd, request, argument);
    if (request == VIDIOC_QUERYBUF && answer == 0) {
        const auto& buffer = *static_cast<const v4l2_buffer*>(argument);
        const std::lock_guard lock(mutex_);
        if (buffer.type == V4L2_BUF_TYPE_VIDEO_OUTPUT) buffer_at_[{fd, buffer.m.offset}] = buffer.index;
        if (buffer.type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE)
            buffer_at_[{fd, buffer.m.planes[0].m.mem_offset}] = buffer.index;
    }
    return answer;
}

void* ReferenceWatch::mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) {
    void* address = real_.mmap(length, protection, fd, offset, error);
    const std::lock_guard lock(mutex_);
    if (const auto found = buffer_at_.find({fd, offset}); address != nullptr && found != buffer_at_.end())
        bitstreams_[{fd, found->second}] = static_cast<const std::uint8_t*>(address);
    return address;
}

void ReferenceWatch::note_controls(void* argument) {
    const auto& controls = *static_cast<const v4l2_ext_controls*>(argument);
    if (controls.which != V4L2_CTRL_WHICH_REQUEST_VAL) return;
    const std::lock_guard lock(mutex_);
    Request& request = open_[controls.request_fd];
    for (const v4l2_ext_control& control : std::span(controls.controls, controls.count))
        request.intra |= take(control, {request.names});
}

void ReferenceWatch::note_bitstream(int fd, void* argument) {
    const auto& buffer = *static_cast<const v4l2_buffer*>(argument);
    if ((buffer.flags & V4L2_BUF_FLAG_REQUEST_FD) == 0) return;
    const bool planes = buffer.type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE;
    const std::size_t size = planes ? buffer.m.planes[0].bytesused : buffer.bytesused;
    const std::lock_guard lock(mutex_);
    Request& request = open_[buffer.request_fd];
    request.id = to_frame_id(buffer.timestamp);
    const auto* bytes = reinterpret_cast<const char*>(bitstreams_.at({fd, buffer.index}));
    request.bitstream = std::hash<std::string_view>()({bytes, size});
}

ReferenceWatch::Hash ReferenceWatch::picture(FrameId id) const {
    const std::lock_guard lock(mutex_);
    const auto found = pictures_.find(id);
    return found == pictures_.end() ? 0 : found->second;
}

ReferenceWatch::References ReferenceWatch::references_of(const Request& request) const {
    References references;
    for (const FrameId name : request.names) {
        const auto found = pictures_.find(name);
        references.push_back(found == pictures_.end() ? 0 : found->second);
    }
    std::sort(references.begin(), references.end());
    return references;
}

void ReferenceWatch::learn() {
    const std::lock_guard lock(mutex_);
    for (const Request& request : requests_) {
        Known& known = known_.try_emplace(request.bitstream, Known{{}, next_}).first->second;
        known.references.insert(references_of(request));
        ++next_;
    }
    checked_ = requests_.size();
}

/// Where decoding has begun behind pictures that the whole stream still refers to, these are missing, and only these.
std::string ReferenceWatch::compare(const Request& request) {
    const auto found = known_.find(request.bitstream);
    if (found == known_.end()) return fmt::format("picture {} is none of the stream's", request.id);
    const Known& known = found->second;
    const References references = references_of(request);
    const bool goes_on = known.first == next_ && known.references.contains({});
    if (request.intra && request.names.empty() && !goes_on) begin_ = known.first;
    next_ = known.first + 1;
    ++compared_;
    references_ += references.size();
    const auto explains = [&](const References& whole) {
        References missing;
        std::set_difference(whole.begin(), whole.end(), references.begin(), references.end(),
                            std::back_inserter(missing));
        return whole.size() == references.size() + missing.size() &&
               std::all_of(missing.begin(), missing.end(), [&](Hash one) {
                   const auto place = known_.find(one);
                   return place != known_.end() && place->second.first < begin_;
               });
    };
    if (std::any_of(known.references.begin(), known.references.end(), explains)) return {};
    return fmt::format("picture {}, number {} of the stream, refers to others than there ({} of {})", request.id,
                       known.first, references.size(), known.references.begin()->size());
}

std::vector<std::string> ReferenceWatch::check() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> problems;
    for (; checked_ < requests_.size(); ++checked_)
        if (auto problem = compare(requests_[checked_]); !problem.empty()) problems.push_back(std::move(problem));
    return problems;
}

} // namespace v4l2play::test
