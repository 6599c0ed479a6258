#include "render/offscreen/offscreen_output.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <png.h>
#include <unistd.h>

#include "render/convert.h"
#include "tests/unit/plain_frame.h"

namespace v4l2play {
namespace {

namespace fs = std::filesystem;

/// Gone with all its files when the test ends.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "offscreen-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + '/' + name; }

  private:
    std::string path_;
};

RgbImage read_png(const std::string& path) {
    RgbImage image;
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_file(&png, path.c_str()) == 0) {
        ADD_FAILURE() << path << ": " << png.message;
        return image;
    }
    png.format = PNG_FORMAT_RGB;
    image.resize(png.width, png.height);
    EXPECT_NE(png_image_finish_read(&png, nullptr, image.pixels.data(), 0, nullptr), 0) << png.message;
    return image;
}

std::unique_ptr<Output> offscreen(const OffscreenOptions& options) {
    auto output = create_offscreen_output(options);
    EXPECT_TRUE(output) << (output ? "" : output.error().what);
    return output ? std::move(*output) : nullptr;
}

FrameShown take_shown(Output& output) {
    const auto event = output.next_event();
    const auto* shown = event ? std::get_if<FrameShown>(&*event) : nullptr;
    if (shown == nullptr) {
        ADD_FAILURE() << "no FrameShown";
        return {};
    }
    return *shown;
}

void expect_released(Output& output, FrameId id, std::uint32_t serial) {
    const auto event = output.next_event();
    const auto* released = event ? std::get_if<FrameReleased>(&*event) : nullptr;
    ASSERT_NE(released, nullptr) << "no FrameReleased";
    EXPECT_EQ(released->id, id);
    EXPECT_EQ(released->serial, serial);
}

class BothOutputs : public testing::TestWithParam<const char*> {
  protected:
    std::unique_ptr<Output> make() { return std::string(GetParam()) == "null" ? create_null_output() : offscreen({}); }
};

TEST_P(BothOutputs, HoldsAFrameUntilTheNextIsShown) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 3);
    const auto output = make();
    ASSERT_TRUE(output->ready());
    ASSERT_TRUE(output->configure(pool, {}));

    Frame first = plain_frame(pool, 7);
    first.serial = 3;
    const std::uint32_t first_slot = first.slot.index();
    ASSERT_TRUE(output->present(first, 0));
    EXPECT_EQ(pool->snapshot(first_slot).state, SlotState::Exported);
    first.slot.reset();
    EXPECT_EQ(pool->free_count(), 2U) << "the output's hold keeps it";
    EXPECT_FALSE(output->ready());
    const FrameShown shown = take_shown(*output);
    EXPECT_EQ(shown.id, 7U);
    EXPECT_EQ(shown.serial, 3U);
    EXPECT_EQ(shown.sequence, 0U);
    EXPECT_EQ(shown.path, OutputPath::None);
    EXPECT_FALSE(output->next_event());
    EXPECT_TRUE(output->ready());

    Frame second = plain_frame(pool, 8);
    ASSERT_TRUE(output->present(second, 0));
    EXPECT_EQ(pool->snapshot(first_slot).state, SlotState::Free);
    EXPECT_EQ(take_shown(*output).sequence, 1U);
    expect_released(*output, 7, 3);

    output->stop();
    expect_released(*output, 8, 0);
    second.slot.reset();
    EXPECT_EQ(pool->free_count(), 3U);
    EXPECT_EQ(pool->statistics().illegal, 0U);
}

TEST_P(BothOutputs, DestructionReleases) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 1);
    auto output = make();
    Frame frame = plain_frame(pool, 1);
    ASSERT_TRUE(output->present(frame, 0));
    frame.slot.reset();
    EXPECT_EQ(pool->free_count(), 0U);
    output.reset();
    EXPECT_EQ(pool->free_count(), 1U);
}

TEST_P(BothOutputs, BusyUntilEventsAreTaken) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 2);
    const auto output = make();
    Frame first = plain_frame(pool, 1);
    Frame second = plain_frame(pool, 2);
    ASSERT_TRUE(output->present(first, 0));
    const auto busy = output->present(second, 0);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, EBUSY);
    EXPECT_TRUE(second.slot) << "the caller keeps the frame";
    EXPECT_EQ(pool->snapshot(second.slot.index()).state, SlotState::Decoded);
}

