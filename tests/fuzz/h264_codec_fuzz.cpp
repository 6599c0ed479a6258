// Arbitrary access units for the H.264 codec, as Annex B, with seeks and losses in between (tests/fuzz/codec_run.h; the
// codec's own flag: a key unit), up to the controls, which are within the ranges of the kernel's interface. Parameter
// sets 0 (reordering, gaps allowed), 1 (order of decoding) and 2 (as 0, with fields) are known from the start.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <vector>

#include "decoder/codec/h264.h"
#include "decoder/codec/h264_picture.h"
#include "decoder/request/h264_controls.h"
#include "tests/fuzz/codec_run.h"
#include "tests/unit/h264_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

/// A driver that has everything.
class FullProbe final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = id != V4L2_CID_MPEG_VIDEO_H264_PROFILE;
        facts.menu = 3;
        facts.element_size = size_of(id);
        return facts;
    }

  private:
    static std::uint32_t size_of(std::uint32_t id) {
        switch (id) {
        case V4L2_CID_STATELESS_H264_SPS:
            return sizeof(v4l2_ctrl_h264_sps);
        case V4L2_CID_STATELESS_H264_PPS:
            return sizeof(v4l2_ctrl_h264_pps);
        case V4L2_CID_STATELESS_H264_SCALING_MATRIX:
            return sizeof(v4l2_ctrl_h264_scaling_matrix);
        case V4L2_CID_STATELESS_H264_PRED_WEIGHTS:
            return sizeof(v4l2_ctrl_h264_pred_weights);
        case V4L2_CID_STATELESS_H264_SLICE_PARAMS:
            return sizeof(v4l2_ctrl_h264_slice_params);
        default:
            return sizeof(v4l2_ctrl_h264_decode_params);
        }
    }
};

void check_control(const v4l2_ctrl_h264_sps& sps) {
    require(sps.chroma_format_idc <= 3 && sps.bit_depth_luma_minus8 <= 6 && sps.bit_depth_chroma_minus8 <= 6, "sps");
    require(sps.log2_max_frame_num_minus4 <= 12 && sps.log2_max_pic_order_cnt_lsb_minus4 <= 12, "sps");
    require(sps.pic_order_cnt_type <= 2 && sps.max_num_ref_frames <= 16 && sps.seq_parameter_set_id <= 31, "sps");
    require((sps.constraint_set_flags & ~0x3fU) == 0 && (sps.flags & ~0x7fU) == 0, "sps.flags");
    const bool frames_only = (sps.flags & V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY) != 0;
    require(!frames_only || (sps.flags & V4L2_H264_SPS_FLAG_MB_ADAPTIVE_FRAME_FIELD) == 0, "MBAFF without fields");
    require(frames_only || (sps.flags & V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE) != 0, "direct_8x8_inference_flag");
    // MaxFS of level 6.2 (Table A-1)
    require((sps.pic_width_in_mbs_minus1 + 1U) * (sps.pic_height_in_map_units_minus1 + 1U) <= 139264, "sps size");
}

void check_control(const v4l2_ctrl_h264_pps& pps, const v4l2_ctrl_h264_sps& sps) {
    require(pps.num_slice_groups_minus1 == 0 && pps.weighted_bipred_idc <= 2, "pps");
    require(pps.seq_parameter_set_id == sps.seq_parameter_set_id && (pps.flags & ~0xffU) == 0, "pps");
    require(pps.num_ref_idx_l0_default_active_minus1 <= 31 && pps.num_ref_idx_l1_default_active_minus1 <= 31, "pps");
    require(pps.pic_init_qp_minus26 >= -26 - 6 * sps.bit_depth_luma_minus8 && pps.pic_init_qp_minus26 <= 25, "qp");
    require(pps.pic_init_qs_minus26 >= -26 && pps.pic_init_qs_minus26 <= 25, "pps");
    require(pps.chroma_qp_index_offset >= -12 && pps.chroma_qp_index_offset <= 12, "pps");
    require(pps.second_chroma_qp_index_offset >= -12 && pps.second_chroma_qp_index_offset <= 12, "pps");
}

/// 7.4.2.1.1.1: no scaling factor is 0.
void check_control(const v4l2_ctrl_h264_scaling_matrix& matrix) {
    for (const auto& list : matrix.scaling_list_4x4)
        for (const std::uint8_t factor : list) require(factor != 0, "a scaling factor of 0");
    for (const auto& list : matrix.scaling_list_8x8)
        for (const std::uint8_t factor : list) require(factor != 0, "a scaling factor of 0");
}

