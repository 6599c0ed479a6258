// Arbitrary access units for the H.265 codec, as Annex B, with seeks and losses in between (tests/fuzz/codec_run.h), up
// to the controls, which are within the ranges of the kernel's interface. Parameter sets 0 (reordering, long-term
// references) and 1 (tiles, rows, weights, dependent slices) are known from the start.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "decoder/codec/hevc.h"
#include "decoder/codec/hevc_picture.h"
#include "decoder/request/hevc_controls.h"
#include "tests/fuzz/codec_run.h"
#include "tests/unit/hevc_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

StreamInfo stream_info() {
    StreamInfo stream;
    hevc::Sps sps;
    sps.pic_width_in_luma_samples = sps.pic_height_in_luma_samples = 128;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
    sps.sps_max_dec_pic_buffering_minus1 = 4;
    sps.sps_max_num_reorder_pics = 2;
    sps.sps_max_latency_increase_plus1 = 2;
    sps.log2_diff_max_min_luma_coding_block_size = 1;
    sps.long_term_ref_pics_present_flag = true;
    sps.sample_aspect = {1, 1};
    hevc::Pps pps;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    sps.sps_seq_parameter_set_id = pps.pps_seq_parameter_set_id = pps.pps_pic_parameter_set_id = 1;
    sps.scaling_list_enabled_flag = sps.sps_temporal_mvp_enabled_flag = true;
    sps.num_short_term_ref_pic_sets = 2;
    sps.short_term_ref_pic_sets[0] = reference_set({-1, -2}, {3});
    sps.short_term_ref_pic_sets[1] = reference_set({-1});
    pps.tiles_enabled_flag = pps.entropy_coding_sync_enabled_flag = pps.dependent_slice_segments_enabled_flag = true;
    pps.num_tile_columns_minus1 = pps.num_tile_rows_minus1 = 1;
    pps.weighted_pred_flag = pps.weighted_bipred_flag = pps.lists_modification_present_flag = true;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    return stream;
}

