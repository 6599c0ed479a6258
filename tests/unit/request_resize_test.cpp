// More slots, and slots of another size, in a context that goes on.
#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/expect_clean.h"
#include "tests/unit/hang.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

/// H.264 whose first picture of a new size refers to the last one of the old: as VP9 and AV1 may, for which the fake
/// kernel has no controls.
class ContinuingCodec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override { return codec_->configure(stream); }
    [[nodiscard]] const SequenceInfo* sequence() const override { return codec_->sequence(); }
    Result<> parse(const AccessUnit& unit, Steps& steps) override {
        Steps own;
        V4L2PLAY_TRY(codec_->parse(unit, own));
        for (const Step& step : own) add(step, steps);
        return {};
    }
    void drain(Steps& steps) override { codec_->drain(steps); }
    void flush(Steps& steps) override { codec_->flush(steps); }
    void resynchronise(Steps& steps) override { codec_->resynchronise(steps); }

  private:
    void add(Step step, Steps& steps) {
        if (step.kind == Step::Kind::Forget && step.id == last_) {
            late_ = step; // kept for the picture to come
            return;
        }
        if (step.kind == Step::Kind::Sequence) {
            sequence_ = *step.sequence;
            sequence_.continues = true;
            step.sequence = &sequence_;
            resized_ = last_ != 0;
        }
        if (step.kind == Step::Kind::Decode) {
            if (resized_) picture_references_ = {last_};
            if (resized_) const_cast<Picture*>(step.picture)->references = picture_references_;
            last_ = step.picture->id;
        }
        steps.push_back(step);
        if (step.kind == Step::Kind::Decode && std::exchange(resized_, false)) steps.push_back(late_);
    }

    std::unique_ptr<Codec> codec_ = create_h264_codec();
    SequenceInfo sequence_;
    std::vector<FrameId> picture_references_;
    FrameId last_ = 0;
    bool resized_ = false;
    Step late_;
};

constexpr unsigned pictures_each = 6;

std::vector<TestUnit> clips(const std::vector<ClipOptions>& options) {
    std::vector<TestUnit> units;
    for (ClipOptions clip : options) {
        clip.start = static_cast<Nanoseconds>(units.size()) * 40 * millisecond;
        clip.pictures = pictures_each;
        for (auto& unit : make_clip(clip)) units.push_back(std::move(unit));
    }
    return units;
}

class RequestResizeTest : public QuietTest {
  protected:
    RequestResizeTest() { playback_.period = 40 * millisecond; }

    bool play(const std::vector<ClipOptions>& options, std::unique_ptr<Codec> codec) {
        auto opened = open_decoder(kernel_, config_for(options[0]), std::move(codec));
        if (!opened) return false;
        decoder_ = std::move(*opened);
        return playback_.play(*decoder_, clips(options));
    }
    void close() {
        decoder_.reset();
        expect_clean(kernel_, playback_);
    }
    /// "64 128": sizes of the frames in their order, each run once.
    [[nodiscard]] std::string widths() const {
        std::string text;
        std::uint32_t last = 0;
        for (const PlayedFrame& frame : playback_.frames)
            if (std::exchange(last, frame.coded_width) != frame.coded_width)
                text += (text.empty() ? "" : " ") + std::to_string(frame.coded_width);
        return text;
    }
    [[nodiscard]] std::size_t different_pools() const {
        std::set<SlotPool*> found;
        for (const auto& pool : playback_.pools) found.insert(pool.get());
        return found.size();
    }

    FakeKernel kernel_;
    Playback playback_{kernel_};
    std::unique_ptr<Decoder> decoder_;
};

const ClipOptions narrow{.width = 64};
const ClipOptions wide{.width = 128};

TEST_F(RequestResizeTest, MoreReferencesGetMoreSlots) {
    EXPECT_TRUE(play({{.references = 1}, {.references = 4}, {.references = 2}}, create_h264_codec()));
    EXPECT_EQ(3 * pictures_each, playback_.frames.size());
    ASSERT_EQ(2u, playback_.pools.size());
    EXPECT_EQ(playback_.pools[0], playback_.pools[1]) << "the same pool, told again";
    close();
}

