// Why a driver refuses to show something, in one sentence.
#pragma once

#include <cerrno>
#include <functional>
#include <string>

#include "render/kms/scene.h"

namespace v4l2play {

/// 0 when the driver would take the scene, else its negative errno.
using SceneTest = std::function<int(const Scene&)>;

/// What `test` refused `scene` for with `error`: its properties are dropped one by one, and the one without which it is
/// taken is the reason; where no single one is, the first so many. For scenes of frames of `format`:
///
///     plane 41 takes NV12 but not scaled by 1.50
///
std::string why_refused(const Scene& scene, const FrameFormat& format, int error, const SceneTest& test);

/// Why `plane` is not even asked: it does not list the format. Empty when it does.
std::string why_not_listed(const KmsPlane& plane, const FormatModifier& format);

/// Refusals of one arrangement of planes, which another one may escape.
inline bool is_refusal(int error) {
    return error == -EINVAL || error == -ENOSPC || error == -ERANGE || error == -ENOTSUP;
}

} // namespace v4l2play
