// Where frames are shown. The same face for KMS, Wayland and offscreen: it takes slots and gives each back at the
// earliest moment that is safe, never earlier, and it tells what was on the screen at each vblank.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "decoder/frame.h"
#include "decoder/result.h"
#include "decoder/slot_memory.h"

namespace v4l2play {

/// How frames reach the screen; the later, the farther from zero copy.
enum class OutputPath : std::uint8_t {
    None,       ///< nothing is shown (offscreen, null)
    Plane,      ///< hardware scans the slot out
    Composited, ///< a GPU or compositor read the slot and drew it elsewhere
    Copied,     ///< the CPU copied pixels
};
const char* to_string(OutputPath path);

/// The display's clock, as of the last vblank that is known.
struct VblankTiming {
    Nanoseconds period = 0;    ///< nominal refresh period; 0 = the output shows a frame at any time
    Nanoseconds last_time = 0; ///< CLOCK_MONOTONIC of the vblank `last_sequence`
    std::uint64_t last_sequence = 0;
    Rational refresh; ///< nominal refresh rate in Hz, exact; 0/1 unknown
    /// Refreshes that it takes longer to show what it is given; `last_time` is earlier than the vblank by as many.
    unsigned lead = 0;
};

/// `frame` was on the screen from `time` (vblank `sequence`) on.
struct FrameShown {
    FrameId id = 0;
    std::uint32_t serial = 0;
    Nanoseconds time = 0;
    std::uint64_t sequence = 0;
    OutputPath path = OutputPath::None;
    std::uint64_t msc = 0; ///< the vblank's number as the display itself counts (media stream counter); 0: it does not
};
/// `frame` was never on the screen.
struct FrameDiscarded {
    FrameId id = 0;
    std::uint32_t serial = 0;
    const char* why = "";
};
/// The output has let go of the slot of `frame` (its hold is already dropped).
struct FrameReleased {
    FrameId id = 0;
    std::uint32_t serial = 0;
    Nanoseconds time = 0; ///< from when on nobody reads it, not after the hold was dropped; 0 = told by the event alone
};
/// Display gone, revoked or back. Frames presented while it is gone are discarded.
struct OutputLost {
    Error error;
};

/// Frames in another format than theirs would be better: the best of `formats` now.
struct FormatsChanged {};

/// What the person asked for at the display itself: a key in the window, or its close button.
enum class OutputKey : std::uint8_t { Quit, Pause, Back, Forward, FarBack, FarForward, Stats };
struct KeyPressed {
    OutputKey key = OutputKey::Quit;
};

using OutputEvent = std::variant<FrameShown, FrameDiscarded, FrameReleased, OutputLost, FormatsChanged, KeyPressed>;

/// Memory for a picture above the video, which the display reads as it is: DRM_FORMAT_ARGB8888, alpha premultiplied.
struct OverlayBuffer {
    std::byte* pixels = nullptr; ///< what is in it is from an earlier time; write only, it may be uncached
    std::uint32_t pitch = 0;     ///< bytes
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    unsigned index = 0; ///< which of the output's; other memory, also in the place of earlier, has another number
    /// Nothing outside of it differs from the picture that was shown before, whichever buffer that was in; none: any of
    /// it may. Whoever draws tells, the output passes it on to the display.
    std::optional<Rect> damage = {};
};

/// What the report and the person are told.
struct OutputDescription {
    const char* kind = "";                ///< "kms", "wayland", "offscreen", "null"
    std::string device;                   ///< card and driver
    std::string card = {};                ///< path of the card, where there is one
    std::string connector;                ///< "HDMI-A-1"
    std::string mode;                     ///< "1920x1080@60.00"
    std::string plane;                    ///< the plane in use, how, and what it refused
    std::vector<std::string> clones = {}; ///< other connectors that show the same, with mode and plane
    OutputPath path = OutputPath::None;
    unsigned never_released = 0; ///< buffers of pictures that were replaced long ago
    std::string error;           ///< what it was to save and could not; empty when all is well
};

class Output {
  public:
    virtual ~Output() = default;

