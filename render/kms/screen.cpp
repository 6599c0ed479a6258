#include "render/kms/screen.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <xf86drm.h>

#include "decoder/log.h"
#include "render/kms/mode.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t flip_flags = DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT;
constexpr std::uint64_t link_status_good = 0;
constexpr std::uint64_t link_status_bad = 1;

bool contains(const std::vector<const KmsPlane*>& planes, const KmsPlane* plane) {
    return std::find(planes.begin(), planes.end(), plane) != planes.end();
}

/// A primary plane can serve several CRTCs; the one to take is that in use, else that which serves the fewest others.
int primary_preference(const KmsPlane& plane, const KmsCrtc& crtc) {
    if (plane.crtc_id.value == crtc.id) return 0;
    return __builtin_popcount(plane.possible_crtcs);
}

std::string because(const char* what, int error, const AtomicRequest& request) {
    if (request.failure() != 0) return fmt::format("{}: the driver has no {}", what, request.missing());
    return fmt::format("{}: {}", what, std::strerror(-error));
}

} // namespace

/// Planes that several screens could have are shared out when it is known who else there is.
Result<OpenedCard> Screen::open(Kernel& kernel, const KmsOptions& options) {
    Result<KmsDevice> device = open_card(kernel, options);
    if (!device) return fail(std::move(device).error());
    OpenedCard opened;
    opened.device = std::make_unique<KmsDevice>(std::move(*device));
    KmsOptions asked = options;
    for (std::size_t i = 0; i <= options.clones.size(); ++i) {
        if (i > 0) asked.connector = options.clones[i - 1];
        opened.screens.emplace_back(new Screen(*opened.device, asked));
        V4L2PLAY_TRY(opened.screens.back()->choose(i > 0));
    }
    for (const auto& screen : opened.screens) V4L2PLAY_TRY(screen->choose_primary());
    auto sharers = static_cast<unsigned>(opened.screens.size());
    for (const auto& screen : opened.screens) {
        screen->choose_overlays(PlaneType::Overlay, sharers, screen->planes_.overlays);
        screen->choose_overlays(PlaneType::Cursor, sharers, screen->planes_.cursors);
        --sharers;
    }
    V4L2PLAY_TRY(opened.device->become_master());
    for (const auto& screen : opened.screens) V4L2PLAY_TRY(screen->set_mode(screen->mode_));
    return opened;
}

/// A black picture of another size goes at once, and the plane that shows it goes off with it.
Result<> Screen::set_mode(const drmModeModeInfo& mode) {
    const Size size{mode.hdisplay, mode.vdisplay};
    if (!(black_.size() == size)) {
        Result<DumbFramebuffer> black = DumbFramebuffer::create(device_, size, fourcc_xrgb);
        if (!black) return fail(std::move(black).error());
        // What is shown goes when it is no longer: the kernel would turn the display off.
        if (shown_black_.id() == 0) shown_black_ = std::move(black_);
        black_ = std::move(*black);
    }
    std::uint32_t blob = 0;
    if (const int error = create_mode_blob(mode, blob); error != 0)
        return fail(-error, "cannot describe the mode to the driver", "DRM_IOCTL_MODE_CREATEPROPBLOB");
    if (mode_blob_ != 0) drmModeDestroyPropertyBlob(device_.fd(), mode_blob_);
    mode_blob_ = blob;
    mode_ = mode;
    lit_ = false;
    return {};
}

Result<bool> Screen::look_again() {
    device_.refresh(connector_->id);
    if (!connector_->connected || connector_->modes.empty()) {
        forget_colors();
        return fail(ENODEV, fmt::format("{} is not connected", connector_->name), "look_again");
    }
    const auto& modes = connector_->modes;
    const bool still_there =
        std::any_of(modes.begin(), modes.end(), [&](const drmModeModeInfo& mode) { return same_mode(mode, mode_); });
    // The driver could not hold the link (DisplayPort): the mode must be set again (drm-kms, "link-status").
    if (still_there) return connector_->link_status.value == link_status_bad;
    Result<drmModeModeInfo> mode = choose_mode(modes, std::nullopt, options_.mode, options_.content_rate);
    if (!mode) mode = choose_mode(modes, std::nullopt, "preferred");
    if (!mode) return fail(std::move(mode).error());
    V4L2PLAY_TRY(set_mode(*mode));
    return true;
}

Result<bool> Screen::fit_mode(Size picture) {
    if (options_.mode != "content") return false;
    const drmModeModeInfo mode = fitting_mode(connector_->modes, mode_, picture, options_.content_rate);
    if (same_mode(mode, mode_)) return false;
    V4L2PLAY_TRY(set_mode(mode));
    return true;
}

