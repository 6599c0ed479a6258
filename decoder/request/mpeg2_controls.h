// Fills the MPEG-2 controls of the stateless codec interface from a parsed picture.
#pragma once

#include "decoder/codec/mpeg2_picture.h"
#include "decoder/request/control_list.h"

namespace v4l2play {

class Mpeg2Controls final : public CodecControls {
  public:
    [[nodiscard]] std::uint32_t coded_fourcc() const override;
    Result<> probe(ControlProbe& probe) override;
    Result<> accepts(const SequenceInfo& sequence) override;
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override;
    [[nodiscard]] unsigned requests(const Picture&) const override { return 1; }
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override;
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override;
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override;
    [[nodiscard]] const char* mode() const override { return "frame-based"; }
    [[nodiscard]] bool needs_hold() const override { return false; }

  private:
    // The control list and what it points to live here, so that a picture costs no allocation.
    ControlList<3> controls_;
    v4l2_ctrl_mpeg2_sequence sequence_{};
    v4l2_ctrl_mpeg2_picture picture_{};
    v4l2_ctrl_mpeg2_quantisation quantisation_{};
};

} // namespace v4l2play
