// The stateful decoder against a scripted device.
#include "decoder/stateful/stateful_decoder.h"

#include <algorithm>
#include <deque>
#include <thread>

#include <gtest/gtest.h>

#include "decoder/stateful/coded_stream.h"
#include "tests/unit/h264_stream.h"
#include "tests/unit/hang.h"
#include "tests/unit/stateful_fake.h"

namespace v4l2play::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

DecoderDevice fake_device() {
    DecoderDevice device;
    device.driver = "fake";
    device.video_path = "/dev/video9";
    device.coded_formats.push_back({V4l2Fourcc{V4L2_PIX_FMT_H264}, {}});
    return device;
}

class StatefulDecoderTest : public testing::Test {
  public:
    void open() {
        config_.stream.codec = CodecId::H264;
        auto opened = create_stateful_decoder(kernel_, fake_device(), config_, teardown_limit_);
        ASSERT_TRUE(opened) << opened.error().what;
        decoder_ = std::move(*opened);
    }
    /// One unit per letter, of pictures of `size`; the time of each is its number.
    void send(const std::string& kinds, std::uint8_t size = 4) {
        for (const char kind : kinds) send_one(Bytes{static_cast<std::uint8_t>(kind), size, 0, 0});
    }
    void send_one(Bytes bytes) {
        auto* owned = new Bytes(std::move(bytes));
        AccessUnit unit;
        unit.payload = Payload(
            *owned, [](void* owner) { delete static_cast<Bytes*>(owner); }, owned);
        unit.key = (*owned)[0] == 'K' || (*owned)[0] == 'D';
        unit.pts = time_++;
        unit.serial = serial_;
        for (unsigned tries = 0; tries < 100; ++tries) {
            auto sent = decoder_->send(unit);
            take();
            if (!sent || *sent == SendStatus::Accepted) return;
            (void)decoder_->dispatch(10 * millisecond);
        }
        full_ = true;
    }
    void wait() {
        for (unsigned tries = 0; tries < 20; ++tries) {
            (void)decoder_->dispatch(0);
            take();
        }
    }
    void drain() {
        decoder_->drain();
        for (unsigned tries = 0; tries < 200 && !drained_ && !failure_; ++tries) {
            (void)decoder_->dispatch(-1);
            take();
        }
    }
    void take() {
        while (auto event = decoder_->next_event()) {
            if (auto* frame = std::get_if<Frame>(&*event)) {
                times_.push_back(frame->pts);
                corrupt_ += frame->corrupt ? 1 : 0;
                frames_.push_back(std::move(*frame));
                while (frames_.size() > keep_) frames_.pop_front();
            }
            if (auto* changed = std::get_if<PoolChanged>(&*event)) pools_.push_back(changed->pool);
            if (auto* dropped = std::get_if<PicturesDropped>(&*event)) dropped_[dropped->reason] += dropped->count;
            if (std::holds_alternative<Drained>(*event)) drained_ = true;
            if (auto* failed = std::get_if<DecoderFailed>(&*event)) failure_ = failed->error;
        }
    }
    /// Of pictures of `size`, with an IDR NAL unit in it.
    static Bytes idr_unit(std::uint8_t size = 4) { return {'K', size, 0, 0, 1, 0x65, 0x88}; }
    [[nodiscard]] std::vector<Nanoseconds> sorted_times() const {
        std::vector<Nanoseconds> times = times_;
        std::sort(times.begin(), times.end());
        return times;
    }
    static std::vector<Nanoseconds> range(Nanoseconds first, Nanoseconds last) {
        std::vector<Nanoseconds> all;
        for (; first <= last; ++first) all.push_back(first);
        return all;
    }
    void close() {
        decoder_.reset();
        frames_.clear();
        pools_.clear();
        EXPECT_TRUE(kernel_.open_fds.empty()) << kernel_.open_fds.size() << " descriptors are left";
        EXPECT_EQ(0, kernel_.bad_closes);
    }

