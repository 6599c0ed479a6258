// What is seen of known states: no golden pictures, but colours, their order and their extent.
#include "render/overlay/timeline_panel.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "render/overlay/theme.h"
#include "render/overlay/tile_painter.h"
#include "tests/fakes/fake_kernel.h"

namespace v4l2play {
namespace {

constexpr std::array all_states{SlotState::Free, SlotState::InDecode, SlotState::Decoded, SlotState::Exported};

class PanelTest : public testing::TestWithParam<float> {
  protected:
    PanelTest() { pool_ = SlotPool::create(kernel_, {}, std::vector<SlotMemory>(4)); }

    /// Made once for each scale: drawing letters takes time, and imgui wants one at a time.
    static Canvas& canvas(float scale) {
        static std::unique_ptr<Canvas> last;
        if (last == nullptr || last->scale() != scale) {
            last.reset();
            last = std::make_unique<Canvas>(scale);
        }
        return *last;
    }
    void draw() {
        timeline_.update();
        size_ = panel_size(timeline_.lanes(), canvas_.scale());
        pixels_.resize(std::size_t{size_.width} * size_.height);
        canvas_.begin(size_.width, size_.height);
        draw_panel(canvas_, timeline_, facts_, kernel_.now());
        changed_ = painter_.set(canvas_.end(), size_.width, size_.height);
        const std::uint64_t before = painter_.pixels_written();
        painter_.paint({reinterpret_cast<std::byte*>(pixels_.data()), size_.width * 4, size_.width, size_.height, 0});
        written_ = painter_.pixels_written() - before;
    }
    [[nodiscard]] std::uint32_t at(float x, float y) const {
        return pixels_[static_cast<std::size_t>(y * canvas_.scale()) * size_.width +
                       static_cast<std::size_t>(x * canvas_.scale())];
    }
    static std::optional<SlotState> state_of(std::uint32_t pixel) {
        for (const SlotState state : all_states)
            if (pixel == premultiplied(theme::of(state), 255)) return state;
        return std::nullopt;
    }
    /// The states met on the way down at `x` units, in the upper part, each once in a row.
    std::vector<SlotState> states_down(float x) {
        std::vector<SlotState> found;
        for (float y = 0; y < 150; y += 1 / canvas_.scale()) {
            const auto state = state_of(at(x, y));
            if (state && (found.empty() || found.back() != *state)) found.push_back(*state);
        }
        return found;
    }