TEST_P(BothOutputs, TheSameFrameTwice) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 1);
    const auto output = make();
    Frame frame = plain_frame(pool, 5);
    ASSERT_TRUE(output->present(frame, 0));
    take_shown(*output);
    ASSERT_TRUE(output->present(frame, 0));
    EXPECT_EQ(take_shown(*output).sequence, 1U);
    expect_released(*output, 5, 0);
    EXPECT_EQ(pool->snapshot(0).state, SlotState::Exported);
    EXPECT_EQ(pool->snapshot(0).holds[static_cast<std::size_t>(Hold::Presenter)], 1);
}

TEST_P(BothOutputs, RefusesAFrameThatIsNotDecoded) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 1);
    const auto output = make();
    Frame frame;
    frame.slot = pool->acquire();
    EXPECT_FALSE(output->present(frame, 0));
    EXPECT_FALSE(output->next_event());
}

TEST_P(BothOutputs, NeedsNoEventLoop) {
    const auto output = make();
    EXPECT_EQ(output->timing().period, 0);
    EXPECT_EQ(output->fd(), -1);
    EXPECT_EQ(output->next_timeout(), no_time);
    EXPECT_TRUE(output->formats().empty());
    EXPECT_EQ(output->description().path, OutputPath::None);
    EXPECT_STREQ(output->description().kind, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Outputs, BothOutputs, testing::Values("offscreen", "null"),
                         [](const auto& name) { return std::string(name.param); });

TEST(Offscreen, TimesAreTargets) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 3);
    const auto by_clock = offscreen({});
    Frame frame = plain_frame(pool, 1);
    ASSERT_TRUE(by_clock->present(frame, 123456));
    EXPECT_EQ(take_shown(*by_clock).time, 123456);
    const Nanoseconds before = system_kernel().now();
    Frame second = plain_frame(pool, 2);
    ASSERT_TRUE(by_clock->present(second, 0));
    const FrameShown shown = take_shown(*by_clock);
    EXPECT_GE(shown.time, before);
    EXPECT_LE(shown.time, system_kernel().now());

    OffscreenOptions options;
    options.clock = false;
    const auto free_running = offscreen(options);
    Frame third = plain_frame(pool, 3);
    ASSERT_TRUE(free_running->present(third, 123456));
    EXPECT_GE(take_shown(*free_running).time, before);
}

void show(Output& output, Frame frame) {
    ASSERT_TRUE(output.present(frame, 0));
    frame.slot.reset();
    while (output.next_event()) {
    }
}

TEST(Screenshots, EveryFrameShown) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.screenshots = directory / "made/as needed";
    const auto output = offscreen(options);
    const auto pool = plain_pool(plain_format(fourcc_nv12, 19, 11), 2);
    const Ycc colors[] = {{235, 128, 128}, {16, 128, 128}, {81, 90, 240}};
    for (unsigned i = 0; i < 3; ++i) {
        Frame frame = plain_frame(pool, i + 1);
        paint_all(frame, colors[i]);
        if (i == 2) frame.info.visible = {3, 1, 7, 5};
        show(*output, std::move(frame));
    }
    const RgbImage white = read_png(options.screenshots + "/frame-000000.png");
    EXPECT_EQ(white.width, 19U);
    EXPECT_EQ(white.height, 11U);
    EXPECT_TRUE(std::all_of(white.pixels.begin(), white.pixels.end(), [](std::uint8_t v) { return v == 255; }));
    const RgbImage black = read_png(options.screenshots + "/frame-000001.png");
    EXPECT_TRUE(std::all_of(black.pixels.begin(), black.pixels.end(), [](std::uint8_t v) { return v == 0; }));
    const RgbImage red = read_png(options.screenshots + "/frame-000002.png");
    ASSERT_EQ(red.width, 7U);
    ASSERT_EQ(red.height, 5U);
    for (std::size_t i = 0; i < red.pixels.size(); i += 3) {
        EXPECT_NEAR(red.pixels[i], 254, 1);
        EXPECT_NEAR(red.pixels[i + 1], 0, 1);
        EXPECT_NEAR(red.pixels[i + 2], 0, 1);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(options.screenshots), fs::directory_iterator()), 3);
}

