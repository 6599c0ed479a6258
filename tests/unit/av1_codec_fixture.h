// An AV1 codec under test: temporal units in, steps in words out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/av1.h"
#include "decoder/codec/av1_picture.h"
#include "tests/unit/av1_stream.h"
#include "tests/unit/codec_contract.h"

namespace v4l2play::test {

class Av1CodecTest : public testing::Test {
  public:
    /// "sequence 64x64, decode 1 from, output 1 at 0": what the unit leads to.
    std::string parse(const TemporalUnit& unit, Nanoseconds pts = 0) {
        AccessUnit access_unit;
        access_unit.payload = Payload(unit.bytes(), nullptr, nullptr);
        access_unit.pts = pts;
        access_unit.duration = 10;
        steps_.clear();
        const auto parsed = codec_->parse(access_unit, steps_);
        error_ = parsed ? 0 : parsed.error().code;
        contract_.follow(steps_);
        EXPECT_EQ("", contract_.fault());
        return words() + (parsed ? "" : "error: " + parsed.error().what);
    }
    std::string drain() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        EXPECT_EQ("", contract_.fault());
        return words();
    }
    std::string flush() {
        steps_.clear();
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        EXPECT_EQ("", contract_.fault());
        return words();
    }
    std::string resynchronise() {
        steps_.clear();
        codec_->resynchronise(steps_);
        contract_.follow(steps_);
        return words();
    }
    /// The n-th picture of the last unit.
    [[nodiscard]] const av1::Av1Picture& picture(std::size_t n = 0) const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode && n-- == 0) return static_cast<const av1::Av1Picture&>(*step.picture);
        throw std::logic_error("no such picture");
    }
    static TemporalUnit key_unit() { return TemporalUnit().sequence().frame(av1_key_frame()); }

    std::unique_ptr<Codec> codec_ = create_av1_codec();
    CodecContract contract_;
    Steps steps_;
    int error_ = 0;

  private:
    std::string words() {
        std::string text;
        for (const Step& step : steps_) text += (text.empty() ? "" : ", ") + word(step);
        return text;
    }
    static std::string word(const Step& step) {
        switch (step.kind) {
        case Step::Kind::Sequence: {
            const Rect& visible = step.sequence->info.visible;
            return fmt::format("sequence {}x{}", visible.width, visible.height);
        }
        case Step::Kind::Decode: {
            std::string text = fmt::format("decode {} from", step.picture->id);
            for (const FrameId id : step.picture->references) text += fmt::format(" {}", id);
            return text;
        }
        case Step::Kind::Output:
            if (step.retimed && step.discard) return fmt::format("hidden {}", step.id);
            return step.retimed ? fmt::format("output {} at {}", step.id, step.pts) : fmt::format("output {}", step.id);
        case Step::Kind::Forget:
            return fmt::format("forget {}", step.id);
        case Step::Kind::Skip:
            return fmt::format("skip {}: {}", to_string(step.reason), step.why);
        }
        return "";
    }
};

} // namespace v4l2play::test
