#include "decoder/decoder.h"

#include <cerrno>

namespace v4l2play {
namespace {

constexpr char choosing[] = "choose_format";

} // namespace

tl::unexpected<Error> no_common_format(const std::string& made) {
    return fail(ENOTSUP, "the decoder makes " + made + ", none of which the output shows", choosing);
}

bool is_no_common_format(const Error& error) { return std::string_view(error.where) == choosing; }

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
