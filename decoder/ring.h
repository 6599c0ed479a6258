// A first-in first-out queue that keeps its memory.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace v4l2play {

/// Grows when it is full and never shrinks, so that after a while it allocates nothing.
template <class T>
class Ring {
  public:
    explicit Ring(std::size_t capacity = 16)
        : items_(capacity) {}

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// 0 is the oldest.
    T& operator[](std::size_t position) { return items_[(first_ + position) % items_.size()]; }
    T& front() { return items_[first_]; }
    T& back() { return (*this)[size_ - 1]; }

    void push(T item) {
        if (size_ == items_.size()) grow();
        (*this)[size_++] = std::move(item);
    }
    T pop() {
        T item = std::exchange(items_[first_], T{});
        first_ = (first_ + 1) % items_.size();
        --size_;
        return item;
    }
    void clear() {
        while (!empty()) pop();
    }

  private:
    void grow() {
        std::vector<T> larger(items_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
        items_ = std::move(larger);
        first_ = 0;
    }

    std::vector<T> items_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace v4l2play