/// What a display does not understand it is not told: it would show colours that nobody meant.
std::optional<hdr_output_metadata> Screen::announcement(const FrameInfo& info) {
    std::optional<hdr_output_metadata> metadata = hdr_metadata(info);
    const std::optional<SinkColors>& sink = connector_->sink;
    if (!metadata || !sink || (is_pq(*metadata) ? sink->pq : sink->hlg)) return metadata;
    if (!std::exchange(warned_of_hdr_, true))
        log_warning("kms", "{} does not understand {}: the video will look dull on it", connector_->name,
                    is_pq(*metadata) ? "HDR10" : "HLG");
    return std::nullopt;
}

void Screen::set_colors(const FrameInfo& info) {
    if (!connector_->hdr_metadata.writable()) return;
    const std::optional<hdr_output_metadata> wanted = announcement(info);
    if (!wanted && !hdr_) return;
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): padding that differs would cost a new blob, no more
    if (wanted && hdr_ && std::memcmp(&*wanted, &*hdr_, sizeof *wanted) == 0) return;
    std::uint32_t blob = 0;
    if (wanted && drmModeCreatePropertyBlob(device_.fd(), &*wanted, sizeof *wanted, &blob) != 0) return;
    take_hdr_blob(blob);
    hdr_ = wanted;
    colors_told_ = false;
}

void Screen::take_hdr_blob(std::uint32_t blob) {
    if (hdr_blob_ != 0) drmModeDestroyPropertyBlob(device_.fd(), hdr_blob_);
    hdr_blob_ = blob;
}

/// The display may be another when it is back: what one has refused, or does not know, another may take.
void Screen::forget_colors() {
    take_hdr_blob(0);
    hdr_.reset();
    warned_of_hdr_ = false;
}

/// From here on the display is told of the standard range, until other colours are wanted.
void Screen::give_up_colors() {
    take_hdr_blob(0);
    log_warning("kms", "{} refuses the colours of the video: they are shown as they are", connector_->name);
}

/// All three together: a display that is told of one and not of the others shows wrong colours.
void Screen::add_colors(AtomicRequest& request, std::uint32_t hdr_blob) const {
    constexpr std::uint64_t enough_bits = 12;
    const KmsConnector& connector = *connector_;
    request.object(connector.id);
    request.set_if_writable(connector.hdr_metadata, hdr_blob);
    const bool bt2020 = hdr_blob != 0 && (!connector.sink || connector.sink->bt2020_rgb);
    if (const auto colorspace = connector.colorspace.values[bt2020 ? 1 : 0])
        request.set_if_writable(connector.colorspace.property, *colorspace);
    const std::uint64_t bits =
        hdr_blob != 0 ? std::min(connector.max_bpc.maximum, enough_bits) : connector.max_bpc.value;
    request.set_if_writable(connector.max_bpc, bits);
}

/// A clone's mode is that of the first where it has one, else what it shows now or prefers.
Result<> Screen::choose(bool clone) {
    const Result<const KmsConnector*> connector = choose_connector(device_, options_.connector);
    if (!connector) return fail(connector.error());
    connector_ = *connector;
    device_.claim(connector_->id);
    const Result<const KmsCrtc*> crtc = choose_crtc(device_, *connector_);
    if (!crtc) return fail(crtc.error());
    crtc_ = *crtc;
    device_.claim(crtc_->id);
    const bool in_use = crtc_->active.value != 0 && connector_->crtc_id.value == crtc_->id;
    const std::optional<drmModeModeInfo> current = in_use ? crtc_->mode : std::nullopt;
    Result<drmModeModeInfo> mode = choose_mode(connector_->modes, current, options_.mode, options_.content_rate);
    if (!mode && clone) mode = choose_mode(connector_->modes, current, "");
    if (!mode) return fail(mode.error());
    mode_ = *mode;
    return {};
}

/// Not one that another program's display or another screen of ours has.
bool Screen::may_use(const KmsPlane& plane) const {
    const bool elsewhere = plane.crtc_id.value != 0 && plane.crtc_id.value != crtc_->id;
    return !elsewhere && (plane.possible_crtcs >> crtc_->index & 1) != 0 && !device_.is_claimed(plane.id);
}

Result<> Screen::choose_primary() {
    for (const KmsPlane& plane : device_.planes())
        if (plane.type == PlaneType::Primary && may_use(plane) &&
            (planes_.primary == nullptr ||
             primary_preference(plane, *crtc_) < primary_preference(*planes_.primary, *crtc_)))
            planes_.primary = &plane;
    if (planes_.primary == nullptr)
        return fail(ENODEV, fmt::format("{} has no primary plane for {}", device_.path(), connector_->name),
                    "choose_primary");
    device_.claim(planes_.primary->id);
    return {};
}