    fakes::FakeKernel kernel_;
    std::shared_ptr<SlotPool> pool_;
    Timeline timeline_;
    PlaybackFacts facts_;
    Canvas& canvas_ = canvas(GetParam());
    TilePainter painter_;
    PanelSize size_;
    std::vector<std::uint32_t> pixels_;
    std::uint64_t written_ = 0;
    bool changed_ = false;
};

TEST_P(PanelTest, LanesHaveTheColoursOfTheirStates) {
    timeline_.watch(pool_);
    SlotRef a = pool_->acquire(), b = pool_->acquire(), c = pool_->acquire();
    ASSERT_TRUE(pool_->finish_decode(b));
    ASSERT_TRUE(pool_->finish_decode(c));
    const auto shown = pool_->export_to_presenter(c);
    kernel_.advance(5 * second);
    draw();
    const std::vector<SlotState> expected{SlotState::InDecode, SlotState::Decoded, SlotState::Exported,
                                          SlotState::Free};
    EXPECT_EQ(states_down(180), expected);
    EXPECT_EQ(states_down(480), expected);
}

TEST_P(PanelTest, LengthIsTime) {
    timeline_.watch(pool_);
    SlotRef slot = pool_->acquire();
    kernel_.advance(4 * second - kernel_.now() % (2 * second)); // the cursor is at the left end
    kernel_.advance(500 * millisecond);
    ASSERT_TRUE(pool_->finish_decode(slot));
    kernel_.advance(1490 * millisecond);
    draw();
    // Down to the first lane, then along it.
    float y = 0;
    while (y < 150 && state_of(at(300, y)) != SlotState::Decoded) y += 1 / canvas_.scale();
    ASSERT_LT(y, 150) << "no lane";
    std::array<unsigned, 4> length{};
    y += 4;                                              // its middle
    for (float x = 0; x < 580; x += 1 / canvas_.scale()) // to the right of that is the legend
        if (const auto state = state_of(at(x, y))) ++length[static_cast<std::size_t>(*state)];
    EXPECT_EQ(length[static_cast<std::size_t>(SlotState::Exported)], 0U);
    // 447 ms of 500 are left, the gap before the cursor took the others.
    const double share = length[static_cast<std::size_t>(SlotState::InDecode)] /
                         static_cast<double>(length[static_cast<std::size_t>(SlotState::Decoded)]);
    EXPECT_NEAR(share, 447.0 / 1490.0, 0.02);
}

TEST_P(PanelTest, OnlyWhatIsAtTheCursorChanges) {
    timeline_.watch(pool_);
    kernel_.advance(5100 * millisecond);
    draw();
    EXPECT_TRUE(changed_);
    EXPECT_EQ(written_, std::uint64_t{size_.width} * size_.height);
    draw();
    EXPECT_FALSE(changed_) << "time stands still";
    EXPECT_EQ(written_, 0U);
    kernel_.advance(66 * millisecond);
    draw();
    EXPECT_TRUE(changed_);
    EXPECT_GT(written_, 0U);
    EXPECT_LT(written_, std::uint64_t{size_.width} * size_.height / 3);
}

TEST_P(PanelTest, NothingToTell) {
    timeline_.watch(nullptr);
    draw();
    EXPECT_EQ(states_down(300), std::vector<SlotState>{}) << "no slots, no lanes";
}

TEST_P(PanelTest, HostileText) {
    facts_.title = std::string(3000, '\xff') + "\n\t\x01%s%n";
    facts_.format = std::string(5000, 'M');
    facts_.decoder = std::string(70000, 'W');
    facts_.output = std::string("\0\xc3", 2);
    for (int i = 0; i < 100; ++i) timeline_.dropped({kernel_.now(), "some reason of some length"});
    facts_.shown = UINT64_MAX;
    draw();
    EXPECT_TRUE(changed_);
}

INSTANTIATE_TEST_SUITE_P(Scales, PanelTest, testing::Values(1.0F, 1.75F));

using Color = std::array<double, 3>;
using Matrix = std::array<Color, 3>;

Color seen_by(const Matrix& eyes, Rgba color) {
    const auto linear = [color](unsigned i) {
        const double value = static_cast<double>(color >> 8 * i & 0xff) / 255;
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    Color seen;
    for (std::size_t i = 0; i < 3; ++i)
        seen[i] = std::clamp(eyes[i][0] * linear(0) + eyes[i][1] * linear(1) + eyes[i][2] * linear(2), 0.0, 1.0);
    return seen;
}

/// CIE L*a*b* of linear sRGB.
Color lab_of(const Color& rgb) {
    const auto root = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
    const double x = root((0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505);
    const double y = root(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]);
    const double z = root((0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

TEST(Theme, StatesAreToldApartByAnyEyes) {
    // Machado, Oliveira, Fernandes 2009, severity 1.0.
    const std::map<const char*, Matrix> eyes{
        {"normal", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
        {"protanopia",
         {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}}},
        {"deuteranopia",
         {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}},
        {"tritanopia",
         {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}}};
    for (const auto& [name, matrix] : eyes)
        for (const SlotState one : all_states)
            for (const SlotState other : all_states) {
                if (one == other) continue;
                const Color a = lab_of(seen_by(matrix, theme::of(one))), b = lab_of(seen_by(matrix, theme::of(other)));
                // 2.3 can just be noticed; lines of a few pixels need much more.
                EXPECT_GT(std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]), 28)
                    << to_string(one) << " and " << to_string(other) << ", " << name;
            }
}

TEST(PanelScale, FollowsTheScreen) {
    EXPECT_EQ(panel_scale(1280, 720), 1.0F);
    EXPECT_EQ(panel_scale(1024, 768), 1.0F);
    EXPECT_EQ(panel_scale(1920, 1080), 1.5F);
    EXPECT_EQ(panel_scale(3840, 2160), 3.0F);
    EXPECT_EQ(panel_scale(640, 480), 0.75F);
    EXPECT_EQ(panel_scale(320, 240), 0.0F) << "no room";
    EXPECT_EQ(panel_scale(0, 0), 0.0F);
    for (std::uint32_t width = 500; width < 4000; width += 333)
        for (std::uint32_t height = 300; height < 4000; height += 333)
            if (const float scale = panel_scale(width, height); scale > 0) {
                EXPECT_LE(panel_size(64, scale).width, width);
                EXPECT_LE(panel_size(64, scale).height, height);
            }
}

} // namespace
} // namespace v4l2play
