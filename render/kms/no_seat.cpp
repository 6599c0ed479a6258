#include "render/kms/seat.h"

namespace v4l2play {

std::unique_ptr<Seat> open_seat(Kernel&) { return nullptr; }

std::string seat_build_notes() { return "\nbuilt without libseat: no session, and no switching of virtual terminals"; }

} // namespace v4l2play
