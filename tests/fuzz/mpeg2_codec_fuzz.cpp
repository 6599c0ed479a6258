// Arbitrary MPEG-2 access units, with seeks and losses in between (tests/fuzz/codec_run.h), up to the controls, which
// are within the ranges of the kernel's interface. A sequence of 64x64 is known from the start.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "decoder/codec/mpeg2.h"
#include "decoder/request/mpeg2_controls.h"
#include "tests/fuzz/codec_run.h"
#include "tests/unit/mpeg2_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

void require_not_zero(std::span<const std::uint8_t> matrix) {
    require(std::find(matrix.begin(), matrix.end(), 0) == matrix.end(), "quantiser matrix");
}

bool usable(std::uint8_t f_code) { return f_code >= 1 && f_code <= 9; }

void check_picture(const v4l2_ctrl_mpeg2_picture& picture, const std::set<FrameId>& alive) {
    const unsigned type = picture.picture_coding_type;
    require(type >= 1 && type <= 3, "picture_coding_type");
    require(picture.picture_structure >= 1 && picture.picture_structure <= 3, "picture_structure");
    require(picture.intra_dc_precision <= 3 && (picture.flags & ~0xffU) == 0, "picture flags");
    for (const std::uint8_t byte : picture.reserved) require(byte == 0, "reserved");
    // 6.3.10: four bits; those of vectors that the picture does not have (which should be 15) are nobody's.
    for (const auto& direction : picture.f_code)
        for (const std::uint8_t f_code : direction) require(f_code <= 15, "f_code");
    const bool concealed = (picture.flags & V4L2_MPEG2_PIC_FLAG_CONCEALMENT_MV) != 0;
    if (type != V4L2_MPEG2_PIC_CODING_TYPE_I || concealed)
        require(usable(picture.f_code[0][0]) && usable(picture.f_code[0][1]), "f");
    if (type == V4L2_MPEG2_PIC_CODING_TYPE_B)
        require(usable(picture.f_code[1][0]) && usable(picture.f_code[1][1]), "f");
    const auto check = [&](std::uint64_t time, bool needed, bool allowed) {
        require(time == 0 ? !needed : allowed && time % 1000 == 0 && alive.contains(time / 1000), "reference");
    };
    // A P field may have nothing but the first field of its frame.
    const bool frame = picture.picture_structure == V4L2_MPEG2_PIC_FRAME;
    check(picture.forward_ref_ts, type == 3 || (type == 2 && frame), type != 1);
    check(picture.backward_ref_ts, type == 3, type == 3);
}

class Run final : public CodecRun {
  public:
    explicit Run(const StreamInfo& stream)
        : CodecRun(create_mpeg2_codec()) {
        require(codec().configure(stream).has_value(), "configure");
    }

  private:
    void check(const Picture& picture, std::span<const std::uint8_t> unit) override {
        const auto list = controls_.picture_controls(picture, 0);
        const auto& sequence = *static_cast<const v4l2_ctrl_mpeg2_sequence*>(list[0].ptr);
        require(sequence.horizontal_size != 0 && sequence.vertical_size != 0, "size");
        // 6.2.2.1, 6.2.2.3: with their extensions, 14, 18 and 8 bits.
        require(sequence.horizontal_size < 1 << 14 && sequence.vertical_size < 1 << 14, "size");
        require(sequence.vbv_buffer_size < 1 << 18 && sequence.profile_and_level_indication <= 255, "sequence");
        require(sequence.chroma_format >= 1 && sequence.chroma_format <= 3 && sequence.flags <= 1, "sequence");
        check_picture(*static_cast<const v4l2_ctrl_mpeg2_picture*>(list[1].ptr), alive());
        const auto& matrices = *static_cast<const v4l2_ctrl_mpeg2_quantisation*>(list[2].ptr);
        require_not_zero(matrices.intra_quantiser_matrix);
        require_not_zero(matrices.non_intra_quantiser_matrix);
        require_not_zero(matrices.chroma_intra_quantiser_matrix);
        require_not_zero(matrices.chroma_non_intra_quantiser_matrix);
        std::vector<std::uint8_t> copy(controls_.bitstream_size(picture, 0));
        require(copy.size() <= unit.size() && controls_.write_bitstream(picture, 0, copy) == copy.size(), "bitstream");
        require(copy.size() > 4 && copy[0] == 0 && copy[1] == 0 && copy[2] == 1, "start code");
    }

    Mpeg2Controls controls_;
};

StreamInfo stream_info() {
    mpeg2::Sequence sequence;
    sequence.horizontal_size = sequence.vertical_size = 64;
    StreamInfo stream;
    append_unit(stream.extradata, 0xb3, write_sequence_header(sequence));
    append_unit(stream.extradata, 0xb5, write_sequence_extension(sequence));
    return stream;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const StreamInfo stream = stream_info();
    Run(stream).play({data, size});
    return 0;
}
