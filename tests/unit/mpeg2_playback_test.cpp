// MPEG-2 fields on the fake device: with a driver that holds a frame for its second field, and with one that cannot.
#include <cerrno>
#include <utility>

#include <gtest/gtest.h>

#include "decoder/codec/mpeg2.h"
#include "decoder/log.h"
#include "decoder/request/codec_controls.h"
#include "decoder/request/request_decoder.h"
#include "tests/fakes/playback.h"
#include "tests/unit/expect_clean.h"
#include "tests/unit/mpeg2_stream.h"

namespace v4l2play::test {
namespace {

using namespace fakes;
using mpeg2::PictureType;
using Shape = mpeg2::Structure;

class Mpeg2PlaybackTest : public testing::Test {
  protected:
    Mpeg2PlaybackTest() {
        set_log_level(LogLevel::Error);
        sequence_.horizontal_size = sequence_.vertical_size = 64;
        sequence_.profile_and_level_indication = 0x48;
    }
    static FakeDecoder device(bool holds) {
        FakeDecoder made;
        made.coded_formats = {V4L2_PIX_FMT_MPEG2_SLICE};
        made.holds = holds;
        return made;
    }
    void open(bool holds) {
        kernel_.decoder().holds = holds;
        DecoderConfig config;
        config.stream.codec = CodecId::Mpeg2;
        config.presenter_slots = 2;
        auto opened = create_request_decoder(kernel_, find_decoders(kernel_).at(0), create_mpeg2_codec(),
                                             create_mpeg2_controls(), config);
        ASSERT_TRUE(opened) << opened.error().what;
        decoder_ = std::move(*opened);
    }
    void add_picture(TestUnit& unit, PictureType type, Shape structure) const {
        mpeg2::PictureHeader header;
        header.picture_coding_type = type;
        header.temporal_reference = static_cast<std::uint16_t>(units_.size());
        header.picture_structure = structure;
        header.f_code = {{{2, 2}, {2, 2}}};
        append_unit(unit.bytes, 0x00, write_picture_header(header));
        append_unit(unit.bytes, 0xb5, write_coding_extension(header));
        for (std::uint8_t row = 1; row <= (header.is_field() ? 2 : 4); ++row)
            append_unit(unit.bytes, row, write_slice_head());
    }
    /// An I picture with its sequence header, and P pictures: frames, or pairs of fields.
    void add_group(unsigned pictures, bool fields) {
        for (unsigned i = 0; i < pictures; ++i) {
            TestUnit unit;
            unit.pts = static_cast<Nanoseconds>(units_.size()) * 40 * millisecond;
            if (i == 0) {
                append_unit(unit.bytes, 0xb3, write_sequence_header(sequence_));
                append_unit(unit.bytes, 0xb5, write_sequence_extension(sequence_));
            }
            const PictureType type = i == 0 ? PictureType::I : PictureType::P;
            add_picture(unit, type, fields ? Shape::TopField : Shape::Frame);
            if (fields) add_picture(unit, PictureType::P, Shape::BottomField);
            units_.push_back(std::move(unit));
        }
    }
    void expect_frames(std::size_t count) {
        ASSERT_EQ(count, playback_.frames.size());
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(static_cast<Nanoseconds>(i) * 40 * millisecond, playback_.frames[i].pts) << i;
            EXPECT_FALSE(playback_.frames[i].corrupt) << i;
        }
        EXPECT_TRUE(playback_.dropped.empty());
    }
    /// It ended for want of HOLD, and that is said in one line.
    void expect_refused() {
        ASSERT_TRUE(playback_.failure);
        EXPECT_EQ(ENOTSUP, playback_.failure->code) << "which is what software may do";
        EXPECT_NE(std::string::npos, playback_.failure->what.find("fields into one frame")) << playback_.failure->what;
    }
    void close() {
        decoder_.reset();
        expect_clean(kernel_, playback_);
    }

    mpeg2::Sequence sequence_;
    std::vector<TestUnit> units_;
    FakeKernel kernel_{{device(true)}};
    Playback playback_{kernel_};
    std::unique_ptr<Decoder> decoder_;
};

TEST_F(Mpeg2PlaybackTest, FieldsOfAFrameShareABuffer) {
    add_group(4, false);
    add_group(4, true);
    open(true);
    EXPECT_TRUE(playback_.play(*decoder_, units_));
    expect_frames(8);
    const auto& requests = kernel_.pictures();
    ASSERT_EQ(12U, requests.size());
    for (std::size_t i = 4; i < requests.size(); i += 2) {
        EXPECT_TRUE(requests[i].hold);
        EXPECT_FALSE(requests[i + 1].hold);
        EXPECT_EQ(requests[i].capture_index, requests[i + 1].capture_index);
    }
    close();
}

TEST_F(Mpeg2PlaybackTest, FieldsFromTheStartAreRefusedBeforeTheFirstRequest) {
    add_group(4, true);
    open(false);
    EXPECT_FALSE(playback_.play(*decoder_, units_));
    expect_refused();
    expect_frames(0);
    EXPECT_TRUE(kernel_.pictures().empty());
    close();
}

TEST_F(Mpeg2PlaybackTest, FieldsThatComeLaterLoseNothingThatWasBefore) {
    for (const bool new_group : {true, false}) {
        units_.clear();
        playback_.frames.clear();
        playback_.failure.reset();
        kernel_.world().pictures.clear();
        add_group(6, false);
        if (!new_group) { // in the middle of a group, where others refer back
            units_.emplace_back();
            units_.back().pts = 6 * 40 * millisecond;
            add_picture(units_.back(), PictureType::P, Shape::TopField);
            add_picture(units_.back(), PictureType::P, Shape::BottomField);
        }
        add_group(4, true);
        open(false);
        EXPECT_FALSE(playback_.play(*decoder_, units_));
        expect_refused();
        expect_frames(6);
        EXPECT_EQ(6U, kernel_.pictures().size()) << "no field was sent";
        close();
    }
}

TEST_F(Mpeg2PlaybackTest, InterlacedFramesNeedNoHold) {
    add_group(12, false);
    open(false);
    EXPECT_TRUE(playback_.play(*decoder_, units_)) << "progressive_sequence is 0, as in most streams";
    expect_frames(12);
    close();
}

} // namespace
} // namespace v4l2play::test
