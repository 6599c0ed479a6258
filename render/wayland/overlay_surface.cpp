#include "render/wayland/overlay_surface.h"

#include <algorithm>

#include "decoder/log.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

// One on the screen, one that waits for the next frame, one that is drawn; and one for a compositor that is slow.
constexpr std::size_t most_overlay_buffers = 4;

bool fits(const ShmBuffer& buffer, std::uint32_t width, std::uint32_t height) {
    return buffer.width() == width && buffer.height() == height;
}

} // namespace

/// The role goes before the surface, and both before the buffers.
OverlaySurface::~OverlaySurface() {
    subsurface_.reset();
    viewport_.reset();
    surface_.reset();
}

bool OverlaySurface::can_show() const {
    return connection_.globals().shm != nullptr && connection_.globals().subcompositor != nullptr;
}

std::optional<OverlayBuffer> OverlaySurface::acquire(std::uint32_t width, std::uint32_t height) {
    if (!can_show()) return std::nullopt;
    if (acquired_ == nullptr || !fits(*acquired_, width, height)) acquired_ = find(width, height);
    if (acquired_ == nullptr) return std::nullopt;
    return OverlayBuffer{acquired_->pixels(), acquired_->pitch(), width, height, acquired_->number()};
}

/// A free buffer of that size; or a new one in the place of a free one of another.
ShmBuffer* OverlaySurface::find(std::uint32_t width, std::uint32_t height) {
    auto place = buffers_.end();
    for (auto it = buffers_.begin(); it != buffers_.end(); ++it) {
        if ((*it)->is_busy()) continue;
        if (fits(**it, width, height)) return it->get();
        place = it;
    }
    if (place == buffers_.end() && buffers_.size() == most_overlay_buffers) return nullptr;
    auto made =
        ShmBuffer::create(system_kernel(), connection_.globals().shm.get(), width, height, WL_SHM_FORMAT_ARGB8888);
    if (!made) {
        log_warning("wayland", "no overlay: {}", made.error().what);
        return nullptr;
    }
    (*made)->set_number(made_++);
    if (place == buffers_.end()) place = buffers_.emplace(place);
    *place = std::move(*made);
    return place->get();
}

/// Above the parent; and clicks go through it.
void OverlaySurface::create() {
    const WaylandGlobals& globals = connection_.globals();
    surface_.reset(wl_compositor_create_surface(globals.compositor.get()));
    viewport_.reset(wp_viewporter_get_viewport(globals.viewporter.get(), surface_.get()));
    subsurface_.reset(wl_subcompositor_get_subsurface(globals.subcompositor.get(), surface_.get(), parent_));
    const Proxy<wl_region> nothing(wl_compositor_create_region(globals.compositor.get()));
    wl_surface_set_input_region(surface_.get(), nothing.get());
}

bool OverlaySurface::show(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) {
    // Not the one that was given: it is of a session that is over.
    if (acquired_ == nullptr || overlay.pixels != acquired_->pixels()) return false;
    if (surface_ == nullptr) create();
    const Rect place{x, y, overlay.width, overlay.height};
    const bool stays = shown_ && place == place_;
    place_ = place;
    shown_ = true;
    move();
    wl_surface_attach(surface_.get(), acquired_->proxy(), 0, 0);
    damage(stays ? overlay.damage : std::nullopt);
    wl_surface_commit(surface_.get());
    std::exchange(acquired_, nullptr)->set_busy(true);
    return true;
}

/// Beside the picture committed before: what of that waits for the parent's commit, the compositor adds up.
void OverlaySurface::damage(const std::optional<Rect>& part) {
    const Rect rect = part.value_or(Rect{0, 0, place_.width, place_.height});
    wl_surface_damage_buffer(surface_.get(), static_cast<std::int32_t>(rect.x), static_cast<std::int32_t>(rect.y),
                             static_cast<std::int32_t>(rect.width), static_cast<std::int32_t>(rect.height));
}

/// What nobody reads or draws in is given back.
bool OverlaySurface::hide() {
    std::erase_if(buffers_, [&](const auto& buffer) { return !buffer->is_busy() && buffer.get() != acquired_; });
    if (!std::exchange(shown_, false)) return false;
    wl_surface_attach(surface_.get(), nullptr, 0, 0);
    wl_surface_commit(surface_.get());
    return true;
}

bool OverlaySurface::place(const Placement& parent, Scale scale) {
    if (parent == placement_ && scale == scale_) return false;
    placement_ = parent;
    scale_ = scale;
    if (!shown_) return false;
    move();
    wl_surface_commit(surface_.get());
    return true;
}

void OverlaySurface::move() {
    const LogicalSize size = scale_.to_logical({place_.width, place_.height});
    const LogicalSize corner = scale_.to_logical({place_.x, place_.y});
    wp_viewport_set_destination(viewport_.get(), std::max(size.width, 1), std::max(size.height, 1));
    wl_subsurface_set_position(subsurface_.get(), corner.width - placement_.x, corner.height - placement_.y);
}

} // namespace v4l2play
