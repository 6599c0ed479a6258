// What is drawn, by whom, and what is told of it, on the boards of render/kms and on one without YUV.
#include "render/drawn_output.h"

#include <cerrno>
#include <set>

#include <gtest/gtest.h>

#include "render/fit.h"
#include "render/kms/kms_output.h"
#include "tests/fakes/fake_drm.h"
#include "tests/unit/decoded_frame.h"
#include "tests/unit/fake_painter.h"

namespace v4l2play {
namespace {

/// 1280x720, planes of those formats that do not scale.
FakeBoard board(std::vector<DrmFourcc> fourccs) {
    FakePlane plane;
    plane.type = PlaneType::Primary;
    for (const DrmFourcc fourcc : fourccs) plane.formats.push_back({fourcc});
    drmModeModeInfo mode{};
    mode.clock = 74250;
    mode.hdisplay = 1280;
    mode.htotal = 1650;
    mode.vdisplay = 720;
    mode.vtotal = 750;
    mode.vrefresh = 60;
    FakeBoard board;
    board.planes = {plane};
    board.modes = {mode};
    return board;
}

/// Shows nothing, and tells that what it takes is another.
class ChangingOutput final : public Output {
  public:
    void change() { changed_ = true; }
    [[nodiscard]] const std::set<const SlotPool*>& pools() const { return pools_; }

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return {{fourcc_xrgb}}; }
    [[nodiscard]] unsigned slots_held() const override { return 1; }
    [[nodiscard]] bool ready() const override { return true; }
    [[nodiscard]] VblankTiming timing() const override { return {}; }
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo&) override {
        kept_.push_back(pool); // so that the next has another address
        pools_.insert(pool.get());
        return {};
    }
    Result<> present(Frame& frame, Nanoseconds) override {
        frame.slot.reset();
        return {};
    }
    std::optional<OutputEvent> next_event() override {
        return std::exchange(changed_, false) ? std::optional<OutputEvent>(FormatsChanged{}) : std::nullopt;
    }
    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] Nanoseconds next_timeout() const override { return no_time; }
    Result<> dispatch() override { return {}; }
    void stop() override {}
    [[nodiscard]] OutputDescription description() const override { return {}; }

  private:
    bool changed_ = false;
    std::vector<std::shared_ptr<SlotPool>> kept_;
    std::set<const SlotPool*> pools_;
};

class DrawnTest : public testing::Test {
  protected:
    void open(const FakeBoard& board, const DrawnOptions& options = {}, bool painted = true) {
        drm_ = std::make_unique<FakeDrm>(board);
        KmsOptions kms;
        kms.rotation = options.rotation;
        auto output = create_kms_output(kms, *drm_);
        ASSERT_TRUE(output) << output.error().what;
        std::vector<std::unique_ptr<Painter>> painters;
        if (painted) {
            painters.push_back(std::make_unique<FakePainter>(OutputPath::Composited, gpu_));
            painters.push_back(std::make_unique<FakePainter>(OutputPath::Copied, cpu_));
        }
        output_ = create_drawn_output(std::move(*output), std::move(painters), options, *drm_);
    }
    Result<> configure(DrmFourcc fourcc, std::uint32_t width, std::uint32_t height, unsigned rotation = 0) {
        FrameFormat format;
        format.fourcc = fourcc;
        format.coded_width = width;
        format.coded_height = height;
        format.layout[0].pitch = format.layout[1].pitch = width * 4;
        std::vector<SlotMemory> slots(4);
        for (std::size_t i = 0; i < slots.size(); ++i)
            slots[i].dmabuf[0] = UniqueFd(*drm_, 2'000'000 + static_cast<int>(i));
        pool_ = SlotPool::create(*drm_, format, std::move(slots));
        info_ = {};
        info_.visible = {0, 0, width, height};
        info_.rotation = rotation;
        return output_->configure(pool_, info_);
    }
    /// A frame to the screen; its path.
    OutputPath show() {
        Frame frame = decoded_frame(*pool_, ++frames_, info_);
        EXPECT_TRUE(output_->present(frame, 0));
        return next_path();
    }
    /// What has become of the frame.
    OutputPath next_path() {
        for (int i = 0; i < 100 && !output_->ready(); ++i) EXPECT_TRUE(output_->dispatch());
        OutputPath path = OutputPath::None;
        while (auto event = output_->next_event()) {
            if (const auto* shown = std::get_if<FrameShown>(&*event)) path = shown->path;
            if (const auto* released = std::get_if<FrameReleased>(&*event)) {
                EXPECT_TRUE(released_.insert(released->id).second) << "released twice";
            }
        }
        return path;
    }

