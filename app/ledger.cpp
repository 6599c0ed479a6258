#include "app/ledger.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

bool awaits_answer(const LedgerEntry& entry) { return !entry.answered(); }
bool awaits_release(const LedgerEntry& entry) { return entry.released == 0; }
bool is_reused(const LedgerEntry& entry) { return entry.reused != 0; }
bool is_closed(const LedgerEntry& entry) { return entry.answered() && entry.released != 0; }

/// Whether the slot of `entry` was acquired for another picture too early, as far as is known now.
bool reused_early(const LedgerEntry& entry) {
    return entry.reused != 0 && (entry.released == 0 || (entry.release_timed && entry.reused < entry.released));
}

} // namespace

std::string describe(const LedgerEntry& entry) {
    return fmt::format(
        "frame {} (id {}.{}, pts {} ms, slot {}.{}): presented at {}, shown at {} (vblank {}), released at "
        "{}, its slot used again at {}",
        entry.number, entry.serial, entry.id, entry.pts / millisecond, entry.slot.generation, entry.slot.index,
        entry.presented, entry.shown, entry.vblank, entry.released, entry.reused);
}

Result<std::unique_ptr<LedgerFile>> LedgerFile::create(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr)
        return fail(errno, fmt::format("cannot write the ledger {}: {}", path, std::strerror(errno)), "open");
    std::fputs("number,item,serial,id,pts,generation,slot,acquired,presented,due_vblank,due,shown,vblank,path,late,"
               "cause,released,reused,discarded,msc\n",
               file);
    return std::unique_ptr<LedgerFile>(new LedgerFile(file));
}

void LedgerFile::write(const LedgerEntry& entry) {
    fmt::memory_buffer line;
    fmt::format_to(std::back_inserter(line), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                   entry.number, entry.item, entry.serial, entry.id, entry.pts, entry.slot.generation, entry.slot.index,
                   entry.acquired, entry.presented, entry.due_vblank, entry.due, entry.shown, entry.vblank,
                   to_string(entry.path), entry.late, to_string(entry.cause), entry.released, entry.reused,
                   entry.discarded == nullptr ? "" : entry.discarded, entry.msc);
    const bool written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size();
    if (!written && error_ == 0) error_ = errno;
}

