// The controls of H.264, for tests that want one thing of them different.
#pragma once

#include <memory>

#include "decoder/request/codec_controls.h"

namespace v4l2play::test {

class DelegatingControls : public CodecControls {
  public:
    [[nodiscard]] std::uint32_t coded_fourcc() const override { return plain_->coded_fourcc(); }
    Result<> probe(ControlProbe& probe) override { return plain_->probe(probe); }
    Result<> accepts(const SequenceInfo& sequence) override { return plain_->accepts(sequence); }
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override {
        return plain_->sequence_controls(sequence);
    }
    [[nodiscard]] unsigned requests(const Picture& picture) const override { return plain_->requests(picture); }
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override {
        return plain_->picture_controls(picture, index);
    }
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override {
        return plain_->bitstream_size(picture, index);
    }
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override {
        return plain_->write_bitstream(picture, index, buffer);
    }
    [[nodiscard]] const char* mode() const override { return plain_->mode(); }
    [[nodiscard]] bool needs_hold() const override { return plain_->needs_hold(); }

  private:
    std::unique_ptr<CodecControls> plain_ = create_h264_controls({});
};

} // namespace v4l2play::test