    FakePainter::Seen gpu_, cpu_;
    std::unique_ptr<FakeDrm> drm_;
    std::shared_ptr<SlotPool> pool_;
    std::unique_ptr<Output> output_;
    FrameInfo info_;
    FrameId frames_ = 0;
    std::set<FrameId> released_;
};

TEST_F(DrawnTest, WhatAPlaneShowsAsItShouldBeIsNotDrawn) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ(OutputPath::Plane, show());
    EXPECT_EQ(0U, gpu_.prepared + cpu_.prepared);
}

TEST_F(DrawnTest, WhatNoPlaneScalesIsDrawnToTheSizeOfTheScreenAndTheReasonTold) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    EXPECT_EQ((Size{960, 720}), gpu_.target);
    EXPECT_EQ(OutputPath::Composited, show());
    EXPECT_NE(std::string::npos, output_->description().plane.find("refuses scaling")) << output_->description().plane;
    EXPECT_TRUE(released_.count(1)) << "when it has been drawn";
    EXPECT_EQ(pool_->count(), pool_->free_count());
}

TEST_F(DrawnTest, TheDisplayWaitsForWhatIsStillBeingDrawn) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    int fence = 0;
    gpu_.fence = [&] { return UniqueFd(*drm_, fence = drm_->make_fence()); };
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    for (FrameId id = 1; id < 10; ++id) {
        EXPECT_EQ(OutputPath::None, show()) << "it is not drawn yet";
        EXPECT_FALSE(output_->ready());
        EXPECT_EQ(0U, released_.count(id));
        EXPECT_EQ(pool_->count() - 1, pool_->free_count()) << "the GPU reads it";
        EXPECT_EQ(0U, drm_->open_fences()) << "the kernel has its own";
        drm_->signal_fence(fence);
        EXPECT_EQ(OutputPath::Composited, next_path());
        EXPECT_EQ(1U, released_.count(id));
        EXPECT_EQ(pool_->count(), pool_->free_count());
    }
    EXPECT_EQ(0U, gpu_.finished) << "nobody else waits";
    EXPECT_EQ(0U, pool_->statistics().early_reuse);
}

TEST_F(DrawnTest, WhatIsDrawnAndNeverShownIsWaitedFor) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    gpu_.fence = [&] { return UniqueFd(*drm_, drm_->make_fence()); };
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    drm_->refuse = [](const FakeDrm&) { return -EIO; };
    EXPECT_EQ(OutputPath::None, show());
    EXPECT_EQ(1U, released_.count(1));
    EXPECT_EQ(1U, gpu_.finished);
    EXPECT_EQ(pool_->count(), pool_->free_count());
    EXPECT_EQ(0U, drm_->open_fences());
}

