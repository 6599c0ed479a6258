// Inside of the tests' compositor: what its parts share.
#pragma once

#include "tests/unit/mock_compositor.h"

#include <set>
#include <utility>

#include <wayland-server.h>

#include "decoder/kernel.h"

namespace v4l2play {

struct MockSurface;

struct MockPoint {
    std::uint64_t timeline = 0; ///< number of what was shared
    std::uint64_t point = 0;
    bool set = false;

    bool operator==(const MockPoint&) const = default;
};

/// Resources of one commit; those that the client has dropped are null.
struct MockAnswerable {
    MockCommit commit;
    wl_resource* buffer = nullptr;
    wl_resource* feedback = nullptr;
    wl_resource* frame = nullptr;
    wl_resource* release = nullptr; ///< of wl_surface.get_release
    MockPoint acquire;
    MockPoint release_point;
};

/// A wl_buffer made of dmabufs, or of a single pixel.
struct MockBuffer {
    MockCompositor::State* state = nullptr;
    std::uint32_t number = 0; ///< 0: a single pixel
    int width = 0;
    int height = 0;
    UniqueFd dmabuf; ///< the first
};

struct MockCompositor::State {
    MockOptions options;
    std::string directory;
    wl_display* display = nullptr;
    wl_resource* shell_surface = nullptr;
    wl_resource* toplevel = nullptr;
    wl_resource* keyboard = nullptr;
    int width = 0; ///< that the window was told last
    int height = 0;
    bool fullscreen = false;
    std::string title;
    std::vector<std::unique_ptr<MockAnswerable>> commits;
    std::vector<MockSurface*> surfaces;
    std::vector<wl_resource*> surface_feedbacks;
    std::uint32_t surface_count = 0;
    unsigned imports = 0;
    UniqueFd dmabuf; ///< the first of the import under way
    unsigned buffers_alive = 0;
    unsigned connections = 0;
    bool refuse_imports = false;
    bool acked = false; ///< a configure, since the window's last commit
    std::set<std::pair<std::uint64_t, std::uint64_t>> release_points;
    std::vector<std::string> complaints;
    MockColor color;
    unsigned inhibitors = 0;
    std::uint32_t content_type = 0;
    std::string icon;
    std::string decoration;
    bool fullscreen_asked = false;
    bool fullscreen_on_screen = false; ///< a certain one

    /// A resource is gone.
    void forget(const wl_resource* resource);
};

/// What one commit of a surface brings.
struct MockPending {
    bool attached = false;
    wl_resource* buffer = nullptr;
    wl_resource* feedback = nullptr;
    wl_resource* frame = nullptr;
    wl_resource* release = nullptr;
    MockPoint acquire;
    MockPoint release_point;
    bool barrier = false; ///< fifo
    bool waits = false;
    Nanoseconds time = 0; ///< commit-timing; 0: none
    std::vector<Rect> damage;
    // These stay as they are until they are set again.
    int transform = 0;
    std::uint32_t coefficients = 0;
    std::uint32_t range = 0;
    bool described = false; ///< with an image description
    int source_width = 0;
    int source_height = 0;
    int destination_width = 0;
    int destination_height = 0;

    bool operator==(const MockPending&) const = default;
    /// What does not stay.
    void forget_all() {
        attached = false;
        buffer = feedback = frame = release = nullptr;
        acquire = release_point = {};
        barrier = waits = false;
        time = 0;
        damage.clear();
    }
};

struct MockSurface {
    MockCompositor::State* state = nullptr;
    wl_resource* resource = nullptr;
    std::uint32_t number = 0;
    wl_resource* viewport = nullptr;
    MockSurface* parent = nullptr;
    bool synchronised = true; ///< a subsurface at first
    MockPending pending;
    MockPending last;   ///< without what does not stay
    MockPending cached; ///< of a synchronised subsurface: waits for its parent's commit
    bool has_cached = false;
    int next_x = 0; ///< of the subsurface, from the parent's next commit on
    int next_y = 0;
    int x = 0;
    int y = 0;
    bool mapped = false;
    int buffer_width = 0; ///< of what is on show; 0: nothing that can be cropped
    int buffer_height = 0;
    std::size_t overlay_hash = 0; ///< of the shared memory that was attached last
    int picture_width = 0;
    std::vector<std::uint32_t> picture; ///< of shared memory, on show; empty: something else is

    wl_resource* syncobj = nullptr;

    void commit();

  private:
    void check_points(const MockPending& brought);
    void check_need();
    [[nodiscard]] bool waits_for_parent() const;
    void cache();
    void apply(MockPending& brought);
    void record(MockPending& brought);
    void check_damage(const MockPending& brought);
};

template <class T>
T& data_of(wl_resource* resource) {
    return *static_cast<T*>(wl_resource_get_user_data(resource));
}
inline void destroy(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }
inline void ignore_destroyed(wl_resource*) {}

/// A resource of the parent's version.
wl_resource* create(wl_client* client, const wl_interface& interface, wl_resource* parent, std::uint32_t id,
                    const void* implementation, void* data, wl_resource_destroy_func_t destroyed = ignore_destroyed);
/// `number` 0: a single pixel.
wl_resource* create_mock_buffer(wl_client* client, MockCompositor::State& state, std::uint32_t number,
                                std::uint32_t id);
void send_configure(MockCompositor::State& state, int width, int height, bool fullscreen, bool suspended = false);

template <const wl_interface& interface, const auto& implementation>
void bind_plainly(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &implementation, data, ignore_destroyed);
}

/// To the surfaces' feedbacks, anew.
void tell_formats(MockCompositor::State& state);

// Each part's globals.
void offer_surfaces(MockCompositor::State& state);
void offer_shell(MockCompositor::State& state);
void offer_dmabuf(MockCompositor::State& state);
void offer_syncobj(MockCompositor::State& state);
void offer_extras(MockCompositor::State& state);

} // namespace v4l2play
