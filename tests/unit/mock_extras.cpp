// The tests' compositor: what only some compositors offer, and what a client says by it.
#include "tests/unit/mock_state.h"

#ifdef HAVE_FIFO_V1
#include <fifo-v1-server-protocol.h>
#endif
#ifdef HAVE_COMMIT_TIMING_V1
#include <commit-timing-v1-server-protocol.h>
#endif
#ifdef HAVE_COLOR_REPRESENTATION_V1
#include <color-representation-v1-server-protocol.h>
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
#include <color-management-v1-server-protocol.h>
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
#include <fractional-scale-v1-server-protocol.h>
#endif
#ifdef HAVE_IDLE_INHIBIT_V1
#include <idle-inhibit-v1-server-protocol.h>
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
#include <xdg-toplevel-icon-v1-server-protocol.h>
#endif
#ifdef HAVE_CONTENT_TYPE_V1
#include <content-type-v1-server-protocol.h>
#endif
#ifdef HAVE_XDG_DECORATION_V1
#include <xdg-decoration-v1-server-protocol.h>
#endif

namespace v4l2play {

using State = MockCompositor::State;

namespace {

template <const wl_interface& interface, const auto& implementation>
[[maybe_unused]] void offer(State& state, wl_global_bind_func_t bind = bind_plainly<interface, implementation>) {
    wl_global_create(state.display, &interface, 1, &state, bind);
}

#ifdef HAVE_FIFO_V1
const auto fifo_implementation = [] {
    struct wp_fifo_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_barrier = [](wl_client*, wl_resource* resource) {
        data_of<MockSurface>(resource).pending.barrier = true;
    };
    calls.wait_barrier = [](wl_client*, wl_resource* resource) { data_of<MockSurface>(resource).pending.waits = true; };
    return calls;
}();
const auto fifo_manager_implementation = [] {
    struct wp_fifo_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_fifo = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        create(client, wp_fifo_v1_interface, resource, id, &fifo_implementation, &data_of<MockSurface>(surface));
    };
    return calls;
}();
#endif

#ifdef HAVE_COMMIT_TIMING_V1
const auto timer_implementation = [] {
    struct wp_commit_timer_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_timestamp = [](wl_client*, wl_resource* resource, std::uint32_t high, std::uint32_t low,
                             std::uint32_t nanoseconds) {
        Nanoseconds& time = data_of<MockSurface>(resource).pending.time;
        if (nanoseconds >= 1'000'000'000)
            wl_resource_post_error(resource, WP_COMMIT_TIMER_V1_ERROR_INVALID_TIMESTAMP, "no time");
        if (time != 0) wl_resource_post_error(resource, WP_COMMIT_TIMER_V1_ERROR_TIMESTAMP_EXISTS, "twice");
        time = static_cast<Nanoseconds>(std::uint64_t{high} << 32 | low) * second + nanoseconds;
    };
    return calls;
}();
const auto timing_manager_implementation = [] {
    struct wp_commit_timing_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_timer = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        create(client, wp_commit_timer_v1_interface, resource, id, &timer_implementation,
               &data_of<MockSurface>(surface));
    };
    return calls;
}();
#endif

#ifdef HAVE_COLOR_REPRESENTATION_V1
const auto representation_implementation = [] {
    struct wp_color_representation_surface_v1_interface calls {};
    calls.destroy = [](wl_client*, wl_resource* resource) {
        data_of<MockSurface>(resource).pending.coefficients = data_of<MockSurface>(resource).pending.range = 0;
        wl_resource_destroy(resource);
    };
    calls.set_coefficients_and_range = [](wl_client*, wl_resource* resource, std::uint32_t coefficients,
                                          std::uint32_t range) {
        data_of<MockSurface>(resource).pending.coefficients = coefficients;
        data_of<MockSurface>(resource).pending.range = range;
    };
    return calls;
}();
const auto representation_manager_implementation = [] {
    struct wp_color_representation_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_surface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        create(client, wp_color_representation_surface_v1_interface, resource, id, &representation_implementation,
               &data_of<MockSurface>(surface));
    };
    return calls;
}();
void bind_representation(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource =
        wl_resource_create(client, &wp_color_representation_manager_v1_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &representation_manager_implementation, data, ignore_destroyed);
    for (const std::uint32_t coefficients : {2U, 4U, 6U})
        wp_color_representation_manager_v1_send_supported_coefficients_and_ranges(resource, coefficients, 2);
    wp_color_representation_manager_v1_send_done(resource);
}
#endif

