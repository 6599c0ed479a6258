// References, hidden and repeated frames, losses; and harmed streams.
#include "decoder/codec/vp8.h"

#include <cerrno>
#include <random>

#include <gtest/gtest.h>

#include "decoder/codec/vp8_picture.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/vp8_stream.h"

namespace v4l2play::test {
namespace {

using vp8::BufferCopy;
using vp8::Vp8Picture;

class Vp8CodecTest : public testing::Test {
  public:
    Result<> send(const Bytes& bytes, Nanoseconds pts = 0) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        unit.pts = pts;
        steps_.clear();
        auto parsed = codec_->parse(unit, steps_);
        contract_.follow(steps_);
        return parsed;
    }
    Result<> send(Vp8Frame frame, Nanoseconds pts = 0) {
        bytes_ = frame.write();
        return send(bytes_, pts);
    }
    /// The picture of the latest unit; null when there is none.
    [[nodiscard]] const Vp8Picture* picture() const {
        const Step* step = find(Step::Kind::Decode);
        return step == nullptr ? nullptr : static_cast<const Vp8Picture*>(step->picture);
    }
    [[nodiscard]] const Step* find(Step::Kind kind) const {
        for (const Step& step : steps_)
            if (step.kind == kind) return &step;
        return nullptr;
    }
    [[nodiscard]] std::vector<FrameId> forgotten() const {
        std::vector<FrameId> ids;
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Forget) ids.push_back(step.id);
        return ids;
    }
    /// last, golden, alternate of the latest picture
    [[nodiscard]] std::array<FrameId, 3> references() const {
        const Vp8Picture* latest = picture();
        return {latest->last, latest->golden, latest->alternate};
    }
    void TearDown() override { EXPECT_EQ("", contract_.fault()); }

    std::unique_ptr<Codec> codec_ = create_vp8_codec();
    CodecContract contract_;
    Steps steps_;
    Bytes bytes_;
};

using Ids = std::vector<FrameId>;

TEST_F(Vp8CodecTest, WaitsForAKeyFrame) {
    ASSERT_TRUE(send(Vp8Frame(false)));
    ASSERT_NE(nullptr, find(Step::Kind::Skip));
    EXPECT_EQ(DropReason::BeforeRandomAccess, find(Step::Kind::Skip)->reason);
    ASSERT_TRUE(send(Vp8Frame(true)));
    ASSERT_NE(nullptr, picture());
    EXPECT_TRUE(picture()->references.empty());
}

TEST_F(Vp8CodecTest, AnnouncesOddSizes) {
    Vp8Frame frame(true);
    frame.header.tag.width = 17;
    frame.header.tag.height = 1;
    frame.header.tag.horizontal_scale = 1; // ignored
    ASSERT_TRUE(send(frame));
    const SequenceInfo* sequence = find(Step::Kind::Sequence)->sequence;
    EXPECT_EQ(32, sequence->coded_width);
    EXPECT_EQ(16, sequence->coded_height);
    EXPECT_EQ((Rect{0, 0, 17, 1}), sequence->info.visible);
    ASSERT_TRUE(send(frame));
    EXPECT_EQ(nullptr, find(Step::Kind::Sequence)); // the same again
    frame.header.tag.width = 18;
    ASSERT_TRUE(send(frame));
    EXPECT_NE(nullptr, find(Step::Kind::Sequence));
}

TEST_F(Vp8CodecTest, KeyFrameFillsAllBuffers) {
    ASSERT_TRUE(send(Vp8Frame(true)));
    ASSERT_TRUE(send(Vp8Frame(false)));
    EXPECT_EQ((std::array<FrameId, 3>{1, 1, 1}), references());
    EXPECT_EQ(1, picture()->references.size());
    EXPECT_TRUE(forgotten().empty());
    ASSERT_TRUE(send(Vp8Frame(false)));
    EXPECT_EQ((std::array<FrameId, 3>{2, 1, 1}), references());
    EXPECT_EQ((Ids{2}), forgotten());
    ASSERT_TRUE(send(Vp8Frame(true)));
    EXPECT_TRUE(picture()->references.empty());
}

