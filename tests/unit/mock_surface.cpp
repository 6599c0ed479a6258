#include "tests/unit/mock_state.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <presentation-time-server-protocol.h>
#include <viewporter-server-protocol.h>
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
#include <single-pixel-buffer-v1-server-protocol.h>
#endif

namespace v4l2play {

using State = MockCompositor::State;

void State::forget(const wl_resource* resource) {
    const auto drop = [resource](wl_resource*& held) {
        if (held == resource) held = nullptr;
    };
    for (const auto& one : commits)
        for (wl_resource** held : {&one->buffer, &one->feedback, &one->frame, &one->release}) drop(*held);
    for (MockSurface* surface : surfaces)
        for (MockPending* waiting : {&surface->pending, &surface->cached})
            for (wl_resource** held : {&waiting->buffer, &waiting->feedback, &waiting->frame, &waiting->release})
                drop(*held);
}

wl_resource* create(wl_client* client, const wl_interface& interface, wl_resource* parent, std::uint32_t id,
                    const void* implementation, void* data, wl_resource_destroy_func_t destroyed) {
    wl_resource* resource = wl_resource_create(client, &interface, wl_resource_get_version(parent), id);
    wl_resource_set_implementation(resource, implementation, data, destroyed);
    return resource;
}

// Commits

namespace {

/// Width and height of what is attached; nothing to crop of a single pixel.
std::pair<int, int> size_of(wl_resource* buffer) {
    if (buffer == nullptr) return {0, 0};
    if (wl_shm_buffer* shm = wl_shm_buffer_get(buffer))
        return {wl_shm_buffer_get_width(shm), wl_shm_buffer_get_height(shm)};
    return {data_of<MockBuffer>(buffer).width, data_of<MockBuffer>(buffer).height};
}

bool is_shm(wl_resource* buffer) { return wl_shm_buffer_get(buffer) != nullptr; }

/// Takes over what is new, and what stays.
void merge(MockPending& into, MockPending& from) {
    MockPending merged = from;
    if (!from.attached) {
        merged.attached = into.attached;
        merged.buffer = into.buffer;
    }
    merged.damage.insert(merged.damage.begin(), into.damage.begin(), into.damage.end());
    if (merged.feedback == nullptr) merged.feedback = into.feedback;
    if (merged.frame == nullptr) merged.frame = into.frame;
    into = merged;
    from.forget_all();
}

} // namespace

bool MockSurface::waits_for_parent() const { return parent != nullptr && (synchronised || parent->waits_for_parent()); }

/// Of the picture; 0 when it is in no shared memory.
static std::size_t hash_of(wl_resource* buffer) {
    wl_shm_buffer* shm = wl_shm_buffer_get(buffer);
    if (shm == nullptr) return 0;
    const auto size = static_cast<std::size_t>(wl_shm_buffer_get_stride(shm) * wl_shm_buffer_get_height(shm));
    return std::hash<std::string_view>{}({static_cast<const char*>(wl_shm_buffer_get_data(shm)), size});
}

/// Complains of a commit that changes nothing of what is on show. (Surfaces without a picture may have their reasons.)
void MockSurface::check_need() {
    MockPending stays = pending;
    if (stays.barrier || stays.waits || stays.time != 0 || stays.feedback != nullptr || stays.frame != nullptr) {
        stays.forget_all();
        last = stays;
        return;
    }
    stays.forget_all();
    const bool same_place = std::exchange(last, stays) == stays && next_x == x && next_y == y;
    const bool child_changes = std::any_of(state->surfaces.begin(), state->surfaces.end(), [this](const auto* child) {
        return child->parent == this && (child->has_cached || child->next_x != child->x || child->next_y != child->y);
    });
    const bool acks = parent == nullptr && std::exchange(state->acked, false);
    if (!mapped || child_changes || acks || !same_place) return;
    if (!pending.attached) {
        state->complaints.push_back(fmt::format("surface {}: a commit of nothing", number));
    } else if (state->options.strict && waits_for_parent() && pending.buffer != nullptr) {
        const std::size_t hash = hash_of(pending.buffer);
        if (hash != 0 && hash == std::exchange(overlay_hash, hash))
            state->complaints.push_back(fmt::format("surface {}: the same picture again", number));
    }
}

void MockSurface::commit() {
    check_need();
    if (waits_for_parent()) return cache();
    apply(pending);
}

/// A picture that another replaces before anybody has seen it is given back, as the protocol has it.
void MockSurface::cache() {
    if (pending.attached && has_cached && cached.buffer != nullptr) {
        wl_buffer_send_release(cached.buffer);
        if (cached.feedback != nullptr) {
            wp_presentation_feedback_send_discarded(cached.feedback);
            wl_resource_destroy(cached.feedback);
        }
    }
    merge(cached, pending);
    has_cached = true;
}

void MockSurface::apply(MockPending& brought) {
    if (brought.attached) {
        std::tie(buffer_width, buffer_height) = size_of(brought.buffer);
        mapped = brought.buffer != nullptr;
    }
    const bool lies = brought.transform % 2 != 0;
    const int width = lies ? buffer_height : buffer_width;
    const int height = lies ? buffer_width : buffer_height;
    if (buffer_width != 0 && (brought.source_width > width || brought.source_height > height))
        wl_resource_post_error(viewport, WP_VIEWPORT_ERROR_OUT_OF_BUFFER, "the source is not in the buffer");
    check_points(brought);
    if (brought.attached) check_damage(brought);
    record(brought);
    brought.forget_all();
    for (MockSurface* child : state->surfaces) {
        if (child->parent != this) continue;
        child->x = child->next_x;
        child->y = child->next_y;
        if (std::exchange(child->has_cached, false)) child->apply(child->cached);
    }
}

static bool covers(const std::vector<Rect>& damage, std::size_t x, std::size_t y) {
    return std::any_of(damage.begin(), damage.end(), [&](const Rect& one) {
        return x >= one.x && x - one.x < one.width && y >= one.y && y - one.y < one.height;
    });
}

/// Compositors copy, and draw, what they are told has changed; what is new as a whole is damaged as a whole.
void MockSurface::check_damage(const MockPending& brought) {
    std::vector<std::uint32_t> before = std::exchange(picture, {});
    wl_shm_buffer* shm = brought.buffer == nullptr ? nullptr : wl_shm_buffer_get(brought.buffer);
    if (shm == nullptr) return;
    const auto width = static_cast<std::size_t>(buffer_width), height = static_cast<std::size_t>(buffer_height);
    const auto* pixels = static_cast<const std::uint32_t*>(wl_shm_buffer_get_data(shm));
    picture.assign(pixels, pixels + width * height); // rows have no padding here
    const bool same_width = std::exchange(picture_width, buffer_width) == buffer_width;
    const bool same_size = same_width && before.size() == picture.size();
    for (std::size_t at = 0; at < picture.size(); ++at) {
        if ((same_size && before[at] == picture[at]) || covers(brought.damage, at % width, at / width)) continue;
        state->complaints.push_back(fmt::format("surface {}: no damage at {}, {}", number, at % width, at / width));
        return;
    }
}

void MockSurface::record(MockPending& brought) {
    if (!brought.attached || brought.buffer == nullptr) return;
    const bool shm = is_shm(brought.buffer);
    if (!shm && data_of<MockBuffer>(brought.buffer).number == 0) return;
    for (const auto& other : state->commits) {
        if (other->buffer != brought.buffer || other->commit.released) continue;
        state->complaints.push_back(fmt::format("surface {}: a buffer attached while it is being read", number));
        wl_resource_post_error(resource, WL_SURFACE_ERROR_INVALID_SIZE, "attached while it is being read");
    }
    auto added = std::make_unique<MockAnswerable>();
    MockCommit& commit = added->commit;
    commit.surface = number;
    commit.destination_width = brought.destination_width;
    commit.destination_height = brought.destination_height;
    commit.source_width = brought.source_width;
    commit.source_height = brought.source_height;
    commit.transform = brought.transform;
    commit.barrier = brought.barrier;
    commit.waits = brought.waits;
    commit.time = brought.time;
    commit.coefficients = brought.coefficients;
    commit.range = brought.range;
    commit.described = brought.described;
    commit.x = x;
    commit.y = y;
    commit.width = buffer_width;
    commit.height = buffer_height;
    commit.damage = brought.damage;
    if (shm)
        commit.pixel = *static_cast<const std::uint32_t*>(wl_shm_buffer_get_data(wl_shm_buffer_get(brought.buffer)));
    else
        commit.buffer = data_of<MockBuffer>(brought.buffer).number;
    added->buffer = brought.buffer;
    added->feedback = brought.feedback;
    added->frame = brought.frame;
    added->release = brought.release;
    added->acquire = brought.acquire;
    added->release_point = brought.release_point;
    // With explicit synchronisation this says nothing.
    if (syncobj != nullptr) wl_buffer_send_release(brought.buffer);
    state->commits.push_back(std::move(added));
}

namespace {

// wl_surface

/// Tells the state when a buffer goes that is not of its own making.
struct BufferWatch {
    wl_listener listener{};
    State* state = nullptr;
};
void forget_buffer(wl_listener* listener, void* resource) {
    auto* watch = reinterpret_cast<BufferWatch*>(listener); // its first member
    watch->state->forget(static_cast<wl_resource*>(resource));
    delete watch;
}
void watch_buffer(State& state, wl_resource* buffer) {
    if (wl_resource_get_destroy_listener(buffer, forget_buffer) != nullptr) return;
    auto* watch = new BufferWatch{};
    watch->listener.notify = forget_buffer;
    watch->state = &state;
    wl_resource_add_destroy_listener(buffer, &watch->listener);
}

void attach(wl_client*, wl_resource* resource, wl_resource* buffer, std::int32_t, std::int32_t) {
    auto& surface = data_of<MockSurface>(resource);
    surface.pending.attached = true;
    surface.pending.buffer = buffer;
    if (buffer != nullptr) watch_buffer(*surface.state, buffer);
}
/// Nobody damages what is left of a picture or above it.
void damage(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y, std::int32_t width,
            std::int32_t height) {
    auto& surface = data_of<MockSurface>(resource);
    if (x < 0 || y < 0 || width < 0 || height < 0) surface.state->complaints.emplace_back("damage of nothing");
    surface.pending.damage.push_back({static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y),
                                      static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)});
}
void forget_answer(wl_resource* resource) { data_of<State>(resource).forget(resource); }
void frame(wl_client* client, wl_resource* resource, std::uint32_t id) {
    auto& surface = data_of<MockSurface>(resource);
    surface.pending.frame = wl_resource_create(client, &wl_callback_interface, 1, id);
    wl_resource_set_implementation(surface.pending.frame, nullptr, surface.state, forget_answer);
}
#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
void get_release(wl_client* client, wl_resource* resource, std::uint32_t id) {
    auto& surface = data_of<MockSurface>(resource);
    surface.pending.release = wl_resource_create(client, &wl_callback_interface, 1, id);
    wl_resource_set_implementation(surface.pending.release, nullptr, surface.state, forget_answer);
}
#endif
void set_region(wl_client*, wl_resource*, wl_resource*) {}
void commit(wl_client*, wl_resource* resource) { data_of<MockSurface>(resource).commit(); }

