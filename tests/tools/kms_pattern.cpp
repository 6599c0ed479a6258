// kms_pattern [OPTION]...: shows numbered NV12 pictures with a moving bar on a display plane, by the same KmsOutput
// that the player uses, and prints what became of each:
//
//   shown 17 sequence 123 time 4.200000000 hold 2
//   released 16
//
// The last line sums up; the exit status is 0 when every frame was shown, in order, and every slot came back.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>

#include "decoder/log.h"
#include "decoder/slot_memory.h"
#include "render/drawn_output.h"
#include "render/gles/gles_painter.h"
#include "render/kms/atomic.h"
#include "render/kms/kms_output.h"
#include "render/png.h"
#include "tests/tools/borrow_master.h"
#include "tests/tools/writeback.h"

namespace v4l2play {
namespace {

struct Arguments {
    KmsOptions kms;
    unsigned frames = 60;
    double rate = 0; ///< frames per second; 0 = one per vblank
    std::string size = "640x360";
    std::string crop;
    std::string aspect = "1:1";
    unsigned slots = 6;
    unsigned matrix = 2;
    bool full_range = false;
    unsigned change_pool = 0; ///< a new pool, of other memory, every so many frames
    unsigned lose = 0;        ///< the frame before which the display is given up
    bool collide = false;     ///< commits of others are in the way of every flip
    unsigned overlay = 0;     ///< 1: still, 2: drawn anew for each frame, 3: toggled, 4: over the last
    std::string grab;         ///< file for a picture of the screen with the last frame
    double hold_last = 0;     ///< seconds that the last frame stays
    bool gles = false;        ///< drawn by GLES
    bool whole = false;       ///< and turned into RGB by its driver
    bool foreign = false;     ///< from memory that is not the card's own
    bool verbose = false;
};

std::uint64_t allocations = 0; // of the whole program; see operator new below

FrameFormat nv12_format(std::uint32_t width, std::uint32_t height) {
    constexpr std::uint32_t alignment = 64;
    FrameFormat format;
    format.fourcc = fourcc_nv12;
    format.coded_width = (width + 15) / 16 * 16;
    format.coded_height = (height + 15) / 16 * 16;
    const std::uint32_t pitch = (format.coded_width + alignment - 1) / alignment * alignment;
    format.layout[0] = {0, 0, pitch};
    format.layout[1] = {0, pitch * format.coded_height, pitch};
    format.memory_size[0] = std::size_t{pitch} * format.coded_height * 3 / 2;
    return format;
}

/// A grey that tells the frame, with a white bar that moves 8 pixels a frame, on whose colour plane red and blue
/// quarters stand still. Outside of the visible rectangle all is garish green, which must never be seen.
void draw(const FrameFormat& format, const Rect& visible, std::span<std::uint8_t> bytes, FrameId id) {
    constexpr std::uint32_t bar_width = 16;
    std::uint8_t* luma = bytes.data();
    std::uint8_t* chroma = luma + format.layout[1].offset;
    const std::uint32_t pitch = format.layout[0].pitch;
    std::memset(luma, 145, std::size_t{pitch} * format.coded_height);
    for (std::size_t i = 0; i < std::size_t{pitch} * format.coded_height / 2; i += 2) {
        chroma[i] = 54;
        chroma[i + 1] = 34;
    }
    const auto bar = static_cast<std::uint32_t>(id * 8 % std::max(visible.width - bar_width, 1U));
    for (std::uint32_t y = 0; y < visible.height; ++y) {
        std::uint8_t* row = luma + std::size_t{visible.y + y} * pitch + visible.x;
        std::memset(row, static_cast<int>(40 + id % 100), visible.width);
        std::memset(row + bar, 235, std::min(bar_width, visible.width - bar));
    }
    for (std::uint32_t y = visible.y / 2; y < (visible.y + visible.height + 1) / 2; ++y)
        for (std::uint32_t x = visible.x / 2; x < (visible.x + visible.width + 1) / 2; ++x) {
            const bool left = x < (visible.x + visible.width / 2) / 2;
            chroma[std::size_t{y} * pitch + 2 * x] = left ? 90 : 200;
            chroma[std::size_t{y} * pitch + 2 * x + 1] = left ? 200 : 110;
        }
}

/// Magenta, half of it transparent, with an opaque white frame of 4 pixels.
void draw_overlay(const OverlayBuffer& overlay) {
    constexpr std::uint32_t half_magenta = 0x80800080; // premultiplied
    constexpr std::uint32_t white = 0xffffffff;
    constexpr std::uint32_t frame = 4;
    for (std::uint32_t y = 0; y < overlay.height; ++y) {
        auto* row = reinterpret_cast<std::uint32_t*>(overlay.pixels + std::size_t{y} * overlay.pitch);
        for (std::uint32_t x = 0; x < overlay.width; ++x) {
            const bool inside = x >= frame && y >= frame && x + frame < overlay.width && y + frame < overlay.height;
            row[x] = inside ? half_magenta : white;
        }
    }
}

/// A commit that changes nothing but occupies the CRTC until the next vblank.
class Obstacle {
  public:
    void commit(int fd) {
        if (request_.objects().empty()) prepare(fd);
        request_.commit(system_kernel(), fd, DRM_MODE_ATOMIC_NONBLOCK, 0);
    }

