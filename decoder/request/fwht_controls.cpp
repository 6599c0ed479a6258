#include "decoder/request/fwht_controls.h"

#include <cstring>

namespace v4l2play {
namespace {

static_assert(sizeof(v4l2_ctrl_fwht_params) == 40);
static_assert(fwht::version_of_requests == V4L2_FWHT_VERSION);
static_assert(fwht::intra_frame == V4L2_FWHT_FL_I_FRAME);
static_assert(fwht::chroma_full_height == V4L2_FWHT_FL_CHROMA_FULL_HEIGHT);
static_assert(fwht::chroma_full_width == V4L2_FWHT_FL_CHROMA_FULL_WIDTH);
static_assert(fwht::components_shift == V4L2_FWHT_FL_COMPONENTS_NUM_OFFSET);
static_assert(fwht::pixel_encoding_yuv == V4L2_FWHT_FL_PIXENC_YUV);

/// Bits 0 to 10, and the numbers of components and pixel encodings (v4l2-controls.h, V4L2_FWHT_FL_*)
constexpr std::uint32_t known_flags = 0x7ff | 7U << fwht::components_shift | fwht::pixel_encoding_mask;

/// Of the enumerations, a number that V4L2 does not have is left to default.
constexpr std::uint32_t known(std::uint32_t number, std::uint32_t last) { return number <= last ? number : 0; }

const fwht::FwhtPicture& as_fwht(const Picture& picture) { return static_cast<const fwht::FwhtPicture&>(picture); }

} // namespace

void fwht::fill(v4l2_ctrl_fwht_params& out, const FwhtPicture& picture) {
    const Header& header = picture.header;
    out = {};
    out.backward_ref_ts = picture.previous * 1000;
    out.version = header.version;
    out.width = header.width;
    out.height = header.height;
    out.flags = header.flags & known_flags;
    out.colorspace = known(header.colorspace, V4L2_COLORSPACE_DCI_P3);
    out.xfer_func = known(header.xfer_func, V4L2_XFER_FUNC_SMPTE2084);
    out.ycbcr_enc = known(header.ycbcr_enc, V4L2_YCBCR_ENC_SMPTE240M);
    out.quantization = known(header.quantization, V4L2_QUANTIZATION_LIM_RANGE);
}

std::uint32_t FwhtControls::coded_fourcc() const { return V4L2_PIX_FMT_FWHT_STATELESS; }

Result<> FwhtControls::probe(ControlProbe& probe) {
    return check_control(probe, V4L2_CID_STATELESS_FWHT_PARAMS, "FWHT_PARAMS", sizeof params_);
}

/// What is not done is refused by the codec.
Result<> FwhtControls::accepts(const SequenceInfo&) { return {}; }

/// None: the driver compares the control with the CAPTURE format, which is set afterwards, and infers nothing from it.
std::span<v4l2_ext_control> FwhtControls::sequence_controls(const SequenceInfo&) { return {}; }

std::span<v4l2_ext_control> FwhtControls::picture_controls(const Picture& picture, unsigned) {
    fwht::fill(params_, as_fwht(picture));
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_FWHT_PARAMS, params_);
    return controls_.get();
}

std::size_t FwhtControls::bitstream_size(const Picture& picture, unsigned) const {
    return as_fwht(picture).data.size();
}

std::size_t FwhtControls::write_bitstream(const Picture& picture, unsigned, std::span<std::uint8_t> buffer) {
    const auto data = as_fwht(picture).data;
    std::memcpy(buffer.data(), data.data(), data.size());
    return data.size();
}

std::unique_ptr<CodecControls> create_fwht_controls() { return std::make_unique<FwhtControls>(); }

} // namespace v4l2play
