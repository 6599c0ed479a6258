// The zeros behind the bitstream, and the driver that wants them counted (quirk CountPadding).
#include <algorithm>

#include <gtest/gtest.h>
#include <linux/version.h>

#include "decoder/log.h"
#include "decoder/request/bitstream_pool.h"
#include "tests/unit/delegating_controls.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

constexpr std::size_t offset = 1000; // of the data of a slice from its start code

/// H.264's, but that slices have as long headers as those of HEVC can be.
class LongHeaders final : public DelegatingControls {
  public:
    [[nodiscard]] std::size_t data_offset(const Picture&, unsigned) const override { return offset; }
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override {
        std::fill(buffer.begin(), buffer.end(), std::uint8_t{0xee}); // of a picture before
        return DelegatingControls::write_bitstream(picture, index, buffer);
    }
};

/// What the device of that name and kernel is sent for one picture.
std::vector<std::uint8_t> sent_to(const char* driver, std::uint32_t kernel_version, std::size_t slice_bytes = 0) {
    set_log_level(LogLevel::Error);
    const ClipOptions clip{.pictures = 1, .padding = slice_bytes};
    FakeKernel kernel({device_of(driver, kernel_version)});
    Playback playback(kernel);
    auto decoder = open_decoder(kernel, clip, std::make_unique<LongHeaders>());
    EXPECT_TRUE(decoder);
    EXPECT_TRUE(playback.play(**decoder, make_clip(clip)));
    EXPECT_EQ(1U, kernel.pictures().size());
    EXPECT_EQ("", kernel.violations());
    return kernel.pictures().at(0).bitstream;
}

TEST(RequestPadding, IsCountedForTheDriverThatAddsTheHeader) {
    for (const std::size_t slice_bytes : {std::size_t{0}, std::size_t{1'048'576}}) { // buffers have to grow for that
        const auto plain = sent_to("rpi-hevc-dec", KERNEL_VERSION(6, 17, 9), slice_bytes);
        const auto counted = sent_to("rpi-hevc-dec", KERNEL_VERSION(6, 18, 0), slice_bytes);
        ASSERT_EQ(plain.size() + bitstream_padding + offset, counted.size()) << slice_bytes;
        EXPECT_TRUE(std::equal(plain.begin(), plain.end(), counted.begin()));
        EXPECT_TRUE(std::all_of(counted.begin() + static_cast<std::ptrdiff_t>(plain.size()), counted.end(),
                                [](std::uint8_t byte) { return byte == 0; }))
            << "zeros, not what was there";
    }
}

TEST(RequestPadding, IsNotCountedForOthers) {
    EXPECT_EQ(sent_to("rpi-hevc-dec", KERNEL_VERSION(6, 17, 9)), sent_to("rkvdec", KERNEL_VERSION(6, 18, 0)));
}

} // namespace
} // namespace v4l2play
