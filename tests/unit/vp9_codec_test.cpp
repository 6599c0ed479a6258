// Reference slots, hidden and repeated frames, sequences, losses; and harmed streams.
#include "decoder/codec/vp9.h"

#include <array>
#include <cerrno>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/vp9_picture.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/mutation.h"
#include "tests/unit/vp9_stream.h"

namespace v4l2play::test {
namespace {

using vp9::ColorSpace;
using vp9::Vp9Picture;

/// Runs the codec and writes its steps down: S sequence, D decode (with references), O output, H hidden, R shown with
/// another time, F forget, - skipped.
class Vp9CodecTest : public testing::Test {
  public:
    static std::string describe(const Step& step) {
        std::string text;
        switch (step.kind) {
        case Step::Kind::Sequence:
            return fmt::format("S{}x{}", step.sequence->info.visible.width, step.sequence->info.visible.height);
        case Step::Kind::Decode:
            for (const FrameId id : step.picture->references) text += fmt::format("{}{}", text.empty() ? "" : ",", id);
            return fmt::format("D{}({})", step.picture->id, text);
        case Step::Kind::Output:
            return fmt::format("{}{}", !step.retimed ? 'O' : step.discard ? 'H' : 'R', step.id);
        case Step::Kind::Forget:
            return fmt::format("F{}", step.id);
        case Step::Kind::Skip:
            return fmt::format("-{}", to_string(step.reason));
        }
        return text;
    }
    std::string describe() const {
        std::string text;
        for (const Step& step : steps_) text += (text.empty() ? "" : " ") + describe(step);
        return text;
    }
    Result<> try_send(Bytes bytes, Nanoseconds pts = 0, bool discard = false) {
        bytes_ = std::move(bytes);
        AccessUnit unit;
        unit.payload = Payload(bytes_, nullptr, nullptr);
        unit.pts = pts;
        unit.duration = 7;
        unit.serial = 3;
        unit.discard = discard;
        steps_.clear();
        auto parsed = codec_->parse(unit, steps_);
        contract_.follow(steps_);
        return parsed;
    }
    std::string send(Bytes bytes, Nanoseconds pts = 0, bool discard = false) {
        const auto parsed = try_send(std::move(bytes), pts, discard);
        EXPECT_TRUE(parsed) << parsed.error().what;
        return describe();
    }
    std::string send(const Vp9Frame& frame, Nanoseconds pts = 0) { return send(frame.write(), pts); }
    std::string send(const std::vector<Vp9Frame>& frames, Nanoseconds pts = 0) {
        std::vector<Bytes> bytes;
        for (const Vp9Frame& frame : frames) bytes.push_back(frame.write());
        return send(write_superframe(bytes), pts);
    }
    std::string drain() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        return describe();
    }
    std::string flush() {
        steps_.clear();
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        return describe();
    }
    std::string resynchronise() {
        steps_.clear();
        codec_->resynchronise(steps_);
        contract_.follow(steps_);
        return describe();
    }
    [[nodiscard]] const Step& step(std::size_t index) const { return steps_.at(index); }
    const Vp9Picture& picture() const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode) return static_cast<const Vp9Picture&>(*step.picture);
        throw std::logic_error("no picture");
    }
    void TearDown() override { EXPECT_EQ("", contract_.fault()); }

    std::unique_ptr<Codec> codec_ = create_vp9_codec();
    CodecContract contract_;
    Steps steps_;
    Bytes bytes_;
};

TEST_F(Vp9CodecTest, WaitsForAKeyFrame) {
    EXPECT_EQ("-before-random-access", send(Vp9Frame::inter()));
    EXPECT_EQ("-before-random-access", send(Vp9Frame::show(0)));
    EXPECT_EQ("S64x64 D1() O1", send(Vp9Frame::key()));
    EXPECT_EQ("D2(1) O2", send(Vp9Frame::inter(2)));
}

TEST_F(Vp9CodecTest, RefreshedSlots) {
    send(Vp9Frame::key());
    EXPECT_EQ("D2(1) O2", send(Vp9Frame::inter(0x81)));
    Vp9Frame frame = Vp9Frame::inter(0);
    frame.header.ref_frame_idx = {0, 3, 7};
    EXPECT_EQ("D3(2,1) O3 F3", send(frame)) << "kept in no slot";
    EXPECT_EQ((std::array<FrameId, 3>{2, 1, 2}), picture().reference_frames);
    EXPECT_EQ("D4(2) O4 F1", send(Vp9Frame::inter(0x7e)));
    EXPECT_EQ("D5() O5 F4 F2", send(Vp9Frame::key()));
    EXPECT_EQ("F5", drain());
}

