#include "decoder/decoder.h"

namespace v4l2play {

const char* to_string(DropReason reason) {
    switch (reason) {
    case DropReason::BeforeRandomAccess:
        return "before-random-access";
    case DropReason::MissingReference:
        return "missing-reference";
    case DropReason::Malformed:
        return "malformed";
    case DropReason::DeviceError:
        return "device-error";
    case DropReason::Stalled:
        return "stalled";
    }
    return "?";
}

} // namespace v4l2play