/// All planes that serve this CRTC alone, and of those that serve others too the share of one of `sharers`.
void Screen::choose_overlays(PlaneType type, unsigned sharers, std::vector<const KmsPlane*>& chosen) {
    std::vector<const KmsPlane*> shared;
    for (const KmsPlane& plane : device_.planes()) {
        if (plane.type != type || !may_use(plane)) continue;
        const bool alone = sharers == 1 || plane.possible_crtcs == 1U << crtc_->index;
        (alone ? chosen : shared).push_back(&plane);
    }
    shared.resize((shared.size() + sharers - 1) / sharers);
    chosen.insert(chosen.end(), shared.begin(), shared.end());
    for (const KmsPlane* plane : chosen) device_.claim(plane->id);
}

void Screen::tell_vblank(VblankClock& clock) const {
    std::uint64_t sequence = 0;
    std::uint64_t time = 0;
    if (drmCrtcGetSequence(device_.fd(), crtc(), &sequence, &time) == 0 && time != 0)
        clock.see(static_cast<std::uint32_t>(sequence), static_cast<Nanoseconds>(time));
}

int Screen::create_mode_blob(const drmModeModeInfo& mode, std::uint32_t& blob) const {
    return drmModeCreatePropertyBlob(device_.fd(), &mode, sizeof mode, &blob) == 0 ? 0 : -errno;
}

int Screen::commit(std::uint32_t flags, std::uint64_t user_data) {
    return request_.commit(device_.kernel(), device_.fd(), flags, user_data);
}

void Screen::use(const KmsPlane* plane) {
    if (!contains(used_, plane)) used_.push_back(plane);
}

/// The connector on our CRTC with our mode, and no other connector with it.
void Screen::add_output(AtomicRequest& request) const {
    for (const KmsConnector& other : device_.connectors()) {
        if (other.id == connector_->id || other.crtc_id.value != crtc_->id || device_.is_claimed(other.id)) continue;
        request.object(other.id);
        request.set(other.crtc_id, "CRTC_ID", 0);
    }
    request.object(connector_->id);
    request.set(connector_->crtc_id, "CRTC_ID", crtc_->id);
    request.set_if_writable(connector_->link_status, link_status_good);
    request.object(crtc_->id);
    request.set(crtc_->mode_id, "MODE_ID", mode_blob_);
    request.set(crtc_->active, "ACTIVE", 1);
    request.set_if_writable(crtc_->vrr_enabled, variable_refresh() ? 1 : 0);
}

/// What other programs, or we, left on this CRTC, but for `kept`.
void Screen::add_others_off(AtomicRequest& request, std::span<const KmsPlane* const> kept) const {
    for (const KmsPlane& plane : device_.planes())
        if ((plane.crtc_id.value == crtc_->id || contains(used_, &plane)) &&
            std::find(kept.begin(), kept.end(), &plane) == kept.end())
            add_plane_off(request, plane);
}

/// Without leave to set a mode the kernel answers EINVAL when one would have to be set.
int Screen::try_to_light(std::uint32_t hdr_blob) {
    request_.clear();
    add_output(request_);
    add_colors(request_, hdr_blob);
    const KmsPlane* const kept[] = {planes_.primary};
    add_others_off(request_, kept);
    add_black(request_, planes_.primary->zpos.minimum);
    const int error = commit(0);
    return error != 0 ? commit(DRM_MODE_ATOMIC_ALLOW_MODESET) : 0;
}

Result<> Screen::light() {
    if (lit_) return {};
    int error = try_to_light(hdr_blob_);
    if (error == -EINVAL && hdr_blob_ != 0) {
        error = try_to_light(0);
        if (error == 0) give_up_colors();
    }
    if (error != 0)
        return fail(
            -error,
            because(fmt::format("cannot light {} at {}", connector_->name, mode_name(mode_)).c_str(), error, request_),
            "DRM_IOCTL_MODE_ATOMIC");
    use(planes_.primary);
    on_.assign(1, planes_.primary);
    video_ = overlay_ = nullptr;
    changed_ = true;
    lit_ = true;
    colors_told_ = true;
    shown_black_ = {};
    return {};
}

Result<> Screen::take_back() {
    lit_ = false;
    if (!is_lent()) return fail(EACCES, fmt::format("{} is another session's", device_.path()), "take_back");
    V4L2PLAY_TRY(device_.become_master());
    // Whoever had it may have left planes on that were not on when we came.
    for (const KmsPlane& plane : device_.planes())
        if (device_.crtc_of(plane) == crtc_->id) use(&plane);
    return {};
}

