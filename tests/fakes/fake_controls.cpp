#include "tests/fakes/fake_controls.h"

#include <cerrno>
#include <cstring>

namespace v4l2play::fakes {
namespace {

/// Lowest and highest item of a menu.
int first_item(std::uint64_t menu) { return menu == 0 ? 0 : __builtin_ctzll(menu); }
int last_item(std::uint64_t menu) { return menu == 0 ? 0 : 63 - __builtin_clzll(menu); }

} // namespace

void FakeControls::know_mpeg2() {
    known_[V4L2_CID_STATELESS_MPEG2_SEQUENCE] = {V4L2_CTRL_TYPE_MPEG2_SEQUENCE, sizeof(v4l2_ctrl_mpeg2_sequence), 0};
    known_[V4L2_CID_STATELESS_MPEG2_PICTURE] = {V4L2_CTRL_TYPE_MPEG2_PICTURE, sizeof(v4l2_ctrl_mpeg2_picture), 0};
    known_[V4L2_CID_STATELESS_MPEG2_QUANTISATION] = {V4L2_CTRL_TYPE_MPEG2_QUANTISATION,
                                                     sizeof(v4l2_ctrl_mpeg2_quantisation), 0};
}

void FakeControls::know_h264(const FakeDecoder& decoder) {
    known_[V4L2_CID_STATELESS_H264_DECODE_MODE] = {V4L2_CTRL_TYPE_MENU, 4, decoder.decode_modes};
    known_[V4L2_CID_STATELESS_H264_START_CODE] = {V4L2_CTRL_TYPE_MENU, 4, decoder.start_codes};
    if (decoder.profiles != 0) known_[V4L2_CID_MPEG_VIDEO_H264_PROFILE] = {V4L2_CTRL_TYPE_MENU, 4, decoder.profiles};
    known_[V4L2_CID_STATELESS_H264_SPS] = {V4L2_CTRL_TYPE_H264_SPS, sizeof(v4l2_ctrl_h264_sps), 0};
    known_[V4L2_CID_STATELESS_H264_PPS] = {V4L2_CTRL_TYPE_H264_PPS, sizeof(v4l2_ctrl_h264_pps), 0};
    known_[V4L2_CID_STATELESS_H264_SCALING_MATRIX] = {V4L2_CTRL_TYPE_H264_SCALING_MATRIX,
                                                      sizeof(v4l2_ctrl_h264_scaling_matrix), 0};
    known_[V4L2_CID_STATELESS_H264_PRED_WEIGHTS] = {V4L2_CTRL_TYPE_H264_PRED_WEIGHTS,
                                                    sizeof(v4l2_ctrl_h264_pred_weights), 0};
    known_[V4L2_CID_STATELESS_H264_SLICE_PARAMS] = {V4L2_CTRL_TYPE_H264_SLICE_PARAMS,
                                                    sizeof(v4l2_ctrl_h264_slice_params), 0};
    known_[V4L2_CID_STATELESS_H264_DECODE_PARAMS] = {V4L2_CTRL_TYPE_H264_DECODE_PARAMS,
                                                     sizeof(v4l2_ctrl_h264_decode_params), 0};
}

FakeControls::FakeControls(FakeWorld& world, const FakeDecoder& decoder)
    : world_(world)
    , mpeg2_(decoder.coded_formats.front() == V4L2_PIX_FMT_MPEG2_SLICE) {
    if (mpeg2_)
        know_mpeg2();
    else
        know_h264(decoder);
    for (const std::uint32_t id : decoder.missing_controls) known_.erase(id);
    for (const auto& [id, size] : decoder.control_sizes) known_[id].size = size;
    // A driver starts with the first item of each menu; nobody may count on the mode that he wants.
    for (const auto& [id, known] : known_)
        if (known.type == V4L2_CTRL_TYPE_MENU) {
            const std::int32_t value = first_item(known.menu);
            current[id].resize(sizeof value);
            std::memcpy(current[id].data(), &value, sizeof value);
        }
}

const FakeControls::Known* FakeControls::find(std::uint32_t id) const {
    const auto found = known_.find(id);
    return found == known_.end() ? nullptr : &found->second;
}

int FakeControls::query(v4l2_query_ext_ctrl& out) const {
    const Known* known = find(out.id);
    if (known == nullptr) return -EINVAL;
    const std::uint32_t id = out.id;
    out = {};
    out.id = id;
    out.type = known->type;
    out.elem_size = known->size;
    out.elems = 1;
    const bool menu = known->type == V4L2_CTRL_TYPE_MENU;
    if (menu) {
        out.minimum = first_item(known->menu);
        out.maximum = last_item(known->menu);
    } else {
        out.flags = V4L2_CTRL_FLAG_HAS_PAYLOAD;
    }
    return 0;
}

int FakeControls::query_menu(v4l2_querymenu& out) const {
    const Known* known = find(out.id);
    if (known == nullptr || out.index > 63 || (known->menu >> out.index & 1) == 0) return -EINVAL;
    return 0;
}

int FakeControls::check_value(const Known& known, const v4l2_ext_control& control) const {
    if (known.type == V4L2_CTRL_TYPE_MENU) {
        if (control.value < 0 || control.value > 63) return -ERANGE;
        return (known.menu >> control.value & 1) != 0 ? 0 : -EINVAL;
    }
    if (control.ptr == nullptr || control.size < known.size) return -EFAULT;
    return check_h264_control(control.id, control.ptr);
}

int FakeControls::set(v4l2_ext_controls& list, ControlValues& values) const {
    // Validation fails before anything is set, and then the index is the count.
    list.error_idx = list.count;
    for (std::uint32_t i = 0; i < list.count; ++i)
        if (find(list.controls[i].id) == nullptr) return -EINVAL;
    for (std::uint32_t i = 0; i < list.count; ++i)
        if (const int error = check_value(*find(list.controls[i].id), list.controls[i]); error != 0) {
            list.error_idx = i;
            return error;
        }
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const v4l2_ext_control& control = list.controls[i];
        const std::uint32_t id = control.id;
        const Known& known = *find(id);
        const std::int32_t value = control.value;
        const void* from = known.type == V4L2_CTRL_TYPE_MENU ? &value : control.ptr;
        values[id].resize(known.size);
        std::memcpy(values[id].data(), from, known.size);
    }
    list.error_idx = 0;
    return 0;
}

