// Whose turn it is on a device that several contexts share, as v4l2-mem2mem has it: one job at a time, contexts in the
// order in which they became ready; who has had a turn goes to the end.
#pragma once

#include <algorithm>
#include <deque>

namespace v4l2play::fakes {

class FakeTurns {
  public:
    /// `context` is ready. True: it is its turn, until `end`.
    bool take(const void* context) {
        if (std::find(waiting_.begin(), waiting_.end(), context) == waiting_.end()) waiting_.push_back(context);
        if (running_ != nullptr || waiting_.front() != context) return false;
        waiting_.pop_front();
        running_ = context;
        return true;
    }
    void end() { running_ = nullptr; }
    /// It is not ready any more.
    void leave(const void* context) { std::erase(waiting_, context); }

  private:
    std::deque<const void*> waiting_;
    const void* running_ = nullptr;
};

} // namespace v4l2play::fakes
