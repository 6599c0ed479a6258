// A display card that is none: what render/kms asks of libdrm and of the kernel, answered from a table of planes, and
// refused where the hardware of that table refuses. It is as strict as the kernel's own checks: unknown objects and
// properties, read-only properties, rectangles outside of framebuffers, formats that a plane does not list, a mode set
// without leave, a second flip before the first has completed are errors.
//
// The seam: Kernel for what goes through it, and drmIoctl, which the program that is linked with this file gives to
// libdrm in place of its own, for everything else.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <xf86drmMode.h>

#include "decoder/format.h"
#include "decoder/kernel.h"
#include "render/kms/device.h"

namespace v4l2play {

struct FakePlane {
    PlaneType type = PlaneType::Overlay;
    std::vector<FormatModifier> formats;
    double shrink = 1;            ///< least destination pixels for a source pixel
    double grow = 1;              ///< most
    std::int64_t zpos = -1;       ///< -1: no such property
    std::uint64_t zpos_least = 0; ///< equal to zpos_most: fixed
    std::uint64_t zpos_most = 0;
    std::uint64_t rotations = 0; ///< DRM_MODE_ROTATE_* and _REFLECT_*; 0: no such property
    unsigned encodings = 0;      ///< of BT.601, BT.709, BT.2020, the first so many; 0: no such property
    bool alpha = false;
    bool damage = false;              ///< has FB_DAMAGE_CLIPS
    std::uint32_t possible_crtcs = 1; ///< bit i: the i-th display's
};

struct FakeBoard {
    const char* driver = "fake";
    std::vector<FakePlane> planes;
    std::vector<drmModeModeInfo> modes;
    bool hdr = false;                              ///< the connector has HDR_OUTPUT_METADATA, Colorspace, max bpc
    bool vrr = false;                              ///< the display's refresh rate can vary
    unsigned displays = 1;                         ///< connectors, each with a CRTC; HDMI-A-1, HDMI-A-2, ...
    std::vector<drmModeModeInfo> other_modes = {}; ///< of the displays after the first; empty: the same
    std::vector<std::uint8_t> edid = {};           ///< what the display says of itself
};

/// What a plane shows; framebuffer 0: nothing.
struct FakeShown {
    std::uint32_t framebuffer = 0;
    Rect source;
    Rect destination;
    std::uint64_t zpos = 0;
    std::uint64_t rotation = 0;
};

class FakeDrm final : public Kernel {
  public:
    explicit FakeDrm(FakeBoard board);
    ~FakeDrm() override;
    FakeDrm(const FakeDrm&) = delete;
    FakeDrm& operator=(const FakeDrm&) = delete;

    /// Ids as the driver gives them.
    [[nodiscard]] std::uint32_t plane_id(std::size_t index) const {
        return first_plane + static_cast<std::uint32_t>(index);
    }
    [[nodiscard]] FakeShown shown(std::size_t plane) const;
    /// A property of the connector, CRTC or a plane as it is now.
    [[nodiscard]] std::uint64_t value(std::uint32_t object, const std::string& name) const;
    /// Another program sets it.
    void set_value(std::uint32_t object, const std::string& name, std::uint64_t value) {
        values_.at(find(object, name)->id) = value;
    }
    [[nodiscard]] const std::vector<std::uint8_t>& blob(std::uint64_t id) const {
        return blobs_.at(static_cast<std::uint32_t>(id));
    }
    [[nodiscard]] FormatModifier format_of(std::uint32_t framebuffer) const {
        return framebuffers_.at(framebuffer).format;
    }

    /// The flip in flight completes at the next vblank, a 60th of a second later.
    void vblank(std::size_t display = 0);
    /// The flip in flight completes now.
    void complete_flip(std::size_t display = 0);
    [[nodiscard]] bool flip_in_flight(std::size_t display = 0) const { return pending_[display].has_value(); }
    /// Plugs a display in or out; the kernel tells of it.
    void connect(bool connected, std::size_t display = 0) {
        connected_[display] = connected;
        ++uevents_;
    }
    void set_modes(std::vector<drmModeModeInfo> modes) { board_.modes = std::move(modes); }
    void advance(Nanoseconds time) { now_ += time; }
    /// A descriptor of a sync_file; flips of planes that have it as IN_FENCE_FD complete when it has signalled.
    int make_fence() {
        unsignalled_.insert(next_fence_);
        open_fences_.insert(next_fence_);
        return next_fence_++;
    }
    void signal_fence(int fence) { unsignalled_.erase(fence); }
    [[nodiscard]] std::size_t open_fences() const { return open_fences_.size(); }
    /// A test of the driver's own, after all others: 0 or a negative errno.
    std::function<int(const FakeDrm&)> refuse;
    bool master = true;         ///< false: the display is another program's, and we may not become its master
    bool flips_complete = true; ///< reading the card completes the flips in flight
    bool unplugged = false;     ///< the card is gone: every call fails, and nobody can open it
    bool revoked = false;       ///< the lease, if it is one
    unsigned refused = 0;       ///< commits, because the display is another program's
    unsigned tests = 0;         ///< commits with TEST_ONLY
    unsigned commits = 0;       ///< others that were accepted
    unsigned bad_closes = 0;    ///< of handles that were not open: of somebody else's memory, sooner or later
    unsigned blobs_made = 0;
    unsigned torn_down = 0; ///< planes that showed a framebuffer when it was removed
    [[nodiscard]] std::size_t framebuffers() const { return framebuffers_.size(); }
    [[nodiscard]] std::size_t blobs() const { return blobs_.size(); }
    /// What the last commit said of a plane; empty: nothing.
    [[nodiscard]] const std::vector<drm_mode_rect>& damage(std::size_t plane) const { return damage_[plane]; }
    [[nodiscard]] std::size_t handles() const { return handles_.size(); }