TEST_F(Vp9CodecTest, PicturePointsIntoTheUnit) {
    send(Vp9Frame::key(), 50);
    EXPECT_EQ(bytes_.data(), picture().data.data());
    EXPECT_EQ(bytes_.size(), picture().data.size());
    EXPECT_EQ(50, picture().pts);
    EXPECT_EQ(7, picture().duration);
    EXPECT_EQ(3, picture().serial);
    EXPECT_FALSE(picture().discard);
    send(Vp9Frame::inter().write(), 60, true);
    EXPECT_TRUE(picture().discard);
}

TEST_F(Vp9CodecTest, SuperframeWithHiddenFrame) {
    send(Vp9Frame::key());
    EXPECT_EQ("D2(1) H2 D3(1) O3 F1", send({Vp9Frame::inter(4).hide(), Vp9Frame::inter(0xfb)}, 20));
    const auto& shown = *step(2).picture;
    EXPECT_EQ(20, shown.pts);
    EXPECT_EQ("R2", send(Vp9Frame::show(2), 30));
    EXPECT_EQ(30, step(0).pts);
    EXPECT_EQ(7, step(0).duration);
    EXPECT_EQ("H2", send(Vp9Frame::show(2).write(), 40, true)) << "not to be shown";
    EXPECT_EQ("F2 F3", drain());
}

TEST_F(Vp9CodecTest, SuperframeOfShownFrames) {
    EXPECT_EQ("S64x64 D1() O1 D2(1) O2 F1 R2", send({Vp9Frame::key(), Vp9Frame::inter(0xff), Vp9Frame::show(5)}, 10));
    EXPECT_EQ(bytes_.data(), static_cast<const Vp9Picture*>(step(1).picture)->data.data());
}

TEST_F(Vp9CodecTest, DroppedFramesMeanNothing) {
    send(Vp9Frame::key());
    EXPECT_EQ("", send(Bytes{}));
    EXPECT_EQ("", send(Bytes{0}));
    EXPECT_EQ("D2(1) O2 F1", send(Vp9Frame::inter(0xff)));
    EXPECT_EQ("D3(2) O3", send(write_superframe({Bytes{}, Vp9Frame::inter().write(), Bytes{0}})));
}

TEST_F(Vp9CodecTest, ShowingWhatIsNotThereHarmsNothing) {
    EXPECT_EQ("S64x64 D1() H1", send(Vp9Frame::intra_only(1)));
    EXPECT_EQ("-malformed", send(Vp9Frame::show(1)));
    EXPECT_EQ("R1", send(Vp9Frame::show(0)));
    EXPECT_EQ("D2(1) O2 F1", send(Vp9Frame::inter()));
}

TEST_F(Vp9CodecTest, SizesAreThoseOfTheFrame) {
    Vp9Frame frame = Vp9Frame::key(161, 121);
    frame.header.render_width = 80;
    send(frame);
    const SequenceInfo& sequence = *step(0).sequence;
    EXPECT_EQ(CodecId::Vp9, sequence.codec);
    EXPECT_EQ(168, sequence.coded_width);
    EXPECT_EQ(128, sequence.coded_height);
    EXPECT_EQ((Rect{0, 0, 161, 121}), sequence.info.visible);
    EXPECT_EQ(8, sequence.dpb_slots);
    EXPECT_EQ(8, sequence.bit_depth_luma);
    EXPECT_EQ(1, sequence.chroma_format_idc);
}

TEST_F(Vp9CodecTest, KeyFramesBeginSequences) {
    EXPECT_EQ("S64x64 D1() O1", send(Vp9Frame::key()));
    EXPECT_EQ("D2() O2 F1", send(Vp9Frame::key())) << "the same again";
    EXPECT_EQ("S128x64 D3() O3 F2", send(Vp9Frame::key(128, 64)));
    EXPECT_EQ("D4(3) O4 F3", send(Vp9Frame::inter(0xff)));
    Vp9Frame deep = Vp9Frame::key(128, 64);
    deep.header.profile = 2;
    deep.header.color.bit_depth = 10;
    EXPECT_EQ("S128x64 D5() O5 F4", send(deep));
    EXPECT_EQ(10, step(0).sequence->bit_depth_luma);
    EXPECT_EQ(10, step(0).sequence->bit_depth_chroma);
}

