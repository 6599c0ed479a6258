// Test commits, each made once.
#pragma once

#include <functional>
#include <vector>

#include "render/kms/scene.h"

namespace v4l2play {

/// What the driver answered to scenes. The answer depends on planes, formats, geometry, colours and what lies above,
/// not on which of a pool's framebuffers is shown, so a new pool of the same format and a seek ask nothing.
class PlaneTests {
  public:
    /// 0 or a negative errno.
    using Ask = std::function<int(const Scene&)>;
    explicit PlaneTests(Ask ask)
        : ask_(std::move(ask)) {}

    int test(const Scene& scene, const FrameFormat& format);
    /// After a change of mode, or of what other programs show.
    void forget() { answers_.clear(); }
    /// A promise that the driver did not keep.
    void correct(const Scene& scene, const FrameFormat& format, int error);
    [[nodiscard]] unsigned asked() const { return asked_; }

  private:
    struct Answer {
        Scene scene; ///< its framebuffers do not count
        FrameFormat format;
        int error;
    };
    Answer* find(const Scene& scene, const FrameFormat& format);

    Ask ask_;
    std::vector<Answer> answers_;
    unsigned asked_ = 0;
};

} // namespace v4l2play