    FakeStateful kernel_;
    DecoderConfig config_;
    Nanoseconds teardown_limit_ = usual_teardown_limit;
    std::unique_ptr<Decoder> decoder_;
    std::deque<Frame> frames_;
    std::size_t keep_ = 0;
    std::vector<Nanoseconds> times_;
    std::vector<std::shared_ptr<SlotPool>> pools_;
    std::map<DropReason, unsigned> dropped_;
    std::optional<Error> failure_;
    unsigned corrupt_ = 0;
    bool drained_ = false;
    bool full_ = false;
    Nanoseconds time_ = 0;
    std::uint32_t serial_ = 0;
};

TEST_F(StatefulDecoderTest, PicturesComeInTheDriversOrder) {
    keep_ = 1;
    open();
    send("KPPPBPPHPP");
    drain();
    EXPECT_TRUE(drained_);
    // The B picture is shown before the one sent before it; the hidden one never.
    EXPECT_EQ((std::vector<Nanoseconds>{0, 1, 2, 4, 3, 5, 6, 8, 9}), times_);
    ASSERT_EQ(1, pools_.size());
    ASSERT_FALSE(frames_.empty());
    EXPECT_EQ(64, pools_[0]->format().coded_width);
    EXPECT_EQ((Rect{0, 0, 62, 60}), frames_.back().info.visible);
    EXPECT_EQ(2 + config_.queue_slots + config_.presenter_slots + 1, pools_[0]->count());
    EXPECT_EQ(0, pools_[0]->statistics().illegal);
    close();
}

TEST_F(StatefulDecoderTest, ChangesOfSizeBringNewPools) {
    keep_ = 3;
    open();
    send("KPP");
    send("KPP", 8);
    send("KPP", 2);
    drain();
    EXPECT_EQ(range(0, 8), times_);
    ASSERT_EQ(3, pools_.size());
    EXPECT_EQ(64, pools_[0]->format().coded_width);
    EXPECT_EQ(128, pools_[1]->format().coded_width);
    EXPECT_EQ(32, pools_[2]->format().coded_width);
    EXPECT_FALSE(failure_);
    close();
}

TEST_F(StatefulDecoderTest, TakesTheFormatThatTheOutputShows) {
    config_.output_formats = {{fourcc_p010, modifier_linear}, {fourcc_yuv420, modifier_linear}};
    open();
    send("K");
    drain();
    ASSERT_EQ(1, pools_.size());
    EXPECT_EQ(fourcc_yuv420, pools_[0]->format().fourcc);
    close();
}

TEST_F(StatefulDecoderTest, AnOfferedFormatComesWithThePictureThatStartsAnew) {
    config_.output_formats = {{fourcc_nv12, modifier_linear}, {fourcc_yuv420, modifier_linear}};
    open();
    send("KPP");
    wait();
    decoder_->offer_formats({{fourcc_yuv420, modifier_linear}, {fourcc_nv12, modifier_linear}});
    send("PPKPB"); // what comes after that one may refer to what is before it
    EXPECT_EQ(1, pools_.size());
    send_one(idr_unit());
    EXPECT_EQ(range(0, 7), sorted_times()) << "all that came before it is out";
    EXPECT_FALSE(drained_);
    send("PBP");
    drain();
    EXPECT_TRUE(drained_);
    EXPECT_EQ(range(0, 11), sorted_times());
    ASSERT_EQ(2, pools_.size());
    EXPECT_EQ(fourcc_nv12, pools_[0]->format().fourcc);
    EXPECT_EQ(fourcc_yuv420, pools_[1]->format().fourcc);
    EXPECT_TRUE(dropped_.empty());
    EXPECT_EQ(1, kernel_.opened);
    close();
}

TEST_F(StatefulDecoderTest, AnOfferedFormatThatCannotBeHadLeavesTheOld) {
    config_.output_formats = {{fourcc_nv12, modifier_linear}, {fourcc_yuv420, modifier_linear}};
    kernel_.unallocatable = V4L2_PIX_FMT_YUV420;
    open();
    send("KPP");
    wait();
    decoder_->offer_formats({{fourcc_yuv420, modifier_linear}, {fourcc_nv12, modifier_linear}});
    send_one(idr_unit());
    send("PP");
    send_one(idr_unit());
    drain();
    EXPECT_EQ(range(0, 6), times_);
    ASSERT_EQ(2, pools_.size()) << "tried once";
    EXPECT_EQ(fourcc_nv12, pools_[1]->format().fourcc);
    EXPECT_FALSE(failure_);
    EXPECT_TRUE(dropped_.empty());
    close();
}

