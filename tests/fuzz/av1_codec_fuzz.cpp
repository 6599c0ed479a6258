// Arbitrary temporal units for the AV1 codec, with seeks and losses in between, up to the controls of every picture.
// Whatever comes, the steps must keep what codec.h promises, and every field must be in the interface's range.
//
// Input: a byte that says how many units of a good stream come first; then per unit a byte of flags (1 only the payload
// of a frame OBU, 2 the device loses a picture after it, 4 seek after it; both together: end of stream), two bytes of
// length, and the unit.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>

#include "decoder/codec/av1.h"
#include "tests/unit/av1_clip.h"
#include "tests/unit/av1_validator.h"
#include "tests/unit/codec_contract.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

enum Flags : std::uint8_t { FrameOnly = 1, Loss = 2, Seek = 4 };

class Run {
  public:
    /// False when the stream was refused.
    bool unit(std::span<const std::uint8_t> bytes) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        steps_.clear();
        const bool parsed = codec_->parse(unit, steps_).has_value();
        contract_.follow(steps_);
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode) validator_.check(*step.picture);
        require_kept();
        return parsed;
    }
    void disturb(std::uint8_t flags) {
        const int what = flags & (Loss | Seek);
        steps_.clear();
        if (what == (Loss | Seek)) return end();
        if (what == Loss) codec_->resynchronise(steps_);
        contract_.follow(steps_);
        if (what != Seek) return require_kept();
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        require_kept();
    }
    void end() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        require_kept();
    }

  private:
    void require_kept() {
        const std::string fault = contract_.fault() + validator_.fault();
        if (fault.empty()) return;
        std::fprintf(stderr, "%s\n", fault.c_str());
        __builtin_trap();
    }

    std::unique_ptr<Codec> codec_ = create_av1_codec();
    CodecContract contract_;
    Av1Validator validator_;
    Steps steps_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<Bytes> clip = av1_clip();
    if (size == 0) return 0;
    Run run;
    for (std::size_t i = 0; i < data[0] % (clip.size() + 1); ++i) run.unit(clip[i]);
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    Bytes framed;
    while (rest.size() > 3) {
        const std::uint8_t flags = rest[0];
        const std::size_t length = std::min<std::size_t>(rest[1] << 8 | rest[2], rest.size() - 3);
        // In memory of its own size, so that reading past it is noticed.
        framed.clear();
        if ((flags & FrameOnly) != 0) framed.push_back(static_cast<std::uint8_t>(av1::ObuType::Frame) << 3);
        framed.insert(framed.end(), rest.begin() + 3, rest.begin() + 3 + static_cast<std::ptrdiff_t>(length));
        const Bytes exact(framed);
        if (!run.unit(exact)) break;
        run.disturb(flags);
        rest = rest.subspan(3 + length);
    }
    run.end();
    return 0;
}
