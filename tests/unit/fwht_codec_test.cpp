// FWHT headers, references and what drivers are told of a frame.
#include "decoder/codec/fwht.h"

#include <cerrno>
#include <random>

#include <gtest/gtest.h>

#include "decoder/codec/fwht_picture.h"
#include "decoder/request/fwht_controls.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/fwht_stream.h"

namespace v4l2play::test {
namespace {

using fwht::FwhtPicture;
using fwht::Header;

TEST(FwhtHeader, FieldsAreBigEndian) {
    Header header = fwht_header(true);
    header.xfer_func = 2;
    header.ycbcr_enc = 6;
    header.quantization = 0x01020304;
    const auto parsed = fwht::parse_header(fwht_frame(header));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(3, parsed->version);
    EXPECT_EQ(650, parsed->width);
    EXPECT_EQ(366, parsed->height);
    EXPECT_EQ(header.flags, parsed->flags);
    EXPECT_EQ(3, parsed->colorspace);
    EXPECT_EQ(2, parsed->xfer_func);
    EXPECT_EQ(6, parsed->ycbcr_enc);
    EXPECT_EQ(0x01020304, parsed->quantization);
    EXPECT_EQ(20, parsed->size);
    EXPECT_TRUE(parsed->is_intra());
    EXPECT_EQ(3, parsed->components());
    EXPECT_EQ(2, parsed->chroma_width_divisor());
}

TEST(FwhtHeader, RefusesWhatItIsNot) {
    const auto reason = [](const Bytes& bytes) {
        const auto parsed = fwht::parse_header(bytes);
        return std::string(parsed ? "" : parsed.error());
    };
    Bytes bytes = fwht_frame(fwht_header(true));
    EXPECT_EQ("", reason(bytes));
    EXPECT_EQ("the frame is cut short", reason(Bytes(bytes.begin(), bytes.end() - 1)));
    EXPECT_EQ("the frame is shorter than its header", reason(Bytes(bytes.begin(), bytes.begin() + 43)));
    bytes[7] = 0;
    EXPECT_EQ("the frame does not begin with the magic number", reason(bytes));
    Header header = fwht_header(true);
    header.version = 4;
    EXPECT_EQ("the version is unknown", reason(fwht_frame(header)));
    header = fwht_header(true);
    header.width = 0x10000;
    EXPECT_EQ("the size is impossible", reason(fwht_frame(header)));
    header = fwht_header(true);
    header.size = 0;
    EXPECT_EQ("the frame is empty", reason(fwht_frame(header)));
}

TEST(FwhtHeader, ColorOfV4l2) {
    EXPECT_EQ((ColorDescription{2, 2, 2, false}), fwht::describe_color(0, 0, 0, 0));
    EXPECT_EQ((ColorDescription{1, 1, 1, false}), fwht::describe_color(3, 0, 0, 0)); // BT.709 and its defaults
    EXPECT_EQ((ColorDescription{6, 1, 6, false}), fwht::describe_color(1, 0, 0, 2));
    EXPECT_EQ((ColorDescription{1, 13, 6, true}), fwht::describe_color(7, 0, 0, 0)); // JPEG
    EXPECT_EQ((ColorDescription{9, 16, 10, true}), fwht::describe_color(10, 7, 7, 1));
    EXPECT_EQ((ColorDescription{2, 2, 2, false}), fwht::describe_color(99, 99, 99, 99));
}

class FwhtCodecTest : public testing::Test {
  public:
    Result<> send(const Bytes& bytes) {
        bytes_ = bytes;
        AccessUnit unit;
        unit.payload = Payload(bytes_, nullptr, nullptr);
        steps_.clear();
        auto parsed = codec_->parse(unit, steps_);
        contract_.follow(steps_);
        return parsed;
    }
    Result<> send(const Header& header) { return send(fwht_frame(header)); }
    [[nodiscard]] const FwhtPicture* picture() const {
        const Step* step = find(Step::Kind::Decode);
        return step == nullptr ? nullptr : static_cast<const FwhtPicture*>(step->picture);
    }
    [[nodiscard]] const Step* find(Step::Kind kind) const {
        for (const Step& step : steps_)
            if (step.kind == kind) return &step;
        return nullptr;
    }
    void TearDown() override { EXPECT_EQ("", contract_.fault()); }

