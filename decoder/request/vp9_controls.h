// Fills the VP9 controls of the stateless codec interface from a parsed frame.
#pragma once

#include "decoder/codec/vp9_picture.h"
#include "decoder/request/control_list.h"

namespace v4l2play {

class Vp9Controls final : public CodecControls {
  public:
    [[nodiscard]] std::uint32_t coded_fourcc() const override { return V4L2_PIX_FMT_VP9_FRAME; }
    Result<> probe(ControlProbe& probe) override;
    Result<> accepts(const SequenceInfo& sequence) override;
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override;
    [[nodiscard]] unsigned requests(const Picture&) const override { return 1; }
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override;
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override;
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override;
    [[nodiscard]] const char* mode() const override;
    [[nodiscard]] bool needs_hold() const override { return false; }

  private:
    bool has_compressed_header_ = false; ///< the driver leaves its parsing to us
    std::uint64_t profiles_ = 0;         ///< profile menu; 0 = the driver has none

    // The control list and what it points to live here, so that a picture costs no allocation.
    ControlList<2> controls_;
    v4l2_ctrl_vp9_frame frame_{};
    v4l2_ctrl_vp9_compressed_hdr compressed_header_{};
};

} // namespace v4l2play