void Screen::add_black(AtomicRequest& request, std::uint64_t zpos) const {
    add_picture(request, *planes_.primary, {crtc_->id, black_.id(), zpos}, {0, 0, size().width, size().height});
}

/// Of the object named last, `plane`. The kernel keeps the fence, not the descriptor, and only for this commit.
void Screen::add_in_fence(AtomicRequest& request, const KmsPlane& plane, int in_fence) {
    if (in_fence >= 0) request.set(plane.in_fence_fd, "IN_FENCE_FD", static_cast<std::uint64_t>(in_fence));
}

/// The step from what is shown to `scene`.
bool Screen::add_scene(AtomicRequest& request, const Scene& scene) const {
    const SceneStack stack(scene, *planes_.primary);
    if (!lit_) add_others_off(request, stack.planes());
    for (const KmsPlane* plane : on_)
        if (!stack.contains(plane)) add_plane_off(request, *plane);
    if (scene.video.black_beneath) add_black(request, stack.zpos(planes_.primary));
    add_plane(request, scene.video, {crtc_->id, scene.framebuffer, stack.zpos(scene.video.plane)});
    add_in_fence(request, *scene.video.plane, scene.in_fence);
    if (scene.overlay_plane != nullptr)
        add_picture(request, *scene.overlay_plane,
                    {crtc_->id, scene.overlay.framebuffer, stack.zpos(scene.overlay_plane)}, scene.overlay.place);
    return stack.possible();
}

/// What is new of the overlay. It counts beside the picture that the plane has: one that comes is new as a whole, and
/// so it is with drivers that do not ask.
void Screen::add_damage(AtomicRequest& request, const Scene& scene) {
    const KmsPlane* plane = scene.overlay_plane;
    const std::optional<Rect>& damage = scene.overlay.damage;
    if (plane == nullptr || plane != overlay_ || !damage || !plane->damage_clips.writable()) return;
    if (damage_blob_ == 0 || !(damage_ == *damage)) take_damage_blob(create_damage_blob(*damage));
    damage_ = *damage;
    request.object(plane->id);
    request.set_if_writable(plane->damage_clips, damage_blob_);
}

/// 0, which stands for the whole, when there is no memory.
std::uint32_t Screen::create_damage_blob(const Rect& damage) const {
    const drm_mode_rect clip{static_cast<std::int32_t>(damage.x), static_cast<std::int32_t>(damage.y),
                             static_cast<std::int32_t>(damage.x + damage.width),
                             static_cast<std::int32_t>(damage.y + damage.height)};
    std::uint32_t blob = 0;
    return drmModeCreatePropertyBlob(device_.fd(), &clip, sizeof clip, &blob) == 0 ? blob : 0;
}

/// The kernel keeps what a commit names for as long as it needs it.
void Screen::take_damage_blob(std::uint32_t blob) {
    if (damage_blob_ != 0) drmModeDestroyPropertyBlob(device_.fd(), damage_blob_);
    damage_blob_ = blob;
}

int Screen::test(const Scene& scene) {
    request_.clear();
    if (!lit_) add_output(request_);
    const std::uint32_t flags = DRM_MODE_ATOMIC_TEST_ONLY | (lit_ ? 0 : DRM_MODE_ATOMIC_ALLOW_MODESET);
    return add_scene(request_, scene) ? commit(flags) : -EINVAL;
}

int Screen::start(const Scene& scene, bool with_colors, std::uint32_t flags, std::uint64_t user_data) {
    request_.clear();
    if (!add_scene(request_, scene)) return -EINVAL;
    add_damage(request_, scene);
    if (with_colors) add_colors(request_, hdr_blob_);
    return commit(flags, user_data);
}

/// Some drivers set the mode anew for other colours, which needs leave (vc4); and some refuse what they are told.
int Screen::start_with_colors(const Scene& scene, std::uint64_t user_data) {
    int error = start(scene, true, flip_flags, user_data);
    if (error == -EINVAL) error = start(scene, true, flip_flags | DRM_MODE_ATOMIC_ALLOW_MODESET, user_data);
    if (error != -EINVAL) return error;
    error = start(scene, false, flip_flags, user_data);
    if (error == 0) give_up_colors();
    return error;
}

