// Harmed streams: whatever comes in, the codec keeps its promises, and the sanitizers have nothing to say.
#include <array>
#include <random>
#include <utility>

#include "decoder/request/hevc_controls.h"
#include "tests/unit/hevc_codec_fixture.h"
#include "tests/unit/mutation.h"

namespace v4l2play::test {
namespace {

/// Streams that go through most of the codec, as access units.
class HevcMutationTest : public HevcCodecTest {
  public:
    std::vector<Bytes> simple_stream() {
        use(simple_sps());
        std::vector<Bytes> units{take(parameter_sets().slice(idr()))};
        for (int n = 1; n < 12; ++n) { // with a gap
            const std::vector<int> kept = n == 1 ? std::vector{-1} : n == 7 ? std::vector{-3} : std::vector{-1, -2};
            units.push_back(take(slice(p(n < 7 ? n : n + 2, reference_set(kept, {}, 1)))));
        }
        units.push_back(
            take(slice(cra(40, reference_set({-20}))).slice(b(38, reference_set({-2}, {2}), NalType::RaslN))));
        units.push_back(take(slice(p(41, reference_set({-1}))).end_of_sequence()));
        units.push_back(take(slice(picture_of(NalType::BlaWRadl, 3))));
        units.push_back(take(slice(p(2, reference_set({}, {1}), NalType::RadlR))));
        return units;
    }
    /// Pyramids of B pictures with long-term references, weights, modified lists, tiles and rows, several slices
    std::vector<Bytes> rich_stream() {
        Sps sps = simple_sps();
        sps.sps_max_dec_pic_buffering_minus1 = 4;
        sps.sps_max_num_reorder_pics = 2;
        sps.sps_max_latency_increase_plus1 = 2;
        sps.scaling_list_enabled_flag = sps.sample_adaptive_offset_enabled_flag = true;
        sps.sps_temporal_mvp_enabled_flag = true;
        sps.num_short_term_ref_pic_sets = 1;
        sps.short_term_ref_pic_sets[0] = reference_set({-4, -8});
        Pps pps;
        pps.dependent_slice_segments_enabled_flag = pps.weighted_bipred_flag = pps.output_flag_present_flag = true;
        pps.tiles_enabled_flag = pps.entropy_coding_sync_enabled_flag = pps.lists_modification_present_flag = true;
        pps.num_tile_columns_minus1 = pps.num_tile_rows_minus1 = 1;
        use(sps, pps);
        std::vector<Bytes> units{take(parameter_sets().slice(idr()).slice(at(idr(), 5, true)))};
        for (int n = 1; n < 10; ++n) {
            SliceHeader reference = p(4 * n, reference_set({-4}));
            reference.num_long_term = n % 3 == 0 ? 1 : 0;
            reference.long_term[0] = {static_cast<std::uint16_t>(4 * n - 8), true, n % 2 == 0, 0};
            reference.pic_output_flag = n % 4 != 0;
            units.push_back(take(slice(reference).slice(at(reference, 9))));
            SliceHeader between = b(4 * n - 2, reference_set({-2}, {2}));
            between.ref_pic_list_modification_flag = {n % 2 == 0, true};
            between.slice_temporal_mvp_enabled_flag = true;
            units.push_back(take(slice(between)));
        }
        sps.pic_width_in_luma_samples = 128;
        use(sps, pps);
        units.push_back(take(parameter_sets().slice(cra(60)).slice(p(64, reference_set({-4})))));
        return units;
    }
    static Bytes take(HevcCodecTest& made) { return std::exchange(static_cast<HevcMutationTest&>(made).stream_, {}); }
};

TEST_F(HevcMutationTest, UnharmedStreamsDecode) {
    for (const auto& units : {simple_stream(), rich_stream()}) {
        codec_ = create_hevc_codec();
        contract_ = {};
        std::size_t decoded = 0;
        for (const Bytes& unit : units) {
            stream_ = unit;
            parse();
            for (const Step& step : steps_) decoded += step.kind == Step::Kind::Decode ? 1 : 0;
        }
        drain();
        EXPECT_GE(decoded, units.size() - 4);
    }
}

TEST_F(HevcMutationTest, NoMutationBreaksAPromise) {
    const std::array<std::vector<Bytes>, 2> streams{simple_stream(), rich_stream()};
    for (unsigned seed = 0; seed < 15'000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = streams[seed % 2];
        mutate(units, random);
        HevcControls controls;
        const auto fill = [&](const Picture& picture) { controls.picture_controls(picture, 0); };
        ASSERT_EQ(run_mutated(create_hevc_codec(), units, random, fill), "") << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
