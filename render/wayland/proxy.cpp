#include "render/wayland/proxy.h"

#include "render/wayland/protocols.h"

namespace v4l2play {

void ProxyDelete::operator()(wl_buffer* proxy) const { wl_buffer_destroy(proxy); }
void ProxyDelete::operator()(wl_callback* proxy) const { wl_callback_destroy(proxy); }
void ProxyDelete::operator()(wl_compositor* proxy) const { wl_compositor_destroy(proxy); }
void ProxyDelete::operator()(wl_event_queue* queue) const { wl_event_queue_destroy(queue); }
void ProxyDelete::operator()(wl_region* proxy) const { wl_region_destroy(proxy); }
void ProxyDelete::operator()(wl_registry* proxy) const { wl_registry_destroy(proxy); }
void ProxyDelete::operator()(wl_shm* proxy) const { wl_shm_destroy(proxy); }
void ProxyDelete::operator()(wl_subcompositor* proxy) const { wl_subcompositor_destroy(proxy); }
void ProxyDelete::operator()(wl_subsurface* proxy) const { wl_subsurface_destroy(proxy); }
void ProxyDelete::operator()(wl_surface* proxy) const { wl_surface_destroy(proxy); }
void ProxyDelete::operator()(wp_presentation* proxy) const { wp_presentation_destroy(proxy); }
void ProxyDelete::operator()(struct wp_presentation_feedback* proxy) const { wp_presentation_feedback_destroy(proxy); }
void ProxyDelete::operator()(wp_viewport* proxy) const { wp_viewport_destroy(proxy); }
void ProxyDelete::operator()(wp_viewporter* proxy) const { wp_viewporter_destroy(proxy); }
void ProxyDelete::operator()(xdg_surface* proxy) const { xdg_surface_destroy(proxy); }
void ProxyDelete::operator()(xdg_toplevel* proxy) const { xdg_toplevel_destroy(proxy); }
void ProxyDelete::operator()(xdg_wm_base* proxy) const { xdg_wm_base_destroy(proxy); }
void ProxyDelete::operator()(zwp_linux_buffer_params_v1* proxy) const { zwp_linux_buffer_params_v1_destroy(proxy); }
void ProxyDelete::operator()(zwp_linux_dmabuf_feedback_v1* proxy) const { zwp_linux_dmabuf_feedback_v1_destroy(proxy); }
void ProxyDelete::operator()(zwp_linux_dmabuf_v1* proxy) const { zwp_linux_dmabuf_v1_destroy(proxy); }

// What newer versions can tell the compositor: that its side may go too.
void ProxyDelete::operator()(wl_keyboard* proxy) const {
    if (wl_keyboard_get_version(proxy) >= WL_KEYBOARD_RELEASE_SINCE_VERSION)
        wl_keyboard_release(proxy);
    else
        wl_keyboard_destroy(proxy);
}
void ProxyDelete::operator()(wl_output* proxy) const {
    if (wl_output_get_version(proxy) >= WL_OUTPUT_RELEASE_SINCE_VERSION)
        wl_output_release(proxy);
    else
        wl_output_destroy(proxy);
}
void ProxyDelete::operator()(wl_seat* proxy) const {
    if (wl_seat_get_version(proxy) >= WL_SEAT_RELEASE_SINCE_VERSION)
        wl_seat_release(proxy);
    else
        wl_seat_destroy(proxy);
}

// Objects of a protocol that this build does not have are never made.
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
void ProxyDelete::operator()(wp_single_pixel_buffer_manager_v1* proxy) const {
    wp_single_pixel_buffer_manager_v1_destroy(proxy);
}
#else
void ProxyDelete::operator()(wp_single_pixel_buffer_manager_v1*) const {}
#endif
#ifdef HAVE_XDG_DECORATION_V1
void ProxyDelete::operator()(zxdg_decoration_manager_v1* proxy) const { zxdg_decoration_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(zxdg_toplevel_decoration_v1* proxy) const { zxdg_toplevel_decoration_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(zxdg_decoration_manager_v1*) const {}
void ProxyDelete::operator()(zxdg_toplevel_decoration_v1*) const {}
#endif
#ifdef HAVE_IDLE_INHIBIT_V1
void ProxyDelete::operator()(zwp_idle_inhibit_manager_v1* proxy) const { zwp_idle_inhibit_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(zwp_idle_inhibitor_v1* proxy) const { zwp_idle_inhibitor_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(zwp_idle_inhibit_manager_v1*) const {}
void ProxyDelete::operator()(zwp_idle_inhibitor_v1*) const {}
#endif
#ifdef HAVE_CONTENT_TYPE_V1
void ProxyDelete::operator()(wp_content_type_manager_v1* proxy) const { wp_content_type_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_content_type_v1* proxy) const { wp_content_type_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_content_type_manager_v1*) const {}
void ProxyDelete::operator()(wp_content_type_v1*) const {}
#endif
#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
void ProxyDelete::operator()(wp_linux_drm_syncobj_manager_v1* proxy) const {
    wp_linux_drm_syncobj_manager_v1_destroy(proxy);
}
void ProxyDelete::operator()(wp_linux_drm_syncobj_surface_v1* proxy) const {
    wp_linux_drm_syncobj_surface_v1_destroy(proxy);
}
void ProxyDelete::operator()(wp_linux_drm_syncobj_timeline_v1* proxy) const {
    wp_linux_drm_syncobj_timeline_v1_destroy(proxy);
}
#else
void ProxyDelete::operator()(wp_linux_drm_syncobj_manager_v1*) const {}
void ProxyDelete::operator()(wp_linux_drm_syncobj_surface_v1*) const {}
void ProxyDelete::operator()(wp_linux_drm_syncobj_timeline_v1*) const {}
#endif
#ifdef HAVE_DRM_LEASE_V1
void ProxyDelete::operator()(wp_drm_lease_connector_v1* proxy) const { wp_drm_lease_connector_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_drm_lease_device_v1* proxy) const { wp_drm_lease_device_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_drm_lease_v1* proxy) const { wp_drm_lease_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_drm_lease_connector_v1*) const {}
void ProxyDelete::operator()(wp_drm_lease_device_v1*) const {}
void ProxyDelete::operator()(wp_drm_lease_v1*) const {}
#endif
#ifdef HAVE_FIFO_V1
void ProxyDelete::operator()(wp_fifo_manager_v1* proxy) const { wp_fifo_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_fifo_v1* proxy) const { wp_fifo_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_fifo_manager_v1*) const {}
void ProxyDelete::operator()(wp_fifo_v1*) const {}
#endif
#ifdef HAVE_COMMIT_TIMING_V1
void ProxyDelete::operator()(wp_commit_timing_manager_v1* proxy) const { wp_commit_timing_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_commit_timer_v1* proxy) const { wp_commit_timer_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_commit_timing_manager_v1*) const {}
void ProxyDelete::operator()(wp_commit_timer_v1*) const {}
#endif
#ifdef HAVE_COLOR_REPRESENTATION_V1
void ProxyDelete::operator()(wp_color_representation_manager_v1* proxy) const {
    wp_color_representation_manager_v1_destroy(proxy);
}
void ProxyDelete::operator()(wp_color_representation_surface_v1* proxy) const {
    wp_color_representation_surface_v1_destroy(proxy);
}
#else
void ProxyDelete::operator()(wp_color_representation_manager_v1*) const {}
void ProxyDelete::operator()(wp_color_representation_surface_v1*) const {}
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
void ProxyDelete::operator()(wp_color_manager_v1* proxy) const { wp_color_manager_v1_destroy(proxy); }
void ProxyDelete::operator()(wp_color_management_surface_v1* proxy) const {
    wp_color_management_surface_v1_destroy(proxy);
}
void ProxyDelete::operator()(wp_image_description_v1* proxy) const { wp_image_description_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_color_manager_v1*) const {}
void ProxyDelete::operator()(wp_color_management_surface_v1*) const {}
void ProxyDelete::operator()(wp_image_description_v1*) const {}
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
void ProxyDelete::operator()(wp_fractional_scale_manager_v1* proxy) const {
    wp_fractional_scale_manager_v1_destroy(proxy);
}
void ProxyDelete::operator()(wp_fractional_scale_v1* proxy) const { wp_fractional_scale_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(wp_fractional_scale_manager_v1*) const {}
void ProxyDelete::operator()(wp_fractional_scale_v1*) const {}
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
void ProxyDelete::operator()(xdg_toplevel_icon_manager_v1* proxy) const { xdg_toplevel_icon_manager_v1_destroy(proxy); }
#else
void ProxyDelete::operator()(xdg_toplevel_icon_manager_v1*) const {}
#endif

} // namespace v4l2play