TEST_F(DrawnTest, DisplaysWithoutFencesGetWhatIsComplete) {
    FakeBoard two = board({fourcc_xrgb});
    two.planes.push_back(two.planes.front());
    two.planes.back().possible_crtcs = 2;
    two.displays = 2;
    drm_ = std::make_unique<FakeDrm>(two);
    KmsOptions kms;
    kms.connector = "HDMI-A-1";
    kms.clones = {"HDMI-A-2"};
    auto clones = create_kms_output(kms, *drm_);
    ASSERT_TRUE(clones) << clones.error().what;
    gpu_.fence = [&] { return UniqueFd(*drm_, drm_->make_fence()); };
    std::vector<std::unique_ptr<Painter>> painters;
    painters.push_back(std::make_unique<FakePainter>(OutputPath::Composited, gpu_));
    output_ = create_drawn_output(std::move(*clones), std::move(painters), {}, *drm_);
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    EXPECT_EQ(OutputPath::Composited, show());
    EXPECT_EQ(1U, gpu_.finished);
    EXPECT_EQ(0U, drm_->open_fences());
    EXPECT_TRUE(released_.count(1)) << "when it has been drawn";
}

TEST_F(DrawnTest, AnUnscaledPlaneIsBetterThanThePainterThatCannotOrThatCopies) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    gpu_.refusal = "no GPU draws here";
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    EXPECT_EQ(OutputPath::Plane, show());
    EXPECT_EQ(0U, cpu_.prepared);
    const unsigned tests = drm_->tests;
    output_.reset();
    pool_.reset();
    drm_.reset();
    open(board({fourcc_xrgb, fourcc_nv12}), {}, false);
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    EXPECT_EQ(OutputPath::Plane, show());
    EXPECT_EQ(drm_->tests, tests) << "the kernel is not asked again for what it has granted";
}

TEST_F(DrawnTest, WhatIsOfferedAndRefusedIsNotCopied) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    gpu_.refusal = "no GPU draws here";
    drm_->refuse = [](const FakeDrm& drm) {
        const FakeShown shown = drm.shown(0);
        return shown.framebuffer != 0 && drm.format_of(shown.framebuffer) == FormatModifier{fourcc_nv12} ? -EINVAL : 0;
    };
    const Result<> refused = configure(fourcc_nv12, 640, 480);
    ASSERT_FALSE(refused) << "another format may do";
    EXPECT_EQ(ENOTSUP, refused.error().code);
    EXPECT_NE(std::string::npos, refused.error().what.find("; no GPU draws here")) << refused.error().what;
    EXPECT_EQ(0U, cpu_.prepared);
}

TEST_F(DrawnTest, WhatIsNotOfferedIsDrawnOrAtWorstCopied) {
    open(board({fourcc_xrgb, fourcc_yuv420}));
    EXPECT_EQ(std::vector<FormatModifier>{{fourcc_yuv420}}, output_->formats());
    EXPECT_EQ(std::vector<FormatModifier>{{fourcc_nv12}}, output_->drawn_formats());
    ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ(OutputPath::Composited, show());
    gpu_.refusal = "no GPU draws here";
    ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ(OutputPath::Copied, show());
}

TEST_F(DrawnTest, PlanesWithoutVideoAreDrawnOnOrAtWorstCopiedTo) {
    open(board({fourcc_xrgb}));
    EXPECT_EQ(std::vector<FormatModifier>{{fourcc_nv12}}, output_->formats());
    ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ(OutputPath::Composited, show());
    gpu_.refusal = "no GPU draws here";
    ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ(OutputPath::Copied, show());
    EXPECT_EQ(OutputPath::Copied, output_->description().path);
    output_.reset();
    pool_.reset();
    drm_.reset();
    open(board({fourcc_xrgb}), {}, false);
    EXPECT_TRUE(output_->formats().empty() && output_->drawn_formats().empty()) << "nobody draws";
}

TEST_F(DrawnTest, DecodersLearnOfNothingThatNoGpuDraws) {
    open(board({fourcc_xrgb}));
    gpu_.refusal = cpu_.refusal = "no GPU draws here";
    EXPECT_TRUE(output_->formats().empty());
}

