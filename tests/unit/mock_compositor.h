// A compositor that shows nothing and does exactly what a test tells it to: takes any descriptor for a dmabuf, and
// answers commits and releases buffers when, in the order, and if the test wants.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "decoder/format.h"
#include "decoder/nanoseconds.h"

namespace v4l2play {

struct MockFormat {
    FormatModifier format;
    bool scanout = false;
};

/// Sync objects, which the compositor and the client share through the kernel.
class MockTimelines {
  public:
    /// What was shared, which stays the caller's: a number for it.
    virtual std::uint64_t import(int fd) = 0;
    virtual void signal(std::uint64_t timeline, std::uint64_t point) = 0;
    virtual bool is_signalled(std::uint64_t timeline, std::uint64_t point) = 0;
    /// It is, or somebody is at work who will signal it.
    virtual bool is_promised(std::uint64_t timeline, std::uint64_t point) = 0;

  protected:
    ~MockTimelines() = default;
};

struct MockOptions {
    std::uint32_t dmabuf_version = 4; ///< below 4: modifier events and no feedback; 0: no linux-dmabuf
    std::vector<MockFormat> formats{{{fourcc_nv12, modifier_linear}, false}};
    std::vector<MockFormat> surface_formats{}; ///< of surfaces' feedback; none: the same
    std::uint32_t table_lie = 0;               ///< by how much tables of formats are shorter than said
    bool single_pixel = true;
    bool presentation = true;
    bool viewporter = true;
    bool shm = true;
    std::uint32_t compositor_version = 4; ///< from 7 on it has wl_surface.get_release
    MockTimelines* timelines = nullptr;   ///< offers linux-drm-syncobj
    bool refuse_timelines = false;        ///< and does not mean it
    bool strict = false;                  ///< complains of overlays with nothing new, too
    bool extras = false;                  ///< fifo, commit timing, colour, scale, idle, content type, icon
    bool refuse_colors = false;
    std::uint32_t scale = 120;
    std::uint32_t shell_version = 1; ///< from 6 on windows can be told that nobody sees them
    std::string screen{};            ///< the connector of one; empty: there is none
    /// Told of the number and the first descriptor of each import, which stays the mock's; called in its thread.
    std::function<void(std::uint32_t, int)> imported{};
};

/// One commit with a picture, in the order in which they took effect.
struct MockCommit {
    std::uint32_t buffer = 0; ///< number of its import, from 1; 0: it is shared memory
    std::uint32_t pixel = 0;  ///< the first of shared memory
    int width = 0;            ///< of the buffer
    int height = 0;
    std::uint32_t surface = 0;
    bool answered = false;
    bool released = false;
    int destination_width = 0;
    int destination_height = 0;
    int source_width = 0; ///< right and bottom edge of the crop
    int source_height = 0;
    int transform = 0;
    bool barrier = false; ///< fifo: set
    bool waits = false;   ///< and waited for
    Nanoseconds time = 0; ///< not before; 0: whenever
    std::uint32_t coefficients = 0;
    std::uint32_t range = 0;
    bool described = false; ///< with an image description
    int x = 0;              ///< of the subsurface
    int y = 0;
    std::vector<Rect> damage{}; ///< in pixels of the buffer
};

/// The last image description, in the protocol's numbers.
struct MockColor {
    std::uint32_t transfer = 0;
    std::uint32_t primaries = 0;
    std::int32_t red_x = 0;
    std::uint32_t most = 0;  ///< mastering luminance
    std::uint32_t light = 0; ///< maximum content light level
};

/// Runs in a thread of its own from construction to destruction, and is what WAYLAND_DISPLAY names meanwhile. Every
/// call first handles all that the client has sent, and returns when its own events are on their way.
class MockCompositor {
  public:
    explicit MockCompositor(const MockOptions& options = {});
    ~MockCompositor();
    MockCompositor(const MockCompositor&) = delete;
    MockCompositor& operator=(const MockCompositor&) = delete;

    [[nodiscard]] std::vector<MockCommit> commits();
    /// What commit `index` attaches may be read: its acquire point is signalled; without one, nobody writes into its
    /// dmabuf any more.
    [[nodiscard]] bool is_complete(std::size_t index);
    /// Answers commit `index` (from 0).
    void present(std::size_t index, Nanoseconds time, Nanoseconds period, bool zero_copy = false,
                 std::uint64_t msc = 0);
    void discard(std::size_t index);
    void release(std::size_t index);
    void configure(int width, int height, bool fullscreen = false);
    /// Says whether anybody may see the window; its size stays as it is.
    void suspend(bool suspended);
    void close_window();
    /// Presses and lets go of the key with this code of <linux/input-event-codes.h>, on a US keyboard.
    void press(std::uint32_t key);
    /// Tells the surfaces other formats.
    void change_formats(const std::vector<MockFormat>& formats);
    /// The next imports are refused.
    void refuse_imports(bool refuse);
    /// Breaks the connection with a protocol error.
    void post_error();
    /// Ends the connection without a word, as a crash does; new ones are accepted. `frozen`: those are not answered
    /// until `thaw`, and nothing but that may be called before.
    void drop_clients(bool frozen = false);
    void thaw();

    /// What no good client does: a buffer attached while it is being read, a release point used twice, a commit of
    /// nothing, a picture in shared memory that differs from the one before it where that was not said (damage).
    [[nodiscard]] std::vector<std::string> complaints();
    /// Answers all frame callbacks: the surfaces are drawn.
    void draw();

    /// Feedbacks and frame callbacks that a client waits for.
    [[nodiscard]] unsigned answers_owed();
    [[nodiscard]] unsigned imports();
    [[nodiscard]] unsigned buffers_alive();
    [[nodiscard]] unsigned connections();
    [[nodiscard]] unsigned surfaces_mapped();
    [[nodiscard]] bool has_window();
    [[nodiscard]] std::string title();
    [[nodiscard]] MockColor color();
    [[nodiscard]] unsigned inhibitors();
    [[nodiscard]] std::uint32_t content_type();
    [[nodiscard]] std::string icon();
    /// "", "server-side"
    [[nodiscard]] std::string decoration();
    /// "", "some screen", "that screen"
    [[nodiscard]] std::string fullscreen_asked();

    struct State;

  private:
    void run(const std::function<void(State&)>& what);
    void serve();
    void handle_requests();

    std::unique_ptr<State> state_;
    std::mutex mutex_;
    std::condition_variable done_;
    const std::function<void(State&)>* command_ = nullptr;
    bool ending_ = false;
    bool frozen_ = false; ///< of its own thread
    int wake_ = -1;
    std::thread thread_;
};

} // namespace v4l2play