int FakeControls::get(v4l2_ext_controls& list, const ControlValues& values) const {
    list.error_idx = list.count;
    for (std::uint32_t i = 0; i < list.count; ++i) {
        v4l2_ext_control& control = list.controls[i];
        const Known* known = find(control.id);
        if (known == nullptr) return -EINVAL;
        if (known->type != V4L2_CTRL_TYPE_MENU && control.size < known->size) return -ENOSPC;
        const auto value = values.find(control.id);
        const bool set = value != values.end();
        if (known->type == V4L2_CTRL_TYPE_MENU)
            control.value = set ? *find_control<std::int32_t>(values, control.id) : 0;
        else if (set)
            std::memcpy(control.ptr, value->second.data(), known->size);
        else
            std::memset(control.ptr, 0, known->size);
    }
    return 0;
}

bool FakeControls::slice_based() const {
    const auto* mode = find_control<std::int32_t>(current, V4L2_CID_STATELESS_H264_DECODE_MODE);
    return mode == nullptr || *mode == V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED;
}

bool FakeControls::start_codes() const {
    const auto* code = find_control<std::int32_t>(current, V4L2_CID_STATELESS_H264_START_CODE);
    return mpeg2_ || (code != nullptr && *code == V4L2_STATELESS_H264_START_CODE_ANNEX_B);
}

int FakeControls::validate(const ControlValues& request) const {
    if (mpeg2_)
        return request.count(V4L2_CID_STATELESS_MPEG2_SEQUENCE) != 0 &&
                       request.count(V4L2_CID_STATELESS_MPEG2_PICTURE) != 0
                   ? 0
                   : -ENOENT;
    for (const std::uint32_t id :
         {V4L2_CID_STATELESS_H264_SPS, V4L2_CID_STATELESS_H264_PPS, V4L2_CID_STATELESS_H264_DECODE_PARAMS})
        if (request.count(id) == 0) return -ENOENT;
    if (slice_based() && request.count(V4L2_CID_STATELESS_H264_SLICE_PARAMS) == 0) return -ENOENT;
    if (const std::string fault = h264_fault(request, slice_based()); !fault.empty()) world_.violation(fault);
    return 0;
}

std::vector<std::uint64_t> references_of(const ControlValues& values) {
    const auto* picture = find_control<v4l2_ctrl_mpeg2_picture>(values, V4L2_CID_STATELESS_MPEG2_PICTURE);
    if (picture == nullptr) return h264_references(values);
    std::vector<std::uint64_t> references;
    for (const std::uint64_t timestamp : {picture->forward_ref_ts, picture->backward_ref_ts})
        if (timestamp != 0) references.push_back(timestamp);
    return references;
}

} // namespace v4l2play::fakes
