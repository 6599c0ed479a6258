#include "render/overlay/tile_painter.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace v4l2play {
namespace {

constexpr std::size_t most_buffers = 8;
/// Of a tile with nothing in it. Any other number but `unknown` stands for shapes.
constexpr std::uint64_t nothing = 0;
constexpr std::uint64_t unknown = ~std::uint64_t{0};

/// Mixes `value` into `hash` (the finalizer of SplitMix64, Steele et al. 2014).
constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) + 0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return hash ^ hash >> 31;
}
constexpr std::uint64_t pair(std::int32_t a, std::int32_t b) {
    return std::uint64_t{std::bit_cast<std::uint32_t>(a)} << 32 | std::bit_cast<std::uint32_t>(b);
}
std::uint64_t pair(float a, float b) { return pair(std::bit_cast<std::int32_t>(a), std::bit_cast<std::int32_t>(b)); }

std::uint64_t hash_of(const Drawing& drawing, const Shape& shape) {
    std::uint64_t hash = mixed(static_cast<std::uint64_t>(shape.kind) << 32 | shape.color, 1);
    hash = mixed(hash, pair(shape.box.left, shape.box.top));
    hash = mixed(hash, pair(shape.box.right, shape.box.bottom));
    if (shape.kind == Shape::Kind::Stamp) hash = mixed(hash, pair(shape.u, shape.v));
    if (shape.kind != Shape::Kind::Triangle) return hash;
    for (const Vertex& corner : drawing.triangles[shape.triangle]) {
        hash = mixed(hash, pair(corner.x, corner.y));
        hash = mixed(hash, pair(corner.u, corner.v));
        hash = mixed(hash, corner.color);
    }
    return hash;
}

} // namespace

Box TilePainter::tiles_of(const Box& box) const {
    const Box seen = intersection(box, {0, 0, static_cast<std::int32_t>(width_), static_cast<std::int32_t>(height_)});
    if (seen.empty()) return {};
    return {seen.left / tile_width, seen.top / tile_height, (seen.right - 1) / tile_width + 1,
            (seen.bottom - 1) / tile_height + 1};
}

bool TilePainter::set(const Drawing& drawing, std::uint32_t width, std::uint32_t height) {
    if (width != width_ || height != height_) {
        known_.clear();
        painted_.clear();
    }
    drawing_ = &drawing;
    width_ = width;
    height_ = height;
    columns_ = (static_cast<std::int32_t>(width) + tile_width - 1) / tile_width;
    rows_ = (static_cast<std::int32_t>(height) + tile_height - 1) / tile_height;
    wanted_.assign(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_), nothing);
    for (const Shape& shape : drawing.shapes) {
        const std::uint64_t hash = hash_of(drawing, shape);
        const Box tiles = tiles_of(shape.box);
        for (std::int32_t y = tiles.top; y < tiles.bottom; ++y)
            for (std::int32_t x = tiles.left; x < tiles.right; ++x) {
                std::uint64_t& tile = wanted_[tile_at(x, y)];
                tile = mixed(tile, hash);
            }
    }
    return wanted_ != painted_;
}

/// What `buffer` has in it, as far as that is known. Buffers that are not used any more make room.
TilePainter::Hashes& TilePainter::known(const OverlayBuffer& buffer) {
    const auto same = [&buffer](const Known& one) {
        return one.buffer.index == buffer.index && one.buffer.pixels == buffer.pixels &&
               one.buffer.pitch == buffer.pitch;
    };
    const auto found = std::find_if(known_.begin(), known_.end(), same);
    if (found != known_.end()) return found->hashes;
    if (known_.size() == most_buffers) known_.erase(known_.begin());
    known_.push_back({buffer, Hashes(wanted_.size(), unknown)});
    return known_.back().hashes;
}

/// Makes the list of shapes for each tile that is not as it is in `had`: a counting sort.
void TilePainter::sort_shapes(const Hashes& had) {
    const auto for_each = [&](auto use) {
        for (std::uint32_t i = 0; i < drawing_->shapes.size(); ++i) {
            const Box tiles = tiles_of(drawing_->shapes[i].box);
            for (std::int32_t y = tiles.top; y < tiles.bottom; ++y)
                for (std::int32_t x = tiles.left; x < tiles.right; ++x) {
                    const std::size_t tile = tile_at(x, y);
                    if (had[tile] != wanted_[tile]) use(tile, i);
                }
        }
    };
    ends_.assign(wanted_.size() + 1, 0);
    for_each([&](std::size_t tile, std::uint32_t) { ++ends_[tile + 1]; });
    for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
    sorted_.resize(ends_.back());
    // Each entry is the place for the tile's next shape, and so in the end where the tile's shapes end.
    for_each([&](std::size_t tile, std::uint32_t shape) { sorted_[ends_[tile]++] = shape; });
}

bool TilePainter::paint(const OverlayBuffer& buffer, std::uint64_t budget) {
    Hashes& had = known(buffer);
    sort_shapes(had);
    const std::uint64_t start = pixels_written_;
    for (std::uint32_t tile = 0; tile < wanted_.size(); ++tile) {
        if (had[tile] == wanted_[tile]) continue;
        if (pixels_written_ - start >= budget) return false;
        paint_tile(tile, buffer);
        had[tile] = wanted_[tile];
    }
    damage_ = find_damage();
    painted_ = wanted_;
    return true;
}

/// One box around all tiles that differ: the panel's lie close together.
std::optional<Rect> TilePainter::find_damage() const {
    if (painted_.empty()) return std::nullopt;
    Box all{INT32_MAX, INT32_MAX, 0, 0};
    for (std::uint32_t tile = 0; tile < wanted_.size(); ++tile) {
        if (painted_[tile] == wanted_[tile]) continue;
        const Box place = place_of(tile);
        all = {std::min(all.left, place.left), std::min(all.top, place.top), std::max(all.right, place.right),
               std::max(all.bottom, place.bottom)};
    }
    if (all.empty()) return std::nullopt;
    return Rect{static_cast<std::uint32_t>(all.left), static_cast<std::uint32_t>(all.top),
                static_cast<std::uint32_t>(all.right - all.left), static_cast<std::uint32_t>(all.bottom - all.top)};
}

Box TilePainter::place_of(std::uint32_t tile) const {
    const std::int32_t left = static_cast<std::int32_t>(tile) % columns_ * tile_width;
    const std::int32_t top = static_cast<std::int32_t>(tile) / columns_ * tile_height;
    return intersection({left, top, left + tile_width, top + tile_height},
                        {0, 0, static_cast<std::int32_t>(width_), static_cast<std::int32_t>(height_)});
}

void TilePainter::paint_tile(std::uint32_t tile, const OverlayBuffer& buffer) {
    const PixelBlock block{tile_.data(), tile_width, place_of(tile)};
    const auto [left, top, right, bottom] = block.place;
    tile_.fill(0);
    for (std::uint32_t i = tile == 0 ? 0 : ends_[tile - 1]; i < ends_[tile]; ++i)
        draw_shape(*drawing_, drawing_->shapes[sorted_[i]], block);
    const auto width = static_cast<std::size_t>(right - left);
    for (std::int32_t y = top; y < bottom; ++y)
        std::memcpy(buffer.pixels + static_cast<std::size_t>(y) * buffer.pitch + 4 * static_cast<std::size_t>(left),
                    block.at(left, y), 4 * width);
    pixels_written_ += width * static_cast<std::size_t>(bottom - top);
}

} // namespace v4l2play
