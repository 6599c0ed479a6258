// Where the random-access points of a file are, as far as it has been read: for containers that do not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/nanoseconds.h"

namespace v4l2play {

class KeyIndex {
  public:
    struct Entry {
        Nanoseconds time = 0;
        std::int64_t position = 0; ///< bytes from the start of the file
    };

    /// It keeps `most` entries; of more than that, every second.
    explicit KeyIndex(std::size_t most = 4096)
        : most_(most) {}

    /// A random-access point; times may come again, and in any order.
    void note(const Entry& entry);
    /// The last one at or before `time`; nothing when none is known.
    [[nodiscard]] std::optional<Entry> find(Nanoseconds time) const;
    /// Whether `time` lies between two that are known (`find` gives the same, however much more is read).
    [[nodiscard]] bool covers(Nanoseconds time) const { return !entries_.empty() && entries_.back().time > time; }

  private:
    void thin_out();

    const std::size_t most_;
    Nanoseconds spacing_ = 1;    ///< least distance between two
    std::vector<Entry> entries_; ///< by time
};

} // namespace v4l2play
