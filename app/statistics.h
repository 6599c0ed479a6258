// --stats and the key `i`: gathers what the overlay tells of a playback, and keeps it on the screen while it is wanted.
#pragma once

#include <memory>
#include <string>

#include "app/report.h"
#include "render/overlay/overlay.h"
#include "render/overlay/timeline.h"

namespace v4l2play {

/// One per output. Off, it does nothing but remember the pool.
class Statistics {
  public:
    explicit Statistics(Output& output)
        : output_(output) {}

    /// A line that names what is missing when this build has no overlay.
    Result<> toggle();
    [[nodiscard]] bool on() const { return on_; }

    /// From now on it is about this item.
    void begin(const ItemReport& item);
    /// Frames come from `pool` now.
    void use(const std::shared_ptr<SlotPool>& pool, const ItemReport& item);
    /// `target`: the vblank aimed at, 0 for the next; `late`: vblanks after that which was ideal.
    void shown(const FrameShown& shown, Nanoseconds target, std::int64_t late, const ItemReport& item);
    /// `why` is a literal.
    void dropped(const char* why, std::uint64_t count = 1);
    /// Brings the screen up to date, if it is time to. Answers when it is to be called again at the latest (frames that
    /// come and go wake whoever calls it sooner); no_time while it is off.
    Nanoseconds refresh(const ItemReport& item, std::size_t queued, std::size_t capacity);

  private:
    void describe(const ItemReport& item);

    Output& output_;
    bool on_ = false;
    std::unique_ptr<Overlay> overlay_;
    std::weak_ptr<SlotPool> pool_;
    Timeline timeline_;
    PlaybackFacts facts_;
    Nanoseconds next_draw_ = 0;
    Nanoseconds next_numbers_ = 0;
};

} // namespace v4l2play
