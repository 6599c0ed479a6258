// The tests' compositor: linux-dmabuf.
#include "tests/unit/mock_state.h"

#include <sys/mman.h>
#include <unistd.h>

#include <linux-dmabuf-v1-server-protocol.h>

namespace v4l2play {

using State = MockCompositor::State;

namespace {

const auto buffer_implementation = [] {
    struct wl_buffer_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

} // namespace

wl_resource* create_mock_buffer(wl_client* client, State& state, std::uint32_t number, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &wl_buffer_interface, 1, id);
    if (number != 0) ++state.buffers_alive;
    wl_resource_set_implementation(resource, &buffer_implementation, new MockBuffer{&state, number, 0, 0, {}},
                                   [](wl_resource* gone) {
                                       auto& buffer = data_of<MockBuffer>(gone);
                                       if (buffer.number != 0) --buffer.state->buffers_alive;
                                       buffer.state->forget(gone);
                                       delete &buffer;
                                   });
    return resource;
}

namespace {

const auto params_implementation = [] {
    struct zwp_linux_buffer_params_v1_interface calls {};
    calls.destroy = destroy;
    calls.add = [](wl_client*, wl_resource* resource, std::int32_t fd, std::uint32_t plane, std::uint32_t,
                   std::uint32_t, std::uint32_t, std::uint32_t) {
        auto& state = data_of<State>(resource);
        if (plane == 0 && state.options.imported) state.options.imported(state.imports + 1, fd);
        UniqueFd dmabuf(system_kernel(), fd);
        if (plane == 0) state.dmabuf = std::move(dmabuf);
    };
    calls.create = [](wl_client* client, wl_resource* resource, std::int32_t width, std::int32_t height, std::uint32_t,
                      std::uint32_t) {
        auto& state = data_of<State>(resource);
        if (state.refuse_imports) return zwp_linux_buffer_params_v1_send_failed(resource);
        wl_resource* buffer = create_mock_buffer(client, state, ++state.imports, 0);
        data_of<MockBuffer>(buffer).width = width;
        data_of<MockBuffer>(buffer).height = height;
        data_of<MockBuffer>(buffer).dmabuf = std::move(state.dmabuf);
        zwp_linux_buffer_params_v1_send_created(resource, buffer);
    };
    return calls;
}();
const auto feedback_implementation = [] {
    struct zwp_linux_dmabuf_feedback_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

/// A tranche for what can be scanned out, after one for the rest: the client has to sort.
void send_tranche(wl_resource* feedback, const std::vector<MockFormat>& formats, bool scanout) {
    wl_array indices;
    wl_array_init(&indices);
    for (std::size_t i = 0; i < formats.size(); ++i)
        if (formats[i].scanout == scanout)
            *static_cast<std::uint16_t*>(wl_array_add(&indices, sizeof(std::uint16_t))) = static_cast<std::uint16_t>(i);
    zwp_linux_dmabuf_feedback_v1_send_tranche_flags(
        feedback, scanout ? std::uint32_t{ZWP_LINUX_DMABUF_FEEDBACK_V1_TRANCHE_FLAGS_SCANOUT} : 0U);
    zwp_linux_dmabuf_feedback_v1_send_tranche_formats(feedback, &indices);
    zwp_linux_dmabuf_feedback_v1_send_tranche_done(feedback);
    wl_array_release(&indices);
}

/// `told`: none for those of the default feedback.
void send_feedback(wl_resource* feedback, const State& state, const std::vector<MockFormat>& told) {
    struct Entry {
        std::uint32_t format;
        std::uint32_t padding;
        std::uint64_t modifier;
    };
    const std::vector<MockFormat>& formats = told.empty() ? state.options.formats : told;
    std::vector<Entry> table;
    for (const MockFormat& one : formats)
        table.push_back({static_cast<std::uint32_t>(one.format.fourcc), 0, one.format.modifier});
    const int fd = memfd_create("formats", MFD_CLOEXEC);
    const auto size = static_cast<std::uint32_t>(table.size() * sizeof(Entry));
    if (write(fd, table.data(), size) == static_cast<ssize_t>(size))
        zwp_linux_dmabuf_feedback_v1_send_format_table(feedback, fd, size + state.options.table_lie);
    close(fd);
    send_tranche(feedback, formats, false);
    send_tranche(feedback, formats, true);
    zwp_linux_dmabuf_feedback_v1_send_done(feedback);
}

const auto dmabuf_implementation = [] {
    struct zwp_linux_dmabuf_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_params = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        create(client, zwp_linux_buffer_params_v1_interface, resource, id, &params_implementation,
               &data_of<State>(resource));
    };
    calls.get_surface_feedback = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        auto& state = data_of<State>(resource);
        wl_resource* feedback =
            create(client, zwp_linux_dmabuf_feedback_v1_interface, resource, id, &feedback_implementation, &state,
                   [](wl_resource* gone) { std::erase(data_of<State>(gone).surface_feedbacks, gone); });
        state.surface_feedbacks.push_back(feedback);
        send_feedback(feedback, state, state.options.surface_formats);
    };
    calls.get_default_feedback = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        send_feedback(
            create(client, zwp_linux_dmabuf_feedback_v1_interface, resource, id, &feedback_implementation, nullptr),
            data_of<State>(resource), data_of<State>(resource).options.formats);
    };
    return calls;
}();

void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &zwp_linux_dmabuf_v1_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &dmabuf_implementation, data, ignore_destroyed);
    if (version >= 4) return;
    for (const MockFormat& one : static_cast<State*>(data)->options.formats)
        zwp_linux_dmabuf_v1_send_modifier(resource, static_cast<std::uint32_t>(one.format.fourcc),
                                          static_cast<std::uint32_t>(one.format.modifier >> 32),
                                          static_cast<std::uint32_t>(one.format.modifier));
}

} // namespace

void tell_formats(State& state) {
    for (wl_resource* feedback : state.surface_feedbacks) send_feedback(feedback, state, state.options.surface_formats);
}

void offer_dmabuf(State& state) {
    if (const auto version = static_cast<int>(state.options.dmabuf_version); version != 0)
        wl_global_create(state.display, &zwp_linux_dmabuf_v1_interface, version, &state, bind);
}

} // namespace v4l2play