/// 8.2.4.1: the numbers of an entry follow from each other. LongTermFrameIdx is where frame_num is of others.
void check_numbers(const v4l2_h264_dpb_entry& entry, const v4l2_ctrl_h264_decode_params& params, int max_frame_num) {
    const bool frame = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) == 0;
    const bool long_term = (entry.flags & V4L2_H264_DPB_ENTRY_FLAG_LONG_TERM) != 0;
    require(entry.frame_num < (long_term ? 16 : max_frame_num), "dpb.frame_num");
    const bool wraps = !long_term && entry.frame_num > params.frame_num;
    const int number = entry.frame_num - (wraps ? max_frame_num : 0);
    const auto pic_num = static_cast<std::int32_t>(entry.pic_num);
    require(frame ? pic_num == number : pic_num == 2 * number || pic_num == 2 * number + 1, "dpb.pic_num");
}

/// 7.4.3: what the first slice header says of the order of pictures and of marking, and how many of its bits those are.
void check_header(const v4l2_ctrl_h264_decode_params& params, const v4l2_ctrl_h264_sps& sps, unsigned header_bits) {
    const bool frame = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) == 0;
    const bool idr = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_IDR_PIC) != 0;
    require(params.frame_num < 1 << (sps.log2_max_frame_num_minus4 + 4), "frame_num");
    require(idr || params.idr_pic_id == 0, "idr_pic_id of what is no IDR picture");
    const bool has_lsb = sps.pic_order_cnt_type == 0;
    const int max_lsb = has_lsb ? 1 << (sps.log2_max_pic_order_cnt_lsb_minus4 + 4) : 1;
    require(params.pic_order_cnt_lsb < max_lsb, "pic_order_cnt_lsb");
    require((has_lsb && frame) || params.delta_pic_order_cnt_bottom == 0, "delta_pic_order_cnt_bottom");
    const bool has_deltas =
        sps.pic_order_cnt_type == 1 && (sps.flags & V4L2_H264_SPS_FLAG_DELTA_PIC_ORDER_ALWAYS_ZERO) == 0;
    require(has_deltas || params.delta_pic_order_cnt0 == 0, "delta_pic_order_cnt0");
    require((has_deltas && frame) || params.delta_pic_order_cnt1 == 0, "delta_pic_order_cnt1");
    require((params.pic_order_cnt_bit_size != 0) == (has_lsb || has_deltas), "pic_order_cnt_bit_size");
    require((params.dec_ref_pic_marking_bit_size != 0) == (params.nal_ref_idc != 0), "dec_ref_pic_marking_bit_size");
    require(std::uint64_t{params.pic_order_cnt_bit_size} + params.dec_ref_pic_marking_bit_size < header_bits,
            "more bits than the header has");
    require(params.slice_group_change_cycle == 0, "slice_group_change_cycle without slice groups");
}

/// Entries name frames that are there (or the one of which this is the second field), each once.
void check_control(const v4l2_ctrl_h264_decode_params& params, const v4l2_ctrl_h264_sps& sps, const Picture& picture,
                   const std::set<FrameId>& alive) {
    const bool frame = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) == 0;
    require(params.nal_ref_idc <= 3 && params.reserved == 0 && (params.flags & ~0x1fU) == 0, "decode_params");
    require(!frame || (params.flags & V4L2_H264_DECODE_PARAM_FLAG_BOTTOM_FIELD) == 0, "decode_params.flags");
    for (const v4l2_h264_dpb_entry& entry : params.dpb) {
        for (const std::uint8_t byte : entry.reserved) require(byte == 0, "dpb.reserved");
        if (entry.flags == 0) {
            const v4l2_h264_dpb_entry unused{};
            require(std::memcmp(&entry, &unused, sizeof entry) == 0, "an unused entry of the DPB");
            continue;
        }
        check_numbers(entry, params, 1 << (sps.log2_max_frame_num_minus4 + 4));
        require((entry.flags & ~0xfU) == 0 && entry.fields >= 1 && entry.fields <= 3, "dpb");
        require(!frame || entry.fields == V4L2_H264_FRAME_REF, "half a frame in the DPB of a frame");
        const FrameId id = entry.reference_ts / 1000;
        require(entry.reference_ts % 1000 == 0, "reference_ts");
        require(alive.contains(id) && (id != picture.id || picture.second_field), "a reference that is not there");
    }
}

