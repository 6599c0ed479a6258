// Field pictures: pairs, single fields, their lists and their marking.
#include "tests/unit/h264_codec_fixture.h"

namespace v4l2play::test {
namespace {

class H264FieldTest : public H264CodecTest {
  protected:
    void SetUp() override {
        sps_ = reordering_sps();
        sps_.level_idc = 40;
        sps_.log2_max_pic_order_cnt_lsb_minus4 = 4;
        sps_.frame_mbs_only_flag = false;
        sps_.max_num_reorder_frames = 0;
        parameter_sets();
    }
    void reorder(unsigned frames) {
        sps_.max_num_reorder_frames = static_cast<std::uint8_t>(frames);
        stream_.clear();
        parameter_sets();
    }
    static SliceHeader field(SliceHeader header, bool bottom, unsigned lsb, unsigned references = 1) {
        header.field_pic_flag = true;
        header.bottom_field_flag = bottom;
        header.pic_order_cnt_lsb = static_cast<std::uint16_t>(lsb);
        header.num_ref_idx_l0_active_minus1 = static_cast<std::uint8_t>(references - 1);
        header.num_ref_idx_l1_active_minus1 = header.num_ref_idx_l0_active_minus1;
        return header;
    }
    static SliceHeader top(SliceHeader header, unsigned lsb, unsigned references = 1) {
        return field(header, false, lsb, references);
    }
    static SliceHeader bottom(SliceHeader header, unsigned lsb, unsigned references = 1) {
        return field(header, true, lsb, references);
    }
    static Mmco mmco(unsigned operation, std::uint32_t first = 0, std::uint32_t second = 0) {
        Mmco made;
        made.operation = static_cast<std::uint8_t>(operation);
        if (operation == 1 || operation == 3) made.difference_of_pic_nums_minus1 = first;
        if (operation == 2) made.long_term_pic_num = first;
        if (operation == 3) made.long_term_frame_idx = second;
        if (operation == 6) made.long_term_frame_idx = first;
        return made;
    }
    /// Frame 1 in two fields
    H264FieldTest& idr_pair() {
        slice(top(idr(), 0)).slice(bottom(p(0), 1));
        return *this;
    }
    /// A list of the picture's first slice: t and b for the fields of frames, nothing for both.
    std::string list(unsigned number, unsigned which = 0) const {
        const H264Picture& of = picture(number);
        const Slice& first = of.slices.front();
        std::string text;
        for (unsigned i = 0; i < first.list_size[which]; ++i) {
            const ListEntry entry = first.list[which][i];
            const char* parity = entry.fields == Fields::Top ? "t" : entry.fields == Fields::Bottom ? "b" : "";
            text += entry.dpb_index == 0xff ? "- " : fmt::format("{}{} ", of.dpb[entry.dpb_index].id, parity);
        }
        return text;
    }
    /// The DPB that a picture sees: short-term fields / long-term fields, as bits.
    std::string marks(unsigned number = 0) const {
        const H264Picture& of = picture(number);
        std::string text;
        for (unsigned i = 0; i < of.dpb_count; ++i)
            text += fmt::format("{}:{}/{} ", of.dpb[i].id, static_cast<unsigned>(of.dpb[i].short_term),
                                static_cast<unsigned>(of.dpb[i].long_term));
        return text;
    }
};

TEST_F(H264FieldTest, APairIsOneFrame) {
    EXPECT_EQ(idr_pair().parse(), "S32x64 D1() D1'() O1");
    EXPECT_TRUE(sequence().interlaced);
    EXPECT_TRUE(picture(0).first_field);
    EXPECT_FALSE(picture(1).first_field);
    EXPECT_EQ(picture(0).top_field_order_cnt, 0);
    EXPECT_EQ(picture(1).structure, Fields::Bottom);
    EXPECT_EQ(picture(1).bottom_field_order_cnt, 1);
    EXPECT_EQ(slice(top(p(1), 2)).slice(bottom(p(1), 3)).parse(), "D2(1) D2'(1) O2");
    EXPECT_EQ(drain(), "F1 F2");
}

TEST_F(H264FieldTest, TheSecondFieldIsReadByTheSpsOfTheFirst) {
    idr_pair().parse();
    sps_.log2_max_pic_order_cnt_lsb_minus4 = 8;
    parameter_sets().slice(top(idr(1), 0)).slice(bottom(p(0), 300)).parse();
    EXPECT_TRUE(picture(1).second_field);
    EXPECT_EQ(picture(1).bottom_field_order_cnt, 300);
}

TEST_F(H264FieldTest, FieldsMayComeInUnitsOfTheirOwn) {
    EXPECT_EQ(slice(top(idr(), 0)).parse(), "S32x64 D1()");
    EXPECT_EQ(slice(bottom(p(0), 1)).parse(), "D1'() O1");
    EXPECT_EQ(slice(bottom(p(1), 2)).parse(), "D2(1)");
    EXPECT_EQ(slice(top(p(1), 3)).parse(), "D2'(1) O2") << "bottom field first";
    EXPECT_EQ(picture().bottom_field_order_cnt, 2) << "of the first field";
    EXPECT_EQ(picture().top_field_order_cnt, 3);
}

TEST_F(H264FieldTest, FramesAndFieldsAlternate) {
    EXPECT_EQ(slice(idr()).slice(top(p(1), 2)).slice(bottom(p(1), 3)).slice(p(2, 4)).parse(),
              "S32x64 D1() O1 D2(1) D2'(1) O2 D3(1,2) F1 O3");
    EXPECT_EQ(list(1), "1t ");
    EXPECT_EQ(list(2), "1b ") << "the same parity comes first";
    EXPECT_EQ(list(3), "2 ");
}

TEST_F(H264FieldTest, SingleFieldsComeOutAlone) {
    EXPECT_EQ(slice(top(idr(), 0)).slice(top(p(1), 2)).slice(i(2, 4)).parse(), "S32x64 D1() O1 D2(1) O2 D3() F1 O3");
    EXPECT_EQ(slice(p(3, 6)).parse(), "D4(3) F2 O4") << "a frame cannot refer to half frames";
    EXPECT_EQ(drain(), "F3 F4");
}

TEST_F(H264FieldTest, OtherParityOfAnotherFrameIsNoPair) {
    EXPECT_EQ(slice(top(idr(), 0)).slice(bottom(p(1), 2)).parse(), "S32x64 D1() O1 D2(1)");
    EXPECT_EQ(drain(), "O2 F1 F2") << "the open frame too";
}

TEST_F(H264FieldTest, NonReferencePairsAreOutOfTheDpb) {
    reorder(1);
    idr_pair().slice(top(p(1), 6)).slice(bottom(p(1), 7)).parse();
    EXPECT_EQ(slice(top(b(2, 2), 2)).parse(), "D3(1,2)");
    EXPECT_EQ(list(0, 0), "1t ");
    EXPECT_EQ(list(0, 1), "2t ");
    EXPECT_EQ(slice(bottom(b(2, 3), 3)).parse(), "D3'(1,2) O3 F3");
    EXPECT_EQ(slice(top(b(2, 4), 4)).parse(), "D4(1,2)");
    EXPECT_EQ(slice(top(b(2, 5), 5)).parse(), "O4 F4 D5(1,2)") << "the same parity: two single fields";
    EXPECT_EQ(flush(), "F5 F1 F2");
}

TEST_F(H264FieldTest, AReferenceFieldIsNotTheSecondOfANonReferenceField) {
    EXPECT_EQ(idr_pair().slice(top(not_reference(p(1)), 2)).slice(bottom(p(1), 3)).parse(),
              "S32x64 D1() D1'() O1 D2(1) O2 F2 D3(1)");
}

TEST_F(H264FieldTest, SomeEncodersMakeBothFieldsIdr) {
    EXPECT_EQ(slice(top(idr(), 0)).slice(bottom(idr(), 1)).parse(), "S32x64 D1() D1'() O1");
    EXPECT_EQ(slice(top(p(1), 2, 2)).parse(), "D2(1)");
    EXPECT_EQ(marks(), "1:3/0 ");
}

TEST_F(H264FieldTest, PListsTakeParitiesByTurns) {
    idr_pair().slice(top(p(1), 2)).slice(bottom(p(1), 3, 3)).parse();
    EXPECT_EQ(list(3), "1b 2t 1t ") << "same parity first, though the other is newer (8.2.4.2.5)";
    slice(top(p(2), 4, 5)).parse(true);
    EXPECT_EQ(list(0), "2t 2b 1t 1b - ");
}

TEST_F(H264FieldTest, BListsAreByCountOfTheFrame) {
    reorder(1);
    idr_pair().slice(top(p(1), 8)).slice(bottom(p(1), 9)).parse();
    slice(bottom(b(2, 4), 4, 4)).parse();
    EXPECT_EQ(list(0, 0), "1b 1t 2b 2t ");
    EXPECT_EQ(list(0, 1), "2b 2t 1b 1t ");
}

TEST_F(H264FieldTest, EqualBListsAreToldApart) {
    idr_pair().slice(top(b(1, 4), 4, 2)).parse();
    EXPECT_EQ(list(2, 0), "1t 1b ");
    EXPECT_EQ(list(2, 1), "1b 1t ");
}

TEST_F(H264FieldTest, ModificationsNameFields) {
    idr_pair().slice(top(p(1), 2)).slice(bottom(p(1), 3)).parse();
    SliceHeader header = top(p(2), 4, 3); // CurrPicNum 5: 2t 3, 2b 2, 1t 1, 1b 0
    header.modifications[0][0] = {0, 4};  // 5 - 5 = 0
    header.modifications[0][1] = {1, 2};  // 0 + 3 = 3
    header.modification_count[0] = 2;
    slice(header).parse();
    EXPECT_EQ(list(0), "1b 2t 2b ");
}

TEST_F(H264FieldTest, PicNumIsThatOfTheFirstField) {
    idr_pair().slice(top(p(1), 2)).slice(bottom(p(1), 3)).parse();
    EXPECT_EQ(picture(2).dpb[0].pic_num, 1) << "top, seen by a top field (8-30)";
    EXPECT_EQ(picture(3).dpb[0].pic_num, 0) << "top, seen by a bottom field (8-31)";
    EXPECT_TRUE(picture(3).dpb[0].field_pair);
    EXPECT_FALSE(picture(3).dpb[1].field_pair) << "not yet";
    EXPECT_EQ(picture(3).dpb[1].decoded, Fields::Top);
}

TEST_F(H264FieldTest, TheWindowSlidesByFrames) {
    idr_pair().slice(top(p(1), 2)).slice(bottom(p(1), 3)).parse();
    // Room is made for the first field; the second goes with it (8.2.5.3).
    EXPECT_EQ(slice(top(p(2), 4)).slice(bottom(p(2), 5)).parse(), "D3(1,2) F1 D3'(2) O3");
    EXPECT_EQ(marks(1), "2:3/0 3:1/0 ");
}

TEST_F(H264FieldTest, OperationsUnmarkSingleFields) {
    idr_pair().parse();
    // CurrPicNum 3: 1t is 3 - 2 = 1, 1b is 0
    slice(with_mmco(top(p(1), 2), {mmco(1, 2)})).slice(bottom(p(1), 3, 2)).parse();
    EXPECT_EQ(marks(1), "1:1/0 2:1/0 ");
    EXPECT_EQ(list(1), "2t 1t ") << "nothing of its own parity";
    EXPECT_EQ(slice(p(2, 4)).parse(), "D3(2) F1 O3") << "half a frame is no reference of frames, and leaves";
}

TEST_F(H264FieldTest, FieldsBecomeLongTermOneByOne) {
    sps_.max_num_ref_frames = sps_.max_dec_frame_buffering = 3;
    parameter_sets();
    idr_pair().parse();
    slice(with_mmco(top(p(1), 2), {mmco(3, 1, 0)}));               // 1t
    slice(with_mmco(bottom(p(1), 3, 3), {mmco(3, 1, 0)})).parse(); // 1b, by the parity of bottom fields
    EXPECT_EQ(marks(1), "1:2/1 2:1/0 ");
    EXPECT_EQ(list(1), "1b 2t 1t ") << "short-term first";
    slice(top(p(2), 4, 4)).parse();
    EXPECT_EQ(marks(), "1:0/3 2:3/0 ");
    EXPECT_EQ(list(0), "2t 2b 1t 1b ");
    EXPECT_EQ(slice(with_mmco(bottom(p(2), 5), {mmco(2, 1)})).parse(), "D3'(1,2) O3"); // LongTermPicNum 1: 1b
    slice(top(not_reference(p(3)), 6)).parse();
    EXPECT_EQ(marks(), "1:0/1 2:3/0 3:3/0 ");
}

TEST_F(H264FieldTest, BothFieldsGetOneLongTermIndex) {
    idr_pair().parse();
    slice(with_mmco(top(p(1), 2), {mmco(6, 0)})).slice(with_mmco(bottom(p(1), 3), {mmco(6, 0)}));
    slice(top(p(2), 4, 4)).parse();
    EXPECT_EQ(marks(2), "1:3/0 2:0/3 ");
}

TEST_F(H264FieldTest, Mmco5StartsAFrame) {
    idr_pair().slice(with_mmco(top(p(1), 2), {mmco(5)})).parse();
    EXPECT_EQ(slice(bottom(p(0), 1)).parse(), "D2'() O2") << "frame_num has become 0";
    EXPECT_EQ(picture().top_field_order_cnt, 0);
    EXPECT_EQ(picture().bottom_field_order_cnt, 1);
}

TEST_F(H264FieldTest, ALostSecondFieldSpoilsTheFrame) {
    idr_pair().parse();
    slice(top(p(1), 2));
    SliceHeader damaged = bottom(p(1), 3);
    damaged.first_mb_in_slice = 1;
    EXPECT_EQ(slice(damaged).parse(), "D2(1) -malformed O2");
    EXPECT_EQ(slice(top(p(2), 4)).parse(), "-missing-reference F1");
    EXPECT_EQ(slice(bottom(p(2), 5)).parse(), "") << "goes with the first";
}

TEST_F(H264FieldTest, StartsAtAnIntraField) {
    EXPECT_EQ(slice(bottom(p(3), 7)).parse(), "-before-random-access");
    EXPECT_EQ(parameter_sets().recovery_point().slice(top(i(4), 8)).slice(bottom(p(4), 9)).parse(),
              "S32x64 D1() D1'() O1");
}

TEST_F(H264FieldTest, OnlyTheFirstFieldOfAUnitHasItsTime) {
    unit_.pts = 40;
    unit_.duration = 20;
    idr_pair().parse();
    EXPECT_EQ(picture(0).pts, 40);
    EXPECT_EQ(picture(1).pts, no_time);
    EXPECT_EQ(picture(1).duration, 0);
}

TEST_F(H264FieldTest, MbaffIsFrames) {
    sps_.mb_adaptive_frame_field_flag = true;
    EXPECT_EQ(parameter_sets().slice(idr(1)).slice(p(1, 2)).parse(), "S32x64 D1() O1 D2(1) O2");
    EXPECT_EQ(list(1), "1 ");
}

} // namespace
} // namespace v4l2play::test
