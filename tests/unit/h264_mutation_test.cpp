// Harmed streams: whatever comes in, the codec keeps its promises, and the sanitizers have nothing to say.
#include <array>
#include <random>
#include <utility>

#include "tests/unit/h264_codec_fixture.h"
#include "tests/unit/mutation.h"

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
    /// Pairs in one unit and in two, single fields, frames between, operations on fields
    std::vector<Bytes> field_stream() {
        Sps sps = reordering_sps();
        sps.level_idc = 40;
        sps.frame_mbs_only_flag = false;
        sps.max_num_ref_frames = sps.max_dec_frame_buffering = 3;
        sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
        use(sps);
        std::vector<Bytes> units{take(parameter_sets().slice(field(idr(), false, 0)).slice(field(p(0), true, 1)))};
        Mmco mmco;
        for (unsigned n = 1; n < 15; ++n) {
            mmco.operation = static_cast<std::uint8_t>(1 + n % 6);
            mmco.difference_of_pic_nums_minus1 = n % 4;
            mmco.long_term_frame_idx = n % 2;
            SliceHeader header = n % 3 == 0 ? with_mmco(p(n), {mmco}) : n % 5 == 0 ? b(n, 0) : p(n);
            header.num_ref_idx_l0_active_minus1 = 1;
            units.push_back(take(slice(field(header, n % 2 == 0, 8 * n))));
            if (n % 4 == 0) units.push_back(take(slice(field(header, n % 2 != 0, 8 * n + 1))));
            if (n % 4 == 1) units.back() = take(slice(field(p(n), false, 8 * n)).slice(field(p(n), true, 8 * n + 1)));
            if (n % 7 == 0) units.push_back(take(slice(i(n + 1, 8 * n + 8))));
        }
        return units;
    }
    static SliceHeader field(SliceHeader header, bool bottom, unsigned lsb) {
        header.field_pic_flag = true;
        header.bottom_field_flag = bottom;
        header.pic_order_cnt_lsb = static_cast<std::uint16_t>(lsb);
        return header;
    }
    static Bytes take(H264CodecTest& made) { return std::exchange(static_cast<MutationTest&>(made).stream_, {}); }
};

TEST_F(MutationTest, UnharmedStreamsDecode) {
    for (const auto& units : {simple_stream(), reordered_stream(), field_stream()}) {
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
    const std::array<std::vector<Bytes>, 3> streams{simple_stream(), reordered_stream(), field_stream()};
    for (unsigned seed = 0; seed < 15'000; ++seed) {
        std::mt19937 random(seed);
        std::vector<Bytes> units = streams[seed % 3];
        mutate(units, random);
        ASSERT_EQ(run_mutated(create_h264_codec(), units, random, [](const Picture&) {}), "") << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
