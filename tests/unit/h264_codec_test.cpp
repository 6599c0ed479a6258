#include "decoder/codec/h264.h"

#include <cerrno>

#include "tests/unit/h264_codec_fixture.h"

namespace v4l2play::test {
namespace {

TEST_F(H264CodecTest, OutputsAtOnceInDecodingOrder) {
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S32x32 D1() O1");
    EXPECT_EQ(slice(p(1)).parse(), "D2(1) O2");
    EXPECT_EQ(slice(p(2)).parse(), "D3(1,2) F1 O3");
    EXPECT_EQ(slice(not_reference(p(3))).parse(), "D4(2,3) O4 F4");
    EXPECT_EQ(slice(p(3)).parse(), "D5(2,3) F2 O5");
    EXPECT_EQ(drain(), "F3 F5");
}

TEST_F(H264CodecTest, ReordersByPicOrderCnt) {
    use(reordering_sps());
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S32x32 D1()");
    EXPECT_EQ(slice(p(1, 8)).parse(), "D2(1) O1");
    EXPECT_EQ(slice(b(2, 4)).parse(), "D3(1,2) O3 F3");
    EXPECT_EQ(picture().top_field_order_cnt, 4);
    EXPECT_EQ(slice(p(2, 16)).parse(), "D4(1,2) F1 O2");
    EXPECT_EQ(slice(b(3, 12)).parse(), "D5(2,4) O5 F5");
    EXPECT_EQ(drain(), "O4 F2 F4");
}

TEST_F(H264CodecTest, FullDpbReordersWithoutPromises) {
    Sps sps = reordering_sps();
    sps.bitstream_restriction_flag = false;
    sps.level_idc = 10; // 396 macroblocks: as many frames of 99 as 4
    sps.pic_width_in_mbs_minus1 = 10;
    sps.pic_height_in_map_units_minus1 = 8;
    use(sps);
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S176x144 D1()");
    EXPECT_EQ(sequence().dpb_slots, 4U);
    EXPECT_EQ(slice(p(1, 40)).parse(), "D2(1)");
    EXPECT_EQ(slice(b(2, 30)).parse(), "D3(1,2) F3");
    EXPECT_EQ(slice(b(2, 20)).parse(), "D4(1,2) F4");
    EXPECT_EQ(slice(b(2, 10)).parse(), "D5(1,2) O1 O5 F5"); // 1 is still a reference: that empties nothing
    EXPECT_EQ(drain(), "O4 O3 O2 F1 F2");
}

TEST_F(H264CodecTest, BaselineIsNotHeldBack) {
    Sps sps = reordering_sps();
    sps.profile_idc = 66;
    sps.bitstream_restriction_flag = false;
    use(sps);
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S32x32 D1() O1");
    EXPECT_EQ(slice(p(1, 8)).parse(), "D2(1) O2");
    EXPECT_EQ(slice(not_reference(p(2, 4))).parse(), "D3(1,2) F3"); // legal, and from here on expected
    EXPECT_EQ(slice(p(2, 16)).parse(), "D4(1,2) F1 O3");
    EXPECT_EQ(slice(not_reference(p(3, 12))).parse(), "D5(2,4) O5 F5");
}

TEST_F(H264CodecTest, IdrPutsEverythingOut) {
    use(reordering_sps());
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(1, 8)).parse(), "D2(1) O1");
    EXPECT_EQ(slice(idr(1)).parse(), "O2 F1 F2 D3()");
    SliceHeader last = idr(2);
    last.dec_ref_pic_marking.no_output_of_prior_pics_flag = true; // pictures are shown nevertheless
    EXPECT_EQ(slice(last).parse(), "O3 F3 D4()");
}

