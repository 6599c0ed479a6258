#include "decoder/codec/h264_dpb.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/h264_lists.h"
#include "decoder/codec/h264_output.h"

namespace v4l2play::h264 {
namespace {

constexpr unsigned max_frame_num = 16;

std::string describe(const Steps& steps) {
    std::string text;
    for (const Step& step : steps)
        text += fmt::format("{}{} ", step.kind == Step::Kind::Output ? "out" : "forget", step.id);
    return text;
}

SliceHeader header(unsigned frame_num) {
    SliceHeader made;
    made.frame_num = static_cast<std::uint16_t>(frame_num);
    made.nal_ref_idc = 1;
    return made;
}

Mmco mmco(unsigned operation, std::uint32_t first = 0, std::uint32_t second = 0) {
    Mmco made;
    made.operation = static_cast<std::uint8_t>(operation);
    if (operation == 1 || operation == 3) made.difference_of_pic_nums_minus1 = first;
    if (operation == 2) made.long_term_pic_num = first;
    if (operation == 3) made.long_term_frame_idx = second;
    if (operation == 4) made.max_long_term_frame_idx_plus1 = first;
    if (operation == 6) made.long_term_frame_idx = first;
    return made;
}

/// Decodes reference frames one after the other; nothing waits for output.
class DpbTest : public ::testing::Test {
  protected:
    void SetUp() override { dpb_.configure(4, 4); }

    /// Id = `id`, marking by `operations`, sliding window without any.
    void add(FrameId id, unsigned frame_num, std::initializer_list<Mmco> operations = {}) {
        SliceHeader current = header(frame_num);
        for (const Mmco& operation : operations) {
            current.dec_ref_pic_marking.adaptive_ref_pic_marking_mode_flag = true;
            current.dec_ref_pic_marking.operations[current.dec_ref_pic_marking.count++] = operation;
        }
        FrameStore frame;
        frame.id = id;
        frame.frame_num = current.frame_num;
        frame.counts = {static_cast<std::int32_t>(2 * id), static_cast<std::int32_t>(2 * id)};
        dpb_.update_frame_num_wrap(frame_num, max_frame_num);
        dpb_.mark(current, frame);
        dpb_.release(steps_);
        dpb_.store(frame);
    }
    /// "id:pic_num", long-term ones with L
    std::string references(unsigned frame_num) {
        dpb_.update_frame_num_wrap(frame_num, max_frame_num);
        dpb_.list_references(picture_, true);
        std::string text;
        for (unsigned i = 0; i < picture_.dpb_count; ++i) {
            const DpbEntry& entry = picture_.dpb[i];
            text += fmt::format("{}:{}{} ", entry.id, entry.is_long_term() ? "L" : "", entry.pic_num);
        }
        return text;
    }

