#include "decoder/request/hevc_controls.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/request/hevc_fill.h"

namespace v4l2play {
namespace {

using hevc::HevcPicture;
using hevc::Slice;

const HevcPicture& as_hevc(const Picture& picture) { return static_cast<const HevcPicture&>(picture); }

std::span<const hevc::ShortTermRefPicSet> short_term_sets(const hevc::Sps& sps) {
    return std::span(sps.short_term_ref_pic_sets).first(sps.num_short_term_ref_pic_sets);
}

} // namespace

std::uint32_t HevcControls::coded_fourcc() const { return V4L2_PIX_FMT_HEVC_SLICE; }

/// Arrays that some drivers want and others do not know.
Result<> HevcControls::probe_arrays(ControlProbe& probe) {
    struct Array {
        std::uint32_t id;
        const char* name;
        std::size_t size;
        std::uint32_t& maximum;
    };
    const std::array<Array, 4> arrays{{{V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, "HEVC_SLICE_PARAMS",
                                        sizeof(v4l2_ctrl_hevc_slice_params), maximum_slices_},
                                       {V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, "HEVC_ENTRY_POINT_OFFSETS",
                                        sizeof(std::uint32_t), maximum_entry_points_},
                                       {V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, "HEVC_EXT_SPS_ST_RPS",
                                        sizeof(v4l2_ctrl_hevc_ext_sps_st_rps), maximum_short_term_},
                                       {V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, "HEVC_EXT_SPS_LT_RPS",
                                        sizeof(v4l2_ctrl_hevc_ext_sps_lt_rps), maximum_long_term_}}};
    for (const Array& array : arrays) {
        array.maximum = array_capacity(probe, array.id);
        if (array.maximum != 0) V4L2PLAY_TRY(check_control(probe, array.id, array.name, array.size));
    }
    return {};
}

Result<> HevcControls::probe(ControlProbe& probe) {
    V4L2PLAY_TRY(modes_.probe(probe));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_HEVC_SPS, "HEVC_SPS", sizeof sps_));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_HEVC_PPS, "HEVC_PPS", sizeof pps_));
    V4L2PLAY_TRY(
        check_control(probe, V4L2_CID_STATELESS_HEVC_DECODE_PARAMS, "HEVC_DECODE_PARAMS", sizeof decode_params_));
    if (modes_.slice_based())
        V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, "HEVC_SLICE_PARAMS",
                                   sizeof(v4l2_ctrl_hevc_slice_params)));
    has_scaling_matrix_ = probe.query(V4L2_CID_STATELESS_HEVC_SCALING_MATRIX).exists;
    if (has_scaling_matrix_)
        V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_HEVC_SCALING_MATRIX, "HEVC_SCALING_MATRIX",
                                   sizeof scaling_matrix_));
    V4L2PLAY_TRY(probe_arrays(probe));
    profiles_ = probe.query(V4L2_CID_MPEG_VIDEO_HEVC_PROFILE).menu;
    return {};
}

/// The menu of profiles ends with Main 10; what drivers do beyond (4:2:2) shows in the formats that they offer.
Result<> HevcControls::accepts(const SequenceInfo& sequence) {
    constexpr std::uint64_t main_10 = std::uint64_t{1} << V4L2_MPEG_VIDEO_HEVC_PROFILE_MAIN_10;
    if (sequence.chroma_format_idc != 0 && sequence.bit_depth_luma != sequence.bit_depth_chroma)
        return fail(ENOTSUP,
                    fmt::format("HEVC with {} bits of luma and {} of chroma", sequence.bit_depth_luma,
                                sequence.bit_depth_chroma),
                    "seq_parameter_set");
    if (sequence.bit_depth_luma != 8 && sequence.bit_depth_luma != 10)
        return fail(ENOTSUP, fmt::format("no driver decodes HEVC with {} bits", sequence.bit_depth_luma),
                    "seq_parameter_set");
    if (sequence.chroma_format_idc != 1 && sequence.chroma_format_idc != 2)
        return fail(ENOTSUP,
                    fmt::format("no driver decodes HEVC with chroma_format_idc {}", sequence.chroma_format_idc),
                    "seq_parameter_set");
    if (profiles_ != 0 && sequence.bit_depth_luma > 8 && (profiles_ & main_10) == 0)
        return fail(ENOTSUP, "the driver has no HEVC profile with 10 bits", "QUERYMENU");
    return {};
}

std::span<v4l2_ext_control> HevcControls::sequence_controls(const SequenceInfo& sequence) {
    hevc::fill(sps_, sequence);
    context_sets_.clear();
    controls_.clear();
    modes_.add_to(controls_);
    controls_.add(V4L2_CID_STATELESS_HEVC_SPS, sps_);
    return controls_.get();
}

/// The slice segments that request `index` carries.
std::span<const Slice> HevcControls::slices(const Picture& picture, unsigned index) const {
    return modes_.carried(std::span<const Slice>(as_hevc(picture).slices), index);
}

unsigned HevcControls::requests(const Picture& picture) const {
    return modes_.requests(std::span<const Slice>(as_hevc(picture).slices));
}

