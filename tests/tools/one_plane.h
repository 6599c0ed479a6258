// What a display with one plane does with a client's commits at each refresh, as a script has it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "decoder/kernel.h"
#include "tests/tools/compositor_script.h"
#include "tests/tools/reader_fences.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {

inline constexpr Nanoseconds refresh_period = second / 60;

/// The dmabufs that were imported, and who still reads them.
class Fences {
  public:
    /// In the compositor's thread, before any commit with that buffer.
    void import(std::uint32_t buffer, int fd);
    void begin(std::size_t commit, std::uint32_t buffer);
    /// At the refresh `at`.
    void end(std::size_t commit, std::uint64_t at);
    void refresh(std::uint64_t count);

  private:
    ReaderFences kernel_;
    std::map<std::uint32_t, UniqueFd> dmabufs_;
    std::map<std::size_t, std::uint32_t> reading_;
    std::deque<std::pair<std::uint64_t, std::uint32_t>> ending_;
};

/// The numbers of a clip with bands (assets/README.md) in what is on the screen, read out of the dmabufs as a display
/// reads them, at both ends of each refresh.
class ScreenBands {
  public:
    /// A line for each reading goes to the file: number of the commit, and of the frame in it, -1 when it is not whole.
    explicit ScreenBands(const std::string& path)
        : out_(std::fopen(path.c_str(), "w"), std::fclose) {}

    /// In the compositor's thread, before any commit with that buffer: linear, and of no longer rows than the
    /// picture's.
    void import(std::uint32_t buffer, int fd);
    void read(std::size_t commit, const MockCommit& what);

  private:
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> out_;
    std::map<std::uint32_t, UniqueFd> dmabufs_;
};

/// It watches the client, too: one picture a refresh is what any display can show.
class OnePlane {
  public:
    /// `fences`: null for who reads nothing longer than he holds it; `bands`: or for who looks at nothing.
    OnePlane(MockCompositor& compositor, const CompositorScript& script, Fences* fences, ScreenBands* bands)
        : compositor_(compositor)
        , script_(script)
        , fences_(fences)
        , bands_(bands) {}

    void hide(bool hidden);
    void refresh(Nanoseconds time);
    /// What a good client would not have done; empty when it is one.
    [[nodiscard]] std::vector<std::string> complaints() const { return complaints_; }
    /// What the client made use of, and when it was seen again.
    [[nodiscard]] std::string account() const;

  private:
    static constexpr std::size_t nothing = SIZE_MAX;
    static constexpr std::uint32_t window = 1; ///< the client's first surface

    void queue_new();
    void take_ready(Nanoseconds target);
    void take(std::size_t commit);
    void keep_from_sight();
    void show(std::size_t commit, Nanoseconds time);
    void look();
    void release();
    void drop(std::size_t commit);
    void note_return(std::size_t commit);

    MockCompositor& compositor_;
    const CompositorScript& script_;
    Fences* fences_;
    ScreenBands* bands_;
    std::vector<MockCommit> commits_;    ///< of the client, so far
    std::vector<std::uint64_t> arrived_; ///< at which refresh each did
    std::size_t next_ = 0;
    std::deque<std::size_t> queue_; ///< pictures that wait for their time, or for those before
    bool barrier_ = false;          ///< fifo: until what was taken last has been on the screen
    std::size_t newest_ = nothing;  ///< picture that was not taken yet
    std::size_t overlay_ = nothing; ///< on show
    std::deque<std::size_t> taken_; ///< at the last refreshes
    std::vector<std::size_t> held_; ///< the newest is on the screen
    std::mt19937 random_{1};
    std::uint64_t refreshes_ = 0;
    unsigned lost_ = 0;

    bool hidden_ = false;
    bool unseen_ = false;         ///< since it was hidden, nothing was shown
    std::uint64_t hidden_at_ = 0; ///< refreshes
    std::uint64_t shown_at_ = 0;
    std::size_t hidden_commits_ = 0;
    std::vector<std::size_t> kept_; ///< while it was hidden
    std::vector<std::string> complaints_;
    std::string account_;
    unsigned barriers_ = 0, times_ = 0, shown_ = 0;
};

} // namespace v4l2play
