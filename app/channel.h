// A bounded queue between two threads. Neither side makes a system call while the other is awake.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "decoder/waker.h"

namespace v4l2play {

/// One producer, one consumer. Storage is allocated once. A producer either blocks in `push` until the queue has fallen
/// to its low-water mark (so that it works in batches), or uses `try_push` and is told by a waker.
template <class T>
class Channel {
  public:
    explicit Channel(std::size_t capacity, std::size_t low_water = 0)
        : ring_(capacity)
        , low_water_(low_water) {}

    /// Told when something was pushed into an empty queue, or the channel closed. Set before the threads start.
    void set_consumer_waker(Waker* waker) { consumer_ = waker; }
    /// Told when the queue has fallen to the low-water mark. Set before the threads start.
    void set_producer_waker(Waker* waker) { producer_ = waker; }

    /// Moves from `value` when the answer is true; false when full or closed.
    bool try_push(T& value) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || count_ == ring_.size()) return false;
            put(std::move(value));
        }
        if (consumer_ != nullptr) consumer_->wake();
        return true;
    }

    /// Blocks while the queue is full; false when the channel is closed. A value of a place before the latest `clear`,
    /// when `clears` was less than it is now, is thrown away as what was in the queue then.
    bool push(T value, unsigned clears = 0) {
        {
            std::unique_lock lock(mutex_);
            if (count_ == ring_.size()) {
                waiting_ = true;
                space_.wait(lock, [this] { return closed_ || count_ <= low_water_; });
                waiting_ = false;
            }
            if (closed_) return false;
            if (clears != clears_) return true;
            put(std::move(value));
        }
        if (consumer_ != nullptr) consumer_->wake();
        return true;
    }

    std::optional<T> try_pop() {
        std::optional<T> value;
        bool low = false;
        bool blocked = false;
        {
            const std::lock_guard lock(mutex_);
            if (count_ == 0) return value;
            value.emplace(std::move(ring_[head_]));
            head_ = (head_ + 1) % ring_.size();
            low = --count_ <= low_water_;
            blocked = low && waiting_;
        }
        if (blocked) space_.notify_one();
        if (low && producer_ != nullptr) producer_->wake();
        return value;
    }

    /// Said by the producer: nothing will be pushed any more.
    void finish() {
        {
            const std::lock_guard lock(mutex_);
            finished_ = true;
        }
        if (consumer_ != nullptr) consumer_->wake();
    }
    /// Whether the producer has been as far ahead as it can get: the queue has been full, or nothing more comes.
    [[nodiscard]] bool primed() const {
        const std::lock_guard lock(mutex_);
        return finished_ || filled_;
    }

    /// Empties the queue and lets a blocked producer go; later pushes are refused.
    void close() {
        empty([this] { closed_ = true; });
        if (consumer_ != nullptr) consumer_->wake();
    }
    /// Empties the queue, and a blocked producer goes on: what comes from now on is of another place (a seek).
    void clear() {
        empty([this] {
            finished_ = filled_ = false;
            ++clears_;
        });
    }
    /// How often it was cleared.
    [[nodiscard]] unsigned clears() const {
        const std::lock_guard lock(mutex_);
        return clears_;
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }
    [[nodiscard]] std::size_t low_water() const {
        const std::lock_guard lock(mutex_);
        return low_water_;
    }
    /// How far the queue falls before the producer is told: high for a producer that needs its time.
    void set_low_water(std::size_t low_water) {
        const std::lock_guard lock(mutex_);
        low_water_ = low_water;
    }
    [[nodiscard]] std::size_t capacity() const { return ring_.size(); }

  private:
    /// What is taken out is destroyed without the lock: it may hold slots.
    template <class Change>
    void empty(Change change) {
        std::vector<T> left;
        {
            const std::lock_guard lock(mutex_);
            change();
            while (count_ != 0) {
                left.push_back(std::move(ring_[head_]));
                head_ = (head_ + 1) % ring_.size();
                --count_;
            }
        }
        space_.notify_all();
        if (producer_ != nullptr) producer_->wake();
    }
    void put(T&& value) {
        ring_[(head_ + count_) % ring_.size()] = std::move(value);
        filled_ = ++count_ == ring_.size() || filled_;
    }

    mutable std::mutex mutex_;
    std::condition_variable space_;
    std::vector<T> ring_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    std::size_t low_water_;
    unsigned clears_ = 0;
    bool closed_ = false;
    bool finished_ = false;
    bool filled_ = false;
    bool waiting_ = false;
    Waker* consumer_ = nullptr;
    Waker* producer_ = nullptr;
};

} // namespace v4l2play