  private:
    void prepare(int fd) {
        const DrmPointer<drmModeRes, drmModeFreeResources> resources(drmModeGetResources(fd));
        const std::uint32_t crtc = resources->crtcs[0];
        request_.object(crtc);
        request_.set(PropertyList(fd, crtc, DRM_MODE_OBJECT_CRTC).find("ACTIVE"), "ACTIVE", 1);
    }
    AtomicRequest request_;
};

class Pattern {
  public:
    explicit Pattern(const Arguments& arguments)
        : arguments_(arguments) {}

    Result<> open();
    Result<> run();
    bool finish();

  private:
    Result<> create_pool();
    Result<> present_next();
    void update_overlay();
    void take_events();
    void on_shown(const FrameShown& shown);
    Result<> wait();
    Result<> hold_last();
    [[nodiscard]] Nanoseconds target() const;

    const Arguments& arguments_;
    Kernel& kernel_ = system_kernel();
    std::unique_ptr<SlotAllocator> allocator_;
    std::shared_ptr<SlotPool> pool_;
    std::vector<std::shared_ptr<SlotPool>> pools_;
    std::unique_ptr<Output> output_;
    UniqueFd card_; ///< the output's
    FrameInfo info_;
    FrameFormat format_;
    FrameId presented_ = 0;
    unsigned shown_ = 0;
    unsigned released_ = 0;
    unsigned discarded_ = 0;
    unsigned discarded_before_ = 0; ///< the frame shown last
    unsigned disordered_ = 0;
    unsigned overlays_ = 0;
    FrameId last_id_ = 0;
    std::uint64_t last_sequence_ = 0;
    std::uint64_t first_sequence_ = 0;
    bool lost_ = false;
    Obstacle obstacle_;
    static constexpr FrameId warm_up = 20;
    std::uint64_t allocations_at_start_ = 0;
};

Result<> Pattern::open() {
    unsigned width = 0;
    unsigned height = 0;
    if (std::sscanf(arguments_.size.c_str(), "%ux%u", &width, &height) != 2) return fail(EINVAL, "--size WxH");
    format_ = nv12_format(width, height);
    info_.visible = {0, 0, width, height};
    Rect& crop = info_.visible;
    if (!arguments_.crop.empty() &&
        std::sscanf(arguments_.crop.c_str(), "%u,%u,%u,%u", &crop.x, &crop.y, &crop.width, &crop.height) != 4)
        return fail(EINVAL, "--crop X,Y,W,H");
    long num = 1;
    long den = 1;
    if (std::sscanf(arguments_.aspect.c_str(), "%ld:%ld", &num, &den) != 2) return fail(EINVAL, "--aspect N:D");
    info_.sample_aspect = {num, den};
    info_.color.matrix = static_cast<std::uint8_t>(arguments_.matrix);
    info_.color.full_range = arguments_.full_range;

    auto output = create_kms_output(arguments_.kms);
    if (!output) return fail(output.error());
    std::vector<std::unique_ptr<Painter>> painters;
    if (arguments_.gles) painters.push_back(create_gles_painter({.on_cpu = true, .whole = arguments_.whole}));
    output_ = create_drawn_output(std::move(*output), std::move(painters), {.always = true});
    auto allocator = create_slot_allocator(kernel_, true);
    if (arguments_.gles && !arguments_.foreign) allocator = output_->create_memory(kernel_);
    if (!allocator) return fail(allocator.error());
    allocator_ = std::move(*allocator);
    V4L2PLAY_TRY(create_pool());
    V4L2PLAY_TRY(output_->configure(pool_, info_));
    auto card = borrow_master(getpid());
    if (!card) return fail(std::move(card).error());
    card_ = std::move(*card);
    const OutputDescription text = output_->description();
    fmt::print("{}, {}, {}, {}\n", text.device, text.connector, text.mode, text.plane);
    return {};
}

Result<> Pattern::create_pool() {
    std::vector<SlotMemory> slots;
    for (unsigned i = 0; i < arguments_.slots; ++i) {
        auto memory = allocator_->allocate(format_.memory_size[0]);
        if (!memory) return fail(memory.error());
        slots.push_back(std::move(*memory));
    }
    pool_ = SlotPool::create(kernel_, format_, std::move(slots));
    pools_.push_back(pool_);
    return {};
}

/// Frame k goes to the vblank nearest to k frames after the first.
Nanoseconds Pattern::target() const {
    const VblankTiming timing = output_->timing();
    if (arguments_.rate == 0 || shown_ == 0) return 0;
    const double refresh = static_cast<double>(timing.refresh.num) / static_cast<double>(timing.refresh.den);
    const auto due =
        static_cast<std::int64_t>(std::floor(static_cast<double>(presented_) * refresh / arguments_.rate + 0.25) +
                                  static_cast<double>(first_sequence_));
    return timing.last_time + (due - static_cast<std::int64_t>(timing.last_sequence)) * timing.period;
}

Result<> Pattern::present_next() {
    if (arguments_.change_pool != 0 && presented_ != 0 && presented_ % arguments_.change_pool == 0 &&
        pools_.size() <= presented_ / arguments_.change_pool)
        V4L2PLAY_TRY(create_pool());
    SlotRef slot = pool_->acquire();
    if (!slot) return fail(ENOBUFS, "no free slot");
    draw(format_, info_.visible, cpu_bytes(pool_->memory(slot.index())), presented_ + 1);
    V4L2PLAY_TRY(pool_->finish_decode(slot));
    Frame frame;
    frame.id = presented_ + 1;
    frame.slot = slot.also(Hold::Queue);
    frame.info = info_;
    slot.reset();
    if (arguments_.lose == presented_ + 1) drmDropMaster(card_.get());
    if (arguments_.collide && shown_ != 0) obstacle_.commit(card_.get());
    if (presented_ == warm_up) allocations_at_start_ = allocations;
    update_overlay();
    V4L2PLAY_TRY(output_->present(frame, target()));
    ++presented_;
    return {};
}

void Pattern::update_overlay() {
    const FrameId id = presented_;
    if (arguments_.overlay == 0 || arguments_.overlay == 4 || (arguments_.overlay == 1 && overlays_ != 0)) return;
    if (arguments_.overlay == 3 && id % 4 != 1) {
        if (id % 4 == 3) output_->hide_overlay();
        return;
    }
    const bool still = arguments_.overlay == 1;
    const auto width = static_cast<std::uint32_t>(still ? 200 : 100 + id % 100);
    const std::optional<OverlayBuffer> overlay = output_->acquire_overlay(width, 120);
    if (!overlay) return;
    draw_overlay(*overlay);
    output_->show_overlay(*overlay, static_cast<std::uint32_t>(still ? 400 : 400 + id % 50), 300);
    ++overlays_;
}

void Pattern::on_shown(const FrameShown& shown) {
    fmt::print("shown {} sequence {} time {}.{:09} hold {}\n", shown.id, shown.sequence, shown.time / second,
               shown.time % second, shown_ == 0 ? 0 : shown.sequence - last_sequence_);
    // What was discarded since the last one leaves a gap, and nothing else does.
    if (shown.id != last_id_ + 1 + (discarded_ - discarded_before_)) ++disordered_;
    if (shown_++ == 0) first_sequence_ = shown.sequence;
    last_id_ = shown.id;
    discarded_before_ = discarded_;
    last_sequence_ = shown.sequence;
}

void Pattern::take_events() {
    while (auto event = output_->next_event()) {
        if (const auto* shown = std::get_if<FrameShown>(&*event)) on_shown(*shown);
        if (const auto* released = std::get_if<FrameReleased>(&*event)) {
            if (arguments_.verbose) fmt::print("released {}\n", released->id);
            ++released_;
        }
        if (const auto* discarded = std::get_if<FrameDiscarded>(&*event)) {
            fmt::print("discarded {}: {}\n", discarded->id, discarded->why);
            ++discarded_;
        }
        if (const auto* lost = std::get_if<OutputLost>(&*event)) {
            fmt::print("lost: {}\n", lost->error.what);
            lost_ = arguments_.lose == 0;
        }
    }
}

Result<> Pattern::wait() {
    const Nanoseconds until = output_->next_timeout();
    const Nanoseconds left = until == no_time ? second : std::max<Nanoseconds>(until - kernel_.now(), 0);
    pollfd wait{output_->fd(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>((left + millisecond - 1) / millisecond));
    return output_->dispatch();
}

Result<> Pattern::run() {
    while (shown_ + discarded_ < arguments_.frames && !lost_) {
        // Nothing paces frames that are discarded.
        if (discarded_ != 0) {
            poll(nullptr, 0, 10);
            V4L2PLAY_TRY(output_->dispatch()); // a flip may be in flight all the same
        }
        if (output_->ready() && presented_ < arguments_.frames) V4L2PLAY_TRY(present_next());
        take_events();
        if (!output_->ready()) V4L2PLAY_TRY(wait());
        take_events();
    }
    if (presented_ > warm_up)
        fmt::print("{} allocations in {} frames\n", allocations - allocations_at_start_, presented_ - warm_up);
    V4L2PLAY_TRY(hold_last());
    if (arguments_.overlay != 0) fmt::print("{} overlays drawn\n", overlays_);
    if (arguments_.grab.empty()) return {};
    const auto image = grab_screen(card_.get());
    return image ? write_png(arguments_.grab, *image, PngEffort::Fast) : fail(image.error());
}

/// The last frame stays; an overlay that is late comes by a commit of its own.
Result<> Pattern::hold_last() {
    const Nanoseconds end = kernel_.now() + static_cast<Nanoseconds>(arguments_.hold_last * second);
    if (arguments_.overlay == 4) {
        const std::optional<OverlayBuffer> overlay = output_->acquire_overlay(200, 120);
        if (!overlay) return fail(ENOBUFS, "no overlay buffer");
        draw_overlay(*overlay);
        output_->show_overlay(*overlay, 400, 300);
    }
    for (Nanoseconds now = kernel_.now(); now < end; now = kernel_.now()) {
        pollfd wait{output_->fd(), POLLIN, 0};
        poll(&wait, 1, static_cast<int>(std::min((end - now) / millisecond + 1, Nanoseconds{10})));
        V4L2PLAY_TRY(output_->dispatch());
    }
    return {};
}

bool Pattern::finish() {
    if (output_ != nullptr) {
        output_->stop();
        take_events();
    }
    unsigned held = 0;
    std::uint64_t early = 0;
    for (const auto& pool : pools_) {
        held += pool->count() - pool->free_count();
        early += pool->statistics().early_reuse;
    }
    fmt::print("{} shown, {} discarded, {} released, {} out of order, {} slots still held, {} reused early\n", shown_,
               discarded_, released_, disordered_, held, early);
    return shown_ == arguments_.frames && released_ == shown_ && disordered_ == 0 && held == 0 && early == 0;
}

int run(const Arguments& arguments) {
    Pattern pattern(arguments);
    const auto outcome = [&]() -> Result<> {
        V4L2PLAY_TRY(pattern.open());
        return pattern.run();
    }();
    if (!outcome) fmt::print(stderr, "kms_pattern: {}\n", outcome.error().what);
    return pattern.finish() && outcome ? 0 : 1;
}

} // namespace
} // namespace v4l2play

// Not inlined: gcc 12 would take malloc and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++v4l2play::allocations;
    if (void* memory = std::malloc(size)) return memory;
    std::abort();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++v4l2play::allocations;
    return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main(int argc, char** argv) {
    using namespace v4l2play;
    Arguments arguments;
    bool list = false;
    CLI::App app("Shows moving bars on a display plane and prints every flip.");
    app.add_option("--card", arguments.kms.card, "path, cardN or driver");
    app.add_option("--connector", arguments.kms.connector);
    app.add_option("--mode", arguments.kms.mode);
    app.add_option("--frames", arguments.frames);
    app.add_option("--fps", arguments.rate, "0: one frame per vblank");
    app.add_option("--size", arguments.size, "WxH of the picture");
    app.add_option("--crop", arguments.crop, "X,Y,W,H: the visible part");
    app.add_option("--aspect", arguments.aspect, "N:D: shape of a pixel");
    app.add_option("--slots", arguments.slots);
    app.add_option("--matrix", arguments.matrix, "H.273 code");
    app.add_flag("--full-range", arguments.full_range);
    app.add_option("--change-pool", arguments.change_pool, "new memory every N frames");
    app.add_option("--lose", arguments.lose, "give the display up before frame N");
    app.add_flag("--collide", arguments.collide, "occupy the CRTC before every flip");
    app.add_option(
        "--overlay", arguments.overlay,
        "1: one above all frames, 2: another for each frame, 3: toggled, 4: one over the last, while it stays");
    app.add_option("--grab", arguments.grab, "PNG of the screen at the end, by writeback");
    app.add_option("--hold-last", arguments.hold_last, "seconds that the last frame stays");
    app.add_flag("--gles", arguments.gles, "draw all frames by GLES");
    app.add_flag("--whole", arguments.whole, "have GLES import pictures as a whole");
    app.add_flag("--foreign", arguments.foreign, "from memory that is not the card's own");
    app.add_flag("--list", list, "only list the cards");
    app.add_flag("--verbose", arguments.verbose);
    CLI11_PARSE(app, argc, argv);
    set_log_level(arguments.verbose ? LogLevel::Debug : LogLevel::Warning);
    if (!list) return run(arguments);
    for (const std::string& line : describe_kms_cards(list_kms_cards())) fmt::print("{}\n", line);
    return 0;
}