void check_list(const v4l2_h264_reference* list, unsigned count, const v4l2_ctrl_h264_decode_params& params) {
    const bool frame = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) == 0;
    for (unsigned i = 0; i < count; ++i) {
        require(list[i].index < V4L2_H264_NUM_DPB_ENTRIES, "index of a list");
        const v4l2_h264_dpb_entry& entry = params.dpb[list[i].index];
        require(entry.flags != 0, "a list names an unused entry");
        require(list[i].fields != 0 && (list[i].fields & ~entry.fields) == 0, "a field that is no reference");
        require((list[i].fields == V4L2_H264_FRAME_REF) == frame, "a field for a frame, or the other way round");
    }
}

/// 7.4.3: where the slice starts, and SliceQPY.
void check_place(const v4l2_ctrl_h264_slice_params& slice, const v4l2_ctrl_h264_decode_params& params,
                 const v4l2_ctrl_h264_sps& sps, const v4l2_ctrl_h264_pps& pps) {
    const bool frames_only = (sps.flags & V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY) != 0;
    const bool field = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) != 0;
    const bool pairs = !field && (sps.flags & V4L2_H264_SPS_FLAG_MB_ADAPTIVE_FRAME_FIELD) != 0;
    const unsigned rows = (sps.pic_height_in_map_units_minus1 + 1U) * (frames_only || field ? 1 : 2);
    require(slice.first_mb_in_slice * (pairs ? 2U : 1U) < rows * (sps.pic_width_in_mbs_minus1 + 1U), "first_mb");
    const int qp = 26 + pps.pic_init_qp_minus26 + slice.slice_qp_delta;
    require(qp >= -6 * sps.bit_depth_luma_minus8 && qp <= 51, "slice_qp_delta");
    require(slice.slice_qs_delta == 0, "slice_qs_delta of what is no SP or SI slice");
}

void check_control(const v4l2_ctrl_h264_slice_params& slice, const v4l2_ctrl_h264_decode_params& params,
                   std::size_t size) {
    require(slice.header_bit_size > 8 && slice.header_bit_size <= 8 * size, "header_bit_size");
    require(slice.slice_type <= 2 && slice.colour_plane_id == 0 && slice.redundant_pic_cnt == 0, "slice_params");
    require(slice.cabac_init_idc <= 2 && slice.disable_deblocking_filter_idc <= 2, "slice_params");
    require(slice.slice_alpha_c0_offset_div2 >= -6 && slice.slice_alpha_c0_offset_div2 <= 6, "slice_params");
    require(slice.slice_beta_offset_div2 >= -6 && slice.slice_beta_offset_div2 <= 6, "slice_params");
    require(slice.reserved == 0 && (slice.flags & ~3U) == 0, "slice_params");
    const bool intra = slice.slice_type == V4L2_H264_SLICE_TYPE_I;
    const bool both = slice.slice_type == V4L2_H264_SLICE_TYPE_B;
    const unsigned most = (params.flags & V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) != 0 ? 32 : 16;
    require(slice.num_ref_idx_l0_active_minus1 < most && slice.num_ref_idx_l1_active_minus1 < most, "list size");
    if (!intra) check_list(slice.ref_pic_list0, slice.num_ref_idx_l0_active_minus1 + 1U, params);
    if (both) check_list(slice.ref_pic_list1, slice.num_ref_idx_l1_active_minus1 + 1U, params);
}

void check_control(const v4l2_ctrl_h264_pred_weights& weights) {
    require(weights.luma_log2_weight_denom <= 7 && weights.chroma_log2_weight_denom <= 7, "pred_weights");
    // 128 is what a weight is that is not sent, with a denominator of 7.
    const auto is_weight = [](std::int16_t weight) { return weight >= -128 && weight <= 128; };
    const auto is_offset = [](std::int16_t offset) { return offset >= -128 && offset <= 127; };
    for (const v4l2_h264_weight_factors& factors : weights.weight_factors)
        for (unsigned i = 0; i < 32; ++i) {
            require(is_weight(factors.luma_weight[i]) && is_offset(factors.luma_offset[i]), "luma weights");
            for (unsigned c = 0; c < 2; ++c)
                require(is_weight(factors.chroma_weight[i][c]) && is_offset(factors.chroma_offset[i][c]), "weights");
        }
}