Result<> LedgerFile::close() {
    if (std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno;
    if (error_ != 0) return fail(error_, std::strerror(error_), "write");
    return {};
}

void Ledger::begin(Pacing& pacing) {
    pacing_ = &pacing;
    ++item_;
    on_the_way_ = 0;
    last_ = {};
    restart();
}

void Ledger::restart() {
    cadence_.restart();
    late_in_a_row_ = 0;
}

LedgerEntry Ledger::entry_of(const Frame& frame, Nanoseconds now) {
    LedgerEntry entry;
    entry.id = frame.id;
    entry.serial = frame.serial;
    entry.pts = frame.pts;
    entry.slot = frame.slot.key();
    entry.copied = frame.copied;
    entry.acquired = frame.slot.pool().snapshot(frame.slot.index()).acquired;
    entry.presented = now;
    return entry;
}

void Ledger::add(const LedgerEntry& entry) {
    check_reuse(entry);
    LedgerEntry& place = ring_[count_ % ring_.size()];
    if (count_ >= ring_.size()) retire(place);
    place = entry;
    place.number = ++count_;
    place.item = item_;
    ++on_the_way_;
    pacing_->held_at_once = std::max(pacing_->held_at_once, ++held_);
}

/// An entry that is still waited for, and whose place is needed, is one that never gets an answer.
void Ledger::retire(LedgerEntry& entry) {
    if (entry.released == 0) --held_;
    if (!entry.answered() && entry.item == item_) --on_the_way_;
    if (file_ != nullptr) file_->write(entry);
}

Result<> Ledger::finish() {
    if (file_ == nullptr) return {};
    for (std::size_t back = size(); back > 0; --back) file_->write(recent(back - 1));
    return std::exchange(file_, nullptr)->close();
}

/// All earlier frames in the slot of `next` have now ended; the same picture shown again is no new use.
void Ledger::check_reuse(const LedgerEntry& next) {
    for (std::size_t at = skip(reused_, is_reused); at < count_; ++at) {
        LedgerEntry& entry = ring_[at % ring_.size()];
        if (!(entry.slot == next.slot) || entry.reused != 0 || entry.acquired >= next.acquired) continue;
        entry.reused = next.acquired;
        if (!reused_early(entry)) continue;
        violate_content(entry);
    }
}

void Ledger::blame(const SlotKey& slot, Nanoseconds time, Pacing& pacing) {
    if (!pacing.first_violation.empty()) return;
    pacing_ = &pacing;
    for (std::size_t back = 0; back < size(); ++back) {
        LedgerEntry& entry = ring_[(count_ - 1 - back) % ring_.size()];
        if (!(entry.slot == slot) || entry.acquired >= time) continue;
        if (entry.released != 0 && entry.released <= time) break; // somebody else held it
        entry.reused = time;
        return violate_content(entry);
    }
    pacing.first_violation =
        fmt::format("slot {}.{} was used again, at {}, while it was held", slot.generation, slot.index, time);
}

void Ledger::violate_content(const LedgerEntry& entry) {
    ++pacing_->content_violations;
    violate(entry, "its slot was used again before the display had let go of it");
}

void Ledger::violate(const LedgerEntry& entry, const std::string& how) {
    if (!pacing_->first_violation.empty()) return;
    pacing_->first_violation = fmt::format("{}: {}", how, describe(entry));
    log_error("ledger", "{}", pacing_->first_violation);
}

/// Moves `first` on to the oldest entry that there is and that is not `done`.
std::size_t Ledger::skip(std::size_t& first, bool (*done)(const LedgerEntry&)) {
    first = std::max(first, count_ - size());
    while (first < count_ && done(ring_[first % ring_.size()])) ++first;
    return first;
}

/// The oldest, because identities begin anew with each item.
LedgerEntry* Ledger::oldest(FrameId id, std::uint32_t serial, bool (*wanted)(const LedgerEntry&)) {
    for (std::size_t at = skip(closed_, is_closed); at < count_; ++at) {
        LedgerEntry& entry = ring_[at % ring_.size()];
        if (entry.id == id && entry.serial == serial && wanted(entry)) return &entry;
    }
    return nullptr;
}

LedgerEntry* Ledger::unanswered(FrameId id, std::uint32_t serial) { return oldest(id, serial, awaits_answer); }

const LedgerEntry* Ledger::shown(const FrameShown& event, std::int64_t late, const IdealPlace& place) {
    LedgerEntry* entry = unanswered(event.id, event.serial);
    if (entry == nullptr) return nullptr;
    entry->shown = event.time;
    entry->vblank = event.sequence;
    entry->msc = event.msc;
    entry->path = event.path;
    entry->late = late;
    if (entry->item != item_) return nullptr;
    --on_the_way_;
    if (late <= 0) entry->cause = Cause::None;
    if (late > 0 && entry->cause == Cause::None) entry->cause = Cause::Output; // it was on its way in time
    check_order(*entry);
    if (entry->first) restart();
    if (place.period > 0) {
        if (!cadence_.take(place.vblank, event.sequence, place.tolerance)) ++pacing_->cadence_errors;
        count_lateness(*entry, place.period);
    }
    last_ = *entry;
    return entry;
}

void Ledger::check_order(const LedgerEntry& entry) {
    if (last_.number == 0) return;
    const bool stamps = entry.serial == last_.serial && entry.pts != no_time && last_.pts != no_time;
    const bool backwards = entry.number < last_.number || entry.shown < last_.shown ||
                           (stamps && entry.pts < last_.pts) || (entry.serial < last_.serial);
    if (!backwards) return;
    ++pacing_->order_violations;
    violate(entry, fmt::format("it was shown after frame {} (pts {} ms)", last_.number, last_.pts / millisecond));
}

void Ledger::count_lateness(const LedgerEntry& entry, Nanoseconds period) {
    pacing_->missed.add(entry.late);
    if (entry.due != 0) pacing_->deviation.add(std::abs(entry.shown - entry.due) / 1000);
    if (entry.late < 0) ++pacing_->early;
    const bool our_fault = entry.cause != Cause::Decoder && entry.cause != Cause::Starvation;
    late_in_a_row_ = entry.late > 0 && our_fault ? late_in_a_row_ + 1 : 0;
    pacing_->late_in_a_row = std::max(pacing_->late_in_a_row, late_in_a_row_);
    if (entry.late <= 0) return;
    ++pacing_->late;
    // A frame stays for as long as its successor is later than itself.
    const std::int64_t more = std::max<std::int64_t>(entry.late - std::max<std::int64_t>(last_.late, 0), 0);
    pacing_->repeated[static_cast<std::size_t>(entry.cause)] += static_cast<std::uint64_t>(more);
    if (entry.cause == Cause::Starvation) pacing_->starvation += more * period;
}

const LedgerEntry* Ledger::discarded(const FrameDiscarded& event) {
    LedgerEntry* entry = unanswered(event.id, event.serial);
    if (entry == nullptr) return nullptr;
    entry->discarded = event.why;
    if (entry->item != item_) return nullptr;
    --on_the_way_;
    dropped(Cause::Output, false);
    restart();
    return entry;
}

void Ledger::released(const FrameReleased& event, Nanoseconds now, Nanoseconds period) {
    LedgerEntry* entry = oldest(event.id, event.serial, awaits_release);
    if (entry == nullptr) return;
    --held_;
    entry->release_timed = event.time != 0;
    entry->released = entry->release_timed ? event.time : now;
    const Nanoseconds unit = period > 0 ? period : millisecond;
    if (entry->discarded == nullptr) pacing_->exported.add((entry->released - entry->presented + unit / 2) / unit);
}

void Ledger::move(std::int64_t vblanks, Nanoseconds period) {
    restart();
    pacing_->timeline_moves += static_cast<std::uint64_t>(std::abs(vblanks));
    for (std::size_t at = skip(closed_, is_closed); at < count_; ++at) {
        LedgerEntry& entry = ring_[at % ring_.size()];
        if (entry.answered() || entry.due_vblank == 0) continue;
        entry.due_vblank += static_cast<std::uint64_t>(vblanks);
        entry.due += vblanks * period;
    }
}

void Ledger::dropped(Cause cause, bool ideal) {
    if (ideal)
        ++pacing_->ideal_drops;
    else
        ++pacing_->dropped[static_cast<std::size_t>(cause)];
}

} // namespace v4l2play
