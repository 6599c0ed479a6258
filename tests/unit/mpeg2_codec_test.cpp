// References, fields, output order and what is left out of MPEG-2 video; and harmed streams.
#include "decoder/codec/mpeg2.h"

#include <cerrno>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/mpeg2_picture.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/mpeg2_stream.h"

namespace v4l2play::test {
namespace {

using namespace mpeg2;

/// Makes access units, runs the codec over them and writes its steps down: S sequence, D decode (forward, backward; D'
/// a second field), O output, F forget, - skipped.
class Mpeg2CodecTest : public testing::Test {
  public:
    Mpeg2CodecTest() {
        sequence_.horizontal_size = 40;
        sequence_.vertical_size = 50;
        sequence_.profile_and_level_indication = 0x48;
    }
    Mpeg2CodecTest& sequence() {
        append_unit(stream_, 0xb3, write_sequence_header(sequence_));
        append_unit(stream_, 0xb5, write_sequence_extension(sequence_));
        return *this;
    }
    Mpeg2CodecTest& group(bool closed = false, bool broken = false) {
        append_unit(stream_, 0xb8, write_group(closed, broken));
        return *this;
    }
    Mpeg2CodecTest& picture(PictureType type, unsigned temporal_reference = 0,
                            mpeg2::Structure structure = mpeg2::Structure::Frame) {
        PictureHeader header;
        header.picture_coding_type = type;
        header.temporal_reference = static_cast<std::uint16_t>(temporal_reference);
        header.picture_structure = structure;
        header.f_code = {{{2, 2}, {2, 2}}};
        append_unit(stream_, 0x00, write_picture_header(header));
        append_unit(stream_, 0xb5, write_coding_extension(header));
        for (std::uint8_t row = 1; row <= (header.is_field() ? 2 : 4); ++row)
            append_unit(stream_, row, write_slice_head());
        return *this;
    }
    Mpeg2CodecTest& i() { return picture(PictureType::I); }
    Mpeg2CodecTest& p() { return picture(PictureType::P); }
    Mpeg2CodecTest& b() { return picture(PictureType::B); }
    Mpeg2CodecTest& top(PictureType type, unsigned temporal_reference = 0) {
        return picture(type, temporal_reference, mpeg2::Structure::TopField);
    }
    Mpeg2CodecTest& bottom(PictureType type, unsigned temporal_reference = 0) {
        return picture(type, temporal_reference, mpeg2::Structure::BottomField);
    }
    Mpeg2CodecTest& end() {
        append_unit(stream_, 0xb7, {});
        return *this;
    }
    Bytes take() { return std::exchange(stream_, {}); }

    Result<> try_parse() {
        unit_.payload = Payload(sent_ = take(), nullptr, nullptr);
        steps_.clear();
        auto parsed = codec_->parse(unit_, steps_);
        contract_.follow(steps_);
        EXPECT_EQ("", contract_.fault());
        return parsed;
    }
    std::string parse() {
        EXPECT_TRUE(try_parse());
        return describe();
    }
    std::string drain() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        EXPECT_EQ("", contract_.fault());
        return describe();
    }
    [[nodiscard]] std::string describe() const {
        std::string text;
        for (const Step& step : steps_) text += (text.empty() ? "" : " ") + describe(step);
        return text;
    }
    static std::string describe(const Step& step) {
        switch (step.kind) {
        case Step::Kind::Sequence:
            return fmt::format("S{}x{}", step.sequence->coded_width, step.sequence->coded_height);
        case Step::Kind::Decode: {
            const auto& picture = static_cast<const Mpeg2Picture&>(*step.picture);
            return fmt::format("D{}{}({},{})", picture.id, picture.second_field ? "'" : "", picture.forward,
                               picture.backward);
        }
        case Step::Kind::Output:
            return fmt::format("O{}", step.id);
        case Step::Kind::Forget:
            return fmt::format("F{}", step.id);
        case Step::Kind::Skip:
            break;
        }
        return fmt::format("-{}", to_string(step.reason));
    }
    [[nodiscard]] const Mpeg2Picture& decoded(unsigned number = 0) const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode && number-- == 0)
                return static_cast<const Mpeg2Picture&>(*step.picture);
        throw std::logic_error("no such picture");
    }
    [[nodiscard]] const SequenceInfo& announced() const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Sequence) return *step.sequence;
        throw std::logic_error("no sequence");
    }

    mpeg2::Sequence sequence_;
    std::unique_ptr<Codec> codec_ = create_mpeg2_codec();
    CodecContract contract_;
    Bytes stream_;
    Bytes sent_;
    AccessUnit unit_;
    Steps steps_;
};