StreamInfo stream_info() {
    StreamInfo stream;
    h264::Sps sps;
    sps.profile_idc = 77;
    sps.level_idc = 10;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
    sps.max_num_ref_frames = 4;
    sps.gaps_in_frame_num_value_allowed_flag = true;
    sps.pic_width_in_mbs_minus1 = sps.pic_height_in_map_units_minus1 = 3;
    h264::Pps pps;
    pps.num_ref_idx_l0_default_active_minus1 = 1;
    h264::Sps fields = sps;
    h264::Pps of_fields = pps;
    fields.seq_parameter_set_id = of_fields.seq_parameter_set_id = of_fields.pic_parameter_set_id = 2;
    fields.frame_mbs_only_flag = false;
    fields.pic_height_in_map_units_minus1 = 1;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    append_nal(stream.extradata, write_sps(fields));
    append_nal(stream.extradata, write_pps(of_fields));
    sps.seq_parameter_set_id = pps.seq_parameter_set_id = pps.pic_parameter_set_id = 1;
    sps.pic_order_cnt_type = 2;
    sps.gaps_in_frame_num_value_allowed_flag = false;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    return stream;
}

class Run final : public CodecRun {
  public:
    explicit Run(const StreamInfo& stream)
        : CodecRun(create_h264_codec()) {
        FullProbe probe;
        require(codec().configure(stream).has_value(), "configure");
        for (H264Controls& controls : controls_) require(controls.probe(probe).has_value(), "probe");
    }

  private:
    void prepare(AccessUnit& unit, std::vector<std::uint8_t>& /*bytes*/, bool own) override { unit.key = own; }
    void check(const Picture& picture, std::span<const std::uint8_t> /*unit*/) override {
        for (H264Controls& controls : controls_)
            for (unsigned i = 0; i < controls.requests(picture); ++i) check_request(controls, picture, i);
    }
    template <class Control>
    static const Control* find(std::span<v4l2_ext_control> list, std::uint32_t id) {
        for (const v4l2_ext_control& control : list)
            if (control.id == id) return static_cast<const Control*>(control.ptr);
        return nullptr;
    }
    void check_request(H264Controls& controls, const Picture& picture, unsigned index) {
        const auto list = controls.picture_controls(picture, index);
        const auto* sps = find<v4l2_ctrl_h264_sps>(list, V4L2_CID_STATELESS_H264_SPS);
        const auto* pps = find<v4l2_ctrl_h264_pps>(list, V4L2_CID_STATELESS_H264_PPS);
        const auto* params = find<v4l2_ctrl_h264_decode_params>(list, V4L2_CID_STATELESS_H264_DECODE_PARAMS);
        require(sps != nullptr && pps != nullptr && params != nullptr, "a control that is missing");
        check_control(*sps);
        check_control(*pps, *sps);
        check_control(*params, *sps, picture, alive());
        check_header(*params, *sps, static_cast<const h264::H264Picture&>(picture).slices[0].header.header_bit_size);
        if (const auto* matrix = find<v4l2_ctrl_h264_scaling_matrix>(list, V4L2_CID_STATELESS_H264_SCALING_MATRIX))
            check_control(*matrix);
        const std::size_t size = controls.bitstream_size(picture, index);
        if (const auto* slice = find<v4l2_ctrl_h264_slice_params>(list, V4L2_CID_STATELESS_H264_SLICE_PARAMS)) {
            check_control(*slice, *params, size);
            check_place(*slice, *params, *sps, *pps);
        }
        if (const auto* weights = find<v4l2_ctrl_h264_pred_weights>(list, V4L2_CID_STATELESS_H264_PRED_WEIGHTS))
            check_control(*weights);
        buffer_.resize(size);
        require(controls.write_bitstream(picture, index, buffer_) <= size, "bitstream");
    }

    std::array<H264Controls, 2> controls_{
        H264Controls({ModePreference::Decode::SliceBased, ModePreference::StartCode::None}),
        H264Controls({ModePreference::Decode::FrameBased, ModePreference::StartCode::AnnexB})};
    std::vector<std::uint8_t> buffer_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const StreamInfo stream = stream_info();
    Run(stream).play({data, size});
    return 0;
}
