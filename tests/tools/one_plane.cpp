#include "tests/tools/one_plane.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include "tests/tools/bands.h"

namespace v4l2play {
namespace {

constexpr std::uint64_t first_msc = (std::uint64_t{1} << 32) - 30; // both halves of it change soon
constexpr std::uint64_t refreshes_of_a_second = 60;

} // namespace

void Fences::import(std::uint32_t buffer, int fd) {
    dmabufs_.insert_or_assign(buffer, UniqueFd(system_kernel(), fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

void Fences::begin(std::size_t commit, std::uint32_t buffer) {
    if (const std::uint32_t fence = kernel_.add(dmabufs_.at(buffer).get()); fence != 0) reading_[commit] = fence;
}

void Fences::end(std::size_t commit, std::uint64_t at) {
    if (const auto found = reading_.find(commit); found != reading_.end()) ending_.emplace_back(at, found->second);
    reading_.erase(commit);
}

void Fences::refresh(std::uint64_t count) {
    for (; !ending_.empty() && ending_.front().first <= count; ending_.pop_front())
        kernel_.signal(ending_.front().second);
}

void ScreenBands::import(std::uint32_t buffer, int fd) {
    dmabufs_.insert_or_assign(buffer, UniqueFd(system_kernel(), fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

void ScreenBands::read(std::size_t commit, const MockCommit& what) {
    const auto pitch = static_cast<std::size_t>(what.width);
    const std::size_t size = pitch * static_cast<std::size_t>(what.height);
    void* luma = mmap(nullptr, size, PROT_READ, MAP_SHARED, dmabufs_.at(what.buffer).get(), 0);
    if (luma == MAP_FAILED || out_ == nullptr) return;
    const test::Area area{.width = static_cast<unsigned>(what.source_width),
                          .height = static_cast<unsigned>(what.source_height)};
    fmt::print(out_.get(), "{} {}\n", commit, test::read_bands({static_cast<const std::uint8_t*>(luma), pitch}, area));
    munmap(luma, size);
}

void OnePlane::hide(bool hidden) {
    if (hidden == hidden_) return;
    hidden_ = hidden;
    if (hidden) {
        hidden_at_ = refreshes_;
        hidden_commits_ = 0;
        return;
    }
    shown_at_ = refreshes_;
    unseen_ = true;
    const std::uint64_t most = refreshes_ - hidden_at_ + 1;
    if (hidden_commits_ > most)
        complaints_.push_back(fmt::format("{} commits in {} refreshes that nobody sees", hidden_commits_, most));
}

void OnePlane::refresh(Nanoseconds time) {
    ++refreshes_;
    look();
    queue_new();
    take_ready(time + static_cast<Nanoseconds>(script_.lead) * refresh_period);
    if (hidden_) keep_from_sight();
    barrier_ = false;
    // Not before: what the client does then is for the next refresh.
    if (fences_ != nullptr) fences_->refresh(refreshes_);
    // What was taken before it was hidden is seen yet.
    taken_.push_back(hidden_ ? nothing : std::exchange(newest_, nothing));
    if (taken_.size() > script_.lead) {
        const std::size_t due = taken_.front();
        taken_.pop_front();
        if (due != nothing) show(due, time);
    }
    look();
    if (unseen_) compositor_.draw();
}

void OnePlane::look() {
    if (bands_ != nullptr && !held_.empty()) bands_->read(held_.back(), commits_[held_.back()]);
}

void OnePlane::queue_new() {
    commits_ = compositor_.commits();
    arrived_.resize(commits_.size(), refreshes_);
    for (; next_ < commits_.size(); ++next_) {
        if (commits_[next_].buffer != 0) {
            queue_.push_back(next_);
            hidden_commits_ += hidden_ ? 1 : 0;
            continue;
        }
        if (overlay_ != nothing) compositor_.release(overlay_);
        overlay_ = next_;
    }
}

/// What may be on the screen at `target` (commit-timing), after what was before it (fifo), and is complete.
void OnePlane::take_ready(Nanoseconds target) {
    for (; !queue_.empty(); queue_.pop_front()) {
        const MockCommit& next = commits_[queue_.front()];
        if ((next.waits && barrier_ && !hidden_) || next.time > target || !compositor_.is_complete(queue_.front()))
            return;
        barriers_ += next.waits ? 1 : 0;
        times_ += next.time != 0 ? 1 : 0;
        take(queue_.front());
        barrier_ = next.barrier;
    }
}

void OnePlane::take(std::size_t commit) {
    if (newest_ != nothing) {
        if (!hidden_ && !unseen_) complaints_.push_back(fmt::format("commit {}: two pictures for a refresh", commit));
        if (script_.keeps && (hidden_ || unseen_))
            kept_.push_back(newest_);
        else
            drop(newest_);
    }
    newest_ = commit;
}

void OnePlane::keep_from_sight() {
    if (script_.discards && newest_ != nothing) drop(std::exchange(newest_, nothing));
    if (script_.calls_back && (refreshes_ - hidden_at_) % refreshes_of_a_second == 0) compositor_.draw();
}

void OnePlane::show(std::size_t commit, Nanoseconds time) {
    const MockCommit& what = commits_[commit];
    if (fences_ != nullptr) fences_->begin(commit, what.buffer);
    const bool scanned_out = script_.plane == "all" || (script_.plane == "window" && what.surface == window);
    compositor_.present(commit, time, refresh_period, scanned_out, first_msc + refreshes_);
    if (!hidden_ && std::exchange(unseen_, false)) note_return(commit);
    ++shown_;
    held_.push_back(commit);
    while (held_.size() > script_.hold + 1) release();
}

void OnePlane::note_return(std::size_t commit) {
    account_ += fmt::format("seen again after {} refreshes, by a picture {} old, ", refreshes_ - shown_at_,
                            refreshes_ - arrived_[commit] - script_.lead);
    for (const std::size_t one : kept_) drop(one);
    kept_.clear();
}

void OnePlane::release() {
    const std::size_t which = script_.shuffle ? random_() % (held_.size() - 1) : 0;
    const std::size_t commit = held_[which];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    if (script_.lose != 0 && lost_ < script_.most_lost && shown_ % script_.lose == 0) {
        ++lost_;
        return;
    }
    if (fences_ != nullptr) fences_->end(commit, refreshes_ + script_.fence);
    compositor_.release(commit);
}

void OnePlane::drop(std::size_t commit) {
    compositor_.discard(commit);
    compositor_.release(commit);
}

std::string OnePlane::account() const {
    return fmt::format("{}shown {}, queued {}, timed {}, never released {}", account_, shown_, barriers_, times_,
                       lost_);
}

} // namespace v4l2play
