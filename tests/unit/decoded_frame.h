// A frame as a decoder hands it out.
#pragma once

#include <gtest/gtest.h>

#include "decoder/frame.h"
#include "decoder/slot.h"

namespace v4l2play {

/// In a free slot of the pool, one reference to it: the player's own queue's.
inline Frame decoded_frame(SlotPool& pool, FrameId id, const FrameInfo& info) {
    const SlotRef request = pool.acquire();
    EXPECT_TRUE(request);
    EXPECT_TRUE(pool.finish_decode(request));
    Frame frame;
    frame.id = id;
    frame.slot = request.also(Hold::Queue);
    frame.info = info;
    return frame;
}

} // namespace v4l2play