/// A driver with all controls.
class Probe final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        const std::map<std::uint32_t, ControlFacts> facts{
            {V4L2_CID_STATELESS_HEVC_DECODE_MODE, {true, 4, 1, 1, 0, 1, 3}},
            {V4L2_CID_STATELESS_HEVC_START_CODE, {true, 4, 1, 1, 0, 1, 3}},
            {V4L2_CID_STATELESS_HEVC_SPS, {true, 40, 1, 1, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_PPS, {true, 64, 1, 1, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_DECODE_PARAMS, {true, 328, 1, 1, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_SCALING_MATRIX, {true, 1000, 1, 1, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, {true, 280, 0, 600, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, {true, 4, 0, 256, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, {true, 80, 0, 65, 0, 0, 0}},
            {V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, {true, 4, 0, 65, 0, 0, 0}}};
        const auto found = facts.find(id);
        return found == facts.end() ? ControlFacts{} : found->second;
    }
};

/// Looks at the controls of one request.
class Validator {
  public:
    Validator(std::span<v4l2_ext_control> controls, const hevc::HevcPicture& picture, const std::set<FrameId>& alive)
        : sps_(*find<v4l2_ctrl_hevc_sps>(controls, V4L2_CID_STATELESS_HEVC_SPS).data())
        , pps_(*find<v4l2_ctrl_hevc_pps>(controls, V4L2_CID_STATELESS_HEVC_PPS).data())
        , params_(*find<v4l2_ctrl_hevc_decode_params>(controls, V4L2_CID_STATELESS_HEVC_DECODE_PARAMS).data())
        , slices_(find<v4l2_ctrl_hevc_slice_params>(controls, V4L2_CID_STATELESS_HEVC_SLICE_PARAMS))
        , entry_points_(find<std::uint32_t>(controls, V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS)) {
        check_sps();
        check_pps();
        check_params(alive);
        check_set_sizes(8 * picture.slices.front().nal.size());
        check_slices();
        if (const auto matrix = find<v4l2_ctrl_hevc_scaling_matrix>(controls, V4L2_CID_STATELESS_HEVC_SCALING_MATRIX);
            !matrix.empty())
            for (std::size_t i = 0; i < sizeof matrix[0]; ++i)
                require(reinterpret_cast<const std::uint8_t*>(matrix.data())[i] != 0, "a scaling factor of 0");
        check_sets(find<v4l2_ctrl_hevc_ext_sps_st_rps>(controls, V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS));
        check_long_term(find<v4l2_ctrl_hevc_ext_sps_lt_rps>(controls, V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS));
    }

  private:
    template <class Control>
    static std::span<const Control> find(std::span<v4l2_ext_control> controls, std::uint32_t id) {
        for (const v4l2_ext_control& control : controls)
            if (control.id == id) return {static_cast<const Control*>(control.ptr), control.size / sizeof(Control)};
        return {};
    }
    void check_sps() const {
        require(sps_.pic_width_in_luma_samples > 0 && sps_.pic_height_in_luma_samples > 0, "size");
        require(sps_.bit_depth_luma_minus8 <= 8 && sps_.bit_depth_chroma_minus8 <= 8, "bit depth");
        require(sps_.sps_max_dec_pic_buffering_minus1 <= 15, "sps_max_dec_pic_buffering_minus1");
        require(sps_.sps_max_num_reorder_pics <= sps_.sps_max_dec_pic_buffering_minus1, "sps_max_num_reorder_pics");
        require(sps_.log2_min_luma_coding_block_size_minus3 + sps_.log2_diff_max_min_luma_coding_block_size <= 3,
                "block size");
        require(sps_.num_short_term_ref_pic_sets <= 64 && sps_.num_long_term_ref_pics_sps <= 32, "sets");
        require(sps_.chroma_format_idc <= 3 && sps_.flags < 512, "sps flags");
        require(sps_.video_parameter_set_id <= 15 && sps_.seq_parameter_set_id <= 15, "sps ids");
        require(sps_.log2_max_pic_order_cnt_lsb_minus4 <= 12 && sps_.sps_max_sub_layers_minus1 <= 6, "sps");
        for (const std::uint8_t byte : sps_.reserved) require(byte == 0, "sps.reserved");
        check_blocks();
    }
    /// 7.4.3.2.1
    void check_blocks() const {
        const unsigned smallest = sps_.log2_min_luma_coding_block_size_minus3 + 3U;
        const unsigned ctb = smallest + sps_.log2_diff_max_min_luma_coding_block_size;
        const unsigned transform = sps_.log2_min_luma_transform_block_size_minus2 + 2U;
        require(transform < smallest, "log2_min_luma_transform_block_size_minus2");
        require(transform + sps_.log2_diff_max_min_luma_transform_block_size <= std::min(ctb, 5U), "transform size");
        require(sps_.max_transform_hierarchy_depth_inter <= ctb - transform &&
                    sps_.max_transform_hierarchy_depth_intra <= ctb - transform,
                "transform depth");
        if ((sps_.flags & V4L2_HEVC_SPS_FLAG_PCM_ENABLED) == 0) return;
        require(sps_.pcm_sample_bit_depth_luma_minus1 + 1 <= sps_.bit_depth_luma_minus8 + 8, "PCM depth");
        require(sps_.pcm_sample_bit_depth_chroma_minus1 + 1 <= sps_.bit_depth_chroma_minus8 + 8, "PCM depth");
        const unsigned pcm = sps_.log2_min_pcm_luma_coding_block_size_minus3 + 3U;
        require(pcm >= std::min(smallest, 5U), "PCM size");
        require(pcm + sps_.log2_diff_max_min_pcm_luma_coding_block_size <= std::min(ctb, 5U), "PCM size");
    }
    [[nodiscard]] unsigned ctb_size() const {
        return 1U << (3 + sps_.log2_min_luma_coding_block_size_minus3 + sps_.log2_diff_max_min_luma_coding_block_size);
    }
    [[nodiscard]] unsigned columns() const { return (sps_.pic_width_in_luma_samples + ctb_size() - 1) / ctb_size(); }
    [[nodiscard]] unsigned rows() const { return (sps_.pic_height_in_luma_samples + ctb_size() - 1) / ctb_size(); }
    static bool within(int value, int limit) { return value >= -limit && value <= limit; }
    void check_pps() const {
        require(pps_.num_tile_columns_minus1 < 20 && pps_.num_tile_rows_minus1 < 22, "tiles");
        unsigned width = 0, height = 0;
        for (unsigned i = 0; i <= pps_.num_tile_columns_minus1; ++i) width += pps_.column_width_minus1[i] + 1U;
        for (unsigned i = 0; i <= pps_.num_tile_rows_minus1; ++i) height += pps_.row_height_minus1[i] + 1U;
        if ((pps_.flags & V4L2_HEVC_PPS_FLAG_TILES_ENABLED) != 0)
            require(width % 256 == columns() % 256 && height % 256 == rows() % 256, "sizes of tiles");
        require(within(pps_.pps_cb_qp_offset, 12) && within(pps_.pps_cr_qp_offset, 12), "pps chroma offsets");
        require(within(pps_.pps_beta_offset_div2, 6) && within(pps_.pps_tc_offset_div2, 6), "pps deblocking");
        require(pps_.init_qp_minus26 >= -26 - 6 * sps_.bit_depth_luma_minus8 && pps_.init_qp_minus26 <= 25, "qp");
        require(pps_.num_ref_idx_l0_default_active_minus1 <= 14 && pps_.num_ref_idx_l1_default_active_minus1 <= 14,
                "pps lists");
        require(pps_.pic_parameter_set_id <= 63 && pps_.num_extra_slice_header_bits <= 7 && pps_.reserved == 0, "pps");
        require(pps_.diff_cu_qp_delta_depth <= 3 && pps_.log2_parallel_merge_level_minus2 <= 4, "depths");
        require(pps_.flags < 1U << 21, "pps flags");
    }
    void check_set(const std::uint8_t (&set)[16], unsigned count) const {
        require(count <= 15, "a set is too large");
        for (unsigned i = 0; i < count; ++i) require(set[i] < params_.num_active_dpb_entries, "index of a set");
    }
    void check_params(const std::set<FrameId>& alive) const {
        require(params_.num_active_dpb_entries <= 16, "num_active_dpb_entries");
        for (unsigned i = 0; i < 16; ++i) {
            const std::uint64_t time = params_.dpb[i].timestamp;
            if (i >= params_.num_active_dpb_entries)
                require(time == 0, "an entry that is not in use");
            else
                require(time % 1000 == 0 && alive.contains(time / 1000), "a reference that is not there");
            require(params_.dpb[i].field_pic <= 12 && params_.dpb[i].flags <= 1, "dpb entry");
            require(params_.dpb[i].reserved == 0, "dpb.reserved");
        }
        check_set(params_.poc_st_curr_before, params_.num_poc_st_curr_before);
        check_set(params_.poc_st_curr_after, params_.num_poc_st_curr_after);
        check_set(params_.poc_lt_curr, params_.num_poc_lt_curr);
        require(params_.num_delta_pocs_of_ref_rps_idx <= 15 && params_.flags <= 7, "decode_params");
        for (const std::uint8_t byte : params_.reserved) require(byte == 0, "decode_params.reserved");
    }
    /// 7.3.6.1: bits of the picture's first slice segment header; that of an IDR picture has no sets.
    void check_set_sizes(std::size_t slice_bits) const {
        const unsigned sizes = params_.short_term_ref_pic_set_size + params_.long_term_ref_pic_set_size;
        require(sizes < slice_bits, "sizes of sets");
        const bool idr = (params_.flags & V4L2_HEVC_DECODE_PARAM_FLAG_IDR_PIC) != 0;
        require(!idr || sizes == 0, "sets of an IDR picture");
        const bool long_term = (sps_.flags & V4L2_HEVC_SPS_FLAG_LONG_TERM_REF_PICS_PRESENT) != 0;
        require(long_term || params_.long_term_ref_pic_set_size == 0, "long_term_ref_pic_set_size");
    }
    void check_slice(const v4l2_ctrl_hevc_slice_params& slice) const {
        require(slice.bit_size % 8 == 0 && slice.data_byte_offset <= slice.bit_size / 8, "data_byte_offset");
        require(slice.slice_type <= 2 && slice.nuh_temporal_id_plus1 >= 1 && slice.nuh_temporal_id_plus1 <= 7, "slice");
        require(slice.slice_type != V4L2_HEVC_SLICE_TYPE_I || slice.num_ref_idx_l0_active_minus1 == 0, "I slice");
        require(slice.five_minus_max_num_merge_cand <= 4 && slice.pic_struct <= 12, "slice");
        require(within(slice.slice_beta_offset_div2, 6) && within(slice.slice_tc_offset_div2, 6), "deblocking");
        require(slice.flags < 1024, "slice flags");
        // Table 7-1: the others are reserved, or no slices.
        require(slice.nal_unit_type <= 9 || (slice.nal_unit_type >= 16 && slice.nal_unit_type <= 21), "nal_unit_type");
        for (const std::uint8_t byte : slice.reserved0) require(byte == 0, "slice.reserved0");
        for (const std::uint8_t byte : slice.reserved1) require(byte == 0, "slice.reserved1");
        require(slice.slice_pic_order_cnt == params_.pic_order_cnt_val, "slice_pic_order_cnt");
        require(slice.slice_segment_addr < columns() * rows() && slice.colour_plane_id <= 2, "slice_segment_addr");
        require(slice.short_term_ref_pic_set_size + slice.long_term_ref_pic_set_size < slice.bit_size, "sizes of sets");
        check_qp(slice);
        check_weights(slice.pred_weight_table);
        const unsigned lists = 2U - std::min<unsigned>(slice.slice_type, 2);
        const unsigned l0 = lists > 0 ? slice.num_ref_idx_l0_active_minus1 + 1U : 0;
        const unsigned l1 = lists > 1 ? slice.num_ref_idx_l1_active_minus1 + 1U : 0;
        require(l0 <= 15 && l1 <= 15 && slice.collocated_ref_idx < std::max({l0, l1, 1U}), "lists");
        for (unsigned i = 0; i < l0; ++i) require(slice.ref_idx_l0[i] < params_.num_active_dpb_entries, "ref_idx_l0");
        for (unsigned i = 0; i < l1; ++i) require(slice.ref_idx_l1[i] < params_.num_active_dpb_entries, "ref_idx_l1");
    }
    /// 7.4.7.1
    void check_qp(const v4l2_ctrl_hevc_slice_params& slice) const {
        const int qp = 26 + pps_.init_qp_minus26 + slice.slice_qp_delta;
        require(qp >= -6 * sps_.bit_depth_luma_minus8 && qp <= 51, "slice_qp_delta");
        require(within(slice.slice_cb_qp_offset, 12) && within(slice.slice_cr_qp_offset, 12), "slice chroma offsets");
        require(within(pps_.pps_cb_qp_offset + slice.slice_cb_qp_offset, 12), "cb offset");
        require(within(pps_.pps_cr_qp_offset + slice.slice_cr_qp_offset, 12), "cr offset");
        require(slice.slice_act_y_qp_offset == 0 && slice.slice_act_cb_qp_offset == 0 &&
                    slice.slice_act_cr_qp_offset == 0,
                "offsets of what no profile of drivers has");
    }
    /// 7.4.7.3: other members are as wide as their range.
    static void check_weights(const v4l2_hevc_pred_weight_table& table) {
        const int chroma = table.luma_log2_weight_denom + table.delta_chroma_log2_weight_denom;
        require(table.luma_log2_weight_denom <= 7 && chroma >= 0 && chroma <= 7, "log2_weight_denom");
    }
    void check_long_term(std::span<const v4l2_ctrl_hevc_ext_sps_lt_rps> candidates) const {
        require(candidates.size() == sps_.num_long_term_ref_pics_sps, "EXT_SPS_LT_RPS");
        for (const v4l2_ctrl_hevc_ext_sps_lt_rps& candidate : candidates)
            require(candidate.lt_ref_pic_poc_lsb_sps >> (sps_.log2_max_pic_order_cnt_lsb_minus4 + 4) == 0 &&
                        candidate.flags <= 1,
                    "a candidate of EXT_SPS_LT_RPS");
    }
    void check_slices() const {
        require(!slices_.empty() && slices_.size() <= 600, "SLICE_PARAMS");
        std::size_t points = 0;
        for (const v4l2_ctrl_hevc_slice_params& slice : slices_) {
            check_slice(slice);
            require(slice.num_entry_point_offsets <= entry_points_.size() - points, "num_entry_point_offsets");
            check_entry_points(slice, entry_points_.subspan(points, slice.num_entry_point_offsets));
            points += slice.num_entry_point_offsets;
        }
        require(entry_points_.size() == points && points <= 256, "ENTRY_POINT_OFFSETS");
    }
    /// 7.4.7.1, (7-55), (7-56): no subset of the slice segment data is empty, and the last is what is left.
    static void check_entry_points(const v4l2_ctrl_hevc_slice_params& slice, std::span<const std::uint32_t> offsets) {
        std::uint64_t end = slice.data_byte_offset;
        for (const std::uint32_t offset : offsets) {
            require(offset >= 1, "an entry point offset of 0");
            end += offset;
        }
        require(offsets.empty() || end < slice.bit_size / 8, "an entry point outside of the slice");
    }
    /// 7.4.8
    static bool is_distance(std::uint16_t distance_minus1) { return distance_minus1 <= 32767; }
    void check_sets(std::span<const v4l2_ctrl_hevc_ext_sps_st_rps> sets) const {
        require(sets.size() == sps_.num_short_term_ref_pic_sets, "EXT_SPS_ST_RPS");
        for (std::size_t i = 0; i < sets.size(); ++i) {
            require(sets[i].delta_idx_minus1 <= i && sets[i].delta_rps_sign <= 1 && sets[i].flags <= 1,
                    "a set's flags");
            require(sets[i].num_negative_pics + sets[i].num_positive_pics <= 15, "a set's size");
            require(sets[i].used_by_curr_pic < 1U << 16 && sets[i].use_delta_flag < 1U << 16, "a set's masks");
            require(is_distance(sets[i].abs_delta_rps_minus1), "abs_delta_rps_minus1");
            require(std::all_of(sets[i].delta_poc_s0_minus1, sets[i].delta_poc_s0_minus1 + 16, is_distance), "s0");
            require(std::all_of(sets[i].delta_poc_s1_minus1, sets[i].delta_poc_s1_minus1 + 16, is_distance), "s1");
        }
    }

    const v4l2_ctrl_hevc_sps& sps_;
    const v4l2_ctrl_hevc_pps& pps_;
    const v4l2_ctrl_hevc_decode_params& params_;
    std::span<const v4l2_ctrl_hevc_slice_params> slices_;
    std::span<const std::uint32_t> entry_points_;
};

class Run final : public CodecRun {
  public:
    explicit Run(const StreamInfo& stream)
        : CodecRun(create_hevc_codec()) {
        Probe probe;
        for (HevcControls& controls : controls_) require(controls.probe(probe).has_value(), "probe");
        require(codec().configure(stream).has_value(), "configure");
    }

  private:
    void check(const Picture& picture, std::span<const std::uint8_t> /*unit*/) override {
        for (HevcControls& controls : controls_)
            for (unsigned i = 0; controls.takes(picture) && i < controls.requests(picture); ++i) {
                Validator(controls.picture_controls(picture, i), static_cast<const hevc::HevcPicture&>(picture),
                          alive());
                buffer_.resize(controls.bitstream_size(picture, i));
                require(controls.write_bitstream(picture, i, buffer_) <= buffer_.size(), "bitstream");
            }
    }

    std::array<HevcControls, 2> controls_{
        HevcControls(), HevcControls({ModePreference::Decode::SliceBased, ModePreference::StartCode::None})};
    std::vector<std::uint8_t> buffer_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const StreamInfo stream = stream_info();
    Run(stream).play({data, size});
    return 0;
}
