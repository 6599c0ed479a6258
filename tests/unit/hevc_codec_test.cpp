#include "decoder/codec/hevc.h"

#include <cerrno>

#include "tests/unit/hevc_codec_fixture.h"

namespace v4l2play::test {
namespace {

// Names of DropReason
const std::string before_access = "-" + std::string(to_string(DropReason::BeforeRandomAccess));
const std::string missing = "-" + std::string(to_string(DropReason::MissingReference));
const std::string malformed = "-" + std::string(to_string(DropReason::Malformed));

TEST_F(HevcCodecTest, ReordersByPicOrderCnt) {
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S64x64 D1()");
    EXPECT_EQ(slice(p(4, reference_set({-4}))).parse(), "D2(1) O1");
    EXPECT_EQ(slice(b(2, reference_set({-2}, {2}))).parse(), "D3(1,2) O3");
    EXPECT_EQ(picture().pic_order_cnt, 2);
    EXPECT_EQ(slice(p(8, reference_set({-4}))).parse(), "F1 F3 D4(2) O2");
    EXPECT_EQ(drain(), "O4 F2 F4");
}

TEST_F(HevcCodecTest, PicturesWithoutReorderingComeAtOnce) {
    Sps sps = simple_sps();
    sps.sps_max_num_reorder_pics = 0;
    use(sps);
    EXPECT_EQ(parameter_sets().slice(idr()).parse(), "S64x64 D1() O1");
    EXPECT_EQ(slice(p(1, reference_set({-1}))).parse(), "D2(1) O2");
    EXPECT_EQ(slice(p(2, reference_set({-1}))).parse(), "F1 D3(2) O3");
}

TEST_F(HevcCodecTest, LatencyPutsPicturesOut) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 5;
    sps.sps_max_num_reorder_pics = 4;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(8, reference_set({-8}))).parse(), "D2(1)");
    EXPECT_EQ(slice(b(4, reference_set({-4}, {4}))).parse(), "D3(1,2)");
    EXPECT_EQ(drain(), "O1 O3 O2 F1 F2 F3");

    // 8 waits while 4 and 2 precede it: SpsMaxLatencyPictures is 2.
    sps.sps_max_num_reorder_pics = 2;
    sps.sps_max_latency_increase_plus1 = 1;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(8, reference_set({-8}))).parse(), "D5(4)");
    EXPECT_EQ(slice(b(4, reference_set({-4}, {4}))).parse(), "D6(4,5) O4");
    EXPECT_EQ(slice(b(2, reference_set({-2}, {2, 6}))).parse(), "D7(4,5,6) O7 O6 O5");
}

TEST_F(HevcCodecTest, FullDpbPutsPicturesOut) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 2;
    sps.sps_max_num_reorder_pics = 2;
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(8, reference_set({-8}))).parse(), "D2(1)");
    EXPECT_EQ(slice(p(16, reference_set({-8, -16}))).parse(), "D3(1,2) O1");
    // The first stays for reference, so the second has to go for room, though no more wait than may.
    EXPECT_EQ(slice(p(24, reference_set({-8, -24}))).parse(), "F2 O2 D4(1,3)");
}

TEST_F(HevcCodecTest, TakesTheDpbOfTheSetsWhereThePromiseIsTooSmall) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 1;
    sps.num_short_term_ref_pic_sets = 1;
    sps.short_term_ref_pic_sets[0] = reference_set({-1, -2, -3});
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(sequence().dpb_slots, 3U);
}

TEST_F(HevcCodecTest, MoreReferencesThanTheDpbHoldsAreMalformed) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 1;
    use(sps);
    parameter_sets().slice(idr()).parse();
    slice(p(1, reference_set({-1}))).parse();
    EXPECT_EQ(slice(p(2, reference_set({-1, -2}))).parse(), "O2 " + malformed);
    EXPECT_STREQ(why(), "refers to more pictures than sps_max_dec_pic_buffering_minus1");
    // From the next start on there is room.
    EXPECT_EQ(slice(idr()).parse(), "F1 F2 S64x64 D3()");
    EXPECT_EQ(sequence().dpb_slots, 2U);
    slice(p(1, reference_set({-1}))).parse();
    EXPECT_EQ(slice(p(2, reference_set({-1, -2}))).parse(), "D5(3,4) O4");
}