/// Draws a box of one colour as the output's overlay.
void show_box(Output& output, std::uint32_t size, std::uint32_t color, std::uint32_t x, std::uint32_t y) {
    const auto buffer = output.acquire_overlay(size, size);
    ASSERT_TRUE(buffer);
    for (std::uint32_t row = 0; row < size; ++row) {
        void* pixels = buffer->pixels + std::size_t{row} * buffer->pitch;
        std::fill_n(static_cast<std::uint32_t*>(pixels), size, color);
    }
    output.show_overlay(*buffer, x, y);
}

TEST(Screenshots, HaveTheOverlay) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.screenshots = directory / "shots";
    options.contact_sheet = directory / "sheet.png";
    const auto output = offscreen(options);
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 8), 2);
    FrameInfo info;
    info.visible = {0, 0, 16, 8};
    EXPECT_EQ(output->overlay_area().width, 0U) << "nothing to cover yet";
    ASSERT_TRUE(output->configure(pool, info));
    EXPECT_EQ(output->overlay_area().width, 16U);
    EXPECT_EQ(output->overlay_area().height, 8U);
    const auto shoot = [&](FrameId id) {
        Frame frame = plain_frame(pool, id);
        paint_all(frame, {235, 128, 128});
        show(*output, std::move(frame));
        return read_png(options.screenshots + fmt::format("/frame-{:06}.png", id - 1));
    };
    const auto pixel = [](const RgbImage& image, std::uint32_t x, std::uint32_t y) {
        return std::vector<int>(image.row(y) + 3 * std::size_t{x}, image.row(y) + 3 * std::size_t{x} + 3);
    };
    const std::vector<int> white{255, 255, 255};
    show_box(*output, 2, 0x80402000, 3, 1); // half: 64 32 0 of it, the other half is white
    const RgbImage half = shoot(1);
    EXPECT_EQ(pixel(half, 3, 1), (std::vector<int>{191, 159, 127}));
    EXPECT_EQ(pixel(half, 4, 2), (std::vector<int>{191, 159, 127}));
    EXPECT_EQ(pixel(half, 2, 1), white);
    EXPECT_EQ(pixel(half, 5, 2), white);
    show_box(*output, 5, 0xff0000ff, 14, 6); // reaches over the edge
    const RgbImage corner = shoot(2);
    EXPECT_EQ(pixel(corner, 15, 7), (std::vector<int>{0, 0, 255}));
    EXPECT_EQ(pixel(corner, 3, 1), white) << "the earlier one is gone";
    output->hide_overlay();
    EXPECT_EQ(pixel(shoot(3), 15, 7), white);
    show_box(*output, 5, 0xff0000ff, 0, 0);
    output->stop();
    const RgbImage sheet = read_png(options.contact_sheet);
    for (std::size_t i = 0; i < sheet.pixels.size(); i += 3)
        ASSERT_FALSE(sheet.pixels[i] == 0 && sheet.pixels[i + 2] == 255) << "overviews are of the video alone";
}

TEST(Screenshots, OverlayBuffersTakeTurns) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.screenshots = directory / "";
    const auto output = offscreen(options);
    std::vector<unsigned> indices;
    for (int i = 0; i < 4; ++i) {
        const auto buffer = output->acquire_overlay(8, 8);
        const auto again = output->acquire_overlay(8, 8);
        ASSERT_TRUE(buffer && again);
        EXPECT_EQ(buffer->pixels, again->pixels) << "the same until it is shown";
        indices.push_back(buffer->index);
        output->show_overlay(*buffer, 0, 0);
    }
    EXPECT_EQ(indices[0], indices[3]);
    EXPECT_NE(indices[0], indices[1]);
    EXPECT_NE(indices[1], indices[2]);
    const auto larger = output->acquire_overlay(9, 8);
    ASSERT_TRUE(larger);
    EXPECT_EQ(std::count(indices.begin(), indices.end(), larger->index), 0) << "other memory, another number";
}