/// /proc/meminfo of a machine that becomes short of memory.
class FakeMeminfo final : public FakeFile {
  public:
    [[nodiscard]] const char* kind() const override { return "meminfo"; }
    long read(void* buffer, std::size_t size) override {
        return static_cast<long>(text.copy(static_cast<char*>(buffer), size));
    }
    std::string text;
};

/// Slots at the end of clips of so many references each; once pictures come there is room for `room` more.
unsigned count_slots_with(const std::vector<ClipOptions>& options, unsigned room) {
    FakeKernel kernel;
    const auto meminfo = std::make_shared<FakeMeminfo>();
    kernel.world().other_files["/proc/meminfo"] = meminfo;
    Playback playback(kernel);
    kernel.world().on_decoded = [&](const FakePicture&) {
        if (playback.pools.empty()) return;
        const auto& sizes = playback.pools[0]->format().memory_size;
        meminfo->text = fmt::format("MemAvailable: {} kB\n", (2 * room * (sizes[0] + sizes[1]) + 1023) / 1024);
    };
    auto opened = open_decoder(kernel, config_for(options[0]), create_h264_codec());
    EXPECT_TRUE(opened && playback.play(**opened, clips(options)));
    EXPECT_EQ(options.size() * pictures_each, playback.frames.size());
    const unsigned count = playback.pools.empty() ? 0 : playback.pools.back()->count();
    if (opened) opened->reset();
    expect_clean(kernel, playback);
    return count;
}

TEST_F(RequestResizeTest, SlotsThatAreAddedFitIntoMemory) {
    const unsigned few = count_slots_with({{.references = 1}}, 1000);
    const unsigned many = count_slots_with({{.references = 1}, {.references = 6}}, 1000);
    ASSERT_LT(few + 1, many);
    EXPECT_EQ(many - 1, count_slots_with({{.references = 1}, {.references = 6}}, many - 1 - few));
}

TEST_F(RequestResizeTest, FewerReferencesGetFewerSlots) {
    kernel_.decoder().removes_buffers = true;
    EXPECT_TRUE(play({{.references = 8}, {.references = 1}}, create_h264_codec()));
    EXPECT_EQ(2 * pictures_each, playback_.frames.size());
    EXPECT_TRUE(playback_.dropped.empty());
    ASSERT_EQ(2u, playback_.pools.size());
    EXPECT_LT(playback_.pools[1]->count(), playback_.pools[0]->count());
    close();
}

TEST_F(RequestResizeTest, FewerSlotsBecomeMoreAgain) {
    kernel_.decoder().removes_buffers = true;
    EXPECT_TRUE(play({{.references = 8}, {.references = 1}, {.references = 8}}, create_h264_codec()));
    EXPECT_EQ(3 * pictures_each, playback_.frames.size());
    ASSERT_EQ(3u, playback_.pools.size());
    EXPECT_NE(playback_.pools[0], playback_.pools[1]);
    EXPECT_EQ(playback_.pools[1], playback_.pools[2]) << "the same pool, told again";
    EXPECT_EQ(playback_.pools[0]->count(), playback_.pools[2]->count());
    close();
}

TEST_F(RequestResizeTest, WithoutRemovalFewerReferencesKeepTheirSlots) {
    EXPECT_TRUE(play({{.references = 8}, {.references = 1}}, create_h264_codec()));
    EXPECT_EQ(2 * pictures_each, playback_.frames.size());
    EXPECT_EQ(1u, playback_.pools.size());
    close();
}

TEST_F(RequestResizeTest, WithoutMemoryFewerReferencesKeepTheirSlots) {
    kernel_.decoder().removes_buffers = true;
    kernel_.decoder().most_buffers = 18;
    EXPECT_TRUE(play({{.references = 8}, {.references = 1}}, create_h264_codec()));
    EXPECT_EQ(2 * pictures_each, playback_.frames.size());
    EXPECT_EQ(1u, playback_.pools.size());
    close();
}

TEST_F(RequestResizeTest, WithoutRoomForMoreThereIsANewContext) {
    kernel_.decoder().most_buffers = 8;
    EXPECT_TRUE(play({{.references = 1}, {.references = 4}}, create_h264_codec()));
    EXPECT_EQ(2 * pictures_each, playback_.frames.size());
    EXPECT_EQ(2u, different_pools());
    close();
}