TEST_F(HevcCodecTest, CraStartsWithoutItsSkippedLeadingPictures) {
    EXPECT_EQ(parameter_sets().slice(p(1, reference_set({-1}))).parse(), before_access);
    EXPECT_EQ(slice(cra(16, reference_set({-8}))).parse(), "S64x64 D1()");
    EXPECT_EQ(slice(b(12, reference_set({-4}, {4}), NalType::RaslN)).parse(), before_access);
    EXPECT_EQ(slice(p(14, reference_set({}, {2}), NalType::RadlR)).parse(), "D2(1) O2");
    EXPECT_EQ(slice(p(20, reference_set({-4}))).parse(), "F2 D3(1) O1");
    // The next CRA picture is no start: its leading pictures have their references.
    EXPECT_EQ(slice(cra(32, reference_set({-12}))).parse(), "F1 D4(3) O3");
    EXPECT_EQ(slice(b(28, reference_set({-8}, {4}), NalType::RaslN)).parse(), "D5(3,4) O5");
}

TEST_F(HevcCodecTest, EndOfSequenceMakesAStart) {
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(8, reference_set({-8}))).end_of_sequence().parse(), "D2(1) O1");
    // C.5.2.2: NoOutputOfPriorPicsFlag is 1 for a CRA picture, whatever it says.
    EXPECT_EQ(slice(cra(40, reference_set({-4}))).parse(), "O~2 F1 F2 D3()");
    EXPECT_EQ(slice(b(38, reference_set({-2}, {2}), NalType::RaslN)).parse(), before_access);
}

TEST_F(HevcCodecTest, IdrPutsEverythingOutUnlessToldNotTo) {
    parameter_sets().slice(idr()).parse();
    slice(p(8, reference_set({-8}))).parse();
    EXPECT_EQ(slice(idr()).parse(), "O2 F1 F2 D3()");
    SliceHeader last = idr();
    last.no_output_of_prior_pics_flag = true;
    EXPECT_EQ(slice(last).parse(), "O~3 F3 D4()");
}

TEST_F(HevcCodecTest, BlaSkipsItsSkippedLeadingPictures) {
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(picture_of(NalType::BlaWLp, 40)).parse(), "O1 F1 D2()");
    EXPECT_EQ(picture().pic_order_cnt, 40);
    EXPECT_EQ(slice(b(38, reference_set({-2}, {2}), NalType::RaslR)).parse(), before_access);
}

TEST_F(HevcCodecTest, PicOutputFlagHidesAPicture) {
    Pps pps;
    pps.output_flag_present_flag = true;
    use(simple_sps(), pps);
    parameter_sets().slice(idr()).parse();
    SliceHeader hidden = p(1, reference_set({-1}));
    hidden.pic_output_flag = false;
    EXPECT_EQ(slice(hidden).parse(), "D2(1) O~2");
    EXPECT_TRUE(picture().discard);
    EXPECT_EQ(slice(p(2, reference_set({-1}))).parse(), "F1 D3(2) O1");
    EXPECT_EQ(drain(), "O3 F2 F3");
}

TEST_F(HevcCodecTest, MissingReferenceSkipsThePictureAlone) {
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(slice(p(4, reference_set({-2, -4}))).parse(), missing);
    EXPECT_EQ(slice(p(5, reference_set({-5}))).parse(), "D2(1) O1");
    // In the set but in no list: it decodes, and the set says so.
    SliceHeader one = p(6, reference_set({-1, -3}));
    one.num_ref_idx_l0_active_minus1 = 0;
    EXPECT_EQ(slice(one).parse(), "F1 D3(2) O2");
    EXPECT_EQ(picture().st_curr_before.count, 2);
    EXPECT_EQ(picture().st_curr_before.index[1], no_picture);
}

TEST_F(HevcCodecTest, PicOrderCntsGoOnBeyondTheirLowBits) {
    parameter_sets().slice(idr()).parse();
    slice(p(100, reference_set({-100}))).parse();
    slice(p(200, reference_set({-100}))).parse();
    EXPECT_EQ(slice(p(300, reference_set({-100}))).parse(), "F2 D4(3) O3");
    EXPECT_EQ(picture().pic_order_cnt, 300);
    // Pictures that are no references of their layer do not count.
    slice(p(310, reference_set({-10}), NalType::TrailN)).parse();
    EXPECT_EQ(picture().pic_order_cnt, 310);
}

