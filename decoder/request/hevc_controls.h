// Fills the H.265 controls of the stateless codec interface from a parsed picture.
#pragma once

#include <vector>

#include "decoder/codec/hevc_picture.h"
#include "decoder/request/nal_modes.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {

class HevcControls final : public CodecControls {
  public:
    explicit HevcControls(ModePreference preferred = {})
        : modes_({V4L2_CID_STATELESS_HEVC_DECODE_MODE, "HEVC_DECODE_MODE", V4L2_CID_STATELESS_HEVC_START_CODE,
                  "HEVC_START_CODE"},
                 preferred) {}

    [[nodiscard]] std::uint32_t coded_fourcc() const override;
    Result<> probe(ControlProbe& probe) override;
    Result<> accepts(const SequenceInfo& sequence) override;
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override;
    Result<> takes(const Picture& picture) override;
    [[nodiscard]] bool changes_reference_sets(const Picture& picture) const override;
    [[nodiscard]] unsigned requests(const Picture& picture) const override;
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override;
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override;
    [[nodiscard]] std::size_t data_offset(const Picture& picture, unsigned index) const override;
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override;
    [[nodiscard]] const char* mode() const override { return modes_.name(); }
    [[nodiscard]] bool needs_hold() const override { return modes_.slice_based(); }

  private:
    Result<> probe_arrays(ControlProbe& probe);
    [[nodiscard]] std::span<const hevc::Slice> slices(const Picture& picture, unsigned index) const;
    [[nodiscard]] Result<> takes_slices(const Picture& picture) const;
    [[nodiscard]] Result<> takes_reference_sets(const hevc::Sps& sps) const;
    void add_slices(const hevc::HevcPicture& picture, unsigned index);
    void add_reference_sets(const hevc::Sps& sps);

    NalModes modes_;
    bool has_scaling_matrix_ = false;
    std::uint32_t maximum_slices_ = 0;       ///< of SLICE_PARAMS; 0 = the driver has none
    std::uint32_t maximum_entry_points_ = 0; ///< of ENTRY_POINT_OFFSETS
    std::uint32_t maximum_short_term_ = 0;   ///< of EXT_SPS_ST_RPS
    std::uint32_t maximum_long_term_ = 0;    ///< of EXT_SPS_LT_RPS
    std::uint64_t profiles_ = 0;             ///< profile menu; 0 = the driver has none

    // The control list and what it points to live here, so that a picture costs no allocation; the arrays keep their
    // memory.
    ControlList<10> controls_;
    v4l2_ctrl_hevc_sps sps_{};
    v4l2_ctrl_hevc_pps pps_{};
    v4l2_ctrl_hevc_scaling_matrix scaling_matrix_{};
    v4l2_ctrl_hevc_decode_params decode_params_{};
    std::vector<v4l2_ctrl_hevc_slice_params> slice_params_;
    std::vector<std::uint32_t> entry_points_;
    std::vector<v4l2_ctrl_hevc_ext_sps_st_rps> short_term_;
    std::vector<v4l2_ctrl_hevc_ext_sps_lt_rps> long_term_;

    std::vector<hevc::ShortTermRefPicSet> context_sets_; ///< the first that were sent to the context
};

} // namespace v4l2play
