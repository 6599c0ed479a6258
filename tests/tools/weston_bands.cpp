// weston_bands PID WxH+X+Y OUT: which frame the bands of a clip of WxH carry in each picture that weston, process PID,
// draws for its output: screenshots, one for each refresh. Runs in the lab, in virtual time, as a client of weston with
// --debug.
//
// OUT: lines as of screen_bands: vblank, its time in µs, number. Weston draws once between two vblanks, so that what
// is asked for just after one is on the screen from the next on. Ends with weston.

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>
#include <xf86drm.h>

#include "tests/tools/bands.h"
#include "tests/tools/borrow_master.h"

namespace v4l2play {
namespace {

// weston_capture_v1, weston's own protocol, as WAYLAND_DEBUG shows it: no description of it is installed.
extern const wl_interface source_interface;
const wl_interface* plain_types[] = {nullptr, nullptr};
const wl_interface* create_types[] = {&wl_output_interface, nullptr, &source_interface};
const wl_interface* capture_types[] = {&wl_buffer_interface};
const wl_message manager_requests[] = {{"destroy", "", plain_types}, {"create", "oun", create_types}};
const wl_message source_requests[] = {{"destroy", "", plain_types}, {"capture", "o", capture_types}};
const wl_message source_events[] = {{"format", "u", plain_types},
                                    {"size", "ii", plain_types},
                                    {"complete", "", plain_types},
                                    {"retry", "", plain_types},
                                    {"failed", "?s", plain_types}};
const wl_interface manager_interface{"weston_capture_v1", 1, 2, manager_requests, 0, nullptr};
const wl_interface source_interface{"weston_capture_source_v1", 1, 2, source_requests, 5, source_events};
constexpr std::uint32_t create_request = 1;
constexpr std::uint32_t capture_request = 1;
constexpr std::uint32_t drawn_picture = 1; ///< a source: what the renderer makes

/// An answer may take weston's 14 for 5 refreshes and more.
constexpr std::size_t sources = 10;

struct Vblank {
    std::uint32_t number = 0;
    long long time = 0; ///< µs
};

/// Those of weston's that are needed.
class Globals {
  public:
    explicit Globals(wl_display* display) {
        static constexpr wl_registry_listener listener{&on_global, [](void*, wl_registry*, std::uint32_t) {}};
        wl_registry_add_listener(wl_display_get_registry(display), &listener, this);
        wl_display_roundtrip(display);
    }
    [[nodiscard]] bool complete() const { return manager != nullptr && shm != nullptr && output != nullptr; }

    wl_proxy* manager = nullptr;
    wl_shm* shm = nullptr;
    wl_output* output = nullptr;

  private:
    static void on_global(void* data, wl_registry* registry, std::uint32_t name, const char* interface,
                          std::uint32_t /*version*/) {
        const auto bind = [&](const wl_interface& wanted, auto*& object) {
            if (object == nullptr && std::string_view(wanted.name) == interface)
                object = static_cast<std::remove_reference_t<decltype(object)>>(
                    wl_registry_bind(registry, name, &wanted, 1));
        };
        auto* self = static_cast<Globals*>(data);
        bind(manager_interface, self->manager);
        bind(wl_shm_interface, self->shm);
        bind(wl_output_interface, self->output);
    }
};

/// One that captures what is drawn next, into memory of its own.
class Source {
  public:
    Source(const Globals& globals, const test::Area& area, std::FILE* out)
        : globals_(globals)
        , area_(area)
        , out_(out)
        , source_(wl_proxy_marshal_flags(globals.manager, create_request, &source_interface, 1, 0, globals.output,
                                         drawn_picture, nullptr)) {
        wl_proxy_add_listener(source_, const_cast<void (**)()>(listener), this);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    [[nodiscard]] bool ready() const { return buffer_ != nullptr && !asked_; }
    void ask() {
        asked_ = true;
        wl_proxy_marshal_flags(source_, capture_request, nullptr, 1, 0, buffer_);
    }
    /// From when on the picture that was asked for is on the screen; to be told before its answer is dispatched.
    void set_shown(const Vblank& vblank) { shown_ = vblank; }

  private:
    static Source& self(void* data) { return *static_cast<Source*>(data); }
    static void on_format(void*, wl_proxy*, std::uint32_t) {} // with 8 bits of green in the second byte, as all have
    static void on_size(void* data, wl_proxy*, std::int32_t width, std::int32_t height) {
        self(data).make_memory(width, height);
    }
    static void on_complete(void* data, wl_proxy*) { self(data).write(true); }
    static void on_retry(void* data, wl_proxy*) { self(data).write(false); }
    static void on_failed(void* data, wl_proxy*, const char*) { self(data).write(false); }
    static inline void (*const listener[])() = {
        reinterpret_cast<void (*)()>(on_format), reinterpret_cast<void (*)()>(on_size),
        reinterpret_cast<void (*)()>(on_complete), reinterpret_cast<void (*)()>(on_retry),
        reinterpret_cast<void (*)()>(on_failed)};

    void make_memory(int width, int height) {
        if (buffer_ != nullptr) return;
        pitch_ = width * 4;
        const int size = pitch_ * height;
        const UniqueFd file(system_kernel(), memfd_create("picture", MFD_CLOEXEC));
        if (ftruncate(file.get(), size) != 0) return;
        void* address = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, file.get(), 0);
        if (address == MAP_FAILED) return;
        pixels_ = static_cast<const std::uint8_t*>(address);
        wl_shm_pool* pool = wl_shm_create_pool(globals_.shm, file.get(), size);
        buffer_ = wl_shm_pool_create_buffer(pool, 0, width, height, pitch_, WL_SHM_FORMAT_ARGB8888);
        wl_shm_pool_destroy(pool);
    }
    void write(bool good) {
        const test::Luma luma = test::luma_of_rgb(pixels_, static_cast<std::size_t>(pitch_));
        fmt::print(out_, "{} {} {}\n", shown_.number, shown_.time, good ? test::read_bands(luma, area_) : -1);
        asked_ = false;
    }

