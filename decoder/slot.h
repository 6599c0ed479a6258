// The life of a slot
// ==================
//
// A slot is one CAPTURE-side buffer with an identity (SlotKey), dmabufs and a layout. It is in exactly one state:
//
//     FREE ──acquire──► IN_DECODE ──finish_decode──► DECODED ──export_to_presenter──► EXPORTED
//       ▲                   │                           │                                │
//       │                   │ cancelled, failed         │ dropped, or only a reference   │ compositor or KMS let go
//       └───────────────────┴───────────────────────────┴────────────────────────────────┘
//                              only when the last hold is gone
//
// States tell where the picture is; *holds* tell who still needs the memory, and only holds decide about reuse:
//
//   Request    a queued request names it, as its target or as a reference
//   Reference  the decoded picture buffer keeps it for pictures to come
//   Queue      it waits for its turn to be shown
//   Presenter  an output has it: on screen, or about to be
//   Fence      the output let go, but a reader (a GPU) has not signalled its fence yet
//
// A hold is a SlotRef, a move-only value; dropping it gives the hold back, on any thread. When the last one goes, the
// slot becomes FREE and joins the end of a queue, so that the oldest FREE slot is taken first: the longer a slot has
// been free, the less can still be reading it. There is no other way to FREE. In particular, nothing ever takes a slot
// back from the presenter: a full pool is back-pressure (`acquire` answers an empty reference), never a recycled frame.
//
// Every state change goes through one function, `SlotPool::transition`, which knows the arrows above; an illegal one
// changes nothing and is reported with the state it met and the state it needed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "decoder/format.h"
#include "decoder/kernel.h"
#include "decoder/waker.h"

namespace v4l2play {

enum class SlotState : std::uint8_t { Free, InDecode, Decoded, Exported };
enum class Hold : std::uint8_t { Request, Reference, Queue, Presenter, Fence };
constexpr std::size_t hold_kinds = 5;

const char* to_string(SlotState state);

/// Identity of a slot, for import caches: never reused within a process, unlike descriptor numbers.
struct SlotKey {
    std::uint32_t generation = 0;
    std::uint32_t index = 0;
    bool operator==(const SlotKey&) const = default;
};

/// The memory of one slot: a dmabuf per memory plane (or none: plain memory, for outputs that can take it), and a
/// mapping where the CPU writes it.
struct SlotMemory {
    std::array<UniqueFd, 4> dmabuf;
    Mapping mapping;
    std::vector<std::uint8_t> plain;
};

/// What an observer sees of one slot at one moment.
struct SlotSnapshot {
    SlotState state = SlotState::Free;
    Nanoseconds since = 0;    ///< when it entered its state, CLOCK_MONOTONIC
    Nanoseconds acquired = 0; ///< when it was taken last to be decoded into; 0 = never
    std::array<std::uint16_t, hold_kinds> holds{};
};

/// One change of state, for observers that must not miss any.
struct SlotTransition {
    Nanoseconds time = 0; ///< CLOCK_MONOTONIC
    std::uint32_t index = 0;
    SlotState to = SlotState::Free;
};

struct SlotStatistics {
    unsigned count = 0;
    unsigned exported = 0;
    unsigned maximum_exported = 0;
    Nanoseconds longest_export = 0;
    std::uint64_t acquired = 0;
    std::uint64_t exhausted = 0;   ///< times `acquire` found no FREE slot
    std::uint64_t early_reuse = 0; ///< slots acquired while somebody held them: 0, or the program is wrong
    SlotKey first_early;           ///< of those, the first, and when it was acquired
    Nanoseconds first_early_time = 0;
    std::uint64_t illegal = 0; ///< refused transitions
};

class SlotPool;

/// One hold on one slot. Move-only; empty or valid. Dropping it is thread-safe.
class SlotRef {
  public:
    SlotRef() = default;
    SlotRef(SlotRef&& other) noexcept;
    SlotRef& operator=(SlotRef&& other) noexcept;
    SlotRef(const SlotRef&) = delete;
    SlotRef& operator=(const SlotRef&) = delete;
    ~SlotRef() { reset(); }

    void reset();
    [[nodiscard]] explicit operator bool() const { return pool_ != nullptr; }
    [[nodiscard]] std::uint32_t index() const { return index_; }
    [[nodiscard]] Hold hold() const { return hold_; }
    [[nodiscard]] SlotPool& pool() const { return *pool_; }
    [[nodiscard]] SlotKey key() const;