TEST_F(StatefulDecoderTest, AnOfferThatChangesNothingIsTaken) {
    config_.output_formats = {{fourcc_nv12, modifier_linear}};
    open();
    send("KPP");
    wait();
    decoder_->offer_formats({{fourcc_nv12, modifier_linear}, {fourcc_yuv420, modifier_linear}});
    send_one(idr_unit());
    drain();
    EXPECT_EQ(range(0, 3), times_);
    EXPECT_EQ(1, pools_.size());
    close();
}

TEST_F(StatefulDecoderTest, SeekWhileAnOfferIsTaken) {
    config_.output_formats = {{fourcc_nv12, modifier_linear}, {fourcc_yuv420, modifier_linear}};
    keep_ = 100; // the driver has to wait for slots
    open();
    for (int i = 0; i < 10; ++i) send("K");
    decoder_->offer_formats({{fourcc_yuv420, modifier_linear}, {fourcc_nv12, modifier_linear}});
    send_one(idr_unit());
    EXPECT_TRUE(full_) << "it waits";
    frames_.clear();
    decoder_->flush();
    times_.clear();
    keep_ = 0;
    serial_ = 1;
    time_ = 100;
    send_one(idr_unit());
    send("PP");
    drain();
    EXPECT_EQ(range(100, 102), times_);
    EXPECT_EQ(fourcc_yuv420, pools_.back()->format().fourcc);
    close();
}

TEST_F(StatefulDecoderTest, RefusesWhatTheOutputDoesNotShow) {
    config_.output_formats = {{fourcc_p010, modifier_linear}};
    open();
    send("KPP");
    drain();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ENOTSUP, failure_->code);
    close();
}

