// Arbitrary MPEG-2 access units, with seeks and losses in between: the steps keep what codec.h promises, and the
// controls made of them are within the ranges of the kernel's interface.
//
// Input: per unit a byte of flags (2 the device loses a picture after it, 4 seek after it; both together: end of
// stream), two bytes of length, and the unit. A sequence of 64x64 is known from the start.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "decoder/codec/mpeg2.h"
#include "decoder/request/mpeg2_controls.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/mpeg2_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

enum Flags : std::uint8_t { Loss = 2, Seek = 4 };

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

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

class Run {
  public:
    explicit Run(const StreamInfo& stream) { require(codec_->configure(stream).has_value(), "configure"); }

    /// False when the stream was refused.
    bool unit(std::span<const std::uint8_t> bytes) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        steps_.clear();
        const bool parsed = codec_->parse(unit, steps_).has_value();
        follow(bytes.size());
        return parsed;
    }
    void disturb(std::uint8_t flags) {
        const int what = flags & (Loss | Seek);
        if (what == (Loss | Seek)) return end();
        steps_.clear();
        if (what == Loss) codec_->resynchronise(steps_);
        follow(0);
        if (what != Seek) return;
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        require(contract_.fault().empty(), contract_.fault().c_str());
        alive_.clear();
    }
    void end() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        require(contract_.fault().empty(), contract_.fault().c_str());
        alive_.clear();
    }

  private:
    void follow(std::size_t size) {
        for (const Step& step : steps_) check(step, size);
        contract_.follow(steps_);
        require(contract_.fault().empty(), contract_.fault().c_str());
    }
    void check(const Step& step, std::size_t size) {
        if (step.kind == Step::Kind::Forget) alive_.erase(step.id);
        if (step.kind != Step::Kind::Decode) return;
        const auto list = controls_.picture_controls(*step.picture, 0);
        const auto& sequence = *static_cast<const v4l2_ctrl_mpeg2_sequence*>(list[0].ptr);
        require(sequence.horizontal_size != 0 && sequence.vertical_size != 0, "size");
        // 6.2.2.1, 6.2.2.3: with their extensions, 14, 18 and 8 bits.
        require(sequence.horizontal_size < 1 << 14 && sequence.vertical_size < 1 << 14, "size");
        require(sequence.vbv_buffer_size < 1 << 18 && sequence.profile_and_level_indication <= 255, "sequence");
        require(sequence.chroma_format >= 1 && sequence.chroma_format <= 3 && sequence.flags <= 1, "sequence");
        check_picture(*static_cast<const v4l2_ctrl_mpeg2_picture*>(list[1].ptr), alive_);
        const auto& matrices = *static_cast<const v4l2_ctrl_mpeg2_quantisation*>(list[2].ptr);
        require_not_zero(matrices.intra_quantiser_matrix);
        require_not_zero(matrices.non_intra_quantiser_matrix);
        require_not_zero(matrices.chroma_intra_quantiser_matrix);
        require_not_zero(matrices.chroma_non_intra_quantiser_matrix);
        std::vector<std::uint8_t> copy(controls_.bitstream_size(*step.picture, 0));
        require(copy.size() <= size && controls_.write_bitstream(*step.picture, 0, copy) == copy.size(), "bitstream");
        require(copy.size() > 4 && copy[0] == 0 && copy[1] == 0 && copy[2] == 1, "start code");
        alive_.insert(step.picture->id);
    }

    std::unique_ptr<Codec> codec_ = create_mpeg2_codec();
    Mpeg2Controls controls_;
    CodecContract contract_;
    Steps steps_;
    std::set<FrameId> alive_;
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
    Run run(stream);
    std::span<const std::uint8_t> rest(data, size);
    while (rest.size() > 3) {
        const std::uint8_t flags = rest[0];
        const std::size_t length = std::min<std::size_t>(rest[1] << 8 | rest[2], rest.size() - 3);
        if (!run.unit(rest.subspan(3, length))) break;
        run.disturb(flags);
        rest = rest.subspan(3 + length);
    }
    run.end();
    return 0;
}