TEST_F(HevcCodecTest, LongTermReferencesByLowBitsAndByAll) {
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 4;
    use(sps);
    parameter_sets().slice(idr()).parse();
    SliceHeader next = p(10, {});
    next.num_long_term = 1;
    next.long_term[0] = {0, true, false, 0};
    EXPECT_EQ(slice(next).parse(), "D2(1) O1");
    EXPECT_TRUE(picture().dpb[0].long_term);
    EXPECT_EQ(picture().lt_curr.count, 1);
    // Once long-term, it is found as nothing else.
    EXPECT_EQ(slice(p(12, reference_set({-2, -12}))).parse(), "F1 " + missing);

    EXPECT_EQ(drain(), "O2 F2");
    parameter_sets().slice(idr()).parse();
    slice(p(120, reference_set({-120}))).parse();
    SliceHeader both = p(240, reference_set({-120}));
    both.num_long_term = 1;
    both.long_term[0] = {0, false, true, 0};
    EXPECT_EQ(slice(both).parse(), "D5(3,4) O4");
    SliceHeader far = p(300, reference_set({-60}));
    far.num_long_term = 1;
    far.long_term[0] = {0, true, true, 1}; // 256 before the low bits of this one
    far.num_ref_idx_l0_active_minus1 = 1;
    EXPECT_EQ(slice(far).parse(), "F4 D6(3,5) O5");
    EXPECT_EQ(picture().slices[0].list[0][0], 1);
    EXPECT_EQ(picture().slices[0].list[0][1], 0);
}

TEST_F(HevcCodecTest, ListsRepeatAndAreModified) {
    Pps pps;
    pps.lists_modification_present_flag = true;
    Sps sps = simple_sps();
    sps.sps_max_dec_pic_buffering_minus1 = 3;
    use(sps, pps);
    parameter_sets().slice(idr()).parse();
    slice(p(8, reference_set({-8}))).parse();
    SliceHeader header = b(4, reference_set({-4}, {4}));
    header.num_ref_idx_l0_active_minus1 = 2;
    header.ref_pic_list_modification_flag[1] = true;
    header.list_entry[1] = {1, 1};
    slice(header).parse();
    const Slice& made = picture().slices[0];
    EXPECT_EQ((std::array{made.list[0][0], made.list[0][1], made.list[0][2]}), (std::array<std::uint8_t, 3>{0, 1, 0}));
    EXPECT_EQ((std::array{made.list[1][0], made.list[1][1]}), (std::array<std::uint8_t, 2>{0, 0}));
}

TEST_F(HevcCodecTest, DependentSliceSegmentsTakeTheHeaderOver) {
    Pps pps;
    pps.dependent_slice_segments_enabled_flag = true;
    use(simple_sps(), pps);
    SliceHeader first = idr();
    first.slice_qp_delta = 5;
    SliceHeader third = idr();
    EXPECT_EQ(parameter_sets().slice(first).slice(at(idr(), 3, true)).slice(at(third, 8)).parse(), "S64x64 D1()");
    ASSERT_EQ(picture().slices.size(), 3U);
    EXPECT_EQ(picture().slices[1].header.slice_qp_delta, 5);
    EXPECT_TRUE(picture().slices[1].header.dependent_slice_segment_flag);
    EXPECT_EQ(picture().slices[1].header.slice_segment_address, 3U);
    EXPECT_EQ(picture().slices[2].header.slice_qp_delta, 0);
    // Its own header has no st_ref_pic_set(), whose place in the bitstream the size tells.
    const SliceHeader inter = p(4, reference_set({-4}));
    slice(inter).slice(at(inter, 3, true)).parse();
    ASSERT_EQ(picture().slices.size(), 2U);
    EXPECT_GT(picture().slices[0].header.short_term_ref_pic_set_size, 0);
    EXPECT_EQ(picture().slices[1].header.short_term_ref_pic_set_size, 0);
    EXPECT_EQ(picture().slices[1].header.short_term_ref_pic_set.num_delta_pocs(), 1U);
}