    std::unique_ptr<Codec> codec_ = create_fwht_codec();
    CodecContract contract_;
    Steps steps_;
    Bytes bytes_;
};

TEST_F(FwhtCodecTest, FramesReferToTheOneBefore) {
    ASSERT_TRUE(send(fwht_header(false)));
    EXPECT_EQ(DropReason::BeforeRandomAccess, find(Step::Kind::Skip)->reason);
    ASSERT_TRUE(send(fwht_header(true)));
    EXPECT_TRUE(picture()->references.empty());
    for (FrameId id = 2; id < 6; ++id) {
        ASSERT_TRUE(send(fwht_header(false)));
        EXPECT_EQ(id - 1, picture()->previous);
        EXPECT_EQ(id - 1, find(Step::Kind::Forget)->id);
    }
    ASSERT_TRUE(send(fwht_header(true)));
    EXPECT_TRUE(picture()->references.empty());
    EXPECT_EQ(0, picture()->previous);
}

TEST_F(FwhtCodecTest, AnnouncesSizeAndSampling) {
    ASSERT_TRUE(send(fwht_header(true)));
    const SequenceInfo* sequence = find(Step::Kind::Sequence)->sequence;
    EXPECT_EQ(656, sequence->coded_width);
    EXPECT_EQ(368, sequence->coded_height);
    EXPECT_EQ(1, sequence->chroma_format_idc);
    EXPECT_EQ((Rect{0, 0, 650, 366}), sequence->info.visible);
    EXPECT_EQ(1, sequence->info.color.matrix);
    ASSERT_TRUE(send(fwht_header(true)));
    EXPECT_EQ(nullptr, find(Step::Kind::Sequence)); // the same again
    Header header = fwht_header(true);
    header.flags |= fwht::chroma_full_height;
    ASSERT_TRUE(send(header));
    EXPECT_EQ(2, find(Step::Kind::Sequence)->sequence->chroma_format_idc);
    header.flags |= fwht::chroma_full_width;
    ASSERT_TRUE(send(header));
    EXPECT_EQ(3, find(Step::Kind::Sequence)->sequence->chroma_format_idc);
}

TEST_F(FwhtCodecTest, ChangedSizeNeedsAnIntraFrame) {
    ASSERT_TRUE(send(fwht_header(true)));
    Header header = fwht_header(false);
    header.width = 800;
    ASSERT_TRUE(send(header));
    EXPECT_EQ(nullptr, picture());
    EXPECT_EQ(DropReason::Malformed, find(Step::Kind::Skip)->reason);
}

TEST_F(FwhtCodecTest, RefusesWhatIsNoYuv) {
    const auto refuses = [this](const Header& header) {
        const auto sent = send(header);
        return !sent && sent.error().code == ENOTSUP;
    };
    Header header = fwht_header(true);
    header.version = 2;
    EXPECT_TRUE(refuses(header));
    header = fwht_header(true);
    header.flags ^= 3U << 19; // RGB
    EXPECT_TRUE(refuses(header));
    header = fwht_header(true);
    header.flags |= 1U << fwht::components_shift; // alpha
    EXPECT_TRUE(refuses(header));
    header = fwht_header(true);
    header.flags |= fwht::chroma_full_width;
    EXPECT_TRUE(refuses(header));
}

TEST_F(FwhtCodecTest, DamageWaitsForAnIntraFrame) {
    ASSERT_TRUE(send(fwht_header(true)));
    ASSERT_TRUE(send(Bytes(10)));
    EXPECT_EQ(DropReason::Malformed, find(Step::Kind::Skip)->reason);
    ASSERT_TRUE(send(fwht_header(false)));
    EXPECT_EQ(DropReason::MissingReference, find(Step::Kind::Skip)->reason);
    ASSERT_TRUE(send(fwht_header(true)));
    EXPECT_NE(nullptr, picture());
}

TEST_F(FwhtCodecTest, ControlIsTheHeader) {
    FwhtControls controls;
    ASSERT_TRUE(send(fwht_header(true)));
    ASSERT_TRUE(send(fwht_header(false)));
    const auto list = controls.picture_controls(*picture(), 0);
    ASSERT_EQ(1, list.size());
    EXPECT_EQ(static_cast<std::uint32_t>(V4L2_CID_STATELESS_FWHT_PARAMS), list[0].id);
    ASSERT_EQ(sizeof(v4l2_ctrl_fwht_params), list[0].size);
    const auto& params = *static_cast<const v4l2_ctrl_fwht_params*>(list[0].ptr);
    EXPECT_EQ(1000, params.backward_ref_ts);
    EXPECT_EQ(3, params.version);
    EXPECT_EQ(650, params.width);
    EXPECT_EQ(366, params.height);
    EXPECT_EQ(fwht_header(false).flags, params.flags);
    EXPECT_EQ(3, params.colorspace);
    // The header stays out of the bitstream.
    ASSERT_EQ(20, controls.bitstream_size(*picture(), 0));
    Bytes data(20);
    EXPECT_EQ(20, controls.write_bitstream(*picture(), 0, data));
    EXPECT_EQ(Bytes(20, 0x5a), data);
}

TEST_F(FwhtCodecTest, ControlHasNoNumberThatV4l2HasNot) {
    Header header = fwht_header(true);
    const std::uint32_t flags = header.flags;
    header.flags |= 1U << 11 | 1U << 21 | 1U << 31;
    header.colorspace = V4L2_COLORSPACE_DCI_P3 + 1;
    header.xfer_func = V4L2_XFER_FUNC_SMPTE2084 + 1;
    header.ycbcr_enc = V4L2_YCBCR_ENC_SMPTE240M + 1;
    header.quantization = V4L2_QUANTIZATION_LIM_RANGE + 1;
    ASSERT_TRUE(send(header));
    FwhtControls controls;
    const auto& params =
        *static_cast<const v4l2_ctrl_fwht_params*>(controls.picture_controls(*picture(), 0).front().ptr);
    EXPECT_EQ(flags, params.flags);
    EXPECT_EQ(0, params.colorspace);
    EXPECT_EQ(0, params.xfer_func);
    EXPECT_EQ(0, params.ycbcr_enc);
    EXPECT_EQ(0, params.quantization);
}

TEST(FwhtMutation, NoMutationBreaksAPromise) {
    for (unsigned seed = 0; seed < 5000; ++seed) {
        std::mt19937 random(seed);
        const auto codec = create_fwht_codec();
        CodecContract contract;
        Steps steps;
        for (unsigned n = 0; n < 12; ++n) {
            Header header = fwht_header(n % 5 == 0);
            header.height += n / 8 * 16;
            Bytes bytes = fwht_frame(header);
            if (random() % 4 == 0) bytes[random() % 44] ^= static_cast<std::uint8_t>(1U << random() % 8);
            if (random() % 16 == 0) bytes.resize(random() % bytes.size());
            AccessUnit unit;
            unit.payload = Payload(bytes, nullptr, nullptr);
            steps.clear();
            const bool parsed = codec->parse(unit, steps).has_value();
            contract.follow(steps);
            if (!parsed) break;
        }
        steps.clear();
        codec->drain(steps);
        contract.follow_end(steps);
        ASSERT_EQ("", contract.fault()) << "seed " << seed;
    }
}

} // namespace
} // namespace v4l2play::test
