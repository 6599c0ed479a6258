#include "app/key_index.h"

#include <algorithm>

namespace v4l2play {
namespace {

bool is_before(Nanoseconds time, const KeyIndex::Entry& entry) { return time < entry.time; }

} // namespace

void KeyIndex::note(const Entry& entry) {
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), entry.time, is_before);
    if (next != entries_.begin() && entry.time - std::prev(next)->time < spacing_) return;
    if (next != entries_.end() && next->time - entry.time < spacing_) return;
    entries_.insert(next, entry);
    if (entries_.size() > most_) thin_out();
}

std::optional<KeyIndex::Entry> KeyIndex::find(Nanoseconds time) const {
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), time, is_before);
    return next == entries_.begin() ? std::nullopt : std::optional(*std::prev(next));
}

/// The first and the last stay; from here on none is nearer to another than they are on average.
void KeyIndex::thin_out() {
    const Entry last = entries_.back();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); i += 2) entries_[kept++] = entries_[i];
    entries_.resize(kept);
    if (entries_.back().time != last.time) entries_.push_back(last);
    spacing_ =
        std::max<Nanoseconds>((last.time - entries_.front().time) / static_cast<Nanoseconds>(entries_.size()), 1);
}

} // namespace v4l2play
