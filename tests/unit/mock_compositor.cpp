#include "tests/unit/mock_compositor.h"

#include <cstdlib>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <presentation-time-server-protocol.h>
#include <xdg-shell-server-protocol.h>

#include "tests/unit/mock_state.h"

namespace v4l2play {

MockCompositor::MockCompositor(const MockOptions& options)
    : state_(std::make_unique<State>())
    , wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    state_->options = options;
    std::string directory = "/tmp/v4l2play-mock-XXXXXX";
    state_->directory = mkdtemp(directory.data());
    setenv("XDG_RUNTIME_DIR", state_->directory.c_str(), 1);
    setenv("WAYLAND_DISPLAY", "mock", 1);
    state_->display = wl_display_create();
    offer_surfaces(*state_);
    offer_shell(*state_);
    offer_dmabuf(*state_);
    offer_syncobj(*state_);
    offer_extras(*state_);
    wl_display_add_socket(state_->display, "mock");
    thread_ = std::thread([this] { serve(); });
}

MockCompositor::~MockCompositor() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    eventfd_write(wake_, 1);
    thread_.join();
    wl_display_destroy_clients(state_->display);
    wl_display_destroy(state_->display);
    close(wake_);
    rmdir(state_->directory.c_str());
    unsetenv("WAYLAND_DISPLAY");
}

void MockCompositor::handle_requests() {
    wl_event_loop* loop = wl_display_get_event_loop(state_->display);
    // A new connection and its first requests take a turn each.
    for (int i = 0; i < 3; ++i) wl_event_loop_dispatch(loop, 0);
    wl_display_flush_clients(state_->display);
}

void MockCompositor::serve() {
    pollfd waits[] = {{wl_event_loop_get_fd(wl_display_get_event_loop(state_->display)), POLLIN, 0},
                      {wake_, POLLIN, 0}};
    for (;;) {
        waits[0].events = frozen_ ? 0 : POLLIN;
        poll(waits, 2, -1);
        if (!frozen_) handle_requests();
        std::unique_lock lock(mutex_);
        if (ending_) return;
        if (command_ == nullptr) continue;
        eventfd_t count = 0;
        eventfd_read(wake_, &count);
        handle_requests(); // those too that came since
        (*command_)(*state_);
        wl_display_flush_clients(state_->display);
        command_ = nullptr;
        done_.notify_all();
    }
}

void MockCompositor::run(const std::function<void(State&)>& what) {
    std::unique_lock lock(mutex_);
    command_ = &what;
    eventfd_write(wake_, 1);
    done_.wait(lock, [&] { return command_ == nullptr; });
}

std::vector<MockCommit> MockCompositor::commits() {
    std::vector<MockCommit> commits;
    run([&](State& state) {
        for (const auto& one : state.commits) commits.push_back(one->commit);
    });
    return commits;
}

bool MockCompositor::is_complete(std::size_t index) {
    bool complete = false;
    run([&](State& state) {
        const MockAnswerable& one = *state.commits.at(index);
        const bool shm = one.commit.buffer == 0 || one.buffer == nullptr;
        pollfd writers{shm ? -1 : data_of<MockBuffer>(one.buffer).dmabuf.get(), POLLIN, 0};
        complete = one.acquire.set ? state.options.timelines->is_signalled(one.acquire.timeline, one.acquire.point)
                                   : shm || poll(&writers, 1, 0) == 1;
    });
    return complete;
}

void MockCompositor::present(std::size_t index, Nanoseconds time, Nanoseconds period, bool zero_copy,
                             std::uint64_t msc) {
    run([&](State& state) {
        MockAnswerable& one = *state.commits.at(index);
        one.commit.answered = true;
        if (wl_resource* frame = one.frame; frame != nullptr) {
            wl_callback_send_done(frame, 0);
            wl_resource_destroy(frame);
        }
        wl_resource* feedback = one.feedback;
        if (feedback == nullptr) return;
        const std::uint32_t flags = WP_PRESENTATION_FEEDBACK_KIND_VSYNC |
                                    (zero_copy ? std::uint32_t{WP_PRESENTATION_FEEDBACK_KIND_ZERO_COPY} : 0U);
        wp_presentation_feedback_send_presented(
            feedback, 0, static_cast<std::uint32_t>(time / second), static_cast<std::uint32_t>(time % second),
            static_cast<std::uint32_t>(period), static_cast<std::uint32_t>(msc >> 32), static_cast<std::uint32_t>(msc),
            flags);
        wl_resource_destroy(feedback);
    });
}

void MockCompositor::discard(std::size_t index) {
    run([&](State& state) {
        wl_resource* feedback = state.commits.at(index)->feedback;
        if (feedback == nullptr) return;
        wp_presentation_feedback_send_discarded(feedback);
        wl_resource_destroy(feedback);
    });
}