TEST_F(H264CodecTest, Mmco5PutsEverythingOut) {
    use(reordering_sps());
    parameter_sets().slice(idr()).parse();
    slice(p(1, 8)).parse();
    Mmco mmco5;
    mmco5.operation = 5;
    EXPECT_EQ(slice(with_mmco(p(2, 16), {mmco5})).parse(), "D3(1,2) O2 F1 F2");
    EXPECT_EQ(picture().top_field_order_cnt, 16); // in decoding; 0 afterwards
    EXPECT_EQ(slice(p(1, 4)).parse(), "D4(3) O3");
    EXPECT_EQ(picture().dpb[0].top_field_order_cnt, 0);
    EXPECT_EQ(picture().dpb[0].frame_num, 0);
    EXPECT_EQ(picture().top_field_order_cnt, 4);
}

TEST_F(H264CodecTest, LongTermReferences) {
    parameter_sets().slice(idr()).parse();
    Mmco mmco4;
    mmco4.operation = 4;
    mmco4.max_long_term_frame_idx_plus1 = 1;
    Mmco mmco3;
    mmco3.operation = 3;
    EXPECT_EQ(slice(with_mmco(p(1), {mmco4, mmco3})).parse(), "D2(1) O2");
    EXPECT_EQ(slice(p(2)).parse(), "D3(1,2) F2 O3");
    EXPECT_TRUE(picture().dpb[0].is_long_term());
    EXPECT_EQ(picture().slices[0].list[0][0].dpb_index, 1); // short-term first
    SliceHeader modified = p(3);
    modified.modification_count[0] = 1;
    modified.modifications[0][0] = {2, 0};
    EXPECT_EQ(slice(modified).parse(), "D4(1,3) F3 O4");
    EXPECT_EQ(picture().slices[0].list[0][0].dpb_index, 0);
}

TEST_F(H264CodecTest, SlicesOfOnePictureBelongTogether) {
    SliceHeader second = idr();
    second.first_mb_in_slice = 2;
    unit_.pts = 7;
    EXPECT_EQ(parameter_sets().slice(idr()).slice(second).parse(), "S32x32 D1() O1");
    EXPECT_EQ(picture().slices.size(), 2U);
    EXPECT_EQ(picture().slices[1].header.first_mb_in_slice, 2U);
    EXPECT_EQ(picture().pts, 7);
}

TEST_F(H264CodecTest, SeveralPicturesInOneUnit) {
    unit_.pts = 7;
    unit_.serial = 3;
    parameter_sets().slice(idr()).slice(p(1)).slice(not_reference(p(2)));
    EXPECT_EQ(parse(), "S32x32 D1() O1 D2(1) O2 D3(1,2) O3 F3");
    EXPECT_EQ(picture(0).pts, 7);
    EXPECT_EQ(picture(1).pts, no_time);
    EXPECT_EQ(picture(2).serial, 3U);
}

TEST_F(H264CodecTest, RedundantPicturesAreIgnored) {
    Pps pps;
    pps.redundant_pic_cnt_present_flag = true;
    use(simple_sps(), pps);
    SliceHeader redundant = idr();
    redundant.redundant_pic_cnt = 1;
    EXPECT_EQ(parameter_sets().slice(idr()).slice(redundant).parse(), "S32x32 D1() O1");
    EXPECT_EQ(picture().slices.size(), 1U);
}

TEST_F(H264CodecTest, WaitsForARandomAccessPoint) {
    EXPECT_EQ(parameter_sets().slice(p(4)).parse(), "-before-random-access");
    EXPECT_EQ(slice(p(5)).parse(), "-before-random-access");
    EXPECT_EQ(slice(idr()).parse(), "S32x32 D1() O1");
}

TEST_F(H264CodecTest, StartsAtARecoveryPoint) {
    use(reordering_sps());
    SliceHeader inter = p(5, 40);
    EXPECT_EQ(parameter_sets().recovery_point().slice(inter).parse(), "-before-random-access"); // refers to nothing
    EXPECT_EQ(recovery_point().slice(i(6, 60)).parse(), "S32x32 D1()");
    EXPECT_EQ(slice(b(7, 56)).parse(), "-missing-reference"); // precedes it in output order
    SliceHeader longer = p(7, 68);
    longer.num_ref_idx_l0_active_minus1 = 1; // what is not there is not used: the recovery point says so
    EXPECT_EQ(slice(longer).parse(), "D2(1) O1");
    EXPECT_EQ(slice(b(8, 64)).parse(), "D3(1,2) O3 F3");
}

