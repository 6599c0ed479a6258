// What is told of a playback on the screen, beside what the slots themselves tell.
#pragma once

#include <string>

#include "render/output.h"

namespace v4l2play {

struct PlaybackFacts {
    std::string title;   ///< the item
    std::string format;  ///< what it is, in one line
    std::string decoder; ///< what decodes it, in one line
    std::string output;  ///< what shows it, in one line
    OutputPath path = OutputPath::None;
    Nanoseconds frame_duration = 0; ///< 0 = unknown
    Nanoseconds vblank_period = 0;  ///< 0 = no vblanks
    unsigned frames_queued = 0;
    unsigned frames_capacity = 0;
    std::uint64_t shown = 0;
    std::uint64_t late = 0;
    std::uint64_t repeated = 0; ///< vblanks beyond the ideal
    std::uint64_t corrupt = 0;
};

} // namespace v4l2play