const auto surface_implementation = [] {
    struct wl_surface_interface calls {};
    calls.destroy = destroy;
    calls.attach = attach;
    calls.damage = damage;
    calls.damage_buffer = damage;
    calls.frame = frame;
    calls.set_opaque_region = set_region;
    calls.set_input_region = set_region;
    calls.commit = commit;
    calls.set_buffer_transform = [](wl_client*, wl_resource* resource, std::int32_t transform) {
        data_of<MockSurface>(resource).pending.transform = transform;
    };
#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
    calls.get_release = get_release;
#endif
    return calls;
}();

void surface_destroyed(wl_resource* resource) {
    auto& surface = data_of<MockSurface>(resource);
    std::erase(surface.state->surfaces, &surface);
    if (surface.syncobj != nullptr) wl_resource_set_user_data(surface.syncobj, nullptr);
    for (MockSurface* other : surface.state->surfaces)
        if (other->parent == &surface) other->parent = nullptr;
    delete &surface;
}

void create_surface(wl_client* client, wl_resource* resource, std::uint32_t id) {
    auto& state = data_of<State>(resource);
    auto* surface = new MockSurface{};
    surface->state = &state;
    surface->number = ++state.surface_count;
    surface->resource =
        create(client, wl_surface_interface, resource, id, &surface_implementation, surface, surface_destroyed);
    state.surfaces.push_back(surface);
}