    /// Another hold on the same slot.
    [[nodiscard]] SlotRef also(Hold hold) const;

  private:
    friend class SlotPool;
    SlotRef(std::shared_ptr<SlotPool> pool, std::uint32_t index, Hold hold)
        : pool_(std::move(pool))
        , index_(index)
        , hold_(hold) {}

    std::shared_ptr<SlotPool> pool_;
    std::uint32_t index_ = 0;
    Hold hold_ = Hold::Queue;
};

/// All slots of one format. Outlives its decoder for as long as frames of it are shown. Thread-safe.
class SlotPool : public std::enable_shared_from_this<SlotPool> {
  public:
    /// A new pool with a generation number of its own. `kernel` gives the time.
    static std::shared_ptr<SlotPool> create(Kernel& kernel, const FrameFormat& format, std::vector<SlotMemory> slots);

    /// The FREE slot that has been free longest, now IN_DECODE and held by Hold::Request; empty when there is none.
    [[nodiscard]] SlotRef acquire();
    /// IN_DECODE → DECODED. EINVAL in any other state.
    Result<> finish_decode(const SlotRef& slot);
    /// DECODED → EXPORTED (or EXPORTED again: the same picture shown twice); the returned hold is the presenter's.
    Result<SlotRef> export_to_presenter(const SlotRef& slot);
    /// Adds a slot (software decoders grow on demand). Its index is the new count - 1.
    void add(SlotMemory memory);

    /// For the demonstration of what this pool is there to prevent: when no slot is FREE and this many or more are
    /// EXPORTED, `acquire` takes the one that has been EXPORTED longest from the presenter, which may be reading it.
    /// Each counts as early reuse. 0: never, as it is without this call.
    void set_unsafe_release(unsigned exported);

    /// `waker` is told when a slot becomes FREE; null for nobody. The waker must live until it is replaced.
    void set_waker(Waker* waker);

    [[nodiscard]] const FrameFormat& format() const { return format_; }
    [[nodiscard]] std::uint32_t generation() const { return generation_; }
    [[nodiscard]] const SlotMemory& memory(std::uint32_t index) const;
    [[nodiscard]] unsigned count() const;
    [[nodiscard]] unsigned free_count() const;
    [[nodiscard]] SlotSnapshot snapshot(std::uint32_t index) const;
    [[nodiscard]] SlotStatistics statistics() const;

    /// Keeps the last `capacity` changes of state from now on; 0 keeps none, which is how a pool begins.
    void record_transitions(std::size_t capacity);
    /// Adds what was recorded since the last call, oldest first, to `to`. What came beyond the capacity is lost.
    void take_transitions(std::vector<SlotTransition>& to);

  private:
    friend class SlotRef;
    struct Slot {
        SlotState state = SlotState::Free;
        Nanoseconds since = 0;
        Nanoseconds acquired = 0;
        std::array<std::uint16_t, hold_kinds> holds{};
        std::uint32_t next_free = 0;
        [[nodiscard]] bool held() const;
    };

    SlotPool(Kernel& kernel, const FrameFormat& format);
    [[nodiscard]] bool is_allowed(SlotState from, SlotState to) const;
    bool transition(std::uint32_t index, SlotState to, const char* caller);
    std::uint32_t pop_free();
    [[nodiscard]] std::uint32_t longest_exported() const;
    void take(std::uint32_t index, Hold hold);
    void give_back(std::uint32_t index, Hold hold);
    void push_free(std::uint32_t index);

    Kernel& kernel_;
    const FrameFormat format_;
    const std::uint32_t generation_;
    mutable std::mutex mutex_;
    std::vector<Slot> slots_;
    // Entries keep their address when slots are added: readers hold references without the lock.
    std::vector<std::unique_ptr<SlotMemory>> memory_;
    std::uint32_t first_free_;
    std::uint32_t last_free_;
    unsigned free_count_ = 0;
    Waker* waker_ = nullptr;
    unsigned unsafe_release_ = 0;
    SlotStatistics statistics_;
    std::vector<SlotTransition> recorded_; ///< a ring, as large as its capacity
    std::uint64_t recorded_count_ = 0;     ///< ever since it was made
    std::uint64_t taken_count_ = 0;
};

} // namespace v4l2play
