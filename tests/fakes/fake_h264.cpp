// The H.264 half of the fake's control checks.
#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "tests/fakes/fake_controls.h"

namespace v4l2play::fakes {
namespace {

int check(const v4l2_ctrl_h264_sps& sps) {
    const bool deep_profile = V4L2_H264_SPS_HAS_CHROMA_FORMAT(&sps);
    if (deep_profile && sps.profile_idc < 122 && sps.chroma_format_idc > 1) return -EINVAL;
    if (deep_profile && sps.profile_idc < 244 && sps.chroma_format_idc > 2) return -EINVAL;
    if (sps.chroma_format_idc > 3 || sps.bit_depth_luma_minus8 > 6 || sps.bit_depth_chroma_minus8 > 6) return -EINVAL;
    if (sps.log2_max_frame_num_minus4 > 12 || sps.pic_order_cnt_type > 2) return -EINVAL;
    return sps.log2_max_pic_order_cnt_lsb_minus4 > 12 || sps.max_num_ref_frames > 16 ? -EINVAL : 0;
}

int check(const v4l2_ctrl_h264_pps& pps) {
    if (pps.num_slice_groups_minus1 > 7 || pps.weighted_bipred_idc > 2) return -EINVAL;
    return pps.num_ref_idx_l0_default_active_minus1 > 31 || pps.num_ref_idx_l1_default_active_minus1 > 31 ? -EINVAL : 0;
}

int check(const v4l2_ctrl_h264_pred_weights& weights) {
    return weights.luma_log2_weight_denom > 7 || weights.chroma_log2_weight_denom > 7 ? -EINVAL : 0;
}

int check(const v4l2_ctrl_h264_slice_params& slice) {
    if (slice.colour_plane_id > 2 || slice.cabac_init_idc > 2 || slice.disable_deblocking_filter_idc > 2)
        return -EINVAL;
    for (const int offset : {slice.slice_alpha_c0_offset_div2, slice.slice_beta_offset_div2})
        if (offset < -6 || offset > 6) return -EINVAL;
    return slice.num_ref_idx_l0_active_minus1 > 31 || slice.num_ref_idx_l1_active_minus1 > 31 ? -EINVAL : 0;
}

std::string list_fault(const v4l2_h264_reference* list, unsigned count, const v4l2_ctrl_h264_decode_params& params) {
    for (unsigned i = 0; i < count; ++i) {
        if (list[i].index >= V4L2_H264_NUM_DPB_ENTRIES)
            return fmt::format("reference list entry {} names DPB entry {}", i, list[i].index);
        if ((params.dpb[list[i].index].flags & V4L2_H264_DPB_ENTRY_FLAG_VALID) == 0)
            return fmt::format("reference list entry {} names DPB entry {}, which is unused", i, list[i].index);
        if (list[i].fields == 0 || list[i].fields > 3) return fmt::format("reference list entry {} names no field", i);
    }
    return {};
}

std::string slice_fault(const v4l2_ctrl_h264_slice_params& slice, const v4l2_ctrl_h264_decode_params& params) {
    const bool intra = slice.slice_type == V4L2_H264_SLICE_TYPE_I || slice.slice_type == V4L2_H264_SLICE_TYPE_SI;
    const bool both = slice.slice_type == V4L2_H264_SLICE_TYPE_B;
    if (slice.reserved != 0) return "reserved member of SLICE_PARAMS is not 0";
    std::string fault = list_fault(slice.ref_pic_list0, intra ? 0 : slice.num_ref_idx_l0_active_minus1 + 1U, params);
    if (!fault.empty()) return fault;
    return list_fault(slice.ref_pic_list1, both ? slice.num_ref_idx_l1_active_minus1 + 1U : 0, params);
}

} // namespace

int check_h264_control(std::uint32_t id, const void* value) {
    switch (id) {
    case V4L2_CID_STATELESS_H264_SPS:
        return check(*static_cast<const v4l2_ctrl_h264_sps*>(value));
    case V4L2_CID_STATELESS_H264_PPS:
        return check(*static_cast<const v4l2_ctrl_h264_pps*>(value));
    case V4L2_CID_STATELESS_H264_PRED_WEIGHTS:
        return check(*static_cast<const v4l2_ctrl_h264_pred_weights*>(value));
    case V4L2_CID_STATELESS_H264_SLICE_PARAMS:
        return check(*static_cast<const v4l2_ctrl_h264_slice_params*>(value));
    case V4L2_CID_STATELESS_H264_DECODE_PARAMS:
        return static_cast<const v4l2_ctrl_h264_decode_params*>(value)->nal_ref_idc > 3 ? -EINVAL : 0;
    default:
        return 0;
    }
}

std::vector<std::uint64_t> h264_references(const ControlValues& values) {
    const auto* params = find_control<v4l2_ctrl_h264_decode_params>(values, V4L2_CID_STATELESS_H264_DECODE_PARAMS);
    std::set<std::uint64_t> timestamps;
    if (params != nullptr)
        for (const v4l2_h264_dpb_entry& entry : params->dpb)
            if ((entry.flags & V4L2_H264_DPB_ENTRY_FLAG_VALID) != 0) timestamps.insert(entry.reference_ts);
    return {timestamps.begin(), timestamps.end()};
}

std::string h264_fault(const ControlValues& values, bool slice_based) {
    const auto* params = find_control<v4l2_ctrl_h264_decode_params>(values, V4L2_CID_STATELESS_H264_DECODE_PARAMS);
    const auto* slice = find_control<v4l2_ctrl_h264_slice_params>(values, V4L2_CID_STATELESS_H264_SLICE_PARAMS);
    const auto* pps = find_control<v4l2_ctrl_h264_pps>(values, V4L2_CID_STATELESS_H264_PPS);
    if (params == nullptr || pps == nullptr) return "controls without a picture";
    for (const v4l2_h264_dpb_entry& entry : params->dpb)
        for (const std::uint8_t byte : entry.reserved)
            if (byte != 0) return "reserved member of a DPB entry is not 0";
    if (params->reserved != 0) return "reserved member of DECODE_PARAMS is not 0";
    const bool matrix = (pps->flags & V4L2_H264_PPS_FLAG_SCALING_MATRIX_PRESENT) != 0;
    if (matrix != (values.count(V4L2_CID_STATELESS_H264_SCALING_MATRIX) != 0))
        return "SCALING_MATRIX and the PPS flag disagree";
    if (!slice_based) return slice != nullptr ? "SLICE_PARAMS set in frame-based mode" : "";
    const bool weights = V4L2_H264_CTRL_PRED_WEIGHTS_REQUIRED(pps, slice);
    if (weights != (values.count(V4L2_CID_STATELESS_H264_PRED_WEIGHTS) != 0))
        return "PRED_WEIGHTS are set where not required, or required and not set";
    return slice_fault(*slice, *params);
}

} // namespace v4l2play::fakes
