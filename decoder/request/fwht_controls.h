// Fills the FWHT control of the stateless codec interface from a parsed frame.
#pragma once

#include "decoder/codec/fwht_picture.h"
#include "decoder/request/control_list.h"

namespace v4l2play {

namespace fwht {

void fill(v4l2_ctrl_fwht_params& out, const FwhtPicture& picture);

} // namespace fwht

class FwhtControls final : public CodecControls {
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
    ControlList<1> controls_;
    v4l2_ctrl_fwht_params params_{};
};

} // namespace v4l2play
