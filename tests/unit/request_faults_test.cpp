// Whatever call fails and whatever the stream asks for: nothing leaks, nothing hangs, no picture is overwritten early.
#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "decoder/codec/h264_picture.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

/// Plays a clip on a kernel whose n-th call fails with `error`. Empty when all is as it should be, "." when playback
/// ended before the n-th call.
std::string play_with_failure(const ClipOptions& clip, const FakeDecoder& device, ModePreference modes, unsigned n,
                              int error, bool& recovered) {
    FakeKernel kernel({device});
    Playback playback(kernel);
    playback.period = 5 * millisecond;
    kernel.fail_call(n, error);
    std::string faults;
    bool played = false;
    {
        auto decoder = open_decoder(kernel, clip, modes);
        if (decoder) played = playback.play(**decoder, make_clip(clip));
        if (decoder && !played && !playback.failure) faults += "ended without a word\n";
    }
    recovered = played;
    const std::string call = kernel.failed_call();
    if (call.empty()) return played ? "." : "fails without a fault";
    kernel.fail_call(0, 0);
    for (const auto& pool : playback.pools)
        if (pool->statistics().early_reuse != 0 || pool->statistics().illegal != 0) faults += "slots misused\n";
    playback.release_all();
    for (const auto& pool : playback.pools)
        if (pool->free_count() != pool->count()) faults += "a slot is never given back\n";
    playback.pools.clear();
    faults += playback.faults + kernel.violations() + kernel.leaks();
    return faults.empty() ? faults : call + ": " + faults;
}

/// All of them, one after the other. Returns how many playbacks came to a good end in spite of the failure.
unsigned fail_every_call(const ClipOptions& clip, const FakeDecoder& device, ModePreference modes, int error) {
    unsigned recoveries = 0;
    for (unsigned n = 1; n < 5000; ++n) {
        bool recovered = false;
        const std::string outcome = play_with_failure(clip, device, modes, n, error, recovered);
        if (outcome == ".") return recoveries;
        EXPECT_EQ("", outcome) << "call " << n;
        if (!outcome.empty()) return recoveries;
        recoveries += recovered ? 1 : 0;
    }
    ADD_FAILURE() << "playback takes thousands of calls";
    return recoveries;
}

using RequestFaultsTest = QuietTest;

TEST_F(RequestFaultsTest, AnyCallMayFail) {
    const ClipOptions clip{.pictures = 12, .period = 4, .b_pictures = true};
    for (const int error : {EIO, ENOMEM, EBUSY, ENODEV, EAGAIN}) {
        const unsigned recoveries = fail_every_call(clip, {}, {}, error);
        EXPECT_GT(recoveries, error == EIO ? 20u : 0u) << "one failure is no reason to stop playing";
    }
}

TEST_F(RequestFaultsTest, AnyCallMayFailBetweenSlices) {
    const ClipOptions clip{.pictures = 6, .period = 3, .slices = 3};
    const ModePreference slices{ModePreference::Decode::SliceBased, ModePreference::StartCode::Best};
    for (const int error : {EIO, ENOMEM}) fail_every_call(clip, {.multi_planar = false}, slices, error);
}