const auto region_implementation = [] {
    struct wl_region_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

const auto compositor_implementation = [] {
    struct wl_compositor_interface calls {};
    calls.create_surface = create_surface;
    calls.create_region = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        create(client, wl_region_interface, resource, id, &region_implementation, nullptr);
    };
    return calls;
}();

// wl_subcompositor

void set_position(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y) {
    data_of<MockSurface>(resource).next_x = x;
    data_of<MockSurface>(resource).next_y = y;
}
const auto subsurface_implementation = [] {
    struct wl_subsurface_interface calls {};
    calls.destroy = destroy;
    calls.set_position = set_position;
    calls.set_sync = [](wl_client*, wl_resource* resource) { data_of<MockSurface>(resource).synchronised = true; };
    calls.set_desync = [](wl_client*, wl_resource* resource) { data_of<MockSurface>(resource).synchronised = false; };
    return calls;
}();
const auto subcompositor_implementation = [] {
    struct wl_subcompositor_interface calls {};
    calls.destroy = destroy;
    calls.get_subsurface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface,
                              wl_resource* parent) {
        data_of<MockSurface>(surface).parent = &data_of<MockSurface>(parent);
        create(client, wl_subsurface_interface, resource, id, &subsurface_implementation,
               &data_of<MockSurface>(surface));
    };
    return calls;
}();

