#include "render/wayland/commit_answers.h"

#include "render/wayland/commit_ledger.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

Commit& commit_of(void* data) { return *static_cast<Commit*>(data); }

void on_sync_output(void*, struct wp_presentation_feedback*, wl_output*) {}
void on_presented(void* data, struct wp_presentation_feedback*, std::uint32_t high, std::uint32_t low,
                  std::uint32_t nanoseconds, std::uint32_t refresh, std::uint32_t msc_high, std::uint32_t msc_low,
                  std::uint32_t flags) {
    Commit& commit = commit_of(data);
    const auto seconds = static_cast<Nanoseconds>(std::uint64_t{high} << 32 | low);
    const Nanoseconds time = commit.owner->to_monotonic(seconds * second + nanoseconds);
    const bool scanned_out = (flags & WP_PRESENTATION_FEEDBACK_KIND_ZERO_COPY) != 0;
    commit.owner->on_presented(commit, {time, refresh, std::uint64_t{msc_high} << 32 | msc_low, scanned_out});
}
void on_discarded(void* data, struct wp_presentation_feedback*) {
    commit_of(data).owner->on_discarded(commit_of(data));
}
constexpr wp_presentation_feedback_listener feedback_listener = {on_sync_output, on_presented, on_discarded};

void on_frame_done(void* data, wl_callback*, std::uint32_t) { commit_of(data).owner->on_frame(commit_of(data)); }
constexpr wl_callback_listener frame_listener = {on_frame_done};

} // namespace

void ask_for_answer(const WaylandGlobals& globals, wl_surface* surface, Commit& commit, AnswerListener& listener) {
    commit.owner = &listener;
    if (globals.presentation != nullptr) {
        commit.feedback.reset(wp_presentation_feedback(globals.presentation.get(), surface));
        wp_presentation_feedback_add_listener(commit.feedback.get(), &feedback_listener, &commit);
    } else {
        commit.frame.reset(wl_surface_frame(surface));
        wl_callback_add_listener(commit.frame.get(), &frame_listener, &commit);
    }
}

} // namespace v4l2play