TEST_F(Mpeg2CodecTest, ReferencesWaitForTheNext) {
    EXPECT_EQ("S48x64 D1(0,0)", sequence().group().i().parse());
    EXPECT_EQ("O1 D2(1,0)", p().parse());
    EXPECT_EQ("D3(1,2) O3 F3", b().parse());
    EXPECT_EQ("D4(1,2) O4 F4", b().parse());
    EXPECT_EQ("O2 F1 D5(2,0)", p().parse());
    EXPECT_EQ("O5 F2 F5", drain());
}

TEST_F(Mpeg2CodecTest, LowDelayDoesNotWait) {
    sequence_.low_delay = true;
    EXPECT_EQ("S48x64 D1(0,0) O1", sequence().i().parse());
    EXPECT_EQ("D2(1,0) O2", p().parse());
    EXPECT_EQ("F1 D3(2,0) O3", p().parse());
}

TEST_F(Mpeg2CodecTest, AnOpenGroupLacksItsFirstPictures) {
    EXPECT_EQ("-before-random-access", sequence().group().p().parse());
    EXPECT_EQ("S48x64 D1(0,0)", i().parse());
    EXPECT_EQ("-before-random-access", b().parse());
    EXPECT_EQ("O1 D2(1,0)", p().parse());
    EXPECT_EQ("D3(1,2) O3 F3", b().parse());
}

TEST_F(Mpeg2CodecTest, AClosedGroupIsComplete) {
    EXPECT_EQ("S48x64 D1(0,0)", sequence().group(true).i().parse());
    EXPECT_EQ("D2(1,1) O2 F2", b().parse()) << "what is not there is not named either";
    EXPECT_EQ(1U, steps_.front().picture->references.size());
    p().parse();
    EXPECT_EQ("O3 F1 D4(0,0)", group().i().parse());
    EXPECT_EQ("D5(3,4) O5 F5", b().parse());
}

TEST_F(Mpeg2CodecTest, ABrokenLinkIsNotFollowed) {
    sequence().group().i().p().parse();
    EXPECT_EQ("O2 F1 D3(0,0)", group(false, true).i().parse());
    EXPECT_EQ("-missing-reference", b().parse());
    EXPECT_EQ("O3 F2 D4(3,0)", p().parse());
    EXPECT_EQ("D5(3,4) O5 F5", b().parse()) << "behind the second reference";
}

TEST_F(Mpeg2CodecTest, FieldsOfAFrameShareItsId) {
    EXPECT_EQ("S48x64 D1(0,0) D1'(0,0)", sequence().top(PictureType::I).bottom(PictureType::P).parse());
    EXPECT_TRUE(announced().interlaced);
    EXPECT_TRUE(decoded(0).first_field);
    EXPECT_FALSE(decoded(1).first_field);
    EXPECT_EQ("O1 D2(1,0)", bottom(PictureType::P, 3).parse());
    EXPECT_EQ("D2'(1,0)", top(PictureType::P, 3).parse()) << "in a unit of its own";
    EXPECT_EQ("D3(1,2) D3'(1,2) O3 F3", top(PictureType::B, 2).bottom(PictureType::B, 2).parse());
    EXPECT_EQ("O2 F1 D4(2,0)", p().parse());
}

TEST_F(Mpeg2CodecTest, SingleFieldsComeOutAlone) {
    EXPECT_EQ("S48x64 D1(0,0) O1 D2(1,0)", sequence().top(PictureType::I, 0).top(PictureType::P, 1).parse());
    EXPECT_EQ("D3(1,2)", top(PictureType::B, 1).parse()) << "may become a pair";
    EXPECT_EQ("O3 F3 D4(1,2)", bottom(PictureType::B, 2).parse()) << "of another time";
    EXPECT_EQ("O4 F4 O2 F1 D5(2,0)", bottom(PictureType::P, 2).parse()) << "of another kind";
    EXPECT_EQ("O5 F2 D6(0,0)", group().top(PictureType::I, 2).parse()) << "behind a header";
    EXPECT_EQ("O6 F5 F6", drain());
}

