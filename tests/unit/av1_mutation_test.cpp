// Harmed AV1 streams: whatever comes in, the codec keeps its promises, and controls are in their ranges.
#include <random>

#include <gtest/gtest.h>

#include "decoder/codec/av1.h"
#include "tests/unit/av1_clip.h"
#include "tests/unit/av1_validator.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/mutation.h"

namespace v4l2play::test {
namespace {

/// What happened to a stream.
struct Outcome {
    std::string fault; ///< the broken promise, if any
    unsigned decoded = 0;
    unsigned skipped = 0;
};

class StreamRun {
  public:
    void parse(const Bytes& bytes) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        steps_.clear();
        refused_ = !codec_->parse(unit, steps_);
        take();
    }
    void disturb(unsigned what) {
        steps_.clear();
        if (what == 0) codec_->resynchronise(steps_);
        take();
        steps_.clear();
        if (what == 1) codec_->flush(steps_);
        if (!steps_.empty()) contract_.follow_flush(steps_);
    }
    Outcome end() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        outcome_.fault = contract_.fault() + validator_.fault();
        return outcome_;
    }
    [[nodiscard]] bool refused() const { return refused_; }

  private:
    void take() {
        contract_.follow(steps_);
        for (const Step& step : steps_) {
            if (step.kind == Step::Kind::Skip) ++outcome_.skipped;
            if (step.kind != Step::Kind::Decode) continue;
            ++outcome_.decoded;
            validator_.check(*step.picture);
        }
    }

    std::unique_ptr<Codec> codec_ = create_av1_codec();
    CodecContract contract_;
    Av1Validator validator_;
    Steps steps_;
    Outcome outcome_;
    bool refused_ = false;
};

TEST(Av1Mutation, UnharmedStreamsDecode) {
    StreamRun run;
    for (const Bytes& unit : av1_clip()) run.parse(unit);
    const Outcome outcome = run.end();
    EXPECT_EQ("", outcome.fault);
    EXPECT_FALSE(run.refused());
    EXPECT_EQ(1U + 10 + 1 + 2 + 2 + 1, outcome.decoded);
    EXPECT_EQ(0U, outcome.skipped);
}

TEST(Av1Mutation, NoMutationBreaksAPromise) {
    const std::vector<Bytes> clip = av1_clip();
    for (unsigned seed = 0; seed < 8'000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = clip;
        mutate(units, random);
        StreamRun run;
        for (const Bytes& unit : units) {
            run.parse(unit);
            if (run.refused()) break;
            run.disturb(random() % 32);
        }
        ASSERT_EQ("", run.end().fault) << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
