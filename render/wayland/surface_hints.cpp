#include "render/wayland/surface_hints.h"

#include "decoder/log.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

#ifdef HAVE_COLOR_MANAGEMENT_V1
constexpr Nanoseconds description_limit = second / 10;

SurfaceHints& hints_of(void* data) { return *static_cast<SurfaceHints*>(data); }

constexpr wp_image_description_v1_listener description_listener = [] {
    wp_image_description_v1_listener listener{};
    listener.failed = [](void* data, wp_image_description_v1*, std::uint32_t, const char* reason) {
        hints_of(data).on_description_failed(reason);
    };
    listener.ready = [](void* data, wp_image_description_v1*, std::uint32_t) { hints_of(data).on_description_ready(); };
    return listener;
}();

/// From units of 1/50000 to the protocol's millionths.
std::int32_t millionths(std::uint16_t n) { return n * 20; }

void set_mastering(wp_image_description_creator_params_v1* creator, const HdrMetadata& hdr) {
    constexpr std::uint32_t unit = 10000; // of luminances, per cd/m²
    const auto& [red, green, blue] = hdr.primaries;
    wp_image_description_creator_params_v1_set_mastering_display_primaries(
        creator, millionths(red[0]), millionths(red[1]), millionths(green[0]), millionths(green[1]),
        millionths(blue[0]), millionths(blue[1]), millionths(hdr.white_point[0]), millionths(hdr.white_point[1]));
    if (hdr.max_luminance / unit > hdr.min_luminance / unit) // anything else ends the connection
        wp_image_description_creator_params_v1_set_mastering_luminance(creator, hdr.min_luminance,
                                                                       hdr.max_luminance / unit);
}

void set_light(wp_image_description_creator_params_v1* creator, const HdrMetadata& hdr) {
    if (!hdr.has_content_light || hdr.max_content_light_level == 0) return;
    wp_image_description_creator_params_v1_set_max_cll(creator, hdr.max_content_light_level);
    if (hdr.max_pic_average_light_level != 0)
        wp_image_description_creator_params_v1_set_max_fall(creator, hdr.max_pic_average_light_level);
}
#endif

} // namespace

SurfaceHints::SurfaceHints(Connection& connection, wl_surface* surface)
    : connection_(connection)
    , surface_(surface) {
    [[maybe_unused]] const WaylandGlobals& globals = connection.globals();
#ifdef HAVE_COLOR_MANAGEMENT_V1
    if (globals.color_manager != nullptr)
        management_.reset(wp_color_manager_v1_get_surface(globals.color_manager.get(), surface));
#endif
#ifdef HAVE_FIFO_V1
    if (globals.fifo != nullptr) fifo_.reset(wp_fifo_manager_v1_get_fifo(globals.fifo.get(), surface));
#endif
#ifdef HAVE_COMMIT_TIMING_V1
    if (globals.commit_timing != nullptr)
        timer_.reset(wp_commit_timing_manager_v1_get_timer(globals.commit_timing.get(), surface));
#endif
}

void SurfaceHints::set_color(const FrameInfo& info, bool rgb) {
    const ColorSupport& support = connection_.color_support();
    set_representation(rgb ? std::nullopt : support.representation(info.color, info.visible.height));
    set_wide_color(support.wide_color(info.color, info.hdr));
}

/// What was said ends with the object that it was said through; to say it of a buffer in RGB is an error.
void SurfaceHints::set_representation([[maybe_unused]] const std::optional<Representation>& wanted) {
#ifdef HAVE_COLOR_REPRESENTATION_V1
    wp_color_representation_manager_v1* manager = connection_.globals().color_representation.get();
    if (manager == nullptr || wanted == said_) return;
    said_ = wanted;
    representation_.reset();
    if (!wanted) return;
    representation_.reset(wp_color_representation_manager_v1_get_surface(manager, surface_));
    wp_color_representation_surface_v1_set_coefficients_and_range(representation_.get(), wanted->coefficients,
                                                                  wanted->range);
#endif
}

void SurfaceHints::set_wide_color([[maybe_unused]] const std::optional<WideColor>& wide) {
#ifdef HAVE_COLOR_MANAGEMENT_V1
    if (management_ == nullptr || wide == wide_) return;
    wide_ = wide;
    description_.reset();
    if (!wide) return wp_color_management_surface_v1_unset_image_description(management_.get());
    // Its answer is waited for alone: no other event is handled in the middle of a frame, which it has to go with.
    const Proxy<wl_event_queue> queue(wl_display_create_queue(connection_.display()));
    wp_image_description_creator_params_v1* creator =
        wp_color_manager_v1_create_parametric_creator(connection_.globals().color_manager.get());
    wl_proxy_set_queue(reinterpret_cast<wl_proxy*>(creator), queue.get());
    wp_image_description_creator_params_v1_set_tf_named(creator, wide->transfer);
    wp_image_description_creator_params_v1_set_primaries_named(creator, wide->primaries);
    if (wide->hdr.has_mastering_display && connection_.color_support().takes_mastering())
        set_mastering(creator, wide->hdr);
    set_light(creator, wide->hdr);
    description_.reset(wp_image_description_creator_params_v1_create(creator)); // ends the creator
    wp_image_description_v1_add_listener(description_.get(), &description_listener, this);
    if (const auto answered = connection_.roundtrip(queue.get(), description_limit); !answered)
        log_debug("wayland", "{}", answered.error().what);
    // One that takes longer comes with a later frame.
    if (description_ != nullptr) wl_proxy_set_queue(reinterpret_cast<wl_proxy*>(description_.get()), nullptr);
#endif
}

void SurfaceHints::on_description_ready() {
#ifdef HAVE_COLOR_MANAGEMENT_V1
    wp_color_management_surface_v1_set_image_description(management_.get(), description_.get(),
                                                         WP_COLOR_MANAGER_V1_RENDER_INTENT_PERCEPTUAL);
    description_.reset();
#endif
}

void SurfaceHints::on_description_failed(const char* reason) {
    log_info("wayland", "the compositor does not take the picture's colours: {}", reason);
    description_.reset();
}

void SurfaceHints::set_time([[maybe_unused]] Nanoseconds time) {
#ifdef HAVE_COMMIT_TIMING_V1
    if (timer_ == nullptr || time <= 0) return;
    const auto seconds = static_cast<std::uint64_t>(time / second);
    wp_commit_timer_v1_set_timestamp(timer_.get(), static_cast<std::uint32_t>(seconds >> 32),
                                     static_cast<std::uint32_t>(seconds), static_cast<std::uint32_t>(time % second));
#endif
}

void SurfaceHints::queue() {
#ifdef HAVE_FIFO_V1
    if (fifo_ == nullptr) return;
    wp_fifo_v1_set_barrier(fifo_.get());
    wp_fifo_v1_wait_barrier(fifo_.get());
#endif
}

} // namespace v4l2play