TEST_F(StatefulDecoderTest, RefusesACodecThatTheDeviceLacks) {
    config_.stream.codec = CodecId::Vp9;
    const auto opened = create_stateful_decoder(kernel_, fake_device(), config_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(ENOTSUP, opened.error().code);
    close();
}

TEST_F(StatefulDecoderTest, RefusesAChoiceOfOperatingPoints) {
    config_.stream.codec = CodecId::Av1;
    config_.stream.operating_point = 1;
    DecoderDevice device = fake_device();
    device.coded_formats.front().fourcc = stateful_fourcc(CodecId::Av1);
    const auto opened = create_stateful_decoder(kernel_, device, config_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(ENOTSUP, opened.error().code) << "the interface has none";
    EXPECT_NE(std::string::npos, opened.error().what.find("operating points")) << opened.error().what;
    close();
}

TEST_F(StatefulDecoderTest, DriversWithoutAnnouncements) {
    kernel_.announces = false;
    open();
    send("KPPPPP");
    drain();
    EXPECT_EQ(range(0, 5), times_);
    close();
}

TEST_F(StatefulDecoderTest, AnAnnouncementThatDoesNotCome) {
    kernel_.announces_late = true;
    open();
    send("KPPPPP");
    drain();
    EXPECT_EQ(range(0, 5), times_);
    EXPECT_TRUE(dropped_.empty());
    close();
}

TEST_F(StatefulDecoderTest, SeekForgets) {
    open();
    send("KPPPPPPP");
    decoder_->flush();
    times_.clear();
    take();
    EXPECT_TRUE(times_.empty());
    time_ = 100;
    send("PPKPPP"); // the first two cannot be decoded
    drain();
    EXPECT_EQ(range(102, 105), times_);
    EXPECT_EQ(2, dropped_[DropReason::BeforeRandomAccess]);
    close();
}

TEST_F(StatefulDecoderTest, SeekWhileItEnds) {
    open();
    send("KPPP");
    decoder_->drain();
    decoder_->flush();
    take();
    EXPECT_FALSE(drained_);
    times_.clear();
    time_ = 100;
    send("KPPP");
    drain();
    EXPECT_TRUE(drained_);
    EXPECT_EQ(range(100, 103), times_);
    close();
}

TEST_F(StatefulDecoderTest, GoesOnAfterTheEnd) {
    open();
    send("KPP");
    drain();
    ASSERT_TRUE(std::exchange(drained_, false));
    send("PKPP");
    drain();
    EXPECT_TRUE(drained_);
    EXPECT_EQ((std::vector<Nanoseconds>{0, 1, 2, 4, 5, 6}), times_);
    close();
}

TEST_F(StatefulDecoderTest, EndOfNothing) {
    open();
    drain();
    EXPECT_TRUE(drained_);
    EXPECT_TRUE(pools_.empty());
    close();
}

h264::Sps plain_sps() {
    h264::Sps sps;
    sps.profile_idc = 100;
    sps.level_idc = 40;
    sps.chroma_format_idc = 1;
    sps.pic_width_in_mbs_minus1 = sps.pic_height_in_map_units_minus1 = 3;
    sps.frame_mbs_only_flag = true;
    sps.max_num_ref_frames = 1;
    sps.sample_aspect = {1, 1};
    return sps;
}

Bytes annex_b(const h264::Sps& sps, const h264::Pps& pps = {}) {
    Bytes stream;
    append_nal(stream, write_sps(sps));
    append_nal(stream, write_pps(pps));
    return stream;
}

/// Before the driver sees anything of it.
TEST_F(StatefulDecoderTest, RefusesWhatTheDriverDoesNotSayItDoes) {
    const auto code = [&](const h264::Sps& sps, const h264::Pps& pps = {}) {
        config_.stream.extradata = annex_b(sps, pps);
        config_.stream.codec = CodecId::H264;
        const auto opened = create_stateful_decoder(kernel_, fake_device(), config_);
        return opened ? 0 : opened.error().code;
    };
    h264::Sps high_10 = plain_sps();
    high_10.profile_idc = 110;
    high_10.bit_depth_luma_minus8 = high_10.bit_depth_chroma_minus8 = 2;
    h264::Sps high_422 = plain_sps();
    high_422.profile_idc = 122;
    high_422.chroma_format_idc = 2;
    h264::Sps high_444 = plain_sps();
    high_444.profile_idc = 244;
    high_444.chroma_format_idc = 3;
    h264::Sps interlaced = plain_sps();
    interlaced.frame_mbs_only_flag = false;
    h264::Pps slice_groups;
    slice_groups.num_slice_groups_minus1 = 1;
    EXPECT_EQ(0, code(plain_sps()));
    EXPECT_EQ(ENOTSUP, code(high_10));
    EXPECT_EQ(ENOTSUP, code(high_422));
    EXPECT_EQ(ENOTSUP, code(high_444));
    EXPECT_EQ(ENOTSUP, code(plain_sps(), slice_groups));
    EXPECT_EQ(0, code(interlaced)) << "a driver of which nothing bad is known";
    kernel_.driver = "bcm2835-codec";
    EXPECT_EQ(ENOTSUP, code(interlaced));
    kernel_.profiles = std::uint64_t{1} << V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_10;
    EXPECT_EQ(0, code(high_10));
    EXPECT_EQ(ENOTSUP, code(high_422));
    kernel_.profiles = 0;
    kernel_.capture_format = V4L2_PIX_FMT_NV16;
    EXPECT_EQ(0, code(high_422));
    EXPECT_EQ(ENOTSUP, code(high_10));
    close();
}

TEST_F(StatefulDecoderTest, RefusesItWhenOnlyTheFirstUnitTells) {
    h264::Sps sps = plain_sps();
    sps.profile_idc = 110;
    sps.bit_depth_luma_minus8 = sps.bit_depth_chroma_minus8 = 2;
    h264::SliceHeader slice;
    slice.slice_type = h264::SliceType::I;
    slice.nal_ref_idc = 1;
    slice.idr_pic_flag = true;
    Bytes unit = annex_b(sps);
    append_nal(unit, write_slice(sps, {}, slice));
    open();
    send_one(unit);
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ENOTSUP, failure_->code);
    EXPECT_TRUE(kernel_.units.empty());
    close();
}

/// What the driver flags is not shown, nor what may refer to it; playback goes on at the next key frame.
TEST_F(StatefulDecoderTest, AFailedPictureWaitsForTheNextKeyFrame) {
    for (const char kind : {'E', 'X', 'Y'}) {
        times_.clear();
        dropped_.clear();
        drained_ = false;
        const Nanoseconds start = time_ = 100 * kind;
        open();
        send("KP" + std::string(1, kind) + "PPKPP");
        drain();
        EXPECT_TRUE(drained_);
        EXPECT_FALSE(failure_);
        EXPECT_EQ((std::vector<Nanoseconds>{start, start + 1, start + 5, start + 6, start + 7}), times_);
        EXPECT_EQ(1, dropped_[DropReason::DeviceError]);
        EXPECT_EQ(2, dropped_[DropReason::MissingReference]);
        close();
    }
    EXPECT_EQ(0, corrupt_);
}

TEST_F(StatefulDecoderTest, ThreeFailedPicturesAreTheEnd) {
    open();
    send("KPEXE");
    drain();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(EIO, failure_->code);
    EXPECT_EQ(range(0, 1), times_);
    close();
}

/// Too short for three failures, and nothing to show for it.
TEST_F(StatefulDecoderTest, DeviceThatDecodesNothingIsGivenUp) {
    open();
    send("DPP");
    drain();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(EIO, failure_->code);
    EXPECT_FALSE(drained_);
    EXPECT_TRUE(times_.empty());
    close();
}

TEST_F(StatefulDecoderTest, AHangingCloseInMidStreamIsTheEnd) {
    teardown_limit_ = 20 * millisecond;
    Hang hang;
    kernel_.on_close = hang.wait();
    kernel_.stuck = true;
    open();
    send("KP");
    for (unsigned i = 0; i < 30 && !failure_; ++i) {
        (void)decoder_->dispatch(-1);
        take();
    }
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ETIMEDOUT, failure_->code);
    EXPECT_EQ(1, kernel_.opened) << "no other context on such a device";
    decoder_.reset();
    hang.end();
    while (kernel_.closed == 0) std::this_thread::yield();
    close();
}

