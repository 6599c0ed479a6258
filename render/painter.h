// What puts a picture into memory of another kind, for displays that cannot show it as it is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decoder/frame.h"
#include "render/output.h"

namespace v4l2play {

/// Draws into DRM_FORMAT_XRGB8888. One thread, that of its output.
class Painter {
  public:
    virtual ~Painter() = default;

    /// How frames that it has drawn reach the screen.
    [[nodiscard]] virtual OutputPath path() const = 0;
    /// "drawn by V3D 4.2"
    [[nodiscard]] virtual std::string description() const = 0;
    /// What it reads, best first.
    [[nodiscard]] virtual std::vector<FormatModifier> formats() const = 0;
    /// False: `find_formats` would ask a device what more it reads, which takes time.
    [[nodiscard]] virtual bool knows_formats() const { return true; }
    virtual void find_formats(const Output& /*output*/) {}
    /// It scales and turns pictures; one that does not leaves that to the display.
    [[nodiscard]] virtual bool scales() const = 0;
    /// Memory that it reads and draws into, and that `output` shows.
    virtual Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel, Output& output) = 0;
    /// ENOTSUP, with the reason, when such frames cannot be drawn here.
    virtual Result<> check(const FrameFormat& format, const Output& output) = 0;
    /// For frames of `source`, into slots of `target`; both live until the next call, or longer than this.
    virtual Result<> prepare(const SlotPool& source, const SlotPool& target) = 0;
    /// The visible part of `frame`, turned clockwise by `turn` (0, 90, 180, 270) if it can, over all of slot `target`.
    /// A sync_file that signals when it is done, and nobody reads the frame any more; none when it is.
    virtual Result<UniqueFd> draw(const Frame& frame, unsigned turn, std::uint32_t target) = 0;
    /// Waits until all that was drawn is done.
    virtual void finish() {}
    /// The device that it draws with may have gone, and come back as another: nothing of it is kept.
    virtual void forget() {}
};

} // namespace v4l2play
