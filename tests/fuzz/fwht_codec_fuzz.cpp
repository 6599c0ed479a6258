// Arbitrary FWHT frames: the steps keep what codec.h promises, and the controls made of them are within the ranges of
// the kernel's interface.
//
// Input: per frame two bytes of length, and the frame.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "decoder/codec/fwht.h"
#include "decoder/request/fwht_controls.h"
#include "tests/unit/codec_contract.h"

namespace {

using namespace v4l2play;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

// v4l2-controls.h: GENMASK(18, 16) and (20, 19), and a bit of each other flag from 0 to 10.
constexpr std::uint32_t flags_of_fwht = 0x1f07ff;

void check(const Picture& picture, FwhtControls& controls, std::size_t bytes) {
    const auto list = controls.picture_controls(picture, 0);
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
    const std::size_t size = controls.bitstream_size(picture, 0);
    require(size > 0 && size + 44 <= bytes, "bitstream");
    std::vector<std::uint8_t> copy(size);
    require(controls.write_bitstream(picture, 0, copy) == size, "bitstream");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<Codec> codec = create_fwht_codec();
    FwhtControls controls;
    test::CodecContract contract;
    Steps steps;
    std::span<const std::uint8_t> rest(data, size);
    while (rest.size() > 2) {
        const std::size_t length = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
        AccessUnit unit;
        unit.payload = Payload(rest.subspan(2, length), nullptr, nullptr);
        steps.clear();
        const bool parsed = codec->parse(unit, steps).has_value();
        for (const Step& step : steps)
            if (step.kind == Step::Kind::Decode) check(*step.picture, controls, length);
        contract.follow(steps);
        require(contract.fault().empty(), contract.fault().c_str());
        if (!parsed) break;
        rest = rest.subspan(2 + length);
    }
    steps.clear();
    codec->drain(steps);
    contract.follow_end(steps);
    require(contract.fault().empty(), contract.fault().c_str());
    return 0;
}