TEST_F(H264CodecTest, StartsAtAnIntraPictureWithCaution) {
    EXPECT_EQ(parameter_sets().slice(i(6)).parse(), "S32x32 D1() O1");
    SliceHeader longer = p(7);
    longer.num_ref_idx_l0_active_minus1 = 1;
    EXPECT_EQ(slice(longer).parse(), "-missing-reference");
    EXPECT_EQ(flush(), "F1");
    EXPECT_EQ(slice(i(6)).parse(true), "D2() O2"); // the container vouches for it
    EXPECT_EQ(slice(longer).parse(), "D3(2) O3");
}

TEST_F(H264CodecTest, LossSkipsWhatDependsOnIt) {
    parameter_sets().slice(idr()).parse();
    slice(p(1)).parse();
    EXPECT_EQ(slice(p(3)).parse(), "F1 -missing-reference F2"); // frame_num 2 is lost
    EXPECT_EQ(slice(p(4)).parse(), "-missing-reference");
    EXPECT_EQ(slice(not_reference(i(5))).parse(), "D3() O3 F3"); // needs nothing
    EXPECT_EQ(slice(p(5)).parse(), "-missing-reference");
    EXPECT_EQ(slice(idr(1)).parse(), "D4() O4");
    EXPECT_EQ(slice(p(1)).parse(), "D5(4) O5");
}

TEST_F(H264CodecTest, LossOfWhatNobodyNeedsIsHarmless) {
    parameter_sets().slice(idr()).parse();
    slice(p(1)).parse();
    SliceHeader modified = p(3); // of frame_num 1, by modification
    modified.modification_count[0] = 1;
    modified.modifications[0][0] = {0, 1};
    EXPECT_EQ(slice(modified).parse(), "F1 D3(2) F2 O3");
    EXPECT_EQ(slice(p(4)).parse(), "D4(3) O4");
}

TEST_F(H264CodecTest, RecoversAtARecoveryPoint) {
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(2)).parse(), "-missing-reference F1");
    EXPECT_EQ(recovery_point().slice(i(3)).parse(), "D2() O2");
    SliceHeader longer = p(4);
    longer.num_ref_idx_l0_active_minus1 = 1; // the second is lost, and not needed any more
    EXPECT_EQ(slice(longer).parse(), "D3(2) O3");
    EXPECT_EQ(picture().dpb[0].id, 0U);
    EXPECT_EQ(picture().dpb[0].substitute, 2U);
}

TEST_F(H264CodecTest, GradualRecoveryIsNotShown) {
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(2)).parse(), "-missing-reference F1");
    const SliceHeader start = p(3); // frame_num 1 and 2 are lost, and with two references the IDR picture is gone
    EXPECT_EQ(recovery_point(2).slice(start).parse(), "-missing-reference");
    use([] {
        Sps sps = simple_sps();
        sps.max_num_ref_frames = 4;
        return sps;
    }());
    EXPECT_EQ(parameter_sets().slice(idr(1)).parse(), "D2() O2");
    EXPECT_EQ(slice(p(2)).parse(), "-missing-reference");
    EXPECT_EQ(recovery_point(2).slice(start).parse(), "D3(2) O3"); // now it stands in for frame_num 2
    EXPECT_TRUE(picture().discard);
    EXPECT_EQ(slice(p(4)).parse(), "D4(2,3) F2 O4");
    EXPECT_TRUE(picture().discard);
    slice(p(5)).parse();
    EXPECT_FALSE(picture().discard);
}

