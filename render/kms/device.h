// A KMS card: its connectors, CRTCs and planes as they were when it was opened.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <xf86drmMode.h>

#include "decoder/format.h"
#include "decoder/kernel.h"
#include "render/kms/properties.h"
#include "render/kms/seat.h"
#include "render/kms/sink.h"

namespace v4l2play {

/// A property with named values; empty where the plane does not know the name.
template <std::size_t count>
struct EnumProperty {
    KmsProperty property;
    std::array<std::optional<std::uint64_t>, count> values;
};

struct KmsConnector {
    std::uint32_t id = 0;
    std::string name; ///< as in sysfs: "HDMI-A-1"
    bool connected = false;
    std::uint32_t possible_crtcs = 0; ///< bit i: the card's i-th CRTC
    std::vector<drmModeModeInfo> modes;
    KmsProperty crtc_id;
    KmsProperty link_status;
    KmsProperty hdr_metadata;
    KmsProperty max_bpc;
    bool vrr_capable = false;       ///< the display can wait for a frame
    EnumProperty<2> colorspace;     ///< default, BT.2020
    std::optional<SinkColors> sink; ///< empty: it has not said, or nothing here reads it
};

struct KmsCrtc {
    std::uint32_t id = 0;
    std::uint32_t index = 0; ///< its bit in `possible_crtcs`
    KmsProperty active;
    KmsProperty mode_id;
    KmsProperty vrr_enabled;
    std::optional<drmModeModeInfo> mode; ///< in use when the card was opened
};

enum class PlaneType : std::uint8_t { Overlay, Primary, Cursor };
const char* to_string(PlaneType type);

struct KmsPlane {
    std::uint32_t id = 0;
    PlaneType type = PlaneType::Overlay;
    std::uint32_t possible_crtcs = 0;
    std::vector<FormatModifier> formats;
    KmsProperty fb_id, crtc_id, in_fence_fd;
    KmsProperty crtc_x, crtc_y, crtc_w, crtc_h;
    KmsProperty src_x, src_y, src_w, src_h; ///< 16.16 fixed point
    KmsProperty zpos, rotation;
    std::uint64_t rotations = 0;    ///< DRM_MODE_ROTATE_* that it can
    KmsProperty alpha;              ///< of the whole plane
    KmsProperty damage_clips;       ///< FB_DAMAGE_CLIPS
    EnumProperty<1> blend_mode;     ///< premultiplied
    EnumProperty<3> color_encoding; ///< BT.601, BT.709, BT.2020
    EnumProperty<2> color_range;    ///< limited, full
};

/// An open card with the caps that an atomic client needs. Move-only.
class KmsDevice {
  public:
    /// ENODEV when `path` is no card with a display engine, ENOTSUP when its driver is not atomic or cannot import
    /// dmabufs, and what open(2) or `seat`, which may be null, answers. Displays whose modes the kernel does not know
    /// are asked, which takes a while.
    static Result<KmsDevice> open(Kernel& kernel, Seat* seat, const std::string& path);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Kernel& kernel() const { return *kernel_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] bool has_modifiers() const { return has_modifiers_; }
    [[nodiscard]] const std::vector<KmsConnector>& connectors() const { return connectors_; }
    [[nodiscard]] const std::vector<KmsCrtc>& crtcs() const { return crtcs_; }
    [[nodiscard]] const std::vector<KmsPlane>& planes() const { return planes_; }

    /// Looks at a connector again: whether it is connected, its modes.
    void refresh(std::uint32_t connector);
    /// The CRTC that a plane is on now; 0: none.
    [[nodiscard]] std::uint32_t crtc_of(const KmsPlane& plane) const;
    /// Makes this file the one that may change the display. EBUSY or EACCES, with the cure, when it cannot be.
    Result<> become_master();
    /// Lets others change the display; for those who only look.
    void drop_master();
    /// It was leased, and who leased it has taken everything back (drm-uapi: "DRM leasing").
    [[nodiscard]] bool is_revoked() const;

    /// Takes what the card tells of flips that have completed. One read: it takes all events that fit, and the
    /// descriptor stays readable when there are more.
    Result<> read_events();
    /// The oldest event of that CRTC which has been read and not taken yet.
    std::optional<drm_event_vblank> take_flip(std::uint32_t crtc);
    [[nodiscard]] bool has_flip(std::uint32_t crtc) const;

    /// Several screens on one card: a connector, CRTC or plane that one of them has is none of the others'.
    void claim(std::uint32_t object) { claimed_.push_back(object); }
    [[nodiscard]] bool is_claimed(std::uint32_t object) const;

  private:
    Result<> set_capabilities();
    Result<> read_resources();
    void read_planes();

    Kernel* kernel_ = nullptr;
    DeviceFile fd_;
    std::string path_;
    std::string driver_;
    bool has_modifiers_ = false;
    std::vector<KmsConnector> connectors_;
    std::vector<KmsCrtc> crtcs_;
    std::vector<KmsPlane> planes_;
    std::vector<std::uint32_t> claimed_;
    std::vector<drm_event_vblank> flips_; ///< that have completed, oldest first
};

/// Paths of the cards there are ("/dev/dri/card0"), whether they have displays or not.
std::vector<std::string> card_paths(Kernel& kernel);

} // namespace v4l2play
