// Fills the H.264 controls of the stateless codec interface from a parsed picture.
#pragma once

#include "decoder/codec/h264_picture.h"
#include "decoder/request/nal_modes.h"

namespace v4l2play {

class H264Controls final : public CodecControls {
  public:
    explicit H264Controls(ModePreference preferred = {})
        : modes_({V4L2_CID_STATELESS_H264_DECODE_MODE, "H264_DECODE_MODE", V4L2_CID_STATELESS_H264_START_CODE,
                  "H264_START_CODE"},
                 preferred) {}

    [[nodiscard]] std::uint32_t coded_fourcc() const override;
    Result<> probe(ControlProbe& probe) override;
    Result<> accepts(const SequenceInfo& sequence) override;
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override;
    [[nodiscard]] unsigned requests(const Picture& picture) const override;
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override;
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override;
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override;
    [[nodiscard]] const char* mode() const override { return modes_.name(); }
    [[nodiscard]] bool needs_hold() const override { return modes_.slice_based(); }

  private:
    [[nodiscard]] std::span<const h264::Slice> slices(const Picture& picture, unsigned index) const;

    NalModes modes_;
    bool has_scaling_matrix_ = false;
    std::uint64_t profiles_ = 0; ///< profile menu; 0 = the driver has none

    // The control list and what it points to live here, so that a picture costs no allocation.
    ControlList<8> controls_;
    v4l2_ctrl_h264_sps sps_{};
    v4l2_ctrl_h264_pps pps_{};
    v4l2_ctrl_h264_scaling_matrix scaling_matrix_{};
    v4l2_ctrl_h264_pred_weights pred_weights_{};
    v4l2_ctrl_h264_slice_params slice_params_{};
    v4l2_ctrl_h264_decode_params decode_params_{};
};

} // namespace v4l2play