// wp_viewporter

const auto viewport_implementation = [] {
    struct wp_viewport_interface calls {};
    calls.destroy = destroy;
    calls.set_source = [](wl_client*, wl_resource* resource, wl_fixed_t x, wl_fixed_t y, wl_fixed_t width,
                          wl_fixed_t height) {
        data_of<MockSurface>(resource).pending.source_width = wl_fixed_to_int(x + width);
        data_of<MockSurface>(resource).pending.source_height = wl_fixed_to_int(y + height);
    };
    calls.set_destination = [](wl_client*, wl_resource* resource, std::int32_t width, std::int32_t height) {
        data_of<MockSurface>(resource).pending.destination_width = width;
        data_of<MockSurface>(resource).pending.destination_height = height;
    };
    return calls;
}();
const auto viewporter_implementation = [] {
    struct wp_viewporter_interface calls {};
    calls.destroy = destroy;
    calls.get_viewport = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        data_of<MockSurface>(surface).viewport = create(client, wp_viewport_interface, resource, id,
                                                        &viewport_implementation, &data_of<MockSurface>(surface));
    };
    return calls;
}();

// wp_presentation

const auto presentation_implementation = [] {
    struct wp_presentation_interface calls {};
    calls.destroy = destroy;
    calls.feedback = [](wl_client* client, wl_resource* resource, wl_resource* surface, std::uint32_t id) {
        data_of<MockSurface>(surface).pending.feedback = create(client, wp_presentation_feedback_interface, resource,
                                                                id, nullptr, &data_of<State>(resource), forget_answer);
    };
    return calls;
}();

#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
const auto single_pixel_implementation = [] {
    struct wp_single_pixel_buffer_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_u32_rgba_buffer = [](wl_client* client, wl_resource* resource, std::uint32_t id, std::uint32_t,
                                      std::uint32_t, std::uint32_t,
                                      std::uint32_t) { create_mock_buffer(client, data_of<State>(resource), 0, id); };
    return calls;
}();
#endif

template <const wl_interface& interface, const auto& implementation>
void offer(State& state, std::uint32_t version, wl_global_bind_func_t bind = bind_plainly<interface, implementation>) {
    if (version != 0) wl_global_create(state.display, &interface, static_cast<int>(version), &state, bind);
}

} // namespace

void offer_surfaces(State& state) {
    const MockOptions& options = state.options;
    offer<wl_compositor_interface, compositor_implementation>(
        state, options.compositor_version, [](wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
            bind_plainly<wl_compositor_interface, compositor_implementation>(client, data, version, id);
            ++static_cast<State*>(data)->connections;
        });
    offer<wl_subcompositor_interface, subcompositor_implementation>(state, 1);
    offer<wp_viewporter_interface, viewporter_implementation>(state, options.viewporter ? 1 : 0);
    offer<wp_presentation_interface, presentation_implementation>(
        state, options.presentation ? 1 : 0,
        [](wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
            wl_resource* resource =
                wl_resource_create(client, &wp_presentation_interface, static_cast<int>(version), id);
            wl_resource_set_implementation(resource, &presentation_implementation, data, ignore_destroyed);
            wp_presentation_send_clock_id(resource, CLOCK_MONOTONIC);
        });
    if (options.shm) wl_display_init_shm(state.display);
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
    offer<wp_single_pixel_buffer_manager_v1_interface, single_pixel_implementation>(state,
                                                                                    options.single_pixel ? 1 : 0);
#endif
}

} // namespace v4l2play