TEST_F(Mpeg2CodecTest, ALostFieldSpoilsTheFrame) {
    sequence().top(PictureType::I).bottom(PictureType::P).parse();
    PictureHeader without_slices;
    without_slices.picture_coding_type = PictureType::P;
    without_slices.temporal_reference = 1;
    without_slices.picture_structure = mpeg2::Structure::BottomField;
    without_slices.f_code = {{{2, 2}, {2, 2}}};
    top(PictureType::P, 1);
    append_unit(stream_, 0x00, write_picture_header(without_slices));
    append_unit(stream_, 0xb5, write_coding_extension(without_slices));
    EXPECT_EQ("O1 D2(1,0) -malformed", parse());
    EXPECT_EQ("-missing-reference", b().parse());
    EXPECT_EQ("O2 F1 -missing-reference", top(PictureType::P, 2).parse());
    EXPECT_EQ("", bottom(PictureType::P, 2).parse()) << "goes with the first";
    EXPECT_EQ("F2 D3(0,0)", i().parse());
    EXPECT_EQ("-missing-reference", b().parse());
    EXPECT_EQ("O3 D4(3,0)", p().parse());
}

TEST_F(Mpeg2CodecTest, DamagedPicturesAreLost) {
    sequence().i().parse();
    append_unit(stream_, 0x00, write_picture_header({}));
    append_unit(stream_, 0x01, write_slice_head());
    EXPECT_EQ("O1 -malformed", parse()) << "no picture_coding_extension";
    EXPECT_EQ("F1 -missing-reference", p().parse());
    EXPECT_EQ("D2(0,0)", i().parse());
}

TEST_F(Mpeg2CodecTest, SlicesOutsideAreLeftOut) {
    sequence().i();
    append_unit(stream_, 5, write_slice_head()); // 64 lines: four rows
    append_unit(stream_, 3, write_slice_head(0));
    EXPECT_EQ("S48x64 D1(0,0)", parse());
    EXPECT_EQ(4U, decoded().slices.size());
    EXPECT_EQ(1, decoded().slices[0][2]) << "with their start codes";
}

TEST_F(Mpeg2CodecTest, NewFormatsStartAnew) {
    sequence().i().p().parse();
    EXPECT_EQ("O2 F1 D3(0,0)", sequence().i().parse()) << "a repetition";
    sequence_.horizontal_size = 64;
    EXPECT_EQ("O3 F2 F3 -before-random-access", sequence().p().parse());
    EXPECT_EQ("S64x64 D4(0,0)", i().parse());
    sequence_.aspect_ratio_information = 2;
    EXPECT_EQ("S64x64 O4 D5(4,0)", sequence().p().parse()) << "only the way to show it";
}

TEST_F(Mpeg2CodecTest, SequenceEndPutsEverythingOut) {
    EXPECT_EQ("S48x64 D1(0,0) O1 F1", sequence().i().end().parse());
    EXPECT_EQ("D2(0,0)", sequence().i().parse());
}

TEST_F(Mpeg2CodecTest, SequenceSaysWhatIsVisible) {
    sequence_.horizontal_size = 720;
    sequence_.vertical_size = 486;
    sequence_.aspect_ratio_information = 2;
    sequence().i().parse();
    EXPECT_EQ(512U, announced().coded_height) << "both fields in whole macroblocks";
    EXPECT_EQ((Rect{0, 0, 720, 486}), announced().info.visible);
    EXPECT_EQ((Rational{9, 10}), announced().info.sample_aspect);
    EXPECT_FALSE(announced().interlaced) << "as far as is known";
    sequence_.progressive_sequence = true;
    sequence_.vertical_size = 485;
    sequence_.color = {1, 1, 6, false};
    sequence_.display_horizontal_size = 400;
    sequence_.display_vertical_size = 300;
    sequence();
    append_unit(stream_, 0xb5, write_display_extension(sequence_));
    i().parse();
    EXPECT_EQ(496U, announced().coded_height);
    EXPECT_EQ((Rational{1, 1}), announced().info.sample_aspect) << "of the displayed part";
    EXPECT_EQ(6, announced().info.color.matrix);
}

TEST_F(Mpeg2CodecTest, FieldsAreNotForProgressiveSequences) {
    sequence_.progressive_sequence = true;
    EXPECT_EQ("-malformed", sequence().top(PictureType::I).parse());
}

