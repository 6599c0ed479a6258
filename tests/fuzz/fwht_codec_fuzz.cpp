// Arbitrary FWHT frames, with seeks and losses in between (tests/fuzz/codec_run.h), up to the controls, which are
// within the ranges of the kernel's interface.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/fwht.h"
#include "decoder/request/fwht_controls.h"
#include "tests/fuzz/codec_run.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

// v4l2-controls.h: GENMASK(18, 16) and (20, 19), and a bit of each other flag from 0 to 10.
constexpr std::uint32_t flags_of_fwht = 0x1f07ff;

class Run final : public CodecRun {
  public:
    Run()
        : CodecRun(create_fwht_codec()) {}

  private:
    void check(const Picture& picture, std::span<const std::uint8_t> unit) override {
        const auto list = controls_.picture_controls(picture, 0);
        const auto& params = *static_cast<const v4l2_ctrl_fwht_params*>(list[0].ptr);
        const bool intra = (params.flags & V4L2_FWHT_FL_I_FRAME) != 0;
        require(params.version == V4L2_FWHT_VERSION, "version");
        require(params.width > 0 && params.width <= 1 << 14 && params.height > 0 && params.height <= 1 << 14, "size");
        require((params.flags & (3U << V4L2_FWHT_FL_PIXENC_OFFSET)) == V4L2_FWHT_FL_PIXENC_YUV, "pixel encoding");
        require((params.flags & ~flags_of_fwht) == 0, "flags");
        require(params.colorspace <= V4L2_COLORSPACE_DCI_P3 && params.xfer_func <= V4L2_XFER_FUNC_SMPTE2084, "color");
        require(params.ycbcr_enc <= V4L2_YCBCR_ENC_SMPTE240M && params.quantization <= V4L2_QUANTIZATION_LIM_RANGE,
                "color");
        require(params.backward_ref_ts == (intra ? 0 : (picture.id - 1) * 1000), "backward_ref_ts");
        const std::size_t size = controls_.bitstream_size(picture, 0);
        require(size > 0 && size + 44 <= unit.size(), "bitstream");
        std::vector<std::uint8_t> copy(size);
        require(controls_.write_bitstream(picture, 0, copy) == size, "bitstream");
    }

    FwhtControls controls_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run().play({data, size});
    return 0;
}
