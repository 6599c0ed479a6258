// Arbitrary temporal units for the AV1 codec, with seeks and losses in between (tests/fuzz/codec_run.h; the codec's own
// flag: only the payload of a frame OBU), up to the controls of every picture: every field must be in the interface's
// range. A byte before all that says how many units of a good stream come first.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/av1.h"
#include "tests/fuzz/codec_run.h"
#include "tests/unit/av1_clip.h"
#include "tests/unit/av1_validator.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

class Run final : public CodecRun {
  public:
    Run()
        : CodecRun(create_av1_codec()) {}

  private:
    void prepare(AccessUnit& /*unit*/, std::vector<std::uint8_t>& bytes, bool own) override {
        if (own) bytes.insert(bytes.begin(), static_cast<std::uint8_t>(av1::ObuType::Frame) << 3);
    }
    void check(const Picture& picture, std::span<const std::uint8_t> /*unit*/) override {
        validator_.check(picture);
        require(validator_.fault().empty(), validator_.fault().c_str());
    }

    Av1Validator validator_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<Bytes> clip = av1_clip();
    if (size == 0) return 0;
    Run run;
    for (std::size_t i = 0; i < data[0] % (clip.size() + 1); ++i) run.unit(clip[i], false);
    run.play({data + 1, size - 1});
    return 0;
}
