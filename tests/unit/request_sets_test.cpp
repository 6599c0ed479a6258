// Reference picture sets that change, and the driver that does not notice (quirk NewContextForSets).
#include <set>

#include <gtest/gtest.h>
#include <linux/version.h>

#include "tests/unit/delegating_controls.h"
#include "tests/unit/expect_clean.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play::test {
namespace {

using namespace fakes;

constexpr unsigned group_size = 6; ///< pictures from one that starts anew to the next

/// H.264's, but that each group has sets of its own, or all have the same: as HEVC may, for which the fake kernel has
/// no controls.
class ControlsWithSets final : public DelegatingControls {
  public:
    explicit ControlsWithSets(bool sets_change)
        : sets_change_(sets_change) {}
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override {
        sent_.reset();
        return DelegatingControls::sequence_controls(sequence);
    }
    [[nodiscard]] bool changes_reference_sets(const Picture& picture) const override {
        return sent_ && *sent_ != sets_of(picture);
    }
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override {
        sent_ = sets_of(picture);
        return DelegatingControls::picture_controls(picture, index);
    }

  private:
    [[nodiscard]] FrameId sets_of(const Picture& picture) const {
        return sets_change_ ? (picture.id - 1) / group_size : 0;
    }

    const bool sets_change_;
    std::optional<FrameId> sent_;
};

/// Contexts that it takes to play three groups of one size.
std::size_t contexts_on(const char* driver, std::uint32_t kernel_version, bool sets_change) {
    const ClipOptions clip{.pictures = 3 * group_size, .period = group_size, .b_pictures = true};
    FakeKernel kernel({device_of(driver, kernel_version)});
    Playback playback(kernel);
    auto decoder = open_decoder(kernel, clip, std::make_unique<ControlsWithSets>(sets_change));
    EXPECT_TRUE(decoder);
    EXPECT_TRUE(playback.play(**decoder, make_clip(clip)));
    EXPECT_EQ(3 * group_size, playback.frames.size());
    EXPECT_TRUE(playback.dropped.empty());
    std::set<SlotPool*> pools;
    for (const auto& pool : playback.pools) pools.insert(pool.get());
    decoder->reset();
    expect_clean(kernel, playback);
    return pools.size();
}

using RequestSetsTest = QuietTest;

TEST_F(RequestSetsTest, OtherSetsGetANewContextWhereTheDriverKeepsTheOld) {
    EXPECT_EQ(3U, contexts_on("rkvdec", KERNEL_VERSION(7, 0, 0), true));
    EXPECT_EQ(1U, contexts_on("rkvdec", KERNEL_VERSION(7, 0, 0), false));
}

TEST_F(RequestSetsTest, OtherDriversGoOn) {
    EXPECT_EQ(1U, contexts_on("rkvdec", KERNEL_VERSION(6, 19, 0), true));
    EXPECT_EQ(1U, contexts_on("hantro-vpu", KERNEL_VERSION(7, 0, 0), true));
}

} // namespace
} // namespace v4l2play::test