TEST_F(RequestFaultsTest, AnyCallMayFailWhileBuffersGrow) {
    const ClipOptions clip{.pictures = 3, .padding = 300'000};
    fail_every_call(clip, {.two_phase = true}, {}, EIO);
}

/// A codec that asks for whatever the interface allows: references, output order, drops, field pairs and new sequences
/// at random. Access units are only beats.
class RandomCodec final : public Codec {
  public:
    explicit RandomCodec(unsigned seed)
        : random_(seed) {
        info_.codec = CodecId::H264;
        info_.dpb_slots = 1 + random_() % 6;
        sps_.frame_mbs_only_flag = true;
        resize();
    }
    Result<> configure(const StreamInfo&) override { return {}; }
    [[nodiscard]] const SequenceInfo* sequence() const override { return nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override {
        if (open_ && random_() % 4 != 0) {
            decode_part(unit, 1, steps);
            open_ = false;
            return {};
        }
        open_ = false; // a single field
        if (last_id_ == 0 || random_() % 40 == 0) new_sequence(steps);
        while (alive_.size() >= info_.dpb_slots) remove(random_() % alive_.size(), steps);
        decode(unit, steps);
        if (open_) return {};
        if (random_() % 3 == 0 && !alive_.empty()) output(alive_[random_() % alive_.size()], steps);
        if (random_() % 4 == 0 && !alive_.empty()) remove(random_() % alive_.size(), steps);
        return {};
    }
    void drain(Steps& steps) override {
        while (!alive_.empty()) remove(0, steps);
    }
    void flush(Steps& steps) override {
        for (const Alive& picture : alive_) steps.push_back({.kind = Step::Kind::Forget, .id = picture.id});
        alive_.clear();
    }
    void resynchronise(Steps& steps) override { drain(steps); }

    std::vector<FrameId> expected; ///< in the order of their Output steps

  private:
    struct Alive {
        FrameId id = 0;
        bool shown = false;
    };
    void resize() {
        info_.coded_width = 64 + 16 * (random_() % 3);
        info_.coded_height = 64;
        info_.info.visible = {0, 0, info_.coded_width, 64};
        sps_.pic_width_in_mbs_minus1 = static_cast<std::uint16_t>(info_.coded_width / 16 - 1);
        sps_.pic_height_in_map_units_minus1 = 3;
    }
    void new_sequence(Steps& steps) {
        drain(steps);
        resize();
        announced_ = info_;
        steps.push_back({.kind = Step::Kind::Sequence, .sequence = &announced_});
    }
    void output(Alive& picture, Steps& steps) {
        if (std::exchange(picture.shown, true)) return;
        steps.push_back({.kind = Step::Kind::Output, .id = picture.id});
        expected.push_back(picture.id);
    }
    void remove(std::size_t at, Steps& steps) {
        const FrameId id = alive_[at].id;
        const bool drop = random_() % 16 == 0; // a Forget alone
        const bool forget_first = random_() % 2 == 0;
        if (forget_first) steps.push_back({.kind = Step::Kind::Forget, .id = id});
        if (!drop) output(alive_[at], steps);
        if (!forget_first) steps.push_back({.kind = Step::Kind::Forget, .id = id});
        alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void decode(const AccessUnit& unit, Steps& steps) {
        alive_.push_back({++last_id_, false});
        fields_ = random_() % 3 == 0;
        references_.clear();
        for (const Alive& picture : alive_)
            if (picture.id != last_id_ && random_() % 2 == 0) references_.push_back(picture.id);
        decode_part(unit, 0, steps);
        if (!fields_) return;
        if (random_() % 2 == 0)
            decode_part(unit, 1, steps);
        else
            open_ = true; // the second field comes with the next unit, if it comes
    }
    void decode_part(const AccessUnit& unit, std::size_t i, Steps& steps) {
        describe(pictures_[i], slices_[i], last_id_, unit);
        pictures_[i].first_field = fields_ && i == 0;
        pictures_[i].second_field = i == 1;
        steps.push_back({.kind = Step::Kind::Decode, .picture = &pictures_[i]});
    }
    void describe(h264::H264Picture& picture, std::vector<h264::Slice>& slices, FrameId id, const AccessUnit& unit) {
        picture = {};
        picture.id = id;
        picture.pts = unit.pts;
        picture.sps = &sps_;
        picture.pps = &pps_;
        picture.references = references_;
        slices.resize(1 + random_() % 3);
        for (h264::Slice& slice : slices) {
            slice.nal = unit.payload.bytes();
            slice.header.slice_type = references_.empty() ? h264::SliceType::I : h264::SliceType::P;
            slice.list_size = {static_cast<std::uint8_t>(references_.empty() ? 0 : 1), 0};
            slice.list[0][0] = {0, h264::Fields::Frame};
        }
        picture.slices = slices;
        for (const FrameId reference : references_) picture.dpb[picture.dpb_count++].id = reference;
    }

    std::minstd_rand random_;
    SequenceInfo info_;
    SequenceInfo announced_;
    h264::Sps sps_;
    h264::Pps pps_;
    std::array<std::vector<h264::Slice>, 2> slices_;
    std::vector<FrameId> references_;
    std::array<h264::H264Picture, 2> pictures_;
    std::vector<Alive> alive_;
    FrameId last_id_ = 0;
    bool fields_ = false; ///< the last picture is one field, or two
    bool open_ = false;   ///< its second field may be in the next unit
};

/// Pictures whose damage is not to be seen: those that failed, and what refers to them.
std::set<FrameId> damaged(const std::vector<FakePicture>& pictures) {
    std::set<FrameId> bad;
    for (const FakePicture& picture : pictures)
        if (picture.error || std::any_of(picture.references.begin(), picture.references.end(),
                                         [&](std::uint64_t reference) { return bad.count(reference / 1000) != 0; }))
            bad.insert(picture.timestamp / 1000);
    return bad;
}

/// Frames that came out against those that were to: in order, none that holds damage, and only for a reason fewer.
std::string check_frames(const std::vector<PlayedFrame>& frames, const std::vector<FrameId>& expected,
                         const std::vector<FakePicture>& pictures) {
    const std::set<FrameId> bad = damaged(pictures);
    std::map<FrameId, unsigned> sent;
    for (const FakePicture& picture : pictures) ++sent[picture.timestamp / 1000];
    auto next = frames.begin();
    for (const FrameId id : expected) {
        const bool out = next != frames.end() && next->id == id;
        if (out && bad.count(id) != 0 && !next->corrupt) return "a damaged frame comes out\n";
        if (!out && bad.count(id) == 0 && sent[id] != 0) return "a frame is missing\n";
        next += out ? 1 : 0;
    }
    return next == frames.end() ? "" : "frames out of order\n";
}

/// One random playback. What is wrong with it, or nothing.
/// `given_up` counts those in which three pictures failed.
std::string play_at_random(unsigned seed, unsigned& given_up) {
    std::minstd_rand random(seed);
    FakeDecoder device;
    device.two_phase = random() % 2 == 0;
    device.multi_planar = random() % 2 == 0;
    device.decode_time = random() % 8 * millisecond;
    FakeKernel kernel({device});
    for (unsigned i = 0; i < 2 + seed % 2; ++i)
        (i == 0 ? kernel.world().errors : kernel.world().empty).insert(random() % 300);
    Playback playback(kernel);
    playback.period = random() % 10 * millisecond;
    playback.shown_at_once = 1 + random() % 3;
    std::vector<TestUnit> units(200);
    for (TestUnit& unit : units) unit.bytes = {0x41, 0x9a, 0x55};
    DecoderConfig config = config_for({});
    config.presenter_slots = playback.shown_at_once;
    auto codec = std::make_unique<RandomCodec>(seed);
    RandomCodec& told = *codec;
    const ModePreference modes{random() % 2 == 0 ? ModePreference::Decode::SliceBased
                                                 : ModePreference::Decode::FrameBased,
                               ModePreference::StartCode::Best};
    std::string faults;
    {
        auto decoder = open_decoder(kernel, config, std::move(codec), modes);
        if (!decoder) return decoder.error().what;
        const bool played = playback.play(**decoder, units);
        const bool failed = playback.failure && playback.failure->code == EIO;
        given_up += failed ? 1 : 0;
        if (!played && !failed) faults += "does not play to the end\n";
        if (played) faults += check_frames(playback.frames, told.expected, kernel.pictures());
        if (played && playback.frames.size() + 60 < told.expected.size()) faults += "far too many are missing\n";
    }
    playback.release_all();
    for (const auto& pool : playback.pools)
        if (pool->statistics().early_reuse + pool->statistics().illegal != 0) faults += "slots misused\n";
    playback.pools.clear();
    return faults + playback.faults + kernel.violations() + kernel.leaks();
}

TEST_F(RequestFaultsTest, RandomStreamsNeverOverwriteWhatIsNeeded) {
    unsigned given_up = 0;
    for (unsigned seed = 1; seed <= 150; ++seed) ASSERT_EQ("", play_at_random(seed, given_up)) << "seed " << seed;
    EXPECT_GT(given_up, 0u) << "of three failures";
    EXPECT_LT(given_up, 75u) << "two failures are not too many";
}

} // namespace
} // namespace v4l2play
