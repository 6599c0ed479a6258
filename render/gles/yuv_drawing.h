// Draws a YUV picture, scaled and in RGB, into other memory: by its planes where their layout is plain, and so with
// exact colours; else as the driver of the GPU samples it, who alone may know how it lies in memory.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "decoder/frame.h"
#include "render/gles/gles_context.h"

namespace v4l2play {

/// Of one format into one kind of target; textures of all slots are kept, by their index. One thread.
class YuvDrawing {
  public:
    /// NV12, YUV420 and P010, linear: plane by plane, and turned into RGB here. Others are for the driver, as a whole.
    [[nodiscard]] static bool draws_planes(const FrameFormat& format);
    /// ENOTSUP when the memory of `source` or `target` cannot be used. `target` is of XRGB8888. Both pools outlive it.
    /// `whole`: by the driver in any case.
    static Result<std::unique_ptr<YuvDrawing>> create(GlesContext& gles, const SlotPool& source, const SlotPool& target,
                                                      bool whole = false);
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
    YuvDrawing(GlesContext& gles, const SlotPool& source, const SlotPool& target, bool whole)
        : gles_(gles)
        , source_(source)
        , target_(target)
        , whole_(whole) {}
    Result<> compile();
    [[nodiscard]] std::string fragment() const;
    void drop_sources();
    Result<> add_source();
    Result<> add_target();
    void set_colors(const FrameInfo& info) const;
    void set_hints(const FrameInfo& info);
    void set_visible(const Rect& visible) const;
    void set_turn(unsigned turn) const;

    GlesContext& gles_;
    const SlotPool& source_;
    const SlotPool& target_;
    const bool whole_;  ///< pictures are one texture each, in RGB
    GlesColors colors_; ///< that those have been made with
    unsigned program_ = 0;
    std::vector<Source> sources_;
    std::vector<Target> targets_;
};

} // namespace v4l2play
