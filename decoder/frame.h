// A decoded image on its way to the screen: a slot, how its memory is laid out, and when it is due.
#pragma once

#include <cstdint>

#include "decoder/format.h"
#include "decoder/kernel.h"
#include "decoder/nanoseconds.h"
#include "decoder/slot.h"

namespace v4l2play {

/// Names a coded picture from submission to display: a counter, at least 1, unique in its decoder. It travels in the
/// V4L2 timestamp (as microseconds) and is never a time. 0 = none.
using FrameId = std::uint64_t;

struct Frame {
    FrameId id = 0;
    SlotRef slot;           ///< Hold::Queue until an output exports it
    UniqueFd acquire_fence; ///< a sync_file: the picture is complete when it signals; none: it is complete
    FrameInfo info;
    Nanoseconds pts = no_time;
    Nanoseconds duration = 0; ///< 0 = unknown
    std::uint32_t serial = 0;
    bool copied = false;  ///< the processor put it into the slot, from where it had been decoded
    bool corrupt = false; ///< a part of it is missing or damaged; it is shown all the same
    bool discard = false; ///< decoded for the sake of others; not to be shown
};

} // namespace v4l2play