TEST_F(Vp9CodecTest, ColorsOfStreamAndContainer) {
    StreamInfo container;
    container.color = {9, 16, 9, true};
    container.sample_aspect = {4, 3};
    container.hdr.has_content_light = true;
    container.hdr.max_content_light_level = 1000;
    ASSERT_TRUE(codec_->configure(container));
    EXPECT_EQ(nullptr, codec_->sequence());
    send(Vp9Frame::intra_only());
    EXPECT_EQ(container.color, step(0).sequence->info.color) << "this frame says nothing of colors";
    Vp9Frame frame = Vp9Frame::key();
    send(frame);
    EXPECT_EQ((ColorDescription{9, 16, 9, false}), step(0).sequence->info.color);
    EXPECT_EQ(4, step(0).sequence->info.sample_aspect.num);
    EXPECT_EQ(container.hdr, step(0).sequence->info.hdr);
    frame.header.color.color_space = ColorSpace::Bt709;
    EXPECT_EQ("S64x64 D3() O3 F2", send(frame));
    EXPECT_EQ((ColorDescription{9, 16, 1, false}), step(0).sequence->info.color);
    EXPECT_EQ("D4() H4", send(Vp9Frame::intra_only())) << "the colors stay";
}

TEST_F(Vp9CodecTest, ReferencesOfAnotherSize) {
    send(Vp9Frame::key());
    EXPECT_FALSE(step(0).sequence->continues);
    Vp9Frame frame = Vp9Frame::inter();
    frame.size_of_reference = 3;
    EXPECT_EQ("S32x64 D2(1) O2", send(frame.set_size(32, 64)));
    EXPECT_TRUE(step(0).sequence->continues) << "the key frame is still referred to";
    send(Vp9Frame::key());
    EXPECT_FALSE(step(0).sequence->continues);
}

TEST_F(Vp9CodecTest, SizeWithinTheSameBuffersMayChange) {
    send(Vp9Frame::key());
    Vp9Frame frame = Vp9Frame::inter();
    frame.size_of_reference = 3;
    EXPECT_EQ("S63x57 D2(1) O2", send(frame.set_size(63, 57)));
    EXPECT_EQ("D3(2) O3 F2", send(Vp9Frame::inter())) << "the size of slot 0";
    frame = Vp9Frame::inter();
    frame.header.ref_frame_idx = {1, 0, 0};
    EXPECT_EQ("S64x64 D4(1,3) O4 F3", send(frame)) << "the size of slot 1";
}

TEST_F(Vp9CodecTest, IntraOnlyFrameOfAnotherSize) {
    send(Vp9Frame::key());
    EXPECT_EQ("S96x64 D2() H2", send(Vp9Frame::intra_only(1).set_size(96, 64)));
    EXPECT_EQ("D3(2) O3 F2", send(Vp9Frame::inter())) << "slot 0 alone";
    EXPECT_EQ("R1", send(Vp9Frame::show(1))) << "the old frames can still be shown";
    Vp9Frame mixed = Vp9Frame::inter();
    mixed.header.ref_frame_idx = {0, 0, 1};
    EXPECT_EQ("D4(3,1) O4 F3", send(mixed)) << "and referred to";
}

TEST_F(Vp9CodecTest, RefusesOtherProfiles) {
    StreamInfo container;
    for (const int profile : {1, 3}) {
        container.profile = profile;
        EXPECT_EQ(ENOTSUP, codec_->configure(container).error().code);
    }
    Vp9Frame frame = Vp9Frame::key();
    frame.header.profile = 1;
    const auto parsed = try_send(frame.write());
    ASSERT_FALSE(parsed);
    EXPECT_EQ(ENOTSUP, parsed.error().code);
}

TEST_F(Vp9CodecTest, StartsAtIntraOnlyFrames) {
    EXPECT_EQ("-before-random-access", send(Vp9Frame::intra_only(1, 0))) << "needs what was before";
    Vp9Frame frame = Vp9Frame::intra_only(1, 2);
    frame.header.frame_context_idx = 1;
    EXPECT_EQ("-before-random-access", send(frame)) << "resets context 1 and uses context 0";
    EXPECT_EQ("S64x64 D1() H1", send(Vp9Frame::intra_only(1, 2)));
    EXPECT_EQ("D2(1) O2 F1", send(Vp9Frame::inter()));
    Vp9Frame other = Vp9Frame::inter();
    other.header.frame_context_idx = 1;
    EXPECT_EQ("-missing-reference F2", send(other)) << "context 1 was never set";
    frame = Vp9Frame::intra_only(1, 0);
    frame.header.error_resilient_mode = true;
    EXPECT_EQ("D3() H3", send(frame));
}