    Dpb dpb_;
    Steps steps_;
    H264Picture picture_;
};

TEST_F(DpbTest, WindowSlidesByFrameNumWrap) {
    add(1, 13);
    add(2, 14);
    add(3, 15);
    add(4, 0);
    EXPECT_EQ(references(1), "1:-3 2:-2 3:-1 4:0 ");
    add(5, 1);
    EXPECT_EQ(references(2), "2:-2 3:-1 4:0 5:1 ");
    EXPECT_EQ(describe(steps_), "forget1 ");
}

TEST_F(DpbTest, UnmarksShortTerm) {
    add(1, 0);
    add(2, 1);
    add(3, 2, {mmco(1, 0)}); // PicNum 2 - 1
    EXPECT_EQ(references(3), "1:0 3:2 ");
}

TEST_F(DpbTest, LongTermStays) {
    add(1, 0);
    add(2, 1, {mmco(4, 2), mmco(3, 0, 1)}); // frame_num 0 becomes LongTermFrameIdx 1
    for (unsigned i = 2; i < 8; ++i) add(i + 1, i);
    EXPECT_EQ(references(8), "1:L1 6:5 7:6 8:7 ");
    add(9, 8, {mmco(2, 1)});
    EXPECT_EQ(references(9), "6:5 7:6 8:7 9:8 ");
}

TEST_F(DpbTest, CurrentBecomesLongTerm) {
    add(1, 0);
    add(2, 1, {mmco(6, 0)});
    add(3, 2);
    EXPECT_EQ(references(3), "1:0 2:L0 3:2 ");
    add(4, 3, {mmco(6, 0)}); // the index is taken from 2
    EXPECT_EQ(references(4), "1:0 3:2 4:L0 ");
    EXPECT_EQ(describe(steps_), "forget2 ");
}

TEST_F(DpbTest, LongTermIndexMoves) {
    add(1, 0, {mmco(6, 0)});
    add(2, 1);
    add(3, 2, {mmco(3, 0, 0)}); // LongTermFrameIdx 0 from 1 to 2
    EXPECT_EQ(references(3), "2:L0 3:2 ");
}

TEST_F(DpbTest, LongTermIndicesAreCapped) {
    add(1, 0, {mmco(6, 0)});
    add(2, 1, {mmco(6, 1)});
    add(3, 2, {mmco(6, 2)});
    add(4, 3, {mmco(4, 1)});
    EXPECT_EQ(references(4), "1:L0 4:3 ");
    add(5, 4, {mmco(4, 0)});
    EXPECT_EQ(references(5), "4:3 5:4 ");
}

TEST_F(DpbTest, Mmco5UnmarksAll) {
    add(1, 0);
    add(2, 1, {mmco(6, 0)});
    add(3, 2, {mmco(5)});
    EXPECT_EQ(references(3), "3:2 "); // its frame_num becomes 0 in the decoding process
}

TEST_F(DpbTest, IdrMayBeLongTerm) {
    add(1, 0);
    SliceHeader idr = header(0);
    idr.idr_pic_flag = true;
    idr.dec_ref_pic_marking.long_term_reference_flag = true;
    FrameStore frame;
    frame.id = 2;
    dpb_.mark(idr, frame);
    dpb_.store(frame);
    EXPECT_EQ(references(1), "2:L0 ");
}

TEST_F(DpbTest, TooManyReferencesAreCut) {
    for (unsigned i = 0; i < 4; ++i) add(i + 1, i, {mmco(6, i)});
    add(5, 4, {mmco(1, 7)}); // unmarks nothing: all are long-term
    EXPECT_EQ(references(5), "2:L1 3:L2 4:L3 5:4 ");
}

TEST_F(DpbTest, StandInIsKeptUntilNoFrameNeedsIt) {
    add(1, 0);
    FrameStore gap;
    gap.non_existing = true;
    gap.frame_num = 1;
    gap.short_term = Fields::Frame;
    gap.substitute = dpb_.newest_reference();
    dpb_.store(gap);
    EXPECT_EQ(references(2), "1:0 0:1 ");
    EXPECT_EQ(picture_.dpb[1].substitute, 1U);
    add(2, 2, {mmco(1, 1)}); // unmarks 1; the gap still names it
    EXPECT_EQ(describe(steps_), "");
    add(3, 3, {mmco(1, 1)}); // unmarks the gap
    EXPECT_EQ(describe(steps_), "forget1 ");
    EXPECT_EQ(references(4), "2:2 3:3 ");
}

/// Initial and modified lists of one slice, as ids; - for no picture.
std::string lists(const H264Picture& picture, Slice slice) {
    build_lists(picture, slice);
    std::string text;
    for (unsigned which = 0; which < 2; ++which) {
        text += which == 0 ? "" : "/ ";
        for (unsigned i = 0; i < slice.list_size[which]; ++i) {
            const unsigned index = slice.list[which][i].dpb_index;
            text += index == 0xff ? "- " : fmt::format("{} ", picture.dpb[index].id);
        }
    }
    return text;
}

class ListTest : public DpbTest {
  protected:
    /// Short-term 1 to 3 with counts 2, 4, 6, long-term 4, for a picture with frame_num 3 and `count`.
    H264Picture& picture(std::int32_t count) {
        add(1, 0);
        add(2, 1);
        add(3, 2);
        add(4, 3, {mmco(6, 5)});
        references(4);
        picture_.sps = &sps_;
        picture_.top_field_order_cnt = picture_.bottom_field_order_cnt = count;
        return picture_;
    }
    static Slice slice(SliceType type, unsigned size0, unsigned size1 = 1) {
        Slice made;
        made.header = header(4);
        made.header.slice_type = type;
        made.header.num_ref_idx_l0_active_minus1 = static_cast<std::uint8_t>(size0 - 1);
        made.header.num_ref_idx_l1_active_minus1 = static_cast<std::uint8_t>(size1 - 1);
        return made;
    }
    static void modify(Slice& slice, unsigned list, unsigned idc, std::uint32_t value) {
        slice.header.modifications[list][slice.header.modification_count[list]++] = {static_cast<std::uint8_t>(idc),
                                                                                     value};
    }