void MockCompositor::release(std::size_t index) {
    run([&](State& state) {
        MockAnswerable& one = *state.commits.at(index);
        one.commit.released = true;
        if (one.release_point.set)
            return state.options.timelines->signal(one.release_point.timeline, one.release_point.point);
        if (wl_resource* callback = one.release; callback != nullptr) {
            wl_callback_send_done(callback, 0);
            wl_resource_destroy(callback);
        }
        if (one.buffer != nullptr) wl_buffer_send_release(one.buffer);
    });
}

void MockCompositor::configure(int width, int height, bool fullscreen) {
    run([&](State& state) { send_configure(state, width, height, fullscreen); });
}

void MockCompositor::suspend(bool suspended) {
    run([&](State& state) { send_configure(state, state.width, state.height, state.fullscreen, suspended); });
}

void MockCompositor::close_window() {
    run([](State& state) { xdg_toplevel_send_close(state.toplevel); });
}

void MockCompositor::press(std::uint32_t key) {
    run([&](State& state) {
        if (state.keyboard == nullptr) return;
        for (const wl_keyboard_key_state pressed : {WL_KEYBOARD_KEY_STATE_PRESSED, WL_KEYBOARD_KEY_STATE_RELEASED})
            wl_keyboard_send_key(state.keyboard, wl_display_next_serial(state.display), 0, key, pressed);
    });
}

void MockCompositor::change_formats(const std::vector<MockFormat>& formats) {
    run([&](State& state) {
        state.options.surface_formats = formats;
        tell_formats(state);
    });
}

void MockCompositor::refuse_imports(bool refuse) {
    run([&](State& state) { state.refuse_imports = refuse; });
}

void MockCompositor::post_error() {
    run([](State& state) { wl_resource_post_error(state.toplevel, 7, "told to"); });
}

void MockCompositor::drop_clients(bool frozen) {
    run([&](State& state) {
        wl_display_destroy_clients(state.display);
        frozen_ = frozen;
    });
}

void MockCompositor::thaw() {
    run([&](State&) { frozen_ = false; });
}

std::vector<std::string> MockCompositor::complaints() {
    std::vector<std::string> complaints;
    run([&](State& state) { complaints = state.complaints; });
    return complaints;
}

void MockCompositor::draw() {
    run([](State& state) {
        for (const auto& one : state.commits) {
            if (one->frame == nullptr) continue;
            wl_callback_send_done(one->frame, 0);
            wl_resource_destroy(one->frame);
        }
    });
}

unsigned MockCompositor::answers_owed() {
    unsigned count = 0;
    run([&](State& state) {
        for (const auto& one : state.commits) count += one->feedback != nullptr || one->frame != nullptr ? 1 : 0;
    });
    return count;
}

unsigned MockCompositor::imports() {
    unsigned count = 0;
    run([&](State& state) { count = state.imports; });
    return count;
}

unsigned MockCompositor::buffers_alive() {
    unsigned count = 0;
    run([&](State& state) { count = state.buffers_alive; });
    return count;
}

unsigned MockCompositor::connections() {
    unsigned count = 0;
    run([&](State& state) { count = state.connections; });
    return count;
}

bool MockCompositor::has_window() {
    bool has = false;
    run([&](State& state) { has = state.toplevel != nullptr; });
    return has;
}

std::string MockCompositor::title() {
    std::string title;
    run([&](State& state) { title = state.title; });
    return title;
}

unsigned MockCompositor::surfaces_mapped() {
    unsigned count = 0;
    run([&](State& state) {
        for (const MockSurface* surface : state.surfaces) count += surface->mapped ? 1 : 0;
    });
    return count;
}

MockColor MockCompositor::color() {
    MockColor color;
    run([&](State& state) { color = state.color; });
    return color;
}

unsigned MockCompositor::inhibitors() {
    unsigned count = 0;
    run([&](State& state) { count = state.inhibitors; });
    return count;
}

std::uint32_t MockCompositor::content_type() {
    std::uint32_t type = 0;
    run([&](State& state) { type = state.content_type; });
    return type;
}

std::string MockCompositor::icon() {
    std::string icon;
    run([&](State& state) { icon = state.icon; });
    return icon;
}

std::string MockCompositor::decoration() {
    std::string decoration;
    run([&](State& state) { decoration = state.decoration; });
    return decoration;
}

std::string MockCompositor::fullscreen_asked() {
    std::string asked;
    run([&](State& state) {
        if (state.fullscreen_asked) asked = state.fullscreen_on_screen ? "that screen" : "some screen";
    });
    return asked;
}

} // namespace v4l2play