TEST_F(Mpeg2CodecTest, OnlyTheFirstFieldOfAUnitHasItsTime) {
    unit_.pts = 40;
    unit_.duration = 20;
    sequence().top(PictureType::I).bottom(PictureType::P).parse();
    EXPECT_EQ(40, decoded(0).pts);
    EXPECT_EQ(no_time, decoded(1).pts);
    EXPECT_EQ(0, decoded(1).duration);
}

TEST_F(Mpeg2CodecTest, RefusesMpeg1) {
    append_unit(stream_, 0xb3, write_sequence_header(sequence_));
    EXPECT_EQ(ENOTSUP, i().try_parse().error().code);
}

TEST_F(Mpeg2CodecTest, RefusesScalableStreams) {
    BitWriter scalable;
    append_unit(sequence().stream_, 0xb5, scalable.u(4, 5).u(12, 0));
    StreamInfo stream;
    stream.extradata = take();
    EXPECT_EQ(ENOTSUP, codec_->configure(stream).error().code);
}

TEST_F(Mpeg2CodecTest, ConfigureKnowsTheSequence) {
    EXPECT_TRUE(codec_->configure({}));
    EXPECT_EQ(nullptr, codec_->sequence());
    StreamInfo stream;
    stream.extradata = sequence().take();
    stream.sample_aspect = {12, 11};
    stream.color.primaries = 9;
    ASSERT_TRUE(codec_->configure(stream));
    ASSERT_NE(nullptr, codec_->sequence());
    EXPECT_EQ(64U, codec_->sequence()->coded_height);
    EXPECT_EQ((Rational{1, 1}), codec_->sequence()->info.sample_aspect) << "the stream says so";
    EXPECT_EQ(9, codec_->sequence()->info.color.primaries);
    EXPECT_EQ("S48x64 D1(0,0)", i().parse());
}

TEST_F(Mpeg2CodecTest, FlushForgetsHalfAFrame) {
    sequence().i().p().top(PictureType::B).parse();
    steps_.clear();
    codec_->flush(steps_);
    contract_.follow_flush(steps_);
    EXPECT_EQ("F3 F1 F2", describe());
    EXPECT_EQ("-before-random-access", bottom(PictureType::B).parse());
}

TEST_F(Mpeg2CodecTest, ResynchronisesAtAnIPicture) {
    sequence().i().p().parse();
    steps_.clear();
    codec_->resynchronise(steps_);
    contract_.follow_end(steps_);
    EXPECT_EQ("O2 F1 F2", describe());
    EXPECT_EQ("-missing-reference", p().parse());
    EXPECT_EQ("D3(0,0)", i().parse());
}

TEST_F(Mpeg2CodecTest, NoMutationBreaksAPromise) {
    std::vector<Bytes> stream{sequence().group().i().take()};
    for (unsigned n = 0; n < 12; ++n) {
        if (n % 5 == 4) stream.push_back(sequence().group(n % 2 == 0, n == 9).i().take());
        stream.push_back(n % 3 == 0 ? p().take() : n % 3 == 1 ? b().take() : top(PictureType::B, n).take());
        if (n % 4 == 1) stream.push_back(top(PictureType::P, n).bottom(PictureType::P, n).take());
        if (n % 4 == 2) stream.push_back(bottom(PictureType::B, n).take());
    }
    stream.push_back(end().take());
    for (unsigned seed = 0; seed < 10'000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = stream;
        for (unsigned count = 1 + random() % 6; count > 0; --count) {
            Bytes& unit = units[random() % units.size()];
            if (unit.empty()) continue;
            const std::size_t at = random() % unit.size();
            if (random() % 8 == 0)
                unit.resize(at);
            else if (random() % 8 == 0)
                std::swap(unit, units[random() % units.size()]);
            else
                unit[at] = static_cast<std::uint8_t>(unit[at] ^ 1U << random() % 8);
        }
        codec_ = create_mpeg2_codec();
        contract_ = {};
        for (const Bytes& unit : units) {
            stream_ = unit;
            if (!try_parse()) break;
            if (random() % 32 != 0) continue;
            steps_.clear();
            codec_->flush(steps_);
            contract_.follow_flush(steps_);
        }
        drain();
        ASSERT_EQ("", contract_.fault()) << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
