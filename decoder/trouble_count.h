// When a device that fails now and then is given up.
#pragma once

namespace v4l2play {

/// Counts the failures of one device. Three are too many, unless so many pictures were good in between that it is the
/// stream that is damaged now and then. A device that fails at random-access points only, and loses all that refers to
/// them, has few good ones.
class TroubleCount {
  public:
    /// True when that was one too many.
    bool add() {
        good_in_a_row_ = 0;
        return ++count_ >= most;
    }
    void note_good() {
        any_good_ = true;
        if (count_ != 0 && ++good_in_a_row_ >= forgiving) count_ = 0;
    }
    [[nodiscard]] bool too_many() const { return count_ >= most; }
    /// It failed, short of too often, and has decoded no picture either: another decoder may do better.
    [[nodiscard]] bool nothing_but() const { return count_ != 0 && !any_good_; }

  private:
    static constexpr unsigned most = 3;
    static constexpr unsigned forgiving = 300; ///< pictures: some seconds

    unsigned count_ = 0;
    unsigned good_in_a_row_ = 0;
    bool any_good_ = false;
};

} // namespace v4l2play