/// What it says itself counts, not what it takes over: it may have been read by parameter sets of another size.
TEST_F(HevcCodecTest, DependentSliceSegmentOfAnotherPictureIsNotTaken) {
    Pps pps;
    pps.dependent_slice_segments_enabled_flag = true;
    use(simple_sps(), pps);
    parameter_sets().slice(idr()).parse();
    SliceHeader stray = at(p(4, reference_set({-4})), 3, true);
    stray.nal_unit_type = static_cast<NalType>(0); // TRAIL_N
    EXPECT_EQ(slice(p(4, reference_set({-4}))).slice(stray).parse(), malformed);
    EXPECT_STREQ(why(), "a slice segment of another picture");
}

/// slice_segment_address counts in raster order, slice segments come in that of the tiles (6.5.1): two columns of 2x4.
TEST_F(HevcCodecTest, SliceSegmentsComeInTheOrderOfTiles) {
    Pps pps;
    pps.tiles_enabled_flag = true;
    pps.num_tile_columns_minus1 = 1;
    use(simple_sps(), pps);
    parameter_sets().slice(idr()).slice(at(idr(), 8)).slice(at(idr(), 2)).slice(at(idr(), 10));
    EXPECT_EQ(parse(), "S64x64 D1()");
    EXPECT_EQ(picture().slices.size(), 4U);
    EXPECT_EQ(slice(idr()).slice(at(idr(), 2)).slice(at(idr(), 8)).parse(), "O1 F1 " + malformed);
    EXPECT_STREQ(why(), "slice segments are out of order");
}

TEST_F(HevcCodecTest, EntryPointsStayWithTheirSlices) {
    Pps pps;
    pps.entropy_coding_sync_enabled_flag = true;
    use(simple_sps(), pps);
    const std::array<std::uint32_t, 2> first{100, 200};
    const std::array<std::uint32_t, 1> second{7};
    parameter_sets().unit(write_slice(sps_, pps_, idr(), first));
    unit(write_slice(sps_, pps_, at(idr(), 12), second)).parse();
    ASSERT_EQ(picture().slices.size(), 2U);
    EXPECT_EQ(picture().slices[0].entry_points[1], 200U);
    ASSERT_EQ(picture().slices[1].entry_points.size(), 1U);
    EXPECT_EQ(picture().slices[1].entry_points[0], 7U);
}

TEST_F(HevcCodecTest, BrokenPicturesAreSaidOnce) {
    EXPECT_EQ(parameter_sets().slice(idr()).slice(at(idr(), 5)).slice(at(idr(), 3)).parse(), malformed);
    EXPECT_EQ(slice(at(idr(), 1)).slice(at(idr(), 2)).parse(), malformed);
    EXPECT_STREQ(why(), "the first slice segment of a picture is missing");
    EXPECT_EQ(slice(idr()).parse(), "S64x64 D1()");
    // Of a picture that begins another coded video sequence, nothing after it can be told from what was before.
    Bytes cut = write_slice(sps_, pps_, idr());
    cut.resize(2);
    EXPECT_EQ(unit(cut).parse(), "O1 F1 " + malformed);
    EXPECT_EQ(slice(p(1, reference_set({-1}))).parse(), missing);
    EXPECT_EQ(slice(idr()).slice(p(1, reference_set({-1}))).parse(), "D2() D3(2) O2");
}

TEST_F(HevcCodecTest, OtherLayersAndReservedTypesAreLeftOut) {
    parameter_sets().slice(idr()).slice(idr(), 1).unit(write_empty(static_cast<NalType>(41)));
    EXPECT_EQ(unit(write_slice(sps_, pps_, picture_of(static_cast<NalType>(22), 0))).parse(), "S64x64 D1()");
    EXPECT_EQ(picture().slices.size(), 1U);
}

TEST_F(HevcCodecTest, SequenceChangesAtRandomAccessPoints) {
    parameter_sets().slice(idr()).parse();
    Sps wider = simple_sps();
    wider.pic_width_in_luma_samples = 80;
    use(wider);
    const Bytes sps = write_sps(wider);
    use(simple_sps());
    // It is there, but the coded video sequence goes on with the one before.
    EXPECT_EQ(unit(sps).slice(p(1, reference_set({-1}))).parse(), "D2(1) O1");
    use(wider);
    EXPECT_EQ(slice(cra(20)).parse(), "O2 F1 F2 S80x64 D3()");
    EXPECT_EQ(slice(cra(24)).parse(), "F3 D4() O3");
}