TEST_F(StatefulDecoderTest, AHangingStreamOffOfASeekIsTheEnd) {
    teardown_limit_ = 20 * millisecond;
    keep_ = 2;
    open();
    send("KPPP");
    Hang hang;
    kernel_.on_stream_off = hang.wait();
    decoder_->flush();
    take();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ETIMEDOUT, failure_->code);
    frames_.clear(); // slots that come back wake nobody any more
    decoder_.reset();
    hang.end();
    while (kernel_.closed == 0) std::this_thread::yield();
    close();
}

TEST_F(StatefulDecoderTest, HeldSlotsHoldTheDriverBack) {
    keep_ = 1000;
    open();
    send("K" + std::string(39, 'P'));
    EXPECT_TRUE(full_);
    const std::size_t count = pools_.at(0)->count();
    EXPECT_EQ(count, frames_.size());
    std::set<std::uint32_t> slots;
    for (const Frame& frame : frames_) slots.insert(frame.slot.index());
    EXPECT_EQ(count, slots.size()); // nobody's picture was taken away
    EXPECT_TRUE(dropped_.empty());  // and nobody lost patience
    full_ = false;
    keep_ = 2;
    take();
    while (frames_.size() > keep_) frames_.pop_front();
    send("PP");
    EXPECT_FALSE(full_);
    EXPECT_EQ(0, pools_[0]->statistics().early_reuse);
    close();
}