/// Last 1, golden 2, alternate 3; then a frame that copies.
class Vp8Copies : public Vp8CodecTest {
  protected:
    std::array<FrameId, 3> after(BufferCopy to_golden, BufferCopy to_alternate) {
        EXPECT_TRUE(send(Vp8Frame(true)));
        Vp8Frame golden(false);
        golden.header.refresh_golden = true;
        golden.header.refresh_last = false;
        EXPECT_TRUE(send(golden));
        Vp8Frame alternate(false);
        alternate.header.refresh_alternate = true;
        alternate.header.refresh_last = false;
        EXPECT_TRUE(send(alternate));
        Vp8Frame copy(false);
        copy.header.copy_to_golden = to_golden;
        copy.header.copy_to_alternate = to_alternate;
        EXPECT_TRUE(send(copy));
        EXPECT_EQ((std::array<FrameId, 3>{1, 2, 3}), references());
        EXPECT_TRUE(send(Vp8Frame(false)));
        return references();
    }
};

TEST_F(Vp8Copies, OneOfThem) {
    EXPECT_EQ((std::array<FrameId, 3>{4, 3, 3}), after(BufferCopy::Other, BufferCopy::None));
}

TEST_F(Vp8Copies, LastIsThatOfBefore) {
    EXPECT_EQ((std::array<FrameId, 3>{4, 1, 1}), after(BufferCopy::Last, BufferCopy::Last));
}

TEST_F(Vp8Copies, AlternateComesFirst) {
    EXPECT_EQ((std::array<FrameId, 3>{4, 2, 2}), after(BufferCopy::Other, BufferCopy::Other));
}

TEST_F(Vp8Copies, GoldenIsACopyOfACopy) {
    EXPECT_EQ((std::array<FrameId, 3>{4, 1, 1}), after(BufferCopy::Other, BufferCopy::Last));
}

TEST_F(Vp8CodecTest, FrameForNobodyIsForgottenAtOnce) {
    ASSERT_TRUE(send(Vp8Frame(true)));
    Vp8Frame frame(false);
    frame.header.refresh_last = false;
    ASSERT_TRUE(send(frame));
    EXPECT_EQ((Ids{2}), forgotten());
}

TEST_F(Vp8CodecTest, HiddenFramesAreNotShown) {
    ASSERT_TRUE(send(Vp8Frame(true), 10));
    EXPECT_FALSE(find(Step::Kind::Output)->discard);
    Vp8Frame hidden(false);
    hidden.header.refresh_alternate = true;
    hidden.header.tag.show_frame = false;
    ASSERT_TRUE(send(hidden, 20));
    EXPECT_TRUE(find(Step::Kind::Output)->discard);
    ASSERT_TRUE(send(Vp8Frame(false), 20));
    EXPECT_EQ((std::array<FrameId, 3>{2, 1, 2}), references());
}

TEST_F(Vp8CodecTest, EmptyFrameRepeatsTheLast) {
    ASSERT_TRUE(send(Bytes{}, 5));
    EXPECT_NE(nullptr, find(Step::Kind::Skip));
    ASSERT_TRUE(send(Vp8Frame(true), 10));
    ASSERT_TRUE(send(Bytes{}, 20));
    ASSERT_EQ(1, steps_.size());
    EXPECT_EQ(Step::Kind::Output, steps_[0].kind);
    EXPECT_EQ(1, steps_[0].id);
    EXPECT_TRUE(steps_[0].retimed);
    EXPECT_EQ(20, steps_[0].pts);
}

TEST_F(Vp8CodecTest, DamageWaitsForAKeyFrame) {
    ASSERT_TRUE(send(Vp8Frame(true)));
    bytes_ = Vp8Frame(false).write();
    bytes_.resize(20);
    ASSERT_TRUE(send(Bytes(bytes_)));
    EXPECT_EQ(DropReason::Malformed, find(Step::Kind::Skip)->reason);
    EXPECT_EQ((Ids{1}), forgotten());
    ASSERT_TRUE(send(Vp8Frame(false)));
    EXPECT_EQ(DropReason::MissingReference, find(Step::Kind::Skip)->reason);
    ASSERT_TRUE(send(Vp8Frame(true)));
    EXPECT_NE(nullptr, picture());
}

