// The buffers of the overlay and which of them is where. No commit is made here.
#pragma once

#include <array>
#include <optional>

#include "render/kms/framebuffer.h"
#include "render/kms/scene.h"
#include "render/output.h"

namespace v4l2play {

/// At most one picture is wanted, one is on its way, one is on the screen; whoever draws has what is left of three.
///
///     acquire ──► show ──► wanted ──flown──► flying ──landed──► shown ──the next one landed──► free
///
class OverlayLayer {
  public:
    explicit OverlayLayer(const KmsDevice& device)
        : device_(&device) {}

    /// Of a size that fits on `screen`; see Output::acquire_overlay.
    std::optional<OverlayBuffer> acquire(Size size, Size screen);
    /// Parts that are not on `screen` are cut off.
    void show(const OverlayBuffer& buffer, std::uint32_t x, std::uint32_t y, Size screen);
    /// The buffers go when no plane shows any of them.
    void hide();

    /// What the next commit shows; null: no overlay.
    [[nodiscard]] const OverlayPicture* wanted() const { return wanted_ ? &wanted_->picture : nullptr; }
    /// True when the last commit had something else.
    [[nodiscard]] bool changed() const { return !(wanted_ == (flying_ ? *flying_ : shown_)); }
    /// A commit with `wanted` has been accepted, and has completed.
    void fly() { flying_ = wanted_; }
    void land();
    /// No plane shows any of it any more. What is wanted stays so.
    void take_off();

  private:
    struct Shown {
        unsigned index;
        OverlayPicture picture;
        unsigned serial; ///< the same buffer, drawn again, is another picture
        bool operator==(const Shown&) const = default;
    };
    [[nodiscard]] bool busy(unsigned index) const;
    [[nodiscard]] std::optional<unsigned> free_buffer() const;
    [[nodiscard]] std::optional<Rect> find_damage(const OverlayBuffer& buffer, const Rect& place) const;
    void drop_idle();
    bool enlarge(DumbFramebuffer& buffer, Size size, Size screen);

    const KmsDevice* device_;
    std::array<DumbFramebuffer, 3> buffers_;
    std::optional<unsigned> drawn_; ///< acquired and not shown yet
    std::optional<Shown> wanted_;
    std::optional<std::optional<Shown>> flying_; ///< the inner one is empty when the overlay goes
    std::optional<Shown> shown_;
    unsigned serial_ = 0;
    bool failed_ = false; ///< there is no memory; said once
};

} // namespace v4l2play
