// What a scripted compositor is told to do, in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decoder/nanoseconds.h"

namespace v4l2play {

inline constexpr char compositor_words[] = "[hold=N[r]] [lead=N] [fence=N] [lose=N[xM]] [plane=WHO] [extras] "
                                           "[timelines] [discard[=1]] [keep] [bands=FILE] [SECONDS:WHAT]...";

struct CompositorScript {
    struct Event {
        Nanoseconds at = 0;
        std::string what;
    };

    std::size_t hold = 0;
    bool shuffle = false;
    std::size_t lead = 0;
    std::uint64_t fence = 0;
    unsigned lose = 0; ///< every so many-th buffer; 0: none
    unsigned most_lost = UINT32_MAX;
    std::string plane = "all";
    std::string bands; ///< a file
    bool extras = false;
    bool timelines = false;
    bool discards = false;
    bool calls_back = false; ///< once a second, while hidden
    bool keeps = false;      ///< all that it gets while hidden
    std::vector<Event> events;

    /// False when it is none of a script's words.
    bool take(std::string_view word);
};

/// The number that `text` begins with.
int number_in(std::string_view text);

} // namespace v4l2play
