#include "render/kms/overlay_layer.h"

#include <algorithm>

#include "decoder/log.h"
#include "render/kms/device.h"

namespace v4l2play {
namespace {

/// So that a picture whose size changes a little does not need new memory.
std::uint32_t with_reserve(std::uint32_t wanted, std::uint32_t most) {
    constexpr std::uint32_t step = 128;
    return std::min((wanted + step - 1) / step * step, most);
}

Rect bounding(const Rect& a, const Rect& b) {
    const std::uint32_t x = std::min(a.x, b.x), y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

} // namespace

bool OverlayLayer::busy(unsigned index) const {
    const auto is = [&](const std::optional<Shown>& shown) { return shown && shown->index == index; };
    return is(wanted_) || is(shown_) || (flying_ && is(*flying_));
}

std::optional<unsigned> OverlayLayer::free_buffer() const {
    if (drawn_) return drawn_;
    for (unsigned i = 0; i < buffers_.size(); ++i)
        if (!busy(i)) return i;
    return std::nullopt;
}

bool OverlayLayer::enlarge(DumbFramebuffer& buffer, Size size, Size screen) {
    if (size.width <= buffer.size().width && size.height <= buffer.size().height) return true;
    const Size enough{with_reserve(std::max(size.width, buffer.size().width), screen.width),
                      with_reserve(std::max(size.height, buffer.size().height), screen.height)};
    buffer = {};
    Result<DumbFramebuffer> larger = DumbFramebuffer::create(*device_, enough, fourcc_argb);
    const Result<> mapped = larger ? larger->map(device_->kernel()) : fail(larger.error());
    if (mapped) {
        buffer = std::move(*larger);
    } else if (!failed_) {
        log_warning("kms", "no overlay: {}", mapped.error().what);
        failed_ = true;
    }
    return mapped.has_value();
}

std::optional<OverlayBuffer> OverlayLayer::acquire(Size size, Size screen) {
    if (size.width == 0 || size.height == 0 || size.width > screen.width || size.height > screen.height) return {};
    const std::optional<unsigned> index = free_buffer();
    if (!index || !enlarge(buffers_[*index], size, screen)) return {};
    drawn_ = index;
    DumbFramebuffer& buffer = buffers_[*index];
    return OverlayBuffer{reinterpret_cast<std::byte*>(buffer.pixels().data()), buffer.pitch(), size.width, size.height,
                         *index};
}

void OverlayLayer::show(const OverlayBuffer& buffer, std::uint32_t x, std::uint32_t y, Size screen) {
    if (drawn_ != buffer.index || x >= screen.width || y >= screen.height) return;
    drawn_.reset();
    const Rect place{x, y, std::min(buffer.width, screen.width - x), std::min(buffer.height, screen.height - y)};
    wanted_ = Shown{buffer.index, {buffers_[buffer.index].id(), place, find_damage(buffer, place)}, ++serial_};
}

/// Beside the picture of the last commit: that shown before may have been in none.
std::optional<Rect> OverlayLayer::find_damage(const OverlayBuffer& buffer, const Rect& place) const {
    if (!wanted_ || !(wanted_->picture.place == place)) return std::nullopt;
    const std::optional<Rect>& before = wanted_->picture.damage;
    if (!changed()) return buffer.damage;
    return buffer.damage && before ? std::optional(bounding(*buffer.damage, *before)) : std::nullopt;
}

void OverlayLayer::hide() {
    wanted_.reset();
    drawn_.reset();
    drop_idle();
}

void OverlayLayer::land() {
    if (!flying_) return;
    shown_ = *flying_;
    flying_.reset();
    drop_idle();
}

void OverlayLayer::take_off() {
    flying_.reset();
    shown_.reset();
    drop_idle();
}

/// Memory for displays is scarce: an overlay that is not there has none.
void OverlayLayer::drop_idle() {
    if (!wanted_ && !drawn_ && !flying_ && !shown_) buffers_ = {};
}

} // namespace v4l2play