/// The kernel takes no more elements than the driver has room for, and the entry points must be as many as the slices
/// say (num_entry_point_offsets): a picture with more of either cannot be described to it.
Result<> HevcControls::takes_slices(const Picture& picture) const {
    for (unsigned i = 0; maximum_slices_ != 0 && i < requests(picture); ++i) {
        const std::span<const Slice> part = slices(picture, i);
        if (part.size() > maximum_slices_)
            return fail(ENOTSUP,
                        fmt::format("a picture of {} slices; the driver takes {}", part.size(), maximum_slices_),
                        "HEVC_SLICE_PARAMS");
        std::size_t points = 0;
        for (const Slice& slice : part) points += slice.entry_points.size();
        if (maximum_entry_points_ != 0 && points > maximum_entry_points_)
            return fail(
                ENOTSUP,
                fmt::format("a picture with {} entry points; the driver takes {}", points, maximum_entry_points_),
                "HEVC_ENTRY_POINT_OFFSETS");
    }
    return {};
}

/// The driver walks over as many sets as the SPS says.
Result<> HevcControls::takes_reference_sets(const hevc::Sps& sps) const {
    if (maximum_short_term_ != 0 && sps.num_short_term_ref_pic_sets > maximum_short_term_)
        return fail(ENOTSUP,
                    fmt::format("an SPS of {} reference picture sets; the driver takes {}",
                                sps.num_short_term_ref_pic_sets, maximum_short_term_),
                    "HEVC_EXT_SPS_ST_RPS");
    if (maximum_long_term_ != 0 && sps.num_long_term_ref_pics_sps > maximum_long_term_)
        return fail(ENOTSUP,
                    fmt::format("an SPS of {} long-term reference pictures; the driver takes {}",
                                sps.num_long_term_ref_pics_sps, maximum_long_term_),
                    "HEVC_EXT_SPS_LT_RPS");
    return {};
}

Result<> HevcControls::takes(const Picture& picture) {
    V4L2PLAY_TRY(takes_slices(picture));
    return takes_reference_sets(*as_hevc(picture).sps);
}

bool HevcControls::changes_reference_sets(const Picture& picture) const {
    const auto sets = short_term_sets(*as_hevc(picture).sps);
    return !context_sets_.empty() && !std::equal(sets.begin(), sets.end(), context_sets_.begin(), context_sets_.end());
}

/// SLICE_PARAMS, and ENTRY_POINT_OFFSETS where the driver has it; `takes` has made sure that all of them fit.
void HevcControls::add_slices(const HevcPicture& picture, unsigned index) {
    if (maximum_slices_ == 0) return;
    slice_params_.clear();
    entry_points_.clear();
    for (const Slice& slice : slices(picture, index)) {
        hevc::fill(slice_params_.emplace_back(), slice, picture, modes_.start_code_size());
        if (maximum_entry_points_ != 0)
            entry_points_.insert(entry_points_.end(), slice.entry_points.begin(), slice.entry_points.end());
    }
    controls_.add_array(V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, std::span(slice_params_));
    if (!entry_points_.empty())
        controls_.add_array(V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, std::span(entry_points_));
}

/// EXT_SPS_ST_RPS and EXT_SPS_LT_RPS, with every picture, where the driver has them; `takes` has made sure that all of
/// them fit.
void HevcControls::add_reference_sets(const hevc::Sps& sps) {
    const auto sets = short_term_sets(sps).first(maximum_short_term_ == 0 ? 0 : sps.num_short_term_ref_pic_sets);
    if (context_sets_.empty()) context_sets_.assign(sets.begin(), sets.end());
    short_term_.resize(sets.size());
    for (std::size_t i = 0; i < short_term_.size(); ++i) hevc::fill(short_term_[i], sets[i]);
    long_term_.resize(maximum_long_term_ == 0 ? 0 : sps.num_long_term_ref_pics_sps);
    for (std::size_t i = 0; i < long_term_.size(); ++i) hevc::fill(long_term_[i], sps.long_term_ref_pics[i]);
    if (!short_term_.empty()) controls_.add_array(V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, std::span(short_term_));
    if (!long_term_.empty()) controls_.add_array(V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, std::span(long_term_));
}

std::span<v4l2_ext_control> HevcControls::picture_controls(const Picture& picture, unsigned index) {
    const HevcPicture& hevc = as_hevc(picture);
    hevc::fill(sps_, *hevc.sps);
    hevc::fill(pps_, *hevc.pps, *hevc.sps);
    hevc::fill(decode_params_, hevc);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_HEVC_SPS, sps_);
    controls_.add(V4L2_CID_STATELESS_HEVC_PPS, pps_);
    controls_.add(V4L2_CID_STATELESS_HEVC_DECODE_PARAMS, decode_params_);
    if (has_scaling_matrix_ && hevc.scaling != nullptr) {
        hevc::fill(scaling_matrix_, *hevc.scaling);
        controls_.add(V4L2_CID_STATELESS_HEVC_SCALING_MATRIX, scaling_matrix_);
    }
    add_slices(hevc, index);
    add_reference_sets(*hevc.sps);
    return controls_.get();
}

std::size_t HevcControls::bitstream_size(const Picture& picture, unsigned index) const {
    return NalModes::size(slices(picture, index));
}

std::size_t HevcControls::data_offset(const Picture& picture, unsigned index) const {
    std::size_t farthest = 0;
    for (const Slice& slice : slices(picture, index))
        farthest = std::max<std::size_t>(farthest, slice.header.data_byte_offset);
    return farthest + modes_.start_code_size();
}

std::size_t HevcControls::write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) {
    return modes_.write(slices(picture, index), buffer);
}

std::unique_ptr<CodecControls> create_hevc_controls(ModePreference preference) {
    return std::make_unique<HevcControls>(preference);
}

} // namespace v4l2play
