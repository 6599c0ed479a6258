// The same frames on several displays of one card.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "render/forwarding_output.h"

namespace v4l2play {

/// The first output is the one that counts: its vblanks are the clock, what it shows is what is told, and it has the
/// overlay. The others show the same slots, each at the vblank of its own that is nearest; one that is slower, or not
/// ready yet, takes the newest frame when it is. A slot is let go when every output that has taken it has let go of it.
///
/// Outputs after the first may use what the first one owns: they go before it.
class CloneOutput final : public ForwardingOutput {
  public:
    /// At least one.
    explicit CloneOutput(std::vector<std::unique_ptr<Output>> outputs);
    CloneOutput(const CloneOutput&) = delete;
    CloneOutput& operator=(const CloneOutput&) = delete;
    ~CloneOutput() override = default;

    [[nodiscard]] std::vector<FormatModifier> formats() const override;
    [[nodiscard]] unsigned slots_held() const override;
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    /// A clone may show a frame after its fence has gone.
    [[nodiscard]] bool takes_fences() const override { return false; }
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] Nanoseconds next_timeout() const override;
    Result<> dispatch() override;
    void stop() override;
    [[nodiscard]] OutputDescription description() const override;

  private:
    /// An output after the first, and the newest frame that it was not ready for.
    struct Clone {
        std::unique_ptr<Output> output;
        Frame next; ///< no slot: there is none
        Nanoseconds target = 0;
    };
    /// A frame that some outputs have: bit 0 the first, bit i + 1 clone i.
    struct Held {
        FrameId id = 0;
        std::uint32_t serial = 0;
        unsigned by = 0;
        Nanoseconds released = 0; ///< since when those that have let go of it do not read it
        bool timed = true;        ///< all of them told
    };
    void hand_on(std::size_t clone);
    void drop_next(std::size_t clone);
    void let_go(const FrameReleased& event, unsigned bit);
    void take_clone_events();
    std::optional<FrameReleased> take_released();

    std::vector<Clone> clones_;
    std::vector<Held> held_; ///< oldest first
};

} // namespace v4l2play
