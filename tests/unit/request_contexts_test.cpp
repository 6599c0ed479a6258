// Several contexts at once, on one device and on two: each has its share, and none is in the way of another.
#include <algorithm>
#include <memory>
#include <numeric>
#include <span>

#include <gtest/gtest.h>

#include "decoder/log.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

/// One decoder with an endless supply, whose frames are let go at once, or never.
class Player {
  public:
    Player(FakeKernel& kernel, const DecoderDevice& device, bool holds)
        : units_(make_clip({.pictures = 400, .period = 20}))
        , holds_(holds) {
        const DecoderConfig config = config_for({});
        auto opened = create_request_decoder(kernel, device, create_h264_codec(), create_h264_controls({}), config);
        EXPECT_TRUE(opened) << opened.error().what;
        decoder_ = std::move(*opened);
    }

    /// Does what can be done without waiting. True when that was something.
    bool step() {
        bool moved = send();
        EXPECT_TRUE(decoder_->dispatch(0));
        while (auto event = decoder_->next_event()) {
            moved = true;
            if (auto* frame = std::get_if<Frame>(&*event)) take(std::move(*frame));
            EXPECT_FALSE(std::holds_alternative<PicturesDropped>(*event));
            EXPECT_FALSE(std::holds_alternative<DecoderFailed>(*event));
        }
        return moved;
    }
    [[nodiscard]] unsigned frames() const { return frames_; }

  private:
    bool send() {
        bool moved = false;
        for (; next_ < units_.size(); ++next_, moved = true) {
            AccessUnit unit;
            unit.payload = Payload(units_[next_].bytes, nullptr, nullptr);
            unit.pts = units_[next_].pts;
            const auto sent = decoder_->send(unit);
            EXPECT_TRUE(sent);
            if (!sent || *sent == SendStatus::Full) break;
        }
        return moved;
    }
    void take(Frame frame) {
        EXPECT_EQ(frames_ * 40 * millisecond, frame.pts) << "its own pictures, in order";
        ++frames_;
        if (holds_) held_.push_back(std::move(frame));
    }

    const std::vector<TestUnit> units_;
    const bool holds_;
    std::size_t next_ = 0;
    unsigned frames_ = 0;
    std::vector<Frame> held_;
    std::unique_ptr<Decoder> decoder_;
};

class RequestContextsTest : public testing::Test {
  protected:
    RequestContextsTest() { set_log_level(LogLevel::Error); }
    static FakeDecoder device(const char* name, Nanoseconds decode_time) {
        FakeDecoder made;
        made.driver = name;
        made.bus_info = std::string("platform:") + name;
        made.decode_time = decode_time;
        return made;
    }
    void add(std::size_t device, unsigned count, bool holds = false) {
        const std::vector<DecoderDevice> devices = find_decoders(kernel_);
        ASSERT_LT(device, devices.size());
        for (unsigned i = 0; i < count; ++i)
            players_.push_back(std::make_unique<Player>(kernel_, devices[device], holds));
    }
    void play(Nanoseconds window) {
        const Nanoseconds end = kernel_.now() + window;
        while (kernel_.now() < end) {
            bool moved = false;
            for (const auto& player : players_) moved |= player->step();
            if (!moved) kernel_.advance(millisecond);
        }
    }
    [[nodiscard]] std::vector<unsigned> frames() const {
        std::vector<unsigned> counts;
        for (const auto& player : players_) counts.push_back(player->frames());
        return counts;
    }
    /// Every one of `counts` has its share of `total`: a picture less or more for the one whose turn it is at the end,
    /// and at the beginning unless that is also the decoders'.
    static void expect_shares(std::span<const unsigned> counts, unsigned total, unsigned apart = 1) {
        const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
        EXPECT_LE(*most - *least, apart) << testing::PrintToString(std::vector(counts.begin(), counts.end()));
        EXPECT_NEAR(total, std::accumulate(counts.begin(), counts.end(), 0U), 2.0) << "the device is never idle";
    }
    void close() {
        players_.clear();
        EXPECT_EQ("", kernel_.violations());
        EXPECT_EQ("", kernel_.leaks());
    }

    FakeKernel kernel_{{device("quick", 4 * millisecond), device("slow", 20 * millisecond)}};
    std::vector<std::unique_ptr<Player>> players_;
};

TEST_F(RequestContextsTest, EightShareADevice) {
    add(0, 8);
    for (unsigned windows = 1; windows <= 5; ++windows) {
        play(400 * millisecond);
        expect_shares(frames(), windows * 100);
    }
    close();
}

TEST_F(RequestContextsTest, OneThatIsPausedLeavesItsShareToTheOthers) {
    add(0, 4);
    add(0, 1, true);
    play(second); // it has filled all its slots long before
    const std::vector<unsigned> before = frames();
    play(second);
    std::vector<unsigned> gained = frames();
    for (std::size_t i = 0; i < gained.size(); ++i) gained[i] -= before[i];
    EXPECT_EQ(0U, gained[4]);
    expect_shares(std::span(gained).first(4), 250, 2);
    close();
}

TEST_F(RequestContextsTest, OneThatComesLaterHasItsShareFromThenOn) {
    add(0, 3);
    play(second);
    expect_shares(frames(), 250);
    const std::vector<unsigned> before = frames();
    add(0, 2);
    play(second);
    std::vector<unsigned> gained = frames();
    for (std::size_t i = 0; i < before.size(); ++i) gained[i] -= before[i];
    expect_shares(gained, 250, 2);
    close();
}

TEST_F(RequestContextsTest, OneThatEndsInTheMiddleStopsNobody) {
    add(0, 8);
    play(210 * millisecond);
    players_.erase(players_.begin() + 2, players_.begin() + 6); // with pictures on the device
    const std::vector<unsigned> before = frames();
    play(second);
    std::vector<unsigned> gained = frames();
    for (std::size_t i = 0; i < before.size(); ++i) gained[i] -= before[i];
    expect_shares(gained, 250, 2);
    close();
}

TEST_F(RequestContextsTest, DevicesDoNotWaitForEachOther) {
    add(0, 4);
    add(1, 4);
    play(2 * second);
    const std::vector<unsigned> counts = frames();
    expect_shares(std::span(counts).first(4), 500);
    expect_shares(std::span(counts).last(4), 100);
    close();
}

} // namespace
} // namespace v4l2play
