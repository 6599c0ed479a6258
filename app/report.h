// What a playback came to: for people (one line an item) and for machines (JSON).
//
// The schema of the JSON report, version 1. Times are nanoseconds unless the name says otherwise.
//
// clang-format off
//   version, program, exit_code, written_utc
//   output      kind, device, connector, mode, plane, clones[] (other connectors that show the same), path,
//                 error (when pictures could not be saved), never_released (buffers that a compositor has kept for more
//                 than sixty pictures, or until the decoder had none, when there are such)
//   items[]     file, result ("played", "failed", "interrupted", "not-played"), error (when failed)
//     decoder     kind, driver, device, mode, reasons[] (why not another)
//     video       codec, profile, frame_rate, coded {width, height}, visible {x, y, width, height}, fourcc, modifier,
//                 bit_depth
//     path        "plane", "composited", "copied", "none": of all frames the farthest from zero copy
//     slots       count, terms, maximum_exported, longest_export, early_reuse, exhausted
//     frames      expected, decoded, shown, dropped {reason: n}, repeated, late, corrupt
//     holds       {"n": how many frames were shown for n vblanks}
//     pacing      what the ledger of all frames tells (app/pacing.h); all but distributions is 0 when all is well:
//                 cadence_errors (M1), order_violations (M2), content_violations (M3), first_violation (the entry, when
//                 there is one), missed {late, early, vblanks {p50, p95, p99, max}, us {same}, late_in_a_row} (M4),
//                 repeated {cause: vblanks}, dropped {cause: frames}, ideal_drops (M5), exported_vblanks {same} (ms where
//                 there are no vblanks), held_at_once, starvation_ms, early_reuse (M10), timeline_moves (vblanks by which
//                 all that was due moved, when the display turned out to take longer or less; no error). Causes:
//                 "decoder", "starvation" (no slot was FREE), "output", "scheduler"
//     startup     opened, decoder_ready, first_frame, first_flip (since the program started)
//     cpu_us_per_frame
//   peak_memory_kib, open_fds (left at the end beyond those the program started with), unreleased (frames that the output had not
//   released when it was stopped)
// clang-format on
//
// Frames add up: expected = shown + dropped, but for those "not-wanted", which had been decoded ahead when --frames or
// the person had enough; a packet that holds half a picture, or two, counts once. "not-in-file" are those that the
// file's duration and constant rate promise and that are not there.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/pacing.h"
#include "decoder/decoder.h"
#include "render/output.h"

namespace v4l2play {

struct FrameCounts {
    std::uint64_t expected = 0; ///< to be shown: what the file has in the range that was asked for
    std::uint64_t decoded = 0;
    std::uint64_t shown = 0;
    std::array<std::uint64_t, drop_reasons> not_decoded{};
    std::uint64_t dropped_late = 0;      ///< the scheduler's choice
    std::uint64_t dropped_ideal = 0;     ///< more frames than vblanks
    std::uint64_t dropped_by_output = 0; ///< presented, never on the screen
    std::uint64_t not_wanted = 0;        ///< decoded when the person or --frames had enough
    std::uint64_t not_in_file = 0;       ///< promised by the container
    std::uint64_t late = 0;              ///< frames shown after their vblank
    std::uint64_t corrupt = 0;

    /// Shown, or dropped when they were decoded.
    [[nodiscard]] std::uint64_t presented() const { return shown + dropped_late + dropped_ideal + dropped_by_output; }
    /// Shown, or dropped on the way from the file to the screen.
    [[nodiscard]] std::uint64_t accounted() const;
};

struct Startup {
    Nanoseconds opened = 0;
    Nanoseconds decoder_ready = 0;
    Nanoseconds first_frame = 0;
    Nanoseconds first_flip = 0;
};

enum class ItemResult { NotPlayed, Played, Failed, Interrupted };

struct ItemReport {
    std::string file;
    ItemResult result = ItemResult::NotPlayed;
    Error error;
    DecoderDescription decoder;
    std::vector<std::string> reasons; ///< why other decoders were not taken
    std::string codec;
    std::string profile;
    Rational frame_rate;
    FrameFormat format;
    FrameInfo info;
    OutputPath path = OutputPath::None; ///< the farthest from zero copy of all frames shown
    std::string slot_terms;
    std::vector<std::shared_ptr<SlotPool>> pools; ///< whose statistics are to be read; each once
    SlotStatistics slots;
    FrameCounts frames;
    std::map<std::int64_t, std::uint64_t> holds;
    Pacing pacing;
    Startup startup;
    double cpu_us_per_frame = 0;

    /// Frames come from `pool` now. Lets go of those that nobody else has: their memory may be large.
    void use(const std::shared_ptr<SlotPool>& pool);
    /// Reads the pools' statistics for the last time and lets go of them.
    void finish();

  private:
    void read(const SlotPool& pool);
};

struct Report {
    int exit_code = 0;
    OutputDescription output;
    std::vector<ItemReport> items;
    long peak_memory_kib = 0;
    int open_fds = 0;
    unsigned unreleased = 0;
};

/// "demo.mkv: 240 of 240 frames shown, ...", without a line end.
std::string summary(const ItemReport& item);
std::string to_json(const Report& report);
/// Whether a report can be written there: asked before hours of playback.
Result<> check_report(const std::string& path);
/// Writes the JSON to `path` ("-": standard output), by way of a temporary file, so that a reader never sees half of
/// it.
Result<> write_report(const Report& report, const std::string& path);

} // namespace v4l2play
