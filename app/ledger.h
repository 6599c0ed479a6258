// The presentation ledger: what became of every frame that was given to an output.
//
// One entry a frame, from the moment it is presented until its slot is used again:
//
//     presented ──► shown at a vblank, or discarded ──► released ──► its slot is acquired for another picture
//
// Entries lie in a ring that is allocated once; the oldest makes room for the newest. The ledger believes nobody: that
// a slot is used again only after its release is found by comparing the times that the output and the pool tell, when
// the next frame in the same slot comes by. It runs in every playback, and what it finds goes into the report (Pacing).
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/pacing.h"
#include "decoder/frame.h"
#include "render/output.h"

namespace v4l2play {

/// Times are CLOCK_MONOTONIC; 0 = not yet, or not known.
struct LedgerEntry {
    std::uint64_t number = 0; ///< in the order of presentation, from 1
    std::uint32_t item = 0;
    FrameId id = 0;
    std::uint32_t serial = 0;
    Nanoseconds pts = no_time;
    SlotKey slot;
    Nanoseconds acquired = 0; ///< the slot, to decode this frame into it
    Nanoseconds presented = 0;
    std::uint64_t due_vblank = 0; ///< the vblank that it belongs to; 0 = whichever is next
    Nanoseconds due = 0;
    Nanoseconds shown = 0;
    std::uint64_t vblank = 0; ///< counted on over interruptions, on Wayland by time
    std::uint64_t msc = 0;    ///< the same as the driver or compositor numbers it; 0: it does not
    OutputPath path = OutputPath::None;
    bool copied = false;   ///< the CPU put the picture into the slot
    std::int64_t late = 0; ///< vblanks
    Cause cause = Cause::None;
    bool first = false;              ///< of a timeline: it begins a cadence of its own
    const char* discarded = nullptr; ///< why it was never seen
    Nanoseconds released = 0;
    bool release_timed = false; ///< `released` is the output's word, not when we heard of it
    Nanoseconds reused = 0;     ///< the slot was acquired for another picture

    [[nodiscard]] bool answered() const { return shown != 0 || discarded != nullptr; }
};

/// Where a frame ideally belongs, in vblanks from any origin and not rounded.
struct IdealPlace {
    double vblank = 0;
    double tolerance = 0;   ///< by how much that may be wrong either way
    Nanoseconds period = 0; ///< of a vblank; 0 = there are none, and no cadence
};

/// One line for a log.
std::string describe(const LedgerEntry& entry);

/// A table of entries, one line each (CSV with a heading), for tests and for engineers: columns as in LedgerEntry,
/// where each is described. (`path` is the zero-copy flag: "plane" for what was scanned out of its own slot.)
class LedgerFile {
  public:
    /// With the reason when it cannot be created.
    static Result<std::unique_ptr<LedgerFile>> create(const std::string& path);
    void write(const LedgerEntry& entry);
    /// The last call. With the reason when something could not be written.
    Result<> close();

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    explicit LedgerFile(std::FILE* file)
        : file_(file) {}
    std::unique_ptr<std::FILE, Close> file_;
    int error_ = 0; ///< errno of the first line that was lost
};

class Ledger {
  public:
    explicit Ledger(std::size_t entries = 256)
        : ring_(entries) {}
    /// Takes every entry whose place is needed, and at the end the rest; null for nobody.
    void set_file(std::unique_ptr<LedgerFile> file) { file_ = std::move(file); }

    /// From now on it is about another item; what is found goes to `pacing`, which must live as long.
    void begin(Pacing& pacing);

    /// `frame` is about to be presented: an entry with all that is known of it. It counts from `add` on.
    [[nodiscard]] static LedgerEntry entry_of(const Frame& frame, Nanoseconds now);
    void add(const LedgerEntry& entry);
    /// The frame's entry; null when it is not of this item. `late`: vblanks after its own.
    const LedgerEntry* shown(const FrameShown& event, std::int64_t late, const IdealPlace& place);
    const LedgerEntry* discarded(const FrameDiscarded& event);
    void released(const FrameReleased& event, Nanoseconds now, Nanoseconds period);
    /// The display turns out to take longer, or less: all that is on its way is due `vblanks` later, in a new cadence.
    void move(std::int64_t vblanks, Nanoseconds period);
    /// A frame that was never presented. `ideal`: nobody could have shown it.
    void dropped(Cause cause, bool ideal);

    /// The entry that `event` will answer, if it is of this item.
    template <class Event>
    [[nodiscard]] const LedgerEntry* find(const Event& event) {
        const LedgerEntry* entry = unanswered(event.id, event.serial);
        return entry != nullptr && entry->item == item_ ? entry : nullptr;
    }
    /// Frames of this item that are on their way to the screen.
    [[nodiscard]] unsigned on_the_way() const { return on_the_way_; }
    /// Frames that the output has.
    [[nodiscard]] unsigned held() const { return held_; }
    /// Entries that there are, and the `back`th before the newest (0: the newest).
    [[nodiscard]] std::size_t size() const { return count_ < ring_.size() ? count_ : ring_.size(); }
    [[nodiscard]] const LedgerEntry& recent(std::size_t back) const {
        return ring_[(count_ - 1 - back) % ring_.size()];
    }
    /// For a slot that was acquired at `time` while somebody held it, in an item with `pacing` in which no violation
    /// was seen: the picture it was acquired for was never presented. Names the frame that was in it.
    void blame(const SlotKey& slot, Nanoseconds time, Pacing& pacing);
    /// Writes what is left to the file, and closes it.
    Result<> finish();

  private:
    /// The next frame that is shown begins a cadence of its own.
    void restart();
    LedgerEntry* unanswered(FrameId id, std::uint32_t serial);
    LedgerEntry* oldest(FrameId id, std::uint32_t serial, bool (*wanted)(const LedgerEntry&));
    std::size_t skip(std::size_t& first, bool (*done)(const LedgerEntry&));
    void check_reuse(const LedgerEntry& next);
    void check_order(const LedgerEntry& entry);
    void count_lateness(const LedgerEntry& entry, Nanoseconds period);
    void retire(LedgerEntry& entry);
    void violate_content(const LedgerEntry& entry);
    void violate(const LedgerEntry& entry, const std::string& how);

    std::vector<LedgerEntry> ring_;
    std::size_t count_ = 0; ///< entries ever
    // The oldest, which no search needs to look at:
    std::size_t closed_ = 0; ///< so many at least are answered and released
    std::size_t reused_ = 0; ///< of so many the memory is in use again
    std::unique_ptr<LedgerFile> file_;
    Pacing nobody_; ///< before the first item
    Pacing* pacing_ = &nobody_;
    CadenceMeter cadence_;
    std::uint32_t item_ = 0;
    unsigned on_the_way_ = 0;
    unsigned held_ = 0;
    LedgerEntry last_; ///< shown last, of this item; number 0 = none
    std::uint64_t late_in_a_row_ = 0;
};

} // namespace v4l2play