TEST_F(H264CodecTest, AllowedGapsHaveStandIns) {
    Sps sps = simple_sps();
    sps.gaps_in_frame_num_value_allowed_flag = true;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(2)).parse(), "D2(1) O2");
    ASSERT_EQ(picture().dpb_count, 2);
    EXPECT_TRUE(picture().dpb[1].non_existing);
    EXPECT_EQ(picture().dpb[1].id, 0U);
    EXPECT_EQ(picture().dpb[1].substitute, 1U);
    EXPECT_EQ(picture().dpb[1].pic_num, 1);
    EXPECT_EQ(slice(p(6)).parse(), "F1 D3(2) O3"); // 1 stood in for frame_num 1, 2 does for 4 and 5
    EXPECT_EQ(slice(p(7)).parse(), "D4(2,3) F2 O4");
    EXPECT_EQ(slice(p(8)).parse(), "D5(3,4) F3 O5");
}

TEST_F(H264CodecTest, DamagedPicturesAreLost) {
    SliceHeader second = p(1);
    second.first_mb_in_slice = 2;
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(second).parse(), "-malformed"); // its first slice is missing
    EXPECT_EQ(slice(p(2)).parse(), "-missing-reference F1");
    EXPECT_EQ(slice(idr(1)).parse(), "D2() O2");
    second.first_mb_in_slice = 1;
    SliceHeader third = second;
    third.first_mb_in_slice = 3;
    third.slice_qp_delta = 60; // SliceQPY out of range
    EXPECT_EQ(slice(p(1)).slice(second).slice(third).parse(), "-malformed");
    EXPECT_EQ(slice(idr()).slice(third).parse(), "F2 -malformed");
    EXPECT_EQ(slice(p(1)).parse(), "-missing-reference");
}

TEST_F(H264CodecTest, NewParameterSetsWaitForTheNextSequence) {
    use(reordering_sps());
    parameter_sets().slice(idr()).parse();
    slice(p(1, 8)).parse();
    const Sps old = sps_;
    Sps larger = old;
    larger.pic_width_in_mbs_minus1 = 3;
    larger.log2_max_frame_num_minus4 = 4;
    sps_ = larger;
    parameter_sets();
    sps_ = old; // slices are still of the old one
    EXPECT_EQ(slice(p(2, 16)).parse(), "D3(1,2) F1 O2");
    EXPECT_EQ(picture().sps->pic_width_in_mbs_minus1, 1);
    sps_ = larger;
    EXPECT_EQ(slice(idr()).parse(), "O3 F2 F3 S64x32 D4()");
    EXPECT_EQ(slice(p(1, 8)).parse(), "D5(4) O4");
}

TEST_F(H264CodecTest, RepeatedParameterSetsChangeNothing) {
    SliceHeader second = idr();
    second.first_mb_in_slice = 2;
    EXPECT_EQ(parameter_sets().slice(idr()).parameter_sets().slice(second).parse(), "S32x32 D1() O1");
    EXPECT_EQ(parameter_sets().slice(idr(1)).parse(), "F1 D2() O2");
}

TEST_F(H264CodecTest, SetsOfPicturesInOneUnitStayApart) {
    const Sps old = sps_;
    parameter_sets().slice(idr());
    sps_.pic_width_in_mbs_minus1 = 3;
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S32x32 D1() O1 F1 S64x32 D2() O2");
    EXPECT_EQ(picture(0).sps->pic_width_in_mbs_minus1, old.pic_width_in_mbs_minus1);
    EXPECT_EQ(picture(1).sps->pic_width_in_mbs_minus1, 3);
    EXPECT_EQ(sequence().coded_width, 32U);
}