    const Globals& globals_;
    const test::Area& area_;
    std::FILE* out_;
    wl_proxy* source_;
    wl_buffer* buffer_ = nullptr;
    const std::uint8_t* pixels_ = nullptr;
    int pitch_ = 0;
    bool asked_ = false;
    Vblank shown_;
};

/// Nothing when the display is off.
std::optional<Vblank> wait_for_vblank(int card) {
    drmVBlank vblank{};
    vblank.request.type = DRM_VBLANK_RELATIVE;
    vblank.request.sequence = 1;
    if (drmWaitVBlank(card, &vblank) != 0) return std::nullopt;
    return Vblank{vblank.reply.sequence, vblank.reply.tval_sec * 1'000'000LL + vblank.reply.tval_usec};
}

/// Dispatches what has come, without waiting; false when weston has gone.
bool dispatch(wl_display* display) {
    while (wl_display_prepare_read(display) != 0)
        if (wl_display_dispatch_pending(display) < 0) return false;
    pollfd readable{wl_display_get_fd(display), POLLIN, 0};
    if (poll(&readable, 1, 0) == 1) {
        if (wl_display_read_events(display) != 0) return false;
    } else {
        wl_display_cancel_read(display);
    }
    return wl_display_dispatch_pending(display) >= 0;
}

int watch(wl_display* display, int card, const test::Area& area, std::FILE* out) {
    const Globals globals(display);
    if (!globals.complete()) {
        fmt::print(stderr, "weston_bands: no weston that lets itself be captured\n");
        return 1;
    }
    std::vector<std::unique_ptr<Source>> all;
    for (std::size_t i = 0; i < sources; ++i) all.push_back(std::make_unique<Source>(globals, area, out));
    Source* asked = nullptr;
    for (std::size_t i = 0;; ++i) {
        const auto vblank = wait_for_vblank(card);
        if (asked != nullptr && vblank) asked->set_shown(*vblank);
        if (!dispatch(display)) return 0;
        asked = vblank && all[i % sources]->ready() ? all[i % sources].get() : nullptr;
        if (asked != nullptr) asked->ask();
        if (!vblank) usleep(1000);
        if (wl_display_flush(display) < 0 && errno != EAGAIN) return 0;
    }
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    using namespace v4l2play;
    const auto area = test::parse_area(argc == 4 ? argv[2] : nullptr);
    if (!area || !area->placed) {
        fmt::print(stderr, "usage: weston_bands PID WxH+X+Y OUT\n");
        return 2;
    }
    const auto card = borrow_master(std::atoi(argv[1]));
    wl_display* display = wl_display_connect(nullptr);
    std::FILE* out = std::fopen(argv[3], "w");
    if (!card || display == nullptr || out == nullptr) {
        fmt::print(stderr, "weston_bands: {}\n", card ? "no weston, or no file" : card.error().what);
        return 1;
    }
    std::setvbuf(out, nullptr, _IOLBF, 0); // it is ended by a signal
    return watch(display, card->get(), *area, out);
}
