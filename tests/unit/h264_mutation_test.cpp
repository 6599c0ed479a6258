// Harmed streams: whatever comes in, the codec keeps its promises, and the sanitizers have nothing to say.
#include <array>
#include <random>
#include <utility>

#include "tests/unit/h264_codec_fixture.h"

namespace v4l2play::test {
namespace {

/// Streams that go through most of the codec, as access units.
class MutationTest : public H264CodecTest {
  public:
    std::vector<Bytes> simple_stream() {
        use(simple_sps());
        std::vector<Bytes> units{take(parameter_sets().slice(idr()))};
        for (unsigned n = 1; n < 12; ++n) units.push_back(take(slice(n == 7 ? p(n + 1) : p(n))));
        units.push_back(take(recovery_point().slice(i(12))));
        units.push_back(take(slice(p(13)).slice(not_reference(p(14)))));
        return units;
    }
    std::vector<Bytes> reordered_stream() {
        Sps sps = reordering_sps();
        sps.max_num_ref_frames = sps.max_dec_frame_buffering = 4;
        sps.max_num_reorder_frames = 2;
        sps.gaps_in_frame_num_value_allowed_flag = true;
        use(sps);
        std::vector<Bytes> units{take(parameter_sets().slice(idr()))};
        Mmco mmco;
        for (unsigned n = 1; n < 14; n += n == 6 ? 3 : 1) {
            mmco.operation = static_cast<std::uint8_t>(1 + n % 6);
            mmco.max_long_term_frame_idx_plus1 = 3;
            mmco.long_term_frame_idx = n % 3;
            SliceHeader reference = p(n, 8 * n);
            reference.num_ref_idx_l0_active_minus1 = 2;
            units.push_back(take(slice(n % 3 == 0 ? with_mmco(reference, {mmco}) : reference)));
            SliceHeader between = b(n + 1, 8 * n - 4);
            between.num_ref_idx_l0_active_minus1 = between.num_ref_idx_l1_active_minus1 = 1;
            between.modification_count[1] = 1;
            units.push_back(take(slice(between)));
        }
        Sps wider = sps;
        wider.pic_width_in_mbs_minus1 = 2;
        use(wider);
        units.push_back(take(parameter_sets().slice(idr(1)).slice(p(1, 8))));
        return units;
    }
    static Bytes take(H264CodecTest& made) { return std::exchange(static_cast<MutationTest&>(made).stream_, {}); }

    /// Some bits, bytes and lengths, anywhere.
    static void mutate(std::vector<Bytes>& units, std::mt19937& random) {
        for (unsigned count = 1 + random() % 4; count > 0; --count) {
            Bytes& unit = units[random() % units.size()];
            if (unit.empty()) continue;
            const std::size_t at = random() % unit.size();
            const auto position = unit.begin() + static_cast<std::ptrdiff_t>(at);
            switch (random() % 6) {
            case 0:
                unit.resize(at);
                break;
            case 1:
                unit.insert(position, static_cast<std::uint8_t>(random()));
                break;
            case 2:
                *position = static_cast<std::uint8_t>(random());
                break;
            case 3:
                std::swap(unit, units[random() % units.size()]);
                break;
            default:
                *position = static_cast<std::uint8_t>(*position ^ 1U << random() % 8);
                break;
            }
        }
    }
    /// Returns the broken promise, if any.
    static std::string run(const std::vector<Bytes>& units, std::mt19937& random) {
        const std::unique_ptr<Codec> codec = create_h264_codec();
        CodecContract contract;
        Steps steps;
        for (const Bytes& bytes : units) {
            AccessUnit unit;
            unit.payload = Payload(bytes, nullptr, nullptr);
            unit.key = random() % 8 == 0;
            steps.clear();
            const auto parsed = codec->parse(unit, steps);
            contract.follow(steps);
            if (!parsed) break;
            steps.clear();
            if (random() % 32 == 0) codec->resynchronise(steps);
            contract.follow(steps);
            steps.clear();
            if (random() % 32 == 0) codec->flush(steps);
            if (!steps.empty()) contract.follow_flush(steps);
        }
        steps.clear();
        codec->drain(steps);
        contract.follow_end(steps);
        return contract.fault();
    }
};

TEST_F(MutationTest, UnharmedStreamsDecode) {
    for (const auto& units : {simple_stream(), reordered_stream()}) {
        codec_ = create_h264_codec();
        contract_ = {};
        unsigned decoded = 0;
        for (const Bytes& unit : units) {
            stream_ = unit;
            parse();
            for (const Step& step : steps_) decoded += step.kind == Step::Kind::Decode ? 1 : 0;
        }
        drain();
        EXPECT_GE(decoded, units.size() / 2);
    }
}

TEST_F(MutationTest, NoMutationBreaksAPromise) {
    const std::array<std::vector<Bytes>, 2> streams{simple_stream(), reordered_stream()};
    for (unsigned seed = 0; seed < 10'000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = streams[seed % 2];
        mutate(units, random);
        ASSERT_EQ(run(units, random), "") << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
