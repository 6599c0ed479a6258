// The Wayland output before a compositor of the test's own.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>

#include "render/wayland/wayland_output.h"
#include "tests/unit/decoded_frame.h"
#include "tests/unit/delegating_kernel.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {

using Texts = std::vector<std::string>;

constexpr Nanoseconds period = 16'666'667;

inline FrameFormat nv12() {
    FrameFormat format;
    format.fourcc = fourcc_nv12;
    format.coded_width = 64;
    format.coded_height = 48;
    format.layout[0] = {0, 0, 64};
    format.layout[1] = {0, 64 * 48, 64};
    format.memory_size[0] = 64 * 48 * 3 / 2;
    return format;
}

class WaylandTest : public testing::Test {
  protected:
    void TearDown() override {
        if (mock_ == nullptr) return;
        EXPECT_EQ(mock_->complaints(), Texts{});
    }

    void start(const MockOptions& mock = {}, const WaylandOptions& options = {false, 0},
               Kernel& kernel = system_kernel()) {
        output_.reset();
        mock_.reset(); // both have the same name
        mock_ = std::make_unique<MockCompositor>(mock);
        kernel_ = &kernel;
        auto output = create_wayland_output(options, kernel);
        ASSERT_TRUE(output) << output.error().what;
        output_ = std::move(*output);
    }

    /// `make_fd`: what stands for a dmabuf.
    std::shared_ptr<SlotPool> make_pool(
        unsigned count, const std::function<int()>& make_fd = [] { return memfd_create("slot", MFD_CLOEXEC); }) {
        std::vector<SlotMemory> slots(count);
        for (SlotMemory& slot : slots) slot.dmabuf[0] = UniqueFd(system_kernel(), make_fd());
        return SlotPool::create(system_kernel(), nv12(), std::move(slots));
    }

    static Frame make_frame(const std::shared_ptr<SlotPool>& pool, FrameId id) {
        FrameInfo info;
        info.visible = {0, 0, 64, 48};
        return decoded_frame(*pool, id, info);
    }

    /// Presents frame `id`, and has the compositor show it at once.
    void show(const std::shared_ptr<SlotPool>& pool, FrameId id) {
        Frame frame = make_frame(pool, id);
        const auto presented = output_->present(frame, 0);
        ASSERT_TRUE(presented) << presented.error().what;
        mock_->present(last_frame(), next_refresh(), period);
        dispatch();
    }

    /// Index of the last commit of a frame.
    std::size_t last_frame() {
        const auto commits = mock_->commits();
        std::size_t last = commits.size();
        while (last-- > 0 && commits[last].buffer == 0) {
        }
        return last;
    }

    Nanoseconds next_refresh() {
        refresh_ = std::max(refresh_ + period, kernel_->now());
        return refresh_;
    }

    void dispatch() { EXPECT_TRUE(output_->dispatch()); }

    /// "shown 1", "released 1", ...
    Texts events() {
        Texts texts;
        while (auto event = output_->next_event()) {
            if (const auto* shown = std::get_if<FrameShown>(&*event))
                texts.push_back("shown " + std::to_string(shown->id));
            if (const auto* released = std::get_if<FrameReleased>(&*event))
                texts.push_back("released " + std::to_string(released->id));
            if (const auto* discarded = std::get_if<FrameDiscarded>(&*event))
                texts.push_back("discarded " + std::to_string(discarded->id));
            if (const auto* lost = std::get_if<OutputLost>(&*event)) texts.push_back("lost: " + lost->error.what);
            if (std::holds_alternative<FormatsChanged>(*event)) texts.push_back("other formats");
            if (const auto* key = std::get_if<KeyPressed>(&*event))
                texts.push_back("key " + std::to_string(static_cast<int>(key->key)));
        }
        return texts;
    }

    static std::string states(const SlotPool& pool) {
        std::string text;
        for (std::uint32_t i = 0; i < pool.count(); ++i) text += to_string(pool.snapshot(i).state)[0];
        return text;
    }

    /// Dispatches as the event loop does until `ms` have passed.
    void live_for(int ms) {
        const Nanoseconds until = system_kernel().now() + ms * millisecond;
        for (Nanoseconds now = system_kernel().now(); now < until; now = system_kernel().now()) {
            pollfd wait{output_->fd(), POLLIN, 0};
            const Nanoseconds wanted = output_->next_timeout();
            const Nanoseconds end = wanted == no_time ? until : std::clamp(wanted, now, until);
            poll(&wait, 1, static_cast<int>((end - now) / millisecond) + 1);
            dispatch();
        }
    }

    StillKernel still_;        ///< for tests that say what time it is
    Kernel* kernel_ = nullptr; ///< the output's
    std::unique_ptr<MockCompositor> mock_;
    std::unique_ptr<Output> output_; // goes before its compositor
    Nanoseconds refresh_ = 0;
};

} // namespace v4l2play
