#include "app/frame_md5.h"

#include <array>
#include <cerrno>

#include <fmt/format.h>

extern "C" {
#include <libavutil/md5.h>
#include <libavutil/mem.h>
}

namespace v4l2play {
namespace {

/// The part of one component that the visible rectangle covers, in samples. Chroma of odd positions is taken whole.
Rect component_rect(const PixelLayout& layout, unsigned component, const Rect& visible) {
    if (component == 0) return visible;
    return {visible.x >> layout.chroma_shift_x, visible.y >> layout.chroma_shift_y,
            component_width(layout, component, visible.width), component_height(layout, component, visible.height)};
}

bool is_inside(const Rect& rect, const FrameFormat& format) {
    return rect.width != 0 && rect.height != 0 && rect.x <= format.coded_width && rect.y <= format.coded_height &&
           rect.width <= format.coded_width - rect.x && rect.height <= format.coded_height - rect.y;
}

std::uint32_t load_little_endian(const std::uint8_t* bytes) {
    return bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8;
}

/// Sample `index` of a row of 10-bit samples without gaps (NV15): the lowest bits come first.
std::uint32_t load_packed_10(const std::uint8_t* row, std::size_t index) {
    const std::size_t bit = index * 10;
    return (load_little_endian(row + bit / 8) >> (bit % 8)) & 0x3ff;
}

void store_little_endian(std::uint8_t* bytes, std::uint32_t value) {
    bytes[0] = static_cast<std::uint8_t>(value);
    bytes[1] = static_cast<std::uint8_t>(value >> 8);
}

/// Copies `count` samples of a row, the `first` one and every `step`-th after it, as raw video has them.
void gather(const PixelLayout& layout, const std::uint8_t* row, std::size_t first, std::size_t step, std::size_t count,
            std::uint8_t* to) {
    if (layout.bit_depth == 8) {
        for (std::size_t i = 0; i < count; ++i) to[i] = row[first + i * step];
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t index = first + i * step;
        const std::uint32_t value = layout.pixel_bytes == 0
                                        ? load_packed_10(row, index)
                                        : load_little_endian(row + index * 2) >> layout.padding_bits;
        store_little_endian(to + i * 2, value);
    }
}

std::string finish(AVMD5& md5) {
    std::array<std::uint8_t, 16> digest{};
    av_md5_final(&md5, digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

} // namespace

void FrameHasher::Free::operator()(AVMD5* md5) const { av_free(md5); }

FrameHasher::FrameHasher(Kernel& kernel)
    : mapper_(kernel)
    , stream_(av_md5_alloc())
    , frame_(av_md5_alloc()) {
    av_md5_init(stream_.get());
}

void FrameHasher::update(const std::uint8_t* bytes, std::size_t size) {
    av_md5_update(stream_.get(), bytes, size);
    av_md5_update(frame_.get(), bytes, size);
}

/// Rows that already are as raw video has them go into the sum straight from the picture.
void FrameHasher::hash_plane(const FrameView& view, const Rect& rect, const Selection& selection) {
    const PixelLayout& layout = view.layout();
    const bool as_it_is = selection.step == 1 && layout.padding_bits == 0 && layout.pixel_bytes != 0;
    const std::size_t sample_bytes = layout.bit_depth > 8 ? 2 : layout.pixel_bytes;
    row_.resize(rect.width * sample_bytes);
    for (std::uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
        const std::uint8_t* row = view.row(selection.component, y);
        if (as_it_is) {
            update(row + rect.x * sample_bytes, row_.size());
            continue;
        }
        gather(layout, row, rect.x * selection.step + selection.first, selection.step, rect.width, row_.data());
        update(row_.data(), row_.size());
    }
}

void FrameHasher::hash_chroma(const FrameView& view, const Rect& rect) {
    if (view.layout().interleaved()) {
        const unsigned cb = view.layout().chroma == PixelLayout::Chroma::InterleavedCrFirst ? 1 : 0;
        hash_plane(view, rect, {1, cb, 2});
        hash_plane(view, rect, {1, 1 - cb, 2});
    } else if (view.layout().components() == 3) {
        hash_plane(view, rect, {1, 0, 1});
        hash_plane(view, rect, {2, 0, 1});
    }
}

Result<std::string> FrameHasher::add(const Frame& frame) {
    const Rect& visible = frame.info.visible;
    if (!is_inside(visible, frame.slot.pool().format()))
        return fail(EINVAL, "the visible rectangle is not inside the picture", "md5");
    const auto view = mapper_.map(frame.slot);
    if (!view) return fail(view.error());
    av_md5_init(frame_.get());
    hash_plane(*view, visible, {0, 0, 1});
    hash_chroma(*view, component_rect(view->layout(), 1, visible));
    return finish(*frame_);
}

std::string FrameHasher::digest() {
    std::string text = finish(*stream_);
    av_md5_init(stream_.get());
    return text;
}

} // namespace v4l2play
