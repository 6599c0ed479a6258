// Which plane shows the video, which the overlay, and why not a better one.
#pragma once

#include <string>
#include <vector>

#include "render/kms/plane_tests.h"
#include "render/kms/screen.h"

namespace v4l2play {

/// The best rung of the ladder that the driver takes, found by test commits, with a plane for the overlay above it. It
/// stays until the format changes or the driver breaks its word: an overlay that comes and goes moves the video once at
/// most.
class Arranger {
  public:
    /// The picture is rotated clockwise by `rotation` (0, 90, 180 or 270) and by what it asks for itself.
    Arranger(Screen& screen, unsigned rotation);

    /// ENOTSUP, with each plane's reason. What the picture itself asks to be turned by is left out when no plane can.
    Result<> plan(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer);
    /// The rung in use; `plan` came before.
    [[nodiscard]] const PlanePlan& current() const { return ladder_[rung_]; }
    [[nodiscard]] bool planned() const { return !ladder_.empty(); }
    /// The picture ought to be scaled, and no plane can.
    [[nodiscard]] bool lacks_scaling() const { return scaling_refused_ && !current().geometry.scaled(); }
    /// The picture is smaller than it should be, or not turned as it asks.
    [[nodiscard]] bool compromises() const { return planned() && (turn_refused_ || lacks_scaling()); }
    /// What is to be committed: the rung in use with the overlay, for which a plane is looked for when it has none.
    Scene scene(std::uint32_t framebuffer, const OverlayPicture* overlay);
    /// The driver refused `scene` though it had taken it in a test. False when nothing is left to try.
    bool step_down(const Scene& scene, int error);
    /// The screen has changed: nothing that was asked counts any more.
    void forget() { tests_.forget(); }

    /// The log is told which way was found, once for each: not for each pool. `plan` came before.
    void tell();
    /// "plane 41 (overlay), 1:1 centred: the driver refuses scaling (plane 41 takes NV12 but not scaled by 1.50)"
    [[nodiscard]] std::string explain() const;
    /// A line for each way there would be, with what the driver says to it; `plan` came before.
    std::vector<std::string> all_answers(std::uint32_t framebuffer);

  private:
    Result<> plan_turned(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer, unsigned turn);
    [[nodiscard]] std::string why_not_a_plane(const FrameFormat& format, unsigned turn) const;
    int climb_down(std::size_t from, std::uint32_t framebuffer);
    void remember_refusal(const Scene& scene, int error);
    void find_overlay_plane(std::uint32_t framebuffer, const OverlayPicture& overlay);
    bool try_overlay_planes(std::size_t rung, std::uint32_t framebuffer, const OverlayPicture& overlay);
    void refuse_overlay(int error);
    int test(const Scene& scene) { return tests_.test(scene, format_); }

    Screen& screen_;
    PlaneTests tests_;
    unsigned rotation_;
    FrameFormat format_;
    FrameInfo info_;
    std::vector<PlanePlan> ladder_;
    std::size_t rung_ = 0;
    bool scaling_refused_ = false;
    bool turn_refused_ = false;               ///< the picture's own
    std::vector<std::string> refusals_;       ///< one sentence for each plane that would have been better
    std::string told_;                        ///< what the log was told last
    const KmsPlane* overlay_plane_ = nullptr; ///< for the present rung; null until it is looked for
    bool overlay_refused_ = false;            ///< in the present plan
};

} // namespace v4l2play
