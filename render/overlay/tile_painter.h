// Draws only what has changed
// ===========================
//
// The picture is divided into tiles. For each, a hash of all shapes that touch it tells what is to be seen there; a
// tile whose hash is that of what a buffer already has is left alone. So whoever makes the drawing makes all of it anew
// every time and keeps no account of what changed, and yet a picture that stays costs no pixel, and no commit. Buffers
// take turns; each has its own hashes, because what is in it is from an earlier time.
//
// A changed tile is drawn in cached memory and then copied, row by row, into the buffer, whose memory may be uncached:
// it is never read, and each of its pixels is written at most once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "render/output.h"
#include "render/overlay/rasterizer.h"

namespace v4l2play {

class TilePainter {
  public:
    /// Takes what is to be seen in a picture of that size; `drawing` must stay as it is until `paint`. False when the
    /// picture painted last is that.
    bool set(const Drawing& drawing, std::uint32_t width, std::uint32_t height);
    /// Draws into `buffer`, which has the size given to `set`. At most about `budget` pixels are written; false when
    /// that was not enough: the buffer is not to be shown, and the next call goes on, whatever is to be seen by then.
    bool paint(const OverlayBuffer& buffer, std::uint64_t budget = UINT64_MAX);
    /// What may differ between the last two pictures that were painted; none: there was none before.
    [[nodiscard]] const std::optional<Rect>& damage() const { return damage_; }
    /// The picture painted last is not on the screen any more, and buffers may not be those they were.
    void forget() {
        painted_.clear();
        known_.clear();
    }

    /// Pixels written so far.
    [[nodiscard]] std::uint64_t pixels_written() const { return pixels_written_; }

  private:
    static constexpr std::int32_t tile_width = 32;
    static constexpr std::int32_t tile_height = 16;
    using Hashes = std::vector<std::uint64_t>;
    struct Known {
        OverlayBuffer buffer;
        Hashes hashes;
    };

    /// The tiles that a box touches: columns left..right, rows top..bottom.
    [[nodiscard]] Box tiles_of(const Box& box) const;
    [[nodiscard]] std::size_t tile_at(std::int32_t column, std::int32_t row) const {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column);
    }
    Hashes& known(const OverlayBuffer& buffer);
    void sort_shapes(const Hashes& had);
    [[nodiscard]] Box place_of(std::uint32_t tile) const;
    void paint_tile(std::uint32_t tile, const OverlayBuffer& buffer);
    [[nodiscard]] std::optional<Rect> find_damage() const;

    const Drawing* drawing_ = nullptr;
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::int32_t columns_ = 0;
    std::int32_t rows_ = 0;
    Hashes wanted_;
    Hashes painted_; ///< empty: nothing was
    std::optional<Rect> damage_;
    std::vector<Known> known_;
    /// The shapes of tile i, in painting order, are sorted_[ends_[i - 1] .. ends_[i]]: those of tiles that changed.
    std::vector<std::uint32_t> sorted_;
    std::vector<std::uint32_t> ends_;
    std::array<std::uint32_t, std::size_t{tile_width} * tile_height> tile_{};
    std::uint64_t pixels_written_ = 0;
};

} // namespace v4l2play