TEST(Screenshots, PlaceThatCannotBeWritten) {
    const TemporaryDirectory directory;
    const std::string file = directory / "file";
    std::ofstream(file) << "x";
    for (const std::string& place : {file, file + "/below"}) {
        OffscreenOptions options;
        options.screenshots = place;
        const auto refused = create_offscreen_output(options);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().what.find(place), std::string::npos) << refused.error().what;
        EXPECT_EQ(refused.error().what.find('\n'), std::string::npos);
        EXPECT_EQ(refused.error().code, ENOTDIR);
    }
}

TEST(Screenshots, PlaybackGoesOnWithoutThem) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.screenshots = directory / "pictures";
    const auto output = offscreen(options);
    fs::remove_all(options.screenshots);
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 2);
    testing::internal::CaptureStderr();
    for (FrameId id = 1; id <= 3; ++id) show(*output, plain_frame(pool, id));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("frame-000000.png"), std::string::npos) << log;
    EXPECT_EQ(log.find("frame-000001.png"), std::string::npos) << "said once: " << log;

    // The place is back: so are the pictures.
    fs::create_directory(options.screenshots);
    show(*output, plain_frame(pool, 4));
    EXPECT_TRUE(fs::exists(options.screenshots + "/frame-000003.png"));
}

TEST(Screenshots, FullDisk) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.screenshots = directory / "";
    const auto output = offscreen(options);
    fs::create_symlink("/dev/full", directory / "frame-000000.png");
    const auto pool = plain_pool(plain_format(fourcc_nv12, 640, 480), 1);
    testing::internal::CaptureStderr();
    show(*output, plain_frame(pool, 1));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("No space left on device"), std::string::npos) << log;
    EXPECT_TRUE(fs::is_symlink(directory / "frame-000000.png")) << "only regular files are taken away";
}

TEST(ContactSheet, IsWrittenWhenStopped) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.contact_sheet = directory / "sheet.png";
    options.title = "red.mkv";
    const auto output = offscreen(options);
    const auto pool = plain_pool(plain_format(fourcc_nv12, 320, 180), 2);
    for (FrameId id = 1; id <= 100; ++id) {
        Frame frame = plain_frame(pool, id);
        paint_all(frame, {81, 90, 240});
        show(*output, std::move(frame));
    }
    EXPECT_FALSE(fs::exists(options.contact_sheet));
    output->stop();
    const RgbImage sheet = read_png(options.contact_sheet);
    std::size_t red = 0;
    for (std::size_t i = 0; i < sheet.pixels.size(); i += 3) red += sheet.pixels[i] == 254 && sheet.pixels[i + 1] < 2;
    EXPECT_GT(red, 24U * 320 * 180 * 99 / 100);
    EXPECT_LT(red, 24U * 320 * 180);
}

TEST(ContactSheet, NothingShownNothingWritten) {
    const TemporaryDirectory directory;
    OffscreenOptions options;
    options.contact_sheet = directory / "sheet.png";
    offscreen(options).reset();
    EXPECT_FALSE(fs::exists(options.contact_sheet));
}

TEST(ContactSheet, PlaceThatCannotBeWritten) {
    const TemporaryDirectory directory;
    const std::string file = directory / "file";
    std::ofstream(file) << "x";
    const std::pair<std::string, int> places[] = {
        {file + "/sheet.png", ENOTDIR}, {directory / "missing/sheet.png", ENOENT}, {directory / "", EISDIR}};
    for (const auto& [place, code] : places) {
        OffscreenOptions options;
        options.contact_sheet = place;
        const auto refused = create_offscreen_output(options);
        ASSERT_FALSE(refused) << place;
        EXPECT_EQ(refused.error().code, code) << refused.error().what;
        EXPECT_NE(refused.error().what.find(place), std::string::npos) << refused.error().what;
    }
}

TEST(ContactSheet, FullDisk) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    OffscreenOptions options;
    options.contact_sheet = "/dev/full";
    const auto output = offscreen(options);
    const auto pool = plain_pool(plain_format(fourcc_nv12, 64, 36), 1);
    show(*output, plain_frame(pool, 1));
    testing::internal::CaptureStderr();
    output->stop();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("/dev/full: No space left on device"), std::string::npos) << log;
    EXPECT_TRUE(fs::exists("/dev/full"));
}

} // namespace
} // namespace v4l2play