    Sps sps_;
};

TEST_F(ListTest, PIsByPicNum) {
    EXPECT_EQ(lists(picture(8), slice(SliceType::P, 4)), "3 2 1 4 / ");
    EXPECT_EQ(lists(picture_, slice(SliceType::P, 2)), "3 2 / ");
    EXPECT_EQ(lists(picture_, slice(SliceType::P, 6)), "3 2 1 4 - - / ");
    EXPECT_EQ(lists(picture_, slice(SliceType::I, 6)), "/ ");
}

TEST_F(ListTest, BIsByCount) {
    EXPECT_EQ(lists(picture(5), slice(SliceType::B, 4, 4)), "2 1 3 4 / 3 2 1 4 ");
    EXPECT_EQ(lists(picture_, slice(SliceType::B, 1, 2)), "2 / 3 2 ");
}

TEST_F(ListTest, EqualListsOfBAreToldApart) {
    // The lists are compared before they are cut (8.2.4.2.3).
    EXPECT_EQ(lists(picture(9), slice(SliceType::B, 4, 4)), "3 2 1 4 / 2 3 1 4 ");
    EXPECT_EQ(lists(picture_, slice(SliceType::B, 1, 1)), "3 / 2 ");
}

TEST_F(ListTest, ModificationsMovePicturesUp) {
    picture(8);
    Slice made = slice(SliceType::P, 4);
    modify(made, 0, 0, 2); // PicNum 4 - 3 = 1: picture 2
    EXPECT_EQ(lists(picture_, made), "2 3 1 4 / ");
    modify(made, 0, 2, 5); // LongTermPicNum 5: picture 4
    EXPECT_EQ(lists(picture_, made), "2 4 3 1 / ");
    modify(made, 0, 1, 0); // PicNum 1 + 1 = 2: picture 3
    EXPECT_EQ(lists(picture_, made), "2 4 3 1 / ");
}

TEST_F(ListTest, ModificationsWrapAroundMaxPicNum) {
    picture(8);
    Slice made = slice(SliceType::P, 4);
    modify(made, 0, 1, 12); // 4 + 13 - 16 = 1: picture 2
    EXPECT_EQ(lists(picture_, made), "2 3 1 4 / ");
}

TEST_F(ListTest, ModificationsRepeatInCutLists) {
    picture(8);
    Slice made = slice(SliceType::P, 2);
    modify(made, 0, 0, 3); // picture 1, which is behind the cut
    EXPECT_EQ(lists(picture_, made), "1 3 / ");
}

TEST_F(ListTest, WhatIsNotThereIsReported) {
    picture(8);
    Slice made = slice(SliceType::P, 2);
    EXPECT_FALSE(build_lists(picture_, made).unresolved);
    modify(made, 0, 0, 6);
    EXPECT_TRUE(build_lists(picture_, made).unresolved);
    Slice lengthy = slice(SliceType::P, 5);
    EXPECT_TRUE(build_lists(picture_, lengthy).absent);
    picture_.dpb_count = 0;
    EXPECT_TRUE(build_lists(picture_, lengthy).empty);
}

/// Output of pictures with given counts; ids count up.
class OutputTest : public ::testing::Test {
  protected:
    void configure(unsigned frames, unsigned reorder) {
        dpb_.configure(frames, 1);
        output_.configure(reorder);
    }
    std::string store(std::int32_t count, bool reference = false) {
        FrameStore frame;
        frame.id = ++last_id_;
        frame.needed_for_output = true;
        frame.counts = {count, count};
        if (reference) {
            dpb_.slide_window();
            frame.short_term = Fields::Frame;
        }
        Steps steps;
        output_.store(frame, steps);
        return describe(steps);
    }
    std::string rest() {
        Steps steps;
        output_.output_all(steps);
        return describe(steps);
    }

    Dpb dpb_;
    OutputOrder output_{dpb_};
    FrameId last_id_ = 0;
};

TEST_F(OutputTest, WithoutReorderingEverythingComesAtOnce) {
    configure(4, 0);
    EXPECT_EQ(store(0, true), "out1 ");
    EXPECT_EQ(store(2), "out2 forget2 ");
}

TEST_F(OutputTest, WaitsForWhatMayBeOvertaken) {
    configure(4, 1);
    EXPECT_EQ(store(0, true), "");
    EXPECT_EQ(store(8, true), "forget1 out1 "); // one reference at a time
    EXPECT_EQ(store(4), "out3 forget3 ");
    EXPECT_EQ(store(16, true), "forget2 out2 ");
    EXPECT_EQ(rest(), "out4 ");
}

TEST_F(OutputTest, FullDpbBumps) {
    configure(2, 2);
    EXPECT_EQ(store(10, true), "");
    EXPECT_EQ(store(8), "forget2 ");      // waits
    EXPECT_EQ(store(6), "out3 forget3 "); // full, and next in order: not stored
    EXPECT_EQ(store(9), "out2 forget4 "); // takes the place of 2
    EXPECT_EQ(rest(), "out4 out1 ");
}

TEST_F(OutputTest, ReferencesStayWhenTheyAreOut) {
    configure(1, 0);
    EXPECT_EQ(store(0, true), "out1 ");
    EXPECT_EQ(store(2), "out2 forget2 "); // the only frame buffer is taken
    EXPECT_EQ(store(4, true), "forget1 out3 ");
}

TEST_F(OutputTest, ReorderingThatWasNotPromisedIsLearned) {
    configure(4, 0);
    EXPECT_EQ(store(0), "out1 forget1 ");
    EXPECT_EQ(store(8), "out2 forget2 ");
    EXPECT_EQ(store(4), "forget3 "); // late; from here on one may be overtaken
    EXPECT_EQ(store(16), "out3 forget4 ");
    EXPECT_EQ(store(12), "out5 forget5 ");
}

} // namespace
} // namespace v4l2play::h264