TEST_F(H264CodecTest, SequenceSaysWhatIsVisible) {
    sps_.frame_crop_left_offset = 1;
    sps_.frame_crop_right_offset = 2;
    sps_.frame_crop_top_offset = 3;
    sps_.frame_crop_bottom_offset = 4;
    sps_.sample_aspect = {4, 3};
    sps_.color = {9, 16, 9, true};
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(sequence().info.visible, (Rect{2, 6, 26, 18}));
    EXPECT_EQ(sequence().info.sample_aspect.num, 4);
    EXPECT_EQ(sequence().info.color, (ColorDescription{9, 16, 9, true}));
    sps_.frame_crop_left_offset = 0; // nothing but this: a new sequence all the same
    EXPECT_EQ(parameter_sets().slice(idr(1)).parse(), "F1 S32x32 D2() O2");
    EXPECT_EQ(sequence().info.visible, (Rect{0, 6, 28, 18}));
}

TEST_F(H264CodecTest, ContainerFillsInWhatTheStreamLeavesOpen) {
    StreamInfo stream;
    stream.sample_aspect = {16, 11};
    stream.color = {1, 1, 1, true};
    append_nal(stream.extradata, write_sps([] {
                   Sps sps = simple_sps();
                   sps.sample_aspect = {0, 1};
                   sps.color.matrix = 6;
                   return sps;
               }()));
    append_nal(stream.extradata, write_pps(pps_));
    ASSERT_TRUE(codec_->configure(stream));
    const SequenceInfo* info = codec_->sequence();
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->info.sample_aspect.num, 16);
    EXPECT_EQ(info->info.color, (ColorDescription{1, 1, 6, false}));
    EXPECT_EQ(slice(idr()).parse(), "S32x32 D1() O1");
}

TEST_F(H264CodecTest, FlushForgetsWithoutOutput) {
    use(reordering_sps());
    parameter_sets().slice(idr()).parse();
    slice(p(1, 8)).parse();
    EXPECT_EQ(flush(), "F1 F2");
    EXPECT_EQ(slice(p(2, 16)).parse(), "-before-random-access");
    EXPECT_EQ(slice(idr(1)).parse(), "D3()");
}

TEST_F(H264CodecTest, ResynchronisesAtTheNextRandomAccessPoint) {
    use(reordering_sps());
    parameter_sets().slice(idr()).parse();
    slice(p(1, 8)).parse();
    steps_.clear();
    codec_->resynchronise(steps_);
    contract_.follow(steps_);
    EXPECT_EQ(describe(), "O2 F1 F2"); // what was decoded is shown
    EXPECT_EQ(slice(p(2, 16)).parse(), "-missing-reference");
    EXPECT_EQ(slice(idr(1)).parse(), "D3()");
}

TEST_F(H264CodecTest, RefusesWhatIsNotDone) {
    Pps groups;
    groups.num_slice_groups_minus1 = 1;
    use(simple_sps(), groups);
    const auto refused = parameter_sets().slice(idr()).try_parse();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOTSUP);
    EXPECT_NE(refused.error().what.find("flexible macroblock ordering"), std::string::npos);

    Sps planes = simple_sps();
    planes.profile_idc = 244;
    planes.chroma_format_idc = 3;
    planes.separate_colour_plane_flag = true;
    use(planes);
    StreamInfo stream;
    append_nal(stream.extradata, write_sps(planes));
    EXPECT_EQ(codec_->configure(stream).error().code, ENOTSUP);
}

TEST_F(H264CodecTest, RefusesSlicesInArbitraryOrder) {
    SliceHeader second = idr();
    second.first_mb_in_slice = 2;
    // Constrained Baseline has none: this is two pictures, of which the first lacks its beginning.
    EXPECT_EQ(parameter_sets().slice(second).slice(idr()).parse(), "-malformed S32x32 D1() O1");
    sps_.constraint_set_flags = 1;
    EXPECT_EQ(parameter_sets().slice(second).slice(idr()).try_parse().error().code, ENOTSUP);
}