#ifdef HAVE_COLOR_MANAGEMENT_V1
const auto description_implementation = [] {
    struct wp_image_description_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();
const auto creator_implementation = [] {
    struct wp_image_description_creator_params_v1_interface calls {};
    calls.create = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        wl_resource* description =
            create(client, wp_image_description_v1_interface, resource, id, &description_implementation, nullptr);
        if (data_of<State>(resource).options.refuse_colors)
            wp_image_description_v1_send_failed(description, WP_IMAGE_DESCRIPTION_V1_CAUSE_UNSUPPORTED, "no");
        else
            wp_image_description_v1_send_ready(description, 1);
        wl_resource_destroy(resource);
    };
    calls.set_tf_named = [](wl_client*, wl_resource* resource, std::uint32_t n) {
        data_of<State>(resource).color.transfer = n;
    };
    calls.set_primaries_named = [](wl_client*, wl_resource* resource, std::uint32_t n) {
        data_of<State>(resource).color.primaries = n;
    };
    calls.set_mastering_display_primaries = [](wl_client*, wl_resource* resource, std::int32_t red_x, std::int32_t,
                                               std::int32_t, std::int32_t, std::int32_t, std::int32_t, std::int32_t,
                                               std::int32_t) { data_of<State>(resource).color.red_x = red_x; };
    calls.set_mastering_luminance = [](wl_client*, wl_resource* resource, std::uint32_t least, std::uint32_t most) {
        if (least >= most * std::uint64_t{10000})
            wl_resource_post_error(resource, WP_IMAGE_DESCRIPTION_CREATOR_PARAMS_V1_ERROR_INVALID_LUMINANCE, "min");
        data_of<State>(resource).color.most = most;
    };
    calls.set_max_cll = [](wl_client*, wl_resource* resource, std::uint32_t n) {
        data_of<State>(resource).color.light = n;
    };
    calls.set_max_fall = [](wl_client*, wl_resource*, std::uint32_t) {};
    return calls;
}();
const auto management_implementation = [] {
    struct wp_color_management_surface_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_image_description = [](wl_client*, wl_resource* resource, wl_resource*, std::uint32_t) {
        data_of<MockSurface>(resource).pending.described = true;
    };
    calls.unset_image_description = [](wl_client*, wl_resource* resource) {
        data_of<MockSurface>(resource).pending.described = false;
    };
    return calls;
}();
const auto color_manager_implementation = [] {
    struct wp_color_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_surface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        create(client, wp_color_management_surface_v1_interface, resource, id, &management_implementation,
               &data_of<MockSurface>(surface));
    };
    calls.create_parametric_creator = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        data_of<State>(resource).color = {};
        create(client, wp_image_description_creator_params_v1_interface, resource, id, &creator_implementation,
               &data_of<State>(resource));
    };
    return calls;
}();
void bind_color_manager(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &wp_color_manager_v1_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &color_manager_implementation, data, ignore_destroyed);
    wp_color_manager_v1_send_supported_feature(resource, WP_COLOR_MANAGER_V1_FEATURE_PARAMETRIC);
    wp_color_manager_v1_send_supported_feature(resource, WP_COLOR_MANAGER_V1_FEATURE_SET_MASTERING_DISPLAY_PRIMARIES);
    wp_color_manager_v1_send_supported_tf_named(resource, WP_COLOR_MANAGER_V1_TRANSFER_FUNCTION_ST2084_PQ);
    wp_color_manager_v1_send_supported_tf_named(resource, WP_COLOR_MANAGER_V1_TRANSFER_FUNCTION_HLG);
    wp_color_manager_v1_send_supported_primaries_named(resource, WP_COLOR_MANAGER_V1_PRIMARIES_BT2020);
    wp_color_manager_v1_send_done(resource);
}
#endif

#ifdef HAVE_FRACTIONAL_SCALE_V1
const auto scale_implementation = [] {
    struct wp_fractional_scale_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();
const auto scale_manager_implementation = [] {
    struct wp_fractional_scale_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_fractional_scale = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        wl_resource* scale =
            create(client, wp_fractional_scale_v1_interface, resource, id, &scale_implementation, nullptr);
        wp_fractional_scale_v1_send_preferred_scale(scale, data_of<State>(resource).options.scale);
    };
    return calls;
}();
#endif