TEST_F(Vp9CodecTest, MissingReference) {
    send(Vp9Frame::intra_only(1));
    Vp9Frame frame = Vp9Frame::inter();
    frame.header.ref_frame_idx = {0, 0, 4};
    EXPECT_EQ("-missing-reference F1", send(frame));
    EXPECT_EQ("-missing-reference", send(Vp9Frame::inter()));
    EXPECT_EQ("D2() O2", send(Vp9Frame::key()));
}

TEST_F(Vp9CodecTest, DamagedFrameLosesAll) {
    send(Vp9Frame::key());
    Bytes damaged = Vp9Frame::inter().write();
    damaged.erase(damaged.end() - 16, damaged.end());
    EXPECT_EQ("-malformed F1", send(damaged));
    EXPECT_EQ("-missing-reference", send(Vp9Frame::inter()));
    EXPECT_EQ("D2() O2", send(Vp9Frame::key()));
    Bytes unit = write_superframe({Vp9Frame::inter(2).write(), Vp9Frame::inter(4).write()});
    unit[unit.size() - 2] = 0x7f;
    EXPECT_EQ("D3(2) O3 -malformed F3 F2", send(unit)) << "a superframe cut short";
}

TEST_F(Vp9CodecTest, Resynchronise) {
    send(Vp9Frame::key());
    send(Vp9Frame::inter(2));
    EXPECT_EQ("F2 F1", resynchronise());
    EXPECT_EQ("-missing-reference", send(Vp9Frame::inter()));
    EXPECT_EQ("D3() O3", send(Vp9Frame::key()));
}

TEST_F(Vp9CodecTest, Flush) {
    send(Vp9Frame::key());
    send(Vp9Frame::inter(2).hide());
    EXPECT_EQ("F2 F1", flush());
    EXPECT_EQ("-before-random-access", send(Vp9Frame::inter()));
    EXPECT_EQ("D3() O3", send(Vp9Frame::key())) << "the sequence is the same";
}

/// A stream that goes through most of the codec.
std::vector<Bytes> stream() {
    std::vector<Bytes> units{Vp9Frame::key().write()};
    for (std::uint8_t n = 1; n < 8; ++n) {
        Vp9Frame frame = Vp9Frame::inter(static_cast<std::uint8_t>(1U << n));
        frame.header.ref_frame_idx = {0, static_cast<std::uint8_t>(n / 2), static_cast<std::uint8_t>(n - 1)};
        frame.header.ref_frame_sign_bias = {false, n % 2 == 0, n % 3 == 0};
        frame.header.refresh_frame_context = true;
        frame.header.frame_context_idx = n % 4;
        frame.header.segmentation.enabled = frame.header.segmentation.update_map = n % 2 == 0;
        frame.deltas.is_inter[1] = n;
        units.push_back(frame.write());
    }
    units.push_back(write_superframe({Vp9Frame::inter(2).hide().write(), Vp9Frame::inter(1).write()}));
    units.push_back(Vp9Frame::show(1).write());
    units.push_back(Vp9Frame::intra_only(0x10, 2).write());
    units.push_back(Vp9Frame::inter(0xff).write());
    units.push_back(Vp9Frame::key(80, 72).write());
    units.push_back(Vp9Frame::inter(3).write());
    return units;
}

TEST_F(Vp9CodecTest, UnharmedStreamDecodes) {
    unsigned decoded = 0;
    for (const Bytes& unit : stream()) {
        send(unit);
        for (const Step& step : steps_) {
            EXPECT_NE(Step::Kind::Skip, step.kind) << step.why;
            decoded += step.kind == Step::Kind::Decode ? 1 : 0;
        }
    }
    EXPECT_EQ(14, decoded);
    drain();
}

TEST(Vp9Mutation, NoMutationBreaksAPromise) {
    const std::vector<Bytes> unharmed = stream();
    for (unsigned seed = 0; seed < 5000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = unharmed;
        mutate(units, random);
        ASSERT_EQ(run_mutated(create_vp9_codec(), units, random, [](const Picture&) {}), "") << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
