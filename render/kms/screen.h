// One display and the planes of its CRTC, from the state it was found in and back to it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "render/kms/atomic.h"
#include "render/kms/cards.h"
#include "render/kms/framebuffer.h"
#include "render/kms/hdr.h"
#include "render/kms/scene.h"
#include "render/kms/vblank.h"

namespace v4l2play {

class Screen;

/// A card and those of its screens that are asked for, the first first.
struct OpenedCard {
    std::unique_ptr<KmsDevice> device;
    std::vector<std::unique_ptr<Screen>> screens; ///< do not outlive it
};

/// Nothing changes on the display before `light`; the destructor puts back what was there.
class Screen {
  public:
    /// Chooses the card, and for each screen connector, mode, CRTC and planes, and becomes DRM master. Errors name the
    /// cure or what there is.
    static Result<OpenedCard> open(Kernel& kernel, const KmsOptions& options);
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    [[nodiscard]] KmsDevice& device() { return device_; }
    [[nodiscard]] const KmsDevice& device() const { return device_; }
    [[nodiscard]] const KmsConnector& connector() const { return *connector_; }
    [[nodiscard]] const drmModeModeInfo& mode() const { return mode_; }
    [[nodiscard]] const CrtcPlanes& planes() const { return planes_; }
    [[nodiscard]] Size size() const { return {mode_.hdisplay, mode_.vdisplay}; }
    [[nodiscard]] std::uint32_t crtc() const { return crtc_->id; }
    /// Tells `clock` of the last vblank, before any flip, where the driver knows it.
    void tell_vblank(VblankClock& clock) const;
    /// A frame is shown when it comes, not at the next of regular vblanks: it was asked for, and the display can.
    [[nodiscard]] bool variable_refresh() const { return options_.vrr && can_vary(); }
    [[nodiscard]] bool lacks_variable_refresh() const { return options_.vrr && !can_vary(); }

    /// Looks at the connector again. ENODEV while no display is there. True when it has to be lit anew: its mode is
    /// another one from now on, or the driver has lost the link. What is shown does not change before `light`.
    Result<bool> look_again();
    /// For pictures that no plane scales, where the person leaves the mode to the content: takes the mode that fits
    /// `picture` best. True when that is another one; `light` must follow.
    Result<bool> fit_mode(Size picture);
    /// What the display is to be told of the light and the colours of such frames, where it can be told: with the next
    /// `show`, or `light`.
    void set_colors(const FrameInfo& info);
    /// False while `show` has colours to tell of: `flip` would leave them for later.
    [[nodiscard]] bool colors_told() const { return colors_told_; }
    /// The display off, whatever is in flight. Blocks until nothing is read any more. 0 or a negative errno.
    int turn_off();
    /// Our mode on, the primary plane black, every other plane of the CRTC off. Blocks until it is so. Sets the mode
    /// only where it is another one, so that most displays do not blank.
    Result<> light();
    /// 0 when the driver would take `scene`, else its negative errno. Before `light` that is with our mode set.
    int test(const Scene& scene);
    /// Starts the change to `scene`, with an event at its vblank. 0 or a negative errno (-EBUSY: later).
    int show(const Scene& scene, std::uint64_t user_data);
    /// Starts the change to another framebuffer of the video in the same scene; `show` came before. `in_fence` as in
    /// Scene.
    int flip(std::uint32_t framebuffer, int in_fence, std::uint64_t user_data);
    /// Takes everything off, in favour of black, and waits until that is so. 0 or a negative errno.
    int blank();
    /// True after `light`.
    [[nodiscard]] bool is_lit() const { return lit_; }
    /// Whether a seat lends the card, and does so now; without one it is ours.
    [[nodiscard]] bool has_seat() const { return options_.seat != nullptr; }
    [[nodiscard]] bool is_lent() const { return !has_seat() || options_.seat->active(); }
    /// Becomes master again after another program had the display; `light` must follow. EACCES while another session
    /// has it.
    Result<> take_back();

  private:
    Screen(KmsDevice& device, const KmsOptions& options)
        : device_(device)
        , options_(options) {}
    Result<> set_mode(const drmModeModeInfo& mode);
    std::optional<hdr_output_metadata> announcement(const FrameInfo& info);
    void add_colors(AtomicRequest& request, std::uint32_t hdr_blob) const;
    void take_hdr_blob(std::uint32_t blob);
    void give_up_colors();
    void forget_colors();
    int try_to_light(std::uint32_t hdr_blob);
    Result<> choose(bool clone);
    Result<> choose_primary();
    void choose_overlays(PlaneType type, unsigned sharers, std::vector<const KmsPlane*>& chosen);
    [[nodiscard]] bool may_use(const KmsPlane& plane) const;
    [[nodiscard]] bool can_vary() const { return connector_->vrr_capable && crtc_->vrr_enabled.writable(); }
    int create_mode_blob(const drmModeModeInfo& mode, std::uint32_t& blob) const;
    void add_output(AtomicRequest& request) const;
    /// False when its planes cannot lie on each other like that.
    [[nodiscard]] bool add_scene(AtomicRequest& request, const Scene& scene) const;
    static void add_in_fence(AtomicRequest& request, const KmsPlane& plane, int in_fence);
    void add_damage(AtomicRequest& request, const Scene& scene);
    [[nodiscard]] std::uint32_t create_damage_blob(const Rect& damage) const;
    void take_damage_blob(std::uint32_t blob);
    void add_black(AtomicRequest& request, std::uint64_t zpos) const;
    void add_others_off(AtomicRequest& request, std::span<const KmsPlane* const> kept) const;
    int commit(std::uint32_t flags, std::uint64_t user_data = 0);
    int start(const Scene& scene, bool with_colors, std::uint32_t flags, std::uint64_t user_data);
    int start_with_colors(const Scene& scene, std::uint64_t user_data);
    void use(const KmsPlane* plane);
    void restore();
    void add_found_planes();
    void add_found_output(std::uint32_t mode_blob);
    int switch_off();

    KmsDevice& device_;
    KmsOptions options_;
    const KmsConnector* connector_ = nullptr;
    const KmsCrtc* crtc_ = nullptr;
    CrtcPlanes planes_;
    drmModeModeInfo mode_{};
    std::uint32_t mode_blob_ = 0;
    std::optional<hdr_output_metadata> hdr_; ///< what the video wants the display to be told; empty: standard range
    std::uint32_t hdr_blob_ = 0;             ///< what it is told; 0: standard range, also where it refused
    bool colors_told_ = true;
    bool warned_of_hdr_ = false;
    DumbFramebuffer black_;
    DumbFramebuffer shown_black_; ///< of the mode before, until the display is lit anew
    AtomicRequest request_;
    const KmsPlane* video_ = nullptr;   ///< the plane that shows video now
    const KmsPlane* overlay_ = nullptr; ///< and the overlay
    Rect damage_;                       ///< what the blob says; kept, for an overlay often changes in one place
    std::uint32_t damage_blob_ = 0;
    std::vector<const KmsPlane*> on_;   ///< the planes that are on: black, video, overlay
    std::vector<const KmsPlane*> used_; ///< planes that have ever been ours
    bool changed_ = false;              ///< the display is no longer as it was found
    bool lit_ = false;
};

} // namespace v4l2play
