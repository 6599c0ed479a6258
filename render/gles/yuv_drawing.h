// Draws a YUV picture, scaled and in RGB, into other memory.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "decoder/frame.h"
#include "render/gles/gles_context.h"

namespace v4l2play {

/// Of one format into one kind of target; textures of all slots are kept, by their index. One thread.
class YuvDrawing {
  public:
    /// NV12, YUV420 and P010, linear.
    [[nodiscard]] static bool can_draw(const FrameFormat& format);
    /// ENOTSUP when the memory of `source` or `target` cannot be used. `target` is of XRGB8888. Both pools outlive it.
    static Result<std::unique_ptr<YuvDrawing>> create(GlesContext& gles, const SlotPool& source,
                                                      const SlotPool& target);
    YuvDrawing(const YuvDrawing&) = delete;
    YuvDrawing& operator=(const YuvDrawing&) = delete;
    ~YuvDrawing();

    /// All of the visible part of `frame`, turned clockwise by `turn` (0, 90, 180, 270), over all of slot `target`.
    /// A fence as of GlesContext; when that signals, nobody reads the frame any more.
    Result<UniqueFd> draw(const Frame& frame, unsigned turn, std::uint32_t target);

  private:
    struct Source {
        std::array<unsigned, 3> textures{};
    };
    struct Target {
        unsigned texture = 0;
        unsigned framebuffer = 0;
    };
    YuvDrawing(GlesContext& gles, const SlotPool& source, const SlotPool& target)
        : gles_(gles)
        , source_(source)
        , target_(target) {}
    Result<> compile();
    Result<> add_source();
    Result<> add_target();
    void set_colors(const FrameInfo& info) const;
    void set_visible(const Rect& visible) const;
    void set_turn(unsigned turn) const;

    GlesContext& gles_;
    const SlotPool& source_;
    const SlotPool& target_;
    unsigned program_ = 0;
    std::vector<Source> sources_;
    std::vector<Target> targets_;
};

} // namespace v4l2play