TEST_F(Vp8CodecTest, RefusesReservedVersions) {
    Vp8Frame frame(true);
    frame.header.tag.version = 4;
    const auto sent = send(frame);
    ASSERT_FALSE(sent);
    EXPECT_EQ(ENOTSUP, sent.error().code);
    ASSERT_TRUE(send(Vp8Frame(true)));
    Vp8Frame inter(false);
    inter.header.tag.version = 7;
    ASSERT_TRUE(send(inter)); // damage
    EXPECT_EQ(DropReason::Malformed, find(Step::Kind::Skip)->reason);
}

TEST_F(Vp8CodecTest, ForgetsAllWhenItIsOver) {
    for (const auto end : {&Codec::drain, &Codec::flush, &Codec::resynchronise}) {
        ASSERT_TRUE(send(Vp8Frame(true)));
        Vp8Frame golden(false);
        golden.header.refresh_golden = true;
        ASSERT_TRUE(send(golden));
        steps_.clear();
        (codec_.get()->*end)(steps_);
        contract_.follow_end(steps_);
        EXPECT_EQ(2, forgotten().size());
        ASSERT_TRUE(send(Vp8Frame(false)));
        EXPECT_EQ(nullptr, picture());
    }
}

// --- harm ---

std::vector<Bytes> stream() {
    std::vector<Bytes> units;
    for (unsigned n = 0; n < 16; ++n) {
        Vp8Frame frame(n % 12 == 0);
        if (n >= 12) frame.header.tag.width = 40;
        frame.header.partitions = static_cast<std::uint8_t>(1U << n % 4);
        frame.header.segmentation.enabled = n % 2 == 0;
        frame.header.tag.show_frame = n % 5 != 3;
        if (!frame.header.tag.key_frame) {
            frame.header.refresh_golden = n % 3 == 0;
            if (n % 3 != 0) frame.header.copy_to_golden = static_cast<BufferCopy>(n % 4);
            frame.header.copy_to_alternate = static_cast<BufferCopy>(n / 2 % 4);
            frame.header.refresh_last = n % 7 != 0;
        }
        units.push_back(n == 9 ? Bytes{} : frame.write());
    }
    return units;
}

void mutate(std::vector<Bytes>& units, std::mt19937& random) {
    for (unsigned count = 1 + random() % 4; count > 0; --count) {
        Bytes& unit = units[random() % units.size()];
        if (unit.empty()) continue;
        // Mostly where headers are.
        const std::size_t at = random() % std::min<std::size_t>(unit.size(), random() % 2 == 0 ? 12 : 200);
        if (random() % 5 == 0)
            unit.resize(at);
        else
            unit[at] = static_cast<std::uint8_t>(unit[at] ^ 1U << random() % 8);
        if (random() % 8 == 0) std::swap(unit, units[random() % units.size()]);
    }
}

TEST(Vp8Mutation, NoMutationBreaksAPromise) {
    const std::vector<Bytes> good = stream();
    unsigned decoded = 0;
    for (unsigned seed = 0; seed < 2000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = good;
        if (seed != 0) mutate(units, random);
        const auto codec = create_vp8_codec();
        CodecContract contract;
        Steps steps;
        for (const Bytes& bytes : units) {
            AccessUnit unit;
            unit.payload = Payload(bytes, nullptr, nullptr);
            steps.clear();
            const bool parsed = codec->parse(unit, steps).has_value();
            contract.follow(steps);
            for (const Step& step : steps) decoded += seed == 0 && step.kind == Step::Kind::Decode ? 1 : 0;
            if (!parsed) break;
            steps.clear();
            if (seed != 0 && random() % 32 == 0) codec->resynchronise(steps);
            contract.follow(steps);
        }
        steps.clear();
        codec->drain(steps);
        contract.follow_end(steps);
        ASSERT_EQ("", contract.fault()) << "seed " << seed;
    }
    EXPECT_EQ(15, decoded); // of the stream without harm: all but the frame of no bytes
}

} // namespace
} // namespace v4l2play::test