int Screen::show(const Scene& scene, std::uint64_t user_data) {
    const int error = colors_told_ ? start(scene, false, flip_flags, user_data) : start_with_colors(scene, user_data);
    if (error != 0) return error;
    colors_told_ = true;
    const SceneStack stack(scene, *planes_.primary);
    on_.assign(stack.planes().begin(), stack.planes().end());
    for (const KmsPlane* plane : on_) use(plane);
    video_ = scene.video.plane;
    overlay_ = scene.overlay_plane;
    return 0;
}

int Screen::flip(std::uint32_t framebuffer, int in_fence, std::uint64_t user_data) {
    request_.clear();
    request_.object(video_->id);
    request_.set(video_->fb_id, "FB_ID", framebuffer);
    add_in_fence(request_, *video_, in_fence);
    return commit(flip_flags, user_data);
}

int Screen::blank() {
    overlay_ = nullptr;
    if (video_ == nullptr) return 0;
    if (!is_lent()) return -EACCES;
    request_.clear();
    for (const KmsPlane* plane : on_)
        if (plane != planes_.primary) add_plane_off(request_, *plane);
    add_black(request_, planes_.primary->zpos.minimum);
    const int error = commit(0);
    if (error == 0) {
        video_ = nullptr;
        on_.assign(1, planes_.primary);
    }
    return error;
}

void Screen::add_found_planes() {
    for (const KmsPlane& plane : device_.planes()) {
        if (plane.crtc_id.value != crtc_->id && !contains(used_, &plane)) continue;
        request_.object(plane.id);
        request_.set(plane.fb_id, "FB_ID", plane.crtc_id.value == crtc_->id ? plane.fb_id.value : 0);
        request_.set(plane.crtc_id, "CRTC_ID", plane.crtc_id.value == crtc_->id ? crtc_->id : 0);
        for (const KmsProperty& property :
             {plane.src_x, plane.src_y, plane.src_w, plane.src_h, plane.crtc_x, plane.crtc_y, plane.crtc_w,
              plane.crtc_h, plane.zpos, plane.rotation, plane.color_encoding.property, plane.color_range.property,
              plane.alpha, plane.blend_mode.property})
            request_.set_if_writable(property, property.value);
    }
}

void Screen::add_found_output(std::uint32_t mode_blob) {
    for (const KmsConnector& connector : device_.connectors()) {
        if (connector.id != connector_->id && connector.crtc_id.value != crtc_->id) continue;
        request_.object(connector.id);
        request_.set(connector.crtc_id, "CRTC_ID", connector.crtc_id.value);
        request_.set_if_writable(connector.hdr_metadata, 0); // what another program told has gone with it
        if (connector.colorspace.property.id != 0)
            request_.set_if_writable(connector.colorspace.property, connector.colorspace.property.value);
        request_.set_if_writable(connector.max_bpc, connector.max_bpc.value);
    }
    request_.object(crtc_->id);
    request_.set(crtc_->mode_id, "MODE_ID", mode_blob);
    request_.set(crtc_->active, "ACTIVE", crtc_->active.value);
    request_.set_if_writable(crtc_->vrr_enabled, crtc_->vrr_enabled.value);
}

/// For when the state found cannot be had again, because the framebuffers of another program have gone with it.
int Screen::switch_off() {
    request_.clear();
    for (const KmsPlane* plane : used_) add_plane_off(request_, *plane);
    request_.object(connector_->id);
    request_.set(connector_->crtc_id, "CRTC_ID", 0);
    request_.object(crtc_->id);
    request_.set(crtc_->mode_id, "MODE_ID", 0);
    request_.set(crtc_->active, "ACTIVE", 0);
    return commit(DRM_MODE_ATOMIC_ALLOW_MODESET);
}

int Screen::turn_off() {
    const int error = switch_off();
    if (error == 0) lit_ = false;
    return error;
}

void Screen::restore() {
    std::uint32_t found_mode = 0; // the blob that was found may have died with its last user
    if (crtc_->mode && create_mode_blob(*crtc_->mode, found_mode) != 0) found_mode = 0;
    request_.clear();
    add_found_planes();
    add_found_output(found_mode);
    const int error = commit(DRM_MODE_ATOMIC_ALLOW_MODESET);
    if (error != 0) {
        log_debug("kms", "cannot restore the display ({}), switching it off", std::strerror(-error));
        if (const int off = switch_off(); off != 0)
            log_warning("kms", "cannot restore the display: {}", std::strerror(-off));
    }
    if (found_mode != 0) drmModeDestroyPropertyBlob(device_.fd(), found_mode);
}

Screen::~Screen() {
    if (changed_ && is_lent()) restore();
    if (mode_blob_ != 0) drmModeDestroyPropertyBlob(device_.fd(), mode_blob_);
    take_hdr_blob(0);
    take_damage_blob(0);
}

} // namespace v4l2play