TEST_F(RequestResizeTest, PicturesOfAnotherSizeReferToOldOnes) {
    for (const FakeResize resize : {FakeResize::Always, FakeResize::NotWhileStreaming}) {
        kernel_.decoder().resize = resize;
        kernel_.decoder().removes_buffers = true;
        playback_.frames.clear();
        EXPECT_TRUE(play({narrow, wide, narrow, wide}, std::make_unique<ContinuingCodec>()));
        EXPECT_EQ(4 * pictures_each, playback_.frames.size());
        EXPECT_EQ("64 128 64 128", widths());
        EXPECT_TRUE(playback_.dropped.empty());
        close();
    }
}

TEST_F(RequestResizeTest, WithoutRemovalAPoolIsUsedAgainWhenItsSizeComesBack) {
    kernel_.decoder().resize = FakeResize::Always;
    EXPECT_TRUE(play({narrow, wide, narrow, wide}, std::make_unique<ContinuingCodec>()));
    EXPECT_EQ(4 * pictures_each, playback_.frames.size());
    EXPECT_EQ(2u, different_pools());
    close();
}

TEST_F(RequestResizeTest, RemovedBuffersMakeRoomForOthers) {
    const std::vector<ClipOptions> sizes{
        {.width = 64, .references = 8}, {.width = 96, .references = 8}, {.width = 128, .references = 8}};
    kernel_.decoder().resize = FakeResize::Always;
    kernel_.decoder().removes_buffers = true;
    EXPECT_TRUE(play(sizes, std::make_unique<ContinuingCodec>()));
    EXPECT_EQ(3 * pictures_each, playback_.frames.size());
    close();
}

TEST_F(RequestResizeTest, ADriverThatKeepsAllBuffersRunsOutOfThem) {
    const std::vector<ClipOptions> sizes{
        {.width = 64, .references = 8}, {.width = 96, .references = 8}, {.width = 128, .references = 8}};
    kernel_.decoder().resize = FakeResize::Always;
    EXPECT_FALSE(play(sizes, std::make_unique<ContinuingCodec>()));
    EXPECT_EQ(2 * pictures_each, playback_.frames.size()) << "all that came before";
    close();
}

TEST_F(RequestResizeTest, ADriverThatKeepsItsSizeEndsTheStreamAfterWhatItCan) {
    EXPECT_FALSE(play({narrow, wide}, std::make_unique<ContinuingCodec>()));
    EXPECT_EQ(pictures_each, playback_.frames.size()) << "all that came before";
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(ENOTSUP, playback_.failure->code);
    close();
}

/// Plays on a device that does not come back from STREAMOFF, and on which the n-th call fails. True when it is
/// given up for the former.
bool gives_up_hanging(FakeResize resize, unsigned n) {
    FakeKernel kernel;
    kernel.decoder().resize = resize;
    Playback playback(kernel);
    playback.period = 40 * millisecond;
    auto decoder = open_decoder(kernel, config_for(narrow), std::make_unique<ContinuingCodec>(), {}, 20 * millisecond);
    if (!decoder) return false;
    Hang hang;
    kernel.world().on_stream_off = hang.wait();
    if (n != 0) kernel.fail_call(n, EIO);
    const bool played = playback.play(**decoder, clips({narrow, wide}));
    kernel.fail_call(0, 0);
    EXPECT_NE(played, playback.failure.has_value());
    end_decoder(*decoder, playback, hang, kernel);
    return playback.failure && std::string_view(playback.failure->where) == "STREAMOFF";
}

TEST_F(RequestResizeTest, AHangingStreamOffIsTheEnd) {
    EXPECT_TRUE(gives_up_hanging(FakeResize::NotWhileStreaming, 0));
    EXPECT_FALSE(gives_up_hanging(FakeResize::Always, 0)) << "nothing is stopped for it";
}

/// A buffer that was queued for a picture whose request failed is taken back before the size changes.
TEST_F(RequestResizeTest, AHangingStreamOffForASpareBufferIsTheEnd) {
    unsigned n = 1;
    while (n < 200 && !gives_up_hanging(FakeResize::Always, n)) ++n;
    EXPECT_LT(n, 200u);
}

} // namespace
} // namespace v4l2play
