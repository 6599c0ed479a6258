// The whole KMS output on a card that is none.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "render/kms/kms_output.h"
#include "tests/fakes/fake_drm.h"
#include "tests/fakes/fake_seat.h"
#include "tests/unit/decoded_frame.h"

namespace v4l2play {

class Board {
  public:
    /// `lend`: the card is lent by `seat_`, and not opened directly.
    explicit Board(const FakeBoard& board, const KmsOptions& options = {}, bool lend = false)
        : drm_(board) {
        auto seat = lend ? std::make_unique<FakeSeat>(drm_, lent_) : nullptr;
        seat_ = seat.get();
        auto output = create_kms_output(options, drm_, std::move(seat));
        if (output) output_ = std::move(*output);
        EXPECT_TRUE(output) << output.error().what;
    }
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board() {
        output_.reset();
        EXPECT_EQ(drm_.bad_closes, 0U);
        EXPECT_EQ(drm_.torn_down, 0U) << "framebuffers go after their planes";
        EXPECT_EQ(drm_.handles(), 0U) << "a framebuffer holds its memory by itself";
    }
    /// Empty, or why it cannot be shown.
    std::string configure(DrmFourcc fourcc, std::uint32_t width, std::uint32_t height, std::uint64_t modifier = 0) {
        FrameFormat format;
        format.fourcc = fourcc;
        format.modifier = modifier;
        format.coded_width = (width + 15) / 16 * 16;
        format.coded_height = (height + 15) / 16 * 16;
        format.layout[0].pitch = format.layout[1].pitch = format.coded_width * 2;
        std::vector<SlotMemory> slots(slots_);
        for (std::size_t i = 0; i < slots_; ++i) slots[i].dmabuf[0] = UniqueFd(drm_, 2'000'000 + static_cast<int>(i));
        pool_ = SlotPool::create(drm_, format, std::move(slots));
        info_ = {};
        info_.visible = {0, 0, width, height};
        const auto done = output_->configure(pool_, info_);
        return done ? "" : done.error().what;
    }
    void present() {
        Frame frame = decoded_frame(*pool_, ++frames_, info_);
        ASSERT_TRUE(output_->present(frame, 0));
    }
    /// Why a frame that is presented now is not shown.
    std::string discarded() {
        present();
        std::string why = "shown";
        while (auto event = output_->next_event())
            if (const auto* one = std::get_if<FrameDiscarded>(&*event)) why = one->why;
        return why;
    }
    /// A frame to the screen.
    void show() {
        present();
        for (int i = 0; i < 100 && !output_->ready(); ++i) ASSERT_TRUE(output_->dispatch());
        ASSERT_TRUE(output_->ready());
        while (output_->next_event()) {
        }
    }
    void overlay(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
        const auto buffer = output_->acquire_overlay(width, height);
        ASSERT_TRUE(buffer);
        output_->show_overlay(*buffer, x, y);
    }
    [[nodiscard]] std::string plane() const { return output_->description().plane; }
    /// The planes that show something, from the bottom to the top.
    [[nodiscard]] std::vector<std::size_t> stack(std::size_t planes) const {
        std::vector<std::size_t> on;
        for (std::size_t i = 0; i < planes; ++i)
            if (drm_.shown(i).framebuffer != 0) on.push_back(i);
        std::stable_sort(on.begin(), on.end(),
                         [&](std::size_t a, std::size_t b) { return drm_.shown(a).zpos < drm_.shown(b).zpos; });
        return on;
    }

    FakeDrm drm_;
    int lent_ = 0;
    FakeSeat* seat_ = nullptr; ///< the output's
    std::unique_ptr<Output> output_;
    std::shared_ptr<SlotPool> pool_;
    std::size_t slots_ = 4;
    FrameInfo info_;
    FrameId frames_ = 0;
};
using Planes = std::vector<std::size_t>;

} // namespace v4l2play
