#include "decoder/codec/vp9_superframe.h"

namespace v4l2play::vp9 {

namespace {

constexpr unsigned superframe_marker = 6;

/// frame_sizes of B.2.1: least significant byte first
std::size_t read_size(std::span<const std::uint8_t> bytes) {
    std::size_t size = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) size = size << 8 | bytes[i];
    return size;
}

/// B.2.1, B.4: the index at the end of the unit, between two equal bytes; empty when there is none.
std::span<const std::uint8_t> superframe_index(std::span<const std::uint8_t> unit) {
    if (unit.empty()) return {};
    const std::uint8_t header = unit.back();
    if (header >> 5 != superframe_marker) return {};
    const unsigned bytes_of_size = (header >> 3 & 3) + 1;
    const std::size_t size = 2 + bytes_of_size * ((header & 7U) + 1);
    if (size > unit.size() || unit[unit.size() - size] != header) return {};
    return unit.last(size);
}

} // namespace

Superframe split_superframe(std::span<const std::uint8_t> unit) {
    Superframe superframe;
    const auto index = superframe_index(unit);
    if (index.empty()) {
        if (!unit.empty()) superframe.frame[superframe.count++] = unit;
        return superframe;
    }
    const unsigned frames = (index.back() & 7U) + 1;
    const std::size_t bytes_of_size = (index.size() - 2) / frames;
    auto rest = unit.first(unit.size() - index.size());
    for (unsigned i = 0; i < frames; ++i) {
        const std::size_t size = read_size(index.subspan(1 + i * bytes_of_size, bytes_of_size));
        if (size > rest.size()) {
            superframe.cut = true;
            break;
        }
        if (size != 0) superframe.frame[superframe.count++] = rest.first(size);
        rest = rest.subspan(size);
    }
    return superframe;
}

} // namespace v4l2play::vp9