TEST_F(DrawnTest, NothingIsCopiedBeforeAGpuWasAskedForIt) {
    using Formats = std::vector<FormatModifier>;
    gpu_.formats = {};
    gpu_.unknown = {{fourcc_p010}};
    gpu_.knows = false;
    open(board({fourcc_xrgb, fourcc_yuv420}));
    EXPECT_EQ(output_->drawn_formats(), Formats{}) << "the GPU may read it";
    EXPECT_TRUE(output_->find_drawn_formats());
    EXPECT_EQ(output_->drawn_formats(), (Formats{{fourcc_p010}, {fourcc_nv12}})) << "what is copied comes last";
    EXPECT_FALSE(output_->find_drawn_formats()) << "nothing is new";
}

/// Each slot's release is told once, whichever way its frame went, also over a change of the way.
TEST_F(DrawnTest, ReleasesAreToldOnceOverAChangeOfTheWay) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(configure(fourcc_nv12, 1280, 720));
        for (int i = 0; i < 3; ++i) EXPECT_EQ(OutputPath::Plane, show());
        ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
        for (int i = 0; i < 3; ++i) EXPECT_EQ(OutputPath::Composited, show());
    }
    output_->stop();
    while (auto event = output_->next_event())
        if (const auto* released = std::get_if<FrameReleased>(&*event)) released_.insert(released->id);
    EXPECT_EQ(frames_, released_.size());
}

TEST_F(DrawnTest, ItTurnsThePictureItself) {
    open(board({fourcc_xrgb, fourcc_nv12}));
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480, 90));
    EXPECT_EQ((Size{540, 720}), gpu_.target);
    EXPECT_EQ(OutputPath::Composited, show());
    EXPECT_EQ(std::vector<unsigned>{90}, gpu_.turns);
}

TEST_F(DrawnTest, ATurnThatIsAskedForAndThatNoPlaneDoesIsDrawn) {
    open(board({fourcc_xrgb, fourcc_nv12}), {.rotation = 90});
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480, 180));
    EXPECT_EQ(OutputPath::Composited, show());
    EXPECT_EQ(std::vector<unsigned>{270}, gpu_.turns);
    EXPECT_EQ(0U, drm_->shown(0).rotation & ~static_cast<std::uint64_t>(DRM_MODE_ROTATE_0));
}

TEST_F(DrawnTest, ACardThatComesBackIsDrawnForAnew) {
    auto changing = std::make_unique<ChangingOutput>();
    ChangingOutput& display = *changing;
    std::vector<std::unique_ptr<Painter>> painters;
    painters.push_back(std::make_unique<FakePainter>(OutputPath::Composited, gpu_));
    drm_ = std::make_unique<FakeDrm>(board({}));
    output_ = create_drawn_output(std::move(changing), std::move(painters), {.always = true}, *drm_);
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    show();
    show();
    EXPECT_EQ(1U, gpu_.prepared);
    display.change();
    while (output_->next_event()) {
    }
    EXPECT_EQ(1U, gpu_.forgotten);
    show();
    EXPECT_EQ(2U, gpu_.prepared);
    EXPECT_EQ(2U, display.pools().size()) << "memory of its own again";
}

TEST_F(DrawnTest, ADisplayThatComesBackWithAnotherSizeIsDrawnForAnew) {
    open(board({fourcc_xrgb, fourcc_nv12}), {.always = true});
    ASSERT_TRUE(configure(fourcc_nv12, 640, 480));
    EXPECT_EQ(OutputPath::Composited, show());
    drmModeModeInfo mode = board({}).modes[0];
    mode.hdisplay = 1024;
    mode.vdisplay = 768;
    drm_->set_modes({mode});
    drm_->connect(true);
    drm_->advance(second);
    ASSERT_TRUE(output_->dispatch());
    EXPECT_EQ(OutputPath::Composited, show());
    EXPECT_EQ((Size{1024, 768}), gpu_.target);
}

} // namespace
} // namespace v4l2play