TEST_F(StatefulDecoderTest, LargeUnitsGetLargerBuffers) {
    open();
    send("KP");
    Bytes large(3 << 20, 7);
    large[0] = 'P';
    large[1] = 4;
    send_one(large);
    send("PP");
    drain();
    EXPECT_EQ(range(0, 4), times_);
    EXPECT_GT(kernel_.created_buffers, 0);
    EXPECT_EQ(1, std::count(kernel_.units.begin(), kernel_.units.end(), large));
    close();
}

TEST_F(StatefulDecoderTest, AStalledDeviceIsReplaced) {
    open();
    send("KPP");
    (void)decoder_->dispatch(0);
    take();
    kernel_.stuck = true;
    send("PP");
    for (unsigned i = 0; i < 20; ++i) (void)decoder_->dispatch(-1);
    take();
    EXPECT_GE(dropped_[DropReason::Stalled], 1);
    EXPECT_FALSE(failure_);
    kernel_.stuck = false;
    times_.clear();
    time_ = 100;
    send("PPKPP");
    drain();
    EXPECT_EQ(2, kernel_.opened);
    EXPECT_EQ(2, dropped_[DropReason::MissingReference]);
    EXPECT_EQ(range(102, 104), times_);
    close();
}

/// Not only the units that the driver has not returned, but also those whose pictures it has.
TEST_F(StatefulDecoderTest, AllThatAFailedDeviceHadIsCounted) {
    open();
    send("KPPP");
    wait();
    kernel_.failing_dequeue = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    send("PPPP");
    wait();
    EXPECT_FALSE(failure_);
    send("PPKP");
    drain();
    const unsigned lost = dropped_[DropReason::DeviceError] + dropped_[DropReason::MissingReference];
    EXPECT_EQ(12, times_.size() + lost) << dropped_[DropReason::DeviceError];
    EXPECT_EQ(2, kernel_.opened);
    close();
}

TEST_F(StatefulDecoderTest, ADeviceThatNeverAnswersIsGivenUp) {
    kernel_.stuck = true;
    open();
    for (unsigned round = 0; round < 6 && !failure_; ++round) {
        send("K");
        for (unsigned i = 0; i < 30; ++i) (void)decoder_->dispatch(-1);
        take();
    }
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ETIMEDOUT, failure_->code);
    EXPECT_EQ(3, kernel_.opened);
    close();
}

TEST_F(StatefulDecoderTest, TooFewBuffersAreRefused) {
    kernel_.minimum_buffers = 20;
    kernel_.most_buffers = 8;
    open();
    send("KPP");
    drain();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(ENOMEM, failure_->code);
    close();
}

/// Whatever call fails: it ends, and nothing is left open.
TEST_F(StatefulDecoderTest, AnyCallMayFail) {
    int calls = 0;
    for (int fail_call = 0; fail_call == 0 || fail_call <= calls; ++fail_call) {
        SCOPED_TRACE(fail_call);
        FakeStateful kernel;
        kernel.fail_call = fail_call;
        bool over = false;
        {
            DecoderConfig config;
            config.stream.codec = CodecId::H264;
            auto opened = create_stateful_decoder(kernel, fake_device(), config);
            over = !opened;
            std::vector<Bytes> units;
            for (const char kind : std::string("KPPKPP"))
                units.push_back({static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(units.size() < 3 ? 4 : 6)});
            std::size_t next = 0;
            bool draining = false;
            for (unsigned turn = 0; turn < 300 && !over; ++turn) {
                Decoder& decoder = **opened;
                while (next < units.size()) {
                    AccessUnit unit;
                    unit.payload = Payload(units[next], nullptr, nullptr);
                    unit.key = units[next][0] == 'K';
                    const auto sent = decoder.send(unit);
                    if (!sent) over = true;
                    if (!sent || *sent == SendStatus::Full) break;
                    ++next;
                }
                if (next == units.size() && !std::exchange(draining, true)) decoder.drain();
                while (auto event = decoder.next_event())
                    over |= std::holds_alternative<Drained>(*event) || std::holds_alternative<DecoderFailed>(*event);
                if (!over && !decoder.dispatch(-1)) over = true;
            }
        }
        EXPECT_TRUE(over);
        EXPECT_TRUE(kernel.open_fds.empty());
        if (fail_call == 0) calls = kernel.calls;
    }
    EXPECT_GT(calls, 60);
}

