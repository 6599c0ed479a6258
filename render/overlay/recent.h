// The last few of something.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace v4l2play {

/// Keeps the last `capacity` items; memory is taken once.
template <class T>
class Recent {
  public:
    explicit Recent(std::size_t capacity)
        : items_(capacity) {}

    void push(const T& item) { items_[count_++ % items_.size()] = item; }
    void clear() { count_ = 0; }
    [[nodiscard]] std::size_t size() const {
        return static_cast<std::size_t>(std::min<std::uint64_t>(count_, items_.size()));
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    /// 0 is the oldest.
    [[nodiscard]] const T& operator[](std::size_t i) const { return items_[(count_ - size() + i) % items_.size()]; }
    [[nodiscard]] const T& back() const { return (*this)[size() - 1]; }

  private:
    std::vector<T> items_;
    std::uint64_t count_ = 0;
};

} // namespace v4l2play