TEST_F(H264CodecTest, RefusesSlicesInArbitraryOrderThatAreSplitIntoUnits) {
    SliceHeader second = idr();
    second.first_mb_in_slice = 2;
    SliceHeader between = idr();
    between.first_mb_in_slice = 1;
    const auto refused = [this](const SliceHeader& slice_of_unit) {
        const auto result = slice(slice_of_unit).try_parse();
        return !result && result.error().code == ENOTSUP;
    };
    sps_.constraint_set_flags = 1;
    EXPECT_EQ(parameter_sets().slice(second).parse(), "-malformed");
    EXPECT_TRUE(refused(idr()));
    EXPECT_EQ(parameter_sets().slice(idr()).slice(second).parse(), "S32x32 D1() O1");
    EXPECT_TRUE(refused(between));
    // Not so: IDR pictures that their encoder does not tell apart, another picture, a new unit by 7.4.1.2.3, a seek.
    EXPECT_EQ(slice(idr()).slice(second).parse(), "F1 D2() O2");
    EXPECT_EQ(slice(idr()).slice(second).parse(), "F2 D3() O3");
    between = idr(1);
    between.first_mb_in_slice = 1;
    EXPECT_EQ(slice(between).parse(), "F3 -malformed");
    EXPECT_EQ(parameter_sets().slice(idr(1)).parse(), "D4() O4");
    EXPECT_EQ(slice(second).parse(), "F4 -malformed");
    flush();
    EXPECT_FALSE(refused(idr()));
}

/// Of elementary streams that may have slices in arbitrary order, the first unit waits for the second.
class H264FirstUnitTest : public H264CodecTest {
  protected:
    H264FirstUnitTest() {
        sps_.constraint_set_flags = 1;
        second_.first_mb_in_slice = 2;
        between_.first_mb_in_slice = 1;
    }
    void configure() {
        StreamInfo stream;
        parameter_sets();
        stream.extradata = std::exchange(stream_, {});
        ASSERT_TRUE(codec_->configure(stream));
    }

    SliceHeader second_ = idr();
    SliceHeader between_ = idr();
};

TEST_F(H264FirstUnitTest, NothingIsSentOfWhatIsRefused) {
    configure();
    EXPECT_EQ(slice(idr()).slice(second_).parse(), "");
    const auto refused = slice(between_).try_parse();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOTSUP);
    EXPECT_EQ(describe(), "");
    EXPECT_EQ(drain(), "");
}

TEST_F(H264FirstUnitTest, ComesWithTheSecond) {
    configure();
    unit_.pts = 40;
    EXPECT_EQ(slice(idr()).slice(second_).parse(), "");
    unit_.pts = 80;
    EXPECT_EQ(slice(p(1)).parse(), "S32x32 D1() O1 D2(1) O2");
    EXPECT_EQ(picture(0).pts, 40);
    EXPECT_EQ(picture(1).pts, 80);
    EXPECT_EQ(picture(0).slices[1].nal.size(), write_slice(sps_, pps_, second_).size());
    EXPECT_EQ(slice(p(2)).parse(), "D3(1,2) F1 O3");
}

TEST_F(H264FirstUnitTest, ComesAtTheEnd) {
    configure();
    EXPECT_EQ(slice(idr()).parse(), "");
    EXPECT_EQ(drain(), "S32x32 D1() O1 F1");
}

TEST_F(H264FirstUnitTest, IsNotShownAfterASeek) {
    configure();
    EXPECT_EQ(slice(idr()).parse(), "");
    EXPECT_EQ(flush(), "S32x32 D1() F1");
    EXPECT_EQ(slice(idr()).parse(), "D2() O2");
}

TEST_F(H264FirstUnitTest, WithoutAPictureAnotherIsTheFirst) {
    configure();
    EXPECT_EQ(parameter_sets().parse(), "");
    EXPECT_EQ(slice(idr()).parse(), "");
    EXPECT_EQ(slice(idr(1)).parse(), "S32x32 D1() O1 F1 D2() O2");
}

TEST_F(H264FirstUnitTest, WaitsForNothingInOtherProfiles) {
    sps_.constraint_set_flags = 3;
    configure();
    EXPECT_EQ(slice(idr()).parse(), "S32x32 D1() O1");
}