    /// What can be shown without a copy, best first. Empty: anything, dmabuf or not.
    [[nodiscard]] virtual std::vector<FormatModifier> formats() const = 0;
    /// What can be shown besides, drawn by a GPU or copied, as far as one can say without trying; best first.
    [[nodiscard]] virtual std::vector<FormatModifier> drawn_formats() const { return {}; }
    /// Finds out what more can be drawn, which may take time. True: `drawn_formats` is another since.
    virtual bool find_drawn_formats() { return false; }
    /// Slots that the output may hold at once.
    [[nodiscard]] virtual unsigned slots_held() const = 0;
    /// True when `present` may be called now (KMS takes one flip at a time).
    [[nodiscard]] virtual bool ready() const = 0;
    [[nodiscard]] virtual VblankTiming timing() const = 0;
    /// Prepares for frames of this format and geometry (test commits, mode set, imports). ENOTSUP, with the reason,
    /// when they cannot be shown here.
    virtual Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) = 0;
    /// Shows `frame` at the vblank nearest to `target` (CLOCK_MONOTONIC) and not before the next. The frame's slot is
    /// exported for as long as it is needed. EBUSY when not `ready`: the caller keeps the frame.
    virtual Result<> present(Frame& frame, Nanoseconds target) = 0;
    /// Frames that are configured for may have an acquire fence; the display waits for it, and nobody else.
    [[nodiscard]] virtual bool takes_fences() const { return false; }
    virtual std::optional<OutputEvent> next_event() = 0;
    /// Pollable (EPOLLIN), level-triggered; -1 when the output has only `next_timeout`.
    [[nodiscard]] virtual int fd() const = 0;
    /// Time at which `dispatch` wants to be called though `fd` is quiet; no_time for never.
    [[nodiscard]] virtual Nanoseconds next_timeout() const = 0;
    virtual Result<> dispatch() = 0;
    /// Takes the picture off and waits until every slot is released. The destructor does the same and restores the
    /// display.
    virtual void stop() = 0;

    /// The name of what is played, any bytes: windows show it.
    virtual void set_title(std::string_view /*name*/) {}
    /// Pixels of the screen; 0x0 where the output has none of its own.
    [[nodiscard]] virtual Rect screen() const { return {}; }
    /// What was configured for is shown, but not as large or not turned as it should be.
    [[nodiscard]] virtual bool compromises() const { return false; }
    /// Pixels of the screen or window that an overlay may cover; 0x0 where the output has none.
    [[nodiscard]] virtual Rect overlay_area() const { return {}; }
    /// A buffer of that size to draw the next overlay in; empty while the display has all of them (at least three), or
    /// when there is no memory. Until it is shown, the same one is given again.
    virtual std::optional<OverlayBuffer> acquire_overlay(std::uint32_t /*width*/, std::uint32_t /*height*/) {
        return {};
    }
    /// Shows `overlay` with its top left corner there, from the commit of the next frame on; by a commit of its own
    /// when none comes soon.
    virtual void show_overlay(const OverlayBuffer& /*overlay*/, std::uint32_t /*x*/, std::uint32_t /*y*/) {}
    /// No overlay any more, in the same manner. Its plane or surface goes.
    virtual void hide_overlay() {}

    /// Memory that decoders on the CPU may fill and this output can show. The allocator may outlive the output.
    virtual Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) {
        return create_slot_allocator(kernel, !formats().empty());
    }

    /// The same from the display's card itself, where it has such memory: for those who can use no other.
    virtual Result<std::unique_ptr<SlotAllocator>> create_own_memory(Kernel& kernel) { return create_memory(kernel); }

    [[nodiscard]] virtual OutputDescription description() const = 0;
};

} // namespace v4l2play