TEST_F(HevcCodecTest, FlushAndLossWaitForARandomAccessPoint) {
    parameter_sets().slice(idr()).slice(p(1, reference_set({-1}))).parse();
    EXPECT_EQ(flush(), "F1 F2");
    EXPECT_EQ(slice(p(2, reference_set({-1}))).parse(), before_access);
    EXPECT_EQ(slice(idr()).parse(), "D3()");
    steps_.clear();
    codec_->resynchronise(steps_);
    contract_.follow(steps_);
    EXPECT_EQ(describe(), "O3 F3");
    EXPECT_EQ(slice(p(2, reference_set({-2}))).parse(), missing);
}

TEST_F(HevcCodecTest, DescribesWhatIsSeen) {
    Sps sps = simple_sps();
    sps.bit_depth_luma_minus8 = sps.bit_depth_chroma_minus8 = 2;
    sps.conf_win_left_offset = 1;
    sps.conf_win_right_offset = 2;
    sps.conf_win_bottom_offset = 4;
    sps.sample_aspect = {4, 3};
    sps.color = {9, 16, 9, false};
    use(sps);
    parameter_sets().slice(idr()).parse();
    EXPECT_EQ(sequence().info.visible, (Rect{2, 0, 58, 56}));
    EXPECT_EQ(sequence().info.color, (ColorDescription{9, 16, 9, false}));
    EXPECT_EQ(sequence().info.sample_aspect.num, 4);
    EXPECT_EQ(sequence().bit_depth_luma, 10);
    EXPECT_EQ(sequence().dpb_slots, 2U);
}

Bytes mastering_display() {
    BitWriter payload;
    for (const unsigned coordinate : {13250U, 34500U, 7500U, 3000U, 34000U, 16000U, 15635U, 16450U})
        payload.u(16, coordinate);
    return write_sei(137, payload.u(32, 10'000'000).u(32, 50));
}

TEST_F(HevcCodecTest, HdrMetadataGoesWithTheSequence) {
    parameter_sets().unit(mastering_display()).unit(write_sei(144, BitWriter().u(16, 1000).u(16, 400)));
    EXPECT_EQ(slice(idr()).parse(), "S64x64 D1()");
    const HdrMetadata& hdr = sequence().info.hdr;
    ASSERT_TRUE(hdr.has_mastering_display && hdr.has_content_light);
    EXPECT_EQ(hdr.primaries[0][0], 34000); // red comes last
    EXPECT_EQ(hdr.primaries[1][1], 34500);
    EXPECT_EQ(hdr.white_point[0], 15635);
    EXPECT_EQ(hdr.max_luminance, 10'000'000U);
    EXPECT_EQ(hdr.max_content_light_level, 1000);
    // It stays until there is other.
    EXPECT_EQ(slice(idr()).parse(), "O1 F1 D2()");
    unit(write_sei(144, BitWriter().u(16, 500).u(16, 0)));
    EXPECT_EQ(slice(idr()).parse(), "O2 F2 S64x64 D3()");
    EXPECT_EQ(sequence().info.hdr.max_content_light_level, 500);
    EXPECT_TRUE(sequence().info.hdr.has_mastering_display);
}

TEST_F(HevcCodecTest, HdrMetadataOfTheContainerServesWhereTheStreamHasNone) {
    StreamInfo container;
    container.hdr.has_mastering_display = container.hdr.has_content_light = true;
    container.hdr.max_luminance = 40'000'000;
    container.hdr.max_content_light_level = 4000;
    ASSERT_TRUE(codec_->configure(container));
    parameter_sets();
    EXPECT_EQ(slice(idr()).parse(), "S64x64 D1()");
    EXPECT_EQ(sequence().info.hdr, container.hdr);
    unit(mastering_display());
    EXPECT_EQ(slice(idr()).parse(), "O1 F1 S64x64 D2()");
    EXPECT_EQ(sequence().info.hdr.max_luminance, 10'000'000U);
    EXPECT_EQ(sequence().info.hdr.max_content_light_level, 4000);
}

TEST_F(HevcCodecTest, PreferredTransferWins) {
    parameter_sets().unit(write_sei(147, BitWriter().u(8, 18))).slice(idr()).parse();
    EXPECT_EQ(sequence().info.color.transfer, 18);
}