TEST_F(H264CodecTest, RefusesExtendedProfile) {
    SliceHeader switching = p(1);
    switching.slice_type = SliceType::Sp;
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(switching).try_parse().error().code, ENOTSUP);
    append_nal(stream_, Bytes{0x22, 0x88, 0x84}); // a data partition is damage in other profiles
    EXPECT_EQ(parse(), "");
    sps_.profile_idc = 88;
    parameter_sets();
    append_nal(stream_, Bytes{0x22, 0x88, 0x84});
    EXPECT_EQ(try_parse().error().code, ENOTSUP);
}

TEST_F(H264CodecTest, TakesAvcc) {
    StreamInfo stream;
    const Bytes sps = write_sps(sps_);
    const Bytes pps = write_pps(pps_);
    stream.extradata = {1, 66, 0, 30, 0xfd, 0xe1, 0, static_cast<std::uint8_t>(sps.size())}; // lengths of 2 bytes
    stream.extradata.insert(stream.extradata.end(), sps.begin(), sps.end());
    stream.extradata.insert(stream.extradata.end(), {1, 0, static_cast<std::uint8_t>(pps.size())});
    stream.extradata.insert(stream.extradata.end(), pps.begin(), pps.end());
    ASSERT_TRUE(codec_->configure(stream));
    const Bytes nal = write_slice(sps_, pps_, idr());
    stream_ = {0, static_cast<std::uint8_t>(nal.size())};
    stream_.insert(stream_.end(), nal.begin(), nal.end());
    EXPECT_EQ(parse(), "S32x32 D1() O1");
    EXPECT_EQ(picture().slices[0].nal.size(), nal.size());
    stream_ = {0, static_cast<std::uint8_t>(nal.size())};
    stream_.insert(stream_.end(), nal.begin(), nal.end());
    stream_.insert(stream_.end(), {0, 9, 1});
    EXPECT_EQ(parse(), "F1 -malformed"); // cut short
}

TEST_F(H264CodecTest, HasNoSequenceBeforeOneIsKnown) {
    ASSERT_TRUE(codec_->configure({}));
    EXPECT_EQ(codec_->sequence(), nullptr);
    StreamInfo broken;
    broken.extradata = {1, 2, 3};
    EXPECT_EQ(codec_->configure(broken).error().code, EBADMSG);
}

TEST_F(H264CodecTest, EnhancementLayersAreRefusedBeforeThePictureTheyGoWith) {
    use(simple_sps());
    parameter_sets().slice(idr());
    append_nal(stream_, Bytes{0x74, 0x40, 0x00, 0x01, 0x88, 0x84}); // nal_unit_type 20
    EXPECT_FALSE(try_parse(true));
    for (const Step& step : steps_) EXPECT_NE(step.kind, Step::Kind::Decode);
}

/// Scalable and multiview slices go with a base that is complete without them; that they are left out is said once.
TEST_F(H264CodecTest, EnhancementLayersAreLeftOutAndSaidOnceWhereTheBaseIsEnough) {
    use(simple_sps());
    StreamInfo stream;
    stream.base_alone = true;
    ASSERT_TRUE(codec_->configure(stream));
    testing::internal::CaptureStderr();
    parameter_sets().slice(idr());
    append_nal(stream_, Bytes{0x74, 0x40, 0x00, 0x01, 0x88, 0x84}); // nal_unit_type 20
    append_nal(stream_, Bytes{0x74, 0x40, 0x00, 0x01, 0x88, 0x84});
    EXPECT_TRUE(try_parse(true));
    slice(p(1));
    append_nal(stream_, Bytes{0x74, 0x40, 0x00, 0x01, 0x88, 0x84});
    EXPECT_TRUE(try_parse());
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(std::string::npos, said.find("NAL units of type 20")) << said;
    EXPECT_EQ(said.find("left out"), said.rfind("left out")) << said;
}

} // namespace
} // namespace v4l2play::test