    int open(const char* path, int flags) override;
    int close(int fd) override {
        open_fences_.erase(fd);
        return 0;
    }
    int ioctl(int fd, unsigned long request, void* argument) override;
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override;
    int munmap(void* address, std::size_t length) override;
    ssize_t read(int fd, void* buffer, std::size_t size) override;
    ssize_t write(int, const void*, std::size_t size) override { return static_cast<ssize_t>(size); }
    int eventfd() override { return -1; }
    int memfd(const char*, std::size_t, unsigned) override { return -1; }
    int epoll_create() override { return -1; }
    int epoll_add(int, int, std::uint32_t, std::uint64_t) override { return -1; }
    int epoll_remove(int, int) override { return -1; }
    int epoll_wait(int, std::span<epoll_event>, Nanoseconds) override { return -1; }
    std::vector<std::string> list_directory(const char* path) override;
    dev_t device_number(const char*) override { return 0; }
    Nanoseconds now() override { return now_ += 1000; }

    /// Of the first display; those of the next have numbers higher by 3.
    static constexpr std::uint32_t crtc = 30, encoder = 31, connector = 32, first_plane = 40;
    static constexpr std::size_t most_displays = 3;
    static constexpr std::uint32_t of(std::uint32_t id, std::size_t display) {
        return id + 3 * static_cast<std::uint32_t>(display);
    }
    static constexpr int card_fd = 1'000'000;             // no descriptor of the process
    static constexpr std::uint64_t no_fence = UINT64_MAX; ///< IN_FENCE_FD -1

  private:
    struct Property {
        std::uint32_t id = 0;
        std::uint32_t object = 0;
        std::string name;
        std::uint32_t flags = 0;
        std::vector<std::uint64_t> range;
        std::vector<std::pair<std::string, std::uint64_t>> names;
    };
    struct Framebuffer {
        FormatModifier format;
        std::uint32_t width = 0;
        std::uint32_t height = 0;
    };
    using Values = std::map<std::uint32_t, std::uint64_t>; ///< by property

    void add(std::uint32_t object, const char* name, std::uint32_t flags, std::uint64_t value,
             std::vector<std::uint64_t> range = {}, std::vector<std::pair<std::string, std::uint64_t>> names = {});
    void add_plane(std::size_t index);
    void add_outputs();
    std::uint32_t add_blob(std::vector<std::uint8_t> bytes);
    [[nodiscard]] const Property* find(std::uint32_t object, const std::string& name) const;
    [[nodiscard]] std::uint64_t get(const Values& values, std::uint32_t object, const char* name) const;

    int version(drm_version& request) const;
    int resources(drm_mode_card_res& request) const;
    int get_connector(drm_mode_get_connector& request) const;
    int object_properties(drm_mode_obj_get_properties& request) const;
    int property(drm_mode_get_property& request) const;
    int get_blob(drm_mode_get_blob& request) const;
    int get_plane(drm_mode_get_plane& request) const;
    int add_framebuffer(drm_mode_fb_cmd2& request);
    int remove_framebuffer(std::uint32_t id);
    int buffers(unsigned long request, void* argument);
    int atomic(const drm_mode_atomic& request);
    int fill(const drm_mode_atomic& request, Values& values) const;
    int check(const Values& values) const;
    int check_plane(const Values& values, std::size_t index) const;
    /// False when the blob does not consist of rectangles.
    [[nodiscard]] bool read_damage(std::uint64_t blob, std::vector<drm_mode_rect>& clips) const;
    /// Those of the planes of that display; they are for this commit alone.
    std::set<int> take_fences(Values& values, std::size_t display) const;
    [[nodiscard]] bool waits_for_fence(std::size_t display) const;
    [[nodiscard]] bool needs_modeset(const Values& values) const;
    [[nodiscard]] std::vector<std::size_t> displays_of(const drm_mode_atomic& request, const Values& values) const;
    [[nodiscard]] std::vector<std::uint32_t> ids_of_displays(std::uint32_t id) const;

    FakeBoard board_;
    std::vector<Property> properties_;
    Values values_;
    std::map<std::uint32_t, std::vector<std::uint8_t>> blobs_;
    std::map<std::uint32_t, Framebuffer> framebuffers_;
    std::vector<std::vector<drm_mode_rect>> damage_;                  ///< by plane, of the last commit
    std::set<std::uint32_t> handles_;                                 ///< of imported memory
    std::map<std::uint32_t, std::size_t> dumb_;                       ///< bytes by handle
    std::array<std::optional<std::uint64_t>, most_displays> pending_; ///< user data of the flip in flight
    std::array<std::set<int>, most_displays> awaited_;                ///< fences, by the flip in flight
    std::set<int> open_fences_, unsignalled_;
    int next_fence_ = 4'000'000;
    std::deque<drm_event_vblank> events_;
    std::uint32_t next_id_ = 1000;
    std::array<std::uint32_t, most_displays> sequence_{100, 5000, 70000};
    Nanoseconds now_ = 1'000'000'000;
    std::array<bool, most_displays> connected_{true, true, true};
    unsigned uevents_ = 0;
};

} // namespace v4l2play
