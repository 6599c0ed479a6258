// Owners of Wayland objects.
#pragma once

#include <memory>

struct wl_buffer;
struct wl_callback;
struct wl_compositor;
struct wl_event_queue;
struct wl_keyboard;
struct wl_output;
struct wl_region;
struct wl_registry;
struct wl_seat;
struct wl_shm;
struct wl_subcompositor;
struct wl_subsurface;
struct wl_surface;
struct wp_color_management_surface_v1;
struct wp_color_manager_v1;
struct wp_color_representation_manager_v1;
struct wp_color_representation_surface_v1;
struct wp_commit_timer_v1;
struct wp_commit_timing_manager_v1;
struct wp_content_type_manager_v1;
struct wp_content_type_v1;
struct wp_drm_lease_connector_v1;
struct wp_drm_lease_device_v1;
struct wp_drm_lease_v1;
struct wp_fifo_manager_v1;
struct wp_fifo_v1;
struct wp_fractional_scale_manager_v1;
struct wp_fractional_scale_v1;
struct wp_image_description_v1;
struct wp_linux_drm_syncobj_manager_v1;
struct wp_linux_drm_syncobj_surface_v1;
struct wp_linux_drm_syncobj_timeline_v1;
struct wp_presentation;
struct wp_presentation_feedback;
struct wp_single_pixel_buffer_manager_v1;
struct wp_viewport;
struct wp_viewporter;
struct xdg_surface;
struct xdg_toplevel;
struct xdg_toplevel_icon_manager_v1;
struct xdg_wm_base;
struct zwp_idle_inhibit_manager_v1;
struct zwp_idle_inhibitor_v1;
struct zwp_linux_buffer_params_v1;
struct zwp_linux_dmabuf_feedback_v1;
struct zwp_linux_dmabuf_v1;
struct zxdg_decoration_manager_v1;
struct zxdg_toplevel_decoration_v1;

namespace v4l2play {

/// Sends each object's own farewell.
struct ProxyDelete {
    void operator()(wl_buffer* proxy) const;
    void operator()(wl_callback* proxy) const;
    void operator()(wl_compositor* proxy) const;
    void operator()(wl_event_queue* queue) const;
    void operator()(wl_keyboard* proxy) const;
    void operator()(wl_output* proxy) const;
    void operator()(wl_region* proxy) const;
    void operator()(wl_registry* proxy) const;
    void operator()(wl_seat* proxy) const;
    void operator()(wl_shm* proxy) const;
    void operator()(wl_subcompositor* proxy) const;
    void operator()(wl_subsurface* proxy) const;
    void operator()(wl_surface* proxy) const;
    void operator()(wp_color_management_surface_v1* proxy) const;
    void operator()(wp_color_manager_v1* proxy) const;
    void operator()(wp_color_representation_manager_v1* proxy) const;
    void operator()(wp_color_representation_surface_v1* proxy) const;
    void operator()(wp_commit_timer_v1* proxy) const;
    void operator()(wp_commit_timing_manager_v1* proxy) const;
    void operator()(wp_content_type_manager_v1* proxy) const;
    void operator()(wp_content_type_v1* proxy) const;
    void operator()(wp_drm_lease_connector_v1* proxy) const;
    void operator()(wp_drm_lease_device_v1* proxy) const;
    void operator()(wp_drm_lease_v1* proxy) const;
    void operator()(wp_fifo_manager_v1* proxy) const;
    void operator()(wp_fifo_v1* proxy) const;
    void operator()(wp_fractional_scale_manager_v1* proxy) const;
    void operator()(wp_fractional_scale_v1* proxy) const;
    void operator()(wp_image_description_v1* proxy) const;
    void operator()(wp_linux_drm_syncobj_manager_v1* proxy) const;
    void operator()(wp_linux_drm_syncobj_surface_v1* proxy) const;
    void operator()(wp_linux_drm_syncobj_timeline_v1* proxy) const;
    void operator()(wp_presentation* proxy) const;
    void operator()(struct wp_presentation_feedback* proxy) const;
    void operator()(wp_single_pixel_buffer_manager_v1* proxy) const;
    void operator()(wp_viewport* proxy) const;
    void operator()(wp_viewporter* proxy) const;
    void operator()(xdg_surface* proxy) const;
    void operator()(xdg_toplevel* proxy) const;
    void operator()(xdg_toplevel_icon_manager_v1* proxy) const;
    void operator()(xdg_wm_base* proxy) const;
    void operator()(zwp_idle_inhibit_manager_v1* proxy) const;
    void operator()(zwp_idle_inhibitor_v1* proxy) const;
    void operator()(zwp_linux_buffer_params_v1* proxy) const;
    void operator()(zwp_linux_dmabuf_feedback_v1* proxy) const;
    void operator()(zwp_linux_dmabuf_v1* proxy) const;
    void operator()(zxdg_decoration_manager_v1* proxy) const;
    void operator()(zxdg_toplevel_decoration_v1* proxy) const;
};

template <class T>
using Proxy = std::unique_ptr<T, ProxyDelete>;

} // namespace v4l2play
