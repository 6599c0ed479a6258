#include "render/output.h"

namespace v4l2play {

const char* to_string(OutputPath path) {
    switch (path) {
    case OutputPath::None:
        return "none";
    case OutputPath::Plane:
        return "plane";
    case OutputPath::Composited:
        return "composited";
    case OutputPath::Copied:
        return "copied";
    }
    return "?";
}

} // namespace v4l2play