#ifdef HAVE_IDLE_INHIBIT_V1
const auto inhibitor_implementation = [] {
    struct zwp_idle_inhibitor_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();
const auto inhibit_manager_implementation = [] {
    struct zwp_idle_inhibit_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_inhibitor = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        ++data_of<State>(resource).inhibitors;
        create(client, zwp_idle_inhibitor_v1_interface, resource, id, &inhibitor_implementation,
               &data_of<State>(resource), [](wl_resource* gone) { --data_of<State>(gone).inhibitors; });
    };
    return calls;
}();
#endif

#ifdef HAVE_CONTENT_TYPE_V1
const auto content_type_implementation = [] {
    struct wp_content_type_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_content_type = [](wl_client*, wl_resource* resource, std::uint32_t type) {
        data_of<State>(resource).content_type = type;
    };
    return calls;
}();
const auto content_type_manager_implementation = [] {
    struct wp_content_type_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_surface_content_type = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        create(client, wp_content_type_v1_interface, resource, id, &content_type_implementation,
               &data_of<State>(resource));
    };
    return calls;
}();
#endif

#ifdef HAVE_XDG_DECORATION_V1
const auto decoration_implementation = [] {
    struct zxdg_toplevel_decoration_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_mode = [](wl_client*, wl_resource* resource, std::uint32_t mode) {
        const bool ours = mode == ZXDG_TOPLEVEL_DECORATION_V1_MODE_SERVER_SIDE;
        data_of<State>(resource).decoration = ours ? "server-side" : "client-side";
    };
    return calls;
}();
const auto decoration_manager_implementation = [] {
    struct zxdg_decoration_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_toplevel_decoration = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        if (!data_of<State>(resource).commits.empty())
            wl_resource_post_error(resource, ZXDG_TOPLEVEL_DECORATION_V1_ERROR_UNCONFIGURED_BUFFER, "too late");
        create(client, zxdg_toplevel_decoration_v1_interface, resource, id, &decoration_implementation,
               &data_of<State>(resource));
    };
    return calls;
}();
#endif

#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
const auto icon_implementation = [] {
    struct xdg_toplevel_icon_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_name = [](wl_client*, wl_resource* resource, const char* name) { data_of<State>(resource).icon = name; };
    return calls;
}();
const auto icon_manager_implementation = [] {
    struct xdg_toplevel_icon_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_icon = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        create(client, xdg_toplevel_icon_v1_interface, resource, id, &icon_implementation, &data_of<State>(resource));
    };
    calls.set_icon = [](wl_client*, wl_resource*, wl_resource*, wl_resource*) {};
    return calls;
}();
#endif

} // namespace

void offer_extras([[maybe_unused]] State& state) {
    if (!state.options.extras) return;
#ifdef HAVE_FIFO_V1
    offer<wp_fifo_manager_v1_interface, fifo_manager_implementation>(state);
#endif
#ifdef HAVE_COMMIT_TIMING_V1
    offer<wp_commit_timing_manager_v1_interface, timing_manager_implementation>(state);
#endif
#ifdef HAVE_COLOR_REPRESENTATION_V1
    offer<wp_color_representation_manager_v1_interface, representation_manager_implementation>(state,
                                                                                               bind_representation);
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
    offer<wp_color_manager_v1_interface, color_manager_implementation>(state, bind_color_manager);
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
    offer<wp_fractional_scale_manager_v1_interface, scale_manager_implementation>(state);
#endif
#ifdef HAVE_IDLE_INHIBIT_V1
    offer<zwp_idle_inhibit_manager_v1_interface, inhibit_manager_implementation>(state);
#endif
#ifdef HAVE_CONTENT_TYPE_V1
    offer<wp_content_type_manager_v1_interface, content_type_manager_implementation>(state);
#endif
#ifdef HAVE_XDG_DECORATION_V1
    offer<zxdg_decoration_manager_v1_interface, decoration_manager_implementation>(state);
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
    offer<xdg_toplevel_icon_manager_v1_interface, icon_manager_implementation>(state);
#endif
}

} // namespace v4l2play
