#include "render/kms/plane_tests.h"

#include <algorithm>
#include <cerrno>

namespace v4l2play {
namespace {

constexpr std::size_t most_answers = 512; // a resizing overlay must not fill the memory

bool same(const Scene& a, const Scene& b) {
    return a.video == b.video && a.overlay_plane == b.overlay_plane &&
           (a.overlay_plane == nullptr || a.overlay.place == b.overlay.place);
}

/// Refusals of this arrangement; others (EBUSY, EACCES, ENOMEM) say nothing about it.
bool is_answer(int error) {
    return error == 0 || error == -EINVAL || error == -ENOSPC || error == -ERANGE || error == -ENOTSUP;
}

} // namespace

PlaneTests::Answer* PlaneTests::find(const Scene& scene, const FrameFormat& format) {
    const auto found = std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
        return same(answer.scene, scene) && answer.format == format;
    });
    return found == answers_.end() ? nullptr : &*found;
}

int PlaneTests::test(const Scene& scene, const FrameFormat& format) {
    if (const Answer* known = find(scene, format)) return known->error;
    ++asked_;
    const int error = ask_(scene);
    if (answers_.size() >= most_answers) answers_.clear();
    if (is_answer(error)) answers_.push_back({scene, format, error});
    return error;
}

void PlaneTests::correct(const Scene& scene, const FrameFormat& format, int error) {
    if (Answer* known = find(scene, format)) known->error = error;
}

} // namespace v4l2play
