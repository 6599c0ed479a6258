// A contact sheet: one picture with small ones, spread evenly over all that was shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decoder/frame.h"
#include "render/convert.h"

namespace v4l2play {

/// `from` at a new size; each pixel is the mean of the area that it covers, in linear light (nearly: squares), so that
/// fine patterns keep their brightness.
void shrink(const RgbImage& from, std::uint32_t width, std::uint32_t height, RgbImage& to);

/// "00:00:03.200"; "--:--:--.---" for no_time.
std::string media_time_text(Nanoseconds time);

/// Collects thumbnails while frames are shown. How many will be is not known before the end, so it takes every
/// `interval`-th frame, starting with all, and each time there are more than twice as many as wanted, it drops every
/// second one and doubles the interval. `draw` chooses evenly among what there is then. Memory is bounded, and the work
/// becomes less the longer it takes.
class ContactSheet {
  public:
    ContactSheet(std::string title, unsigned wanted);

    /// True when frame `number` should come with its picture.
    [[nodiscard]] bool wants(std::uint64_t number) const { return number % interval_ == 0; }
    /// Every frame shown, in order; `picture` is its visible part, or null when it was not wanted or cannot be had.
    void add(const Frame& frame, std::uint64_t number, const RgbImage* picture);

    [[nodiscard]] bool empty() const { return thumbnails_.empty(); }
    [[nodiscard]] std::size_t collected() const { return thumbnails_.size(); }
    /// Frame numbers of the thumbnails that `draw` shows.
    [[nodiscard]] std::vector<std::uint64_t> chosen() const;
    void draw(RgbImage& sheet) const;

  private:
    struct Thumbnail {
        RgbImage picture;
        std::uint64_t number = 0;
        Nanoseconds pts = no_time;
    };
    struct Grid;

    void thin_out();
    [[nodiscard]] std::size_t shown_count() const;
    [[nodiscard]] const Thumbnail& shown(std::size_t i) const;
    [[nodiscard]] Grid make_grid() const;
    void draw_heading(RgbImage& sheet, const Grid& grid) const;
    void draw_cell(RgbImage& sheet, const Grid& grid, std::size_t i) const;
    [[nodiscard]] std::string summary() const;

    const std::string title_;
    const std::size_t wanted_;
    std::uint64_t interval_ = 1;
    std::vector<Thumbnail> thumbnails_;
    std::uint64_t frames_ = 0;
    Nanoseconds first_pts_ = no_time;
    Nanoseconds last_pts_ = no_time;
    DrmFourcc fourcc_{};
    FrameInfo info_; // of the first frame
};

} // namespace v4l2play
