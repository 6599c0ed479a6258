// What a stateful driver does not tell of a stream: colours and light.
#include <memory>

#include <gtest/gtest.h>

#include "decoder/stateful/stateful_decoder.h"
#include "tests/unit/hevc_codec_fixture.h"
#include "tests/unit/stateful_fake.h"

namespace v4l2play::test {
namespace {

Bytes content_light(unsigned level) { return write_sei(144, BitWriter().u(16, level).u(16, level / 2)); }

/// A key picture, for the device of `size` times 16 pixels.
Bytes key_unit(std::uint8_t size, unsigned light, std::uint8_t transfer) {
    Sps sps = simple_sps();
    sps.color = {9, transfer, 9, false};
    Bytes unit{'K', size, 0, 0xff};
    for (const Bytes& nal : {write_sps(sps), write_pps(Pps{}), content_light(light)}) append_nal(unit, nal);
    append_nal(unit, write_slice(sps, Pps{}, HevcCodecTest::picture_of(NalType::IdrWRadl, 0)));
    return unit;
}

class StatefulColorsTest : public testing::Test {
  public:
    StatefulColorsTest() {
        DecoderDevice device;
        device.driver = "fake";
        device.video_path = "/dev/video9";
        device.coded_formats.push_back({V4l2Fourcc{V4L2_PIX_FMT_HEVC}, {}});
        kernel_.coded_format = V4L2_PIX_FMT_HEVC;
        config_.stream.codec = CodecId::Hevc;
        auto opened = create_stateful_decoder(kernel_, device, config_);
        if (opened) decoder_ = std::move(*opened);
        EXPECT_TRUE(opened) << opened.error().what;
    }
    /// What the frame says that comes of it, twice: the device keeps one back.
    FrameInfo decode(const Bytes& bytes) {
        (void)decode_one(bytes);
        return decode_one(bytes);
    }
    FrameInfo decode_one(Bytes bytes) {
        auto* owned = new Bytes(std::move(bytes));
        AccessUnit unit;
        unit.payload = Payload(
            *owned, [](void* owner) { delete static_cast<Bytes*>(owner); }, owned);
        unit.key = true;
        unit.pts = time_++;
        FrameInfo info;
        bool sent = false;
        for (unsigned tries = 0; tries < 200; ++tries) {
            if (!sent) {
                const auto status = decoder_->send(unit);
                sent = status && *status == SendStatus::Accepted;
            }
            (void)decoder_->dispatch(millisecond);
            while (auto event = decoder_->next_event())
                if (auto* frame = std::get_if<Frame>(&*event)) info = frame->info;
        }
        EXPECT_TRUE(sent);
        return info;
    }

    FakeStateful kernel_;
    DecoderConfig config_;
    std::unique_ptr<Decoder> decoder_;
    Nanoseconds time_ = 0;
};

TEST_F(StatefulColorsTest, AreReadInTheStream) {
    const FrameInfo info = decode(key_unit(4, 1000, 16));
    EXPECT_TRUE(info.hdr.has_content_light);
    EXPECT_EQ(info.hdr.max_content_light_level, 1000);
    EXPECT_EQ(info.color, (ColorDescription{9, 16, 9, false}));
}

TEST_F(StatefulColorsTest, AreThoseOfTheFormatThatIsAnnounced) {
    EXPECT_EQ(decode(key_unit(4, 1000, 16)).hdr.max_content_light_level, 1000);
    const FrameInfo info = decode(key_unit(8, 600, 18));
    EXPECT_EQ(info.hdr.max_content_light_level, 600);
    EXPECT_EQ(info.color.transfer, 18);
    EXPECT_EQ(info.visible.width, 126U);
}

TEST_F(StatefulColorsTest, DamagedHeadersAreTheDriversAffair) {
    Bytes damaged = key_unit(4, 1000, 16);
    for (std::size_t i = 12; i < damaged.size(); i += 3) damaged[i] ^= 0x55;
    EXPECT_EQ(decode(damaged).visible.width, 62U);
}

} // namespace
} // namespace v4l2play::test