// --- what drivers are sent ---

Bytes written(const StreamInfo& stream, const Bytes& unit, bool start) {
    CodedStream coded;
    EXPECT_TRUE(coded.configure(stream));
    Bytes out(coded.size(unit, start));
    EXPECT_EQ(out.size(), coded.write(unit, start, out));
    return out;
}

TEST(CodedStream, LengthsBecomeStartCodes) {
    StreamInfo stream;
    stream.codec = CodecId::H264;
    // avcC: two bytes of length, one SPS (67 01 02), one PPS (68 03)
    stream.extradata = {1, 100, 0, 30, 0xfd, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 3};
    const Bytes unit{0, 2, 0x65, 9, 0, 3, 0x41, 8, 7};
    EXPECT_EQ((Bytes{0, 0, 0, 1, 0x65, 9, 0, 0, 0, 1, 0x41, 8, 7}), written(stream, unit, false));
    EXPECT_EQ((Bytes{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 9, 0, 0, 0, 1, 0x41, 8, 7}),
              written(stream, unit, true));
}

TEST(CodedStream, HevcConfiguration) {
    StreamInfo stream;
    stream.codec = CodecId::Hevc;
    stream.extradata.assign(23, 0);
    stream.extradata[0] = 1;
    stream.extradata[21] = 3; // four bytes of length
    stream.extradata[22] = 2;
    const Bytes arrays{0x20, 0, 1, 0, 2, 0x40, 1, 0x21, 0, 2, 0, 1, 0x42, 0, 2, 0x43, 5};
    stream.extradata.insert(stream.extradata.end(), arrays.begin(), arrays.end());
    EXPECT_EQ((Bytes{0, 0, 0, 1, 0x40, 1, 0, 0, 0, 1, 0x42, 0, 0, 0, 1, 0x43, 5, 0, 0, 0, 1, 0x26, 1}),
              written(stream, Bytes{0, 0, 0, 2, 0x26, 1}, true));
    StreamInfo old_stream = stream;
    old_stream.extradata[0] = 0; // configurationVersion of old files
    old_stream.extradata[1] = 1; // Main
    EXPECT_EQ((Bytes{0, 0, 0, 1, 0x40, 1, 0, 0, 0, 1, 0x42, 0, 0, 0, 1, 0x43, 5, 0, 0, 0, 1, 0x26, 1}),
              written(old_stream, Bytes{0, 0, 0, 2, 0x26, 1}, true));
    for (std::size_t cut = 24; cut < stream.extradata.size(); ++cut) {
        StreamInfo short_stream = stream;
        short_stream.extradata.resize(cut);
        CodedStream coded;
        EXPECT_FALSE(coded.configure(short_stream)) << cut;
    }
}

TEST(CodedStream, HevcInAnnexBGoesThrough) {
    StreamInfo stream;
    stream.codec = CodecId::Hevc;
    EXPECT_EQ((Bytes{0, 0, 1, 0x26, 1}), written(stream, Bytes{0, 0, 1, 0x26, 1}, true)) << "without extradata";
    stream.extradata = {0, 0, 0, 1, 0x40, 1, 0, 0, 1, 0x42, 2};
    EXPECT_EQ((Bytes{0, 0, 0, 1, 0x40, 1, 0, 0, 0, 1, 0x42, 2, 0, 0, 1, 0x26, 1}),
              written(stream, Bytes{0, 0, 1, 0x26, 1}, true));
}

TEST(CodedStream, OthersGoThrough) {
    StreamInfo stream;
    stream.codec = CodecId::Vp9;
    stream.extradata = {1, 2, 3};
    EXPECT_EQ((Bytes{7, 8}), written(stream, Bytes{7, 8}, true));
    stream.codec = CodecId::Mpeg2;
    EXPECT_EQ((Bytes{1, 2, 3, 7, 8}), written(stream, Bytes{7, 8}, true));
}

} // namespace
} // namespace v4l2play::test