TEST_F(HevcCodecTest, FieldsAreToldFromFrames) {
    Sps sps = simple_sps();
    sps.field_seq_flag = sps.frame_field_info_present_flag = true;
    use(sps);
    parameter_sets().unit(write_sei(1, BitWriter().u(4, 10).u(2, 0).u(1, 0))).slice(idr()).parse();
    EXPECT_EQ(picture().pic_struct, 10);
    slice(p(1, reference_set({-1}))).parse();
    EXPECT_EQ(picture().pic_struct, 0);
    EXPECT_EQ(picture().dpb[0].pic_struct, 10);
}

TEST_F(HevcCodecTest, RefusesWhatNoDriverTakes) {
    Sps sps = simple_sps();
    sps.range_extension_tools = true;
    use(sps);
    const auto sequence = parameter_sets().slice(idr()).try_parse();
    ASSERT_FALSE(sequence);
    EXPECT_EQ(sequence.error().code, ENOTSUP);
    Pps pps;
    pps.range_extension_tools = true;
    use(simple_sps(), pps);
    const auto picture = parameter_sets().slice(idr()).try_parse();
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, ENOTSUP);
}

/// hvcC (ISO/IEC 14496-15 8.3.3.1) with lengths of two bytes
Bytes hvcc(const std::vector<Bytes>& units) {
    Bytes record(23, 0);
    record[0] = 1;
    record[21] = 0xfd; // lengthSizeMinusOne 1
    record[22] = static_cast<std::uint8_t>(units.size());
    for (const Bytes& unit : units) {
        record.insert(record.end(), {static_cast<std::uint8_t>(unit[0] >> 1), 0, 1});
        record.insert(record.end(),
                      {static_cast<std::uint8_t>(unit.size() >> 8), static_cast<std::uint8_t>(unit.size())});
        record.insert(record.end(), unit.begin(), unit.end());
    }
    return record;
}

TEST_F(HevcCodecTest, ReadsHvccAndLengths) {
    StreamInfo stream;
    stream.extradata = hvcc({write_sps(sps_), write_pps(pps_), mastering_display()});
    ASSERT_TRUE(codec_->configure(stream));
    ASSERT_NE(codec_->sequence(), nullptr);
    EXPECT_EQ(codec_->sequence()->coded_width, 64U);
    EXPECT_TRUE(codec_->sequence()->info.hdr.has_mastering_display);
    const Bytes nal = write_slice(sps_, pps_, idr());
    stream_ = {static_cast<std::uint8_t>(nal.size() >> 8), static_cast<std::uint8_t>(nal.size())};
    stream_.insert(stream_.end(), nal.begin(), nal.end());
    EXPECT_EQ(parse(), "S64x64 D1()");
}

TEST_F(HevcCodecTest, ReadsAnnexBExtradata) {
    StreamInfo stream;
    parameter_sets();
    stream.extradata = std::exchange(stream_, {});
    ASSERT_TRUE(codec_->configure(stream));
    EXPECT_NE(codec_->sequence(), nullptr);
    EXPECT_EQ(slice(idr()).parse(), "S64x64 D1()");
}

TEST_F(HevcCodecTest, RefusesBrokenExtradata) {
    StreamInfo stream;
    const Bytes whole = hvcc({write_sps(sps_), write_pps(pps_)});
    for (std::size_t size = 1; size < whole.size(); ++size) {
        stream.extradata.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto configured = create_hevc_codec()->configure(stream);
        ASSERT_FALSE(configured) << size;
        EXPECT_EQ(configured.error().code, EBADMSG);
    }
    Sps sps = simple_sps();
    sps.range_extension_tools = true;
    stream.extradata = hvcc({write_sps(sps)});
    const auto configured = create_hevc_codec()->configure(stream);
    ASSERT_FALSE(configured);
    EXPECT_EQ(configured.error().code, ENOTSUP);
}

TEST_F(HevcCodecTest, OtherLayersAreLeftOutAndSaidOnce) {
    testing::internal::CaptureStderr();
    parameter_sets().slice(idr());
    unit(write_slice(sps_, pps_, idr(), {}, 1)).unit(write_slice(sps_, pps_, idr(), {}, 1));
    EXPECT_TRUE(try_parse());
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(std::string::npos, said.find("layer 1")) << said;
    EXPECT_EQ(said.find("left out"), said.rfind("left out")) << said;
}

} // namespace
} // namespace v4l2play::test
