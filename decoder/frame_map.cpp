#include "decoder/frame_map.h"

#include <cerrno>

#include <sys/mman.h>

#include <fmt/format.h>

#include "decoder/slot_memory.h"

namespace v4l2play {
namespace {

/// The last byte of every component must lie inside its dmabuf: formats come from drivers and bitstreams.
Result<> check_bounds(const FrameFormat& format, const PixelLayout& layout) {
    for (unsigned i = 0; i < layout.components(); ++i) {
        const ComponentLayout& component = format.layout[i];
        const std::uint64_t rows = component_height(layout, i, format.coded_height);
        const std::uint64_t used = row_bytes(layout, i, component_width(layout, i, format.coded_width));
        if (component.memory_plane >= format.memory_planes || rows == 0 || used > component.pitch ||
            component.offset + (rows - 1) * component.pitch + used > format.memory_size[component.memory_plane])
            return fail(EINVAL, fmt::format("component {} of {} does not fit its memory", i, to_string(format.fourcc)),
                        "map");
    }
    return {};
}

Result<const PixelLayout*> readable_layout(const FrameFormat& format) {
    if (format.modifier != modifier_linear)
        return fail(ENOTSUP, fmt::format("the CPU cannot read modifier {:#x}", format.modifier), "map");
    const PixelLayout* layout = find_pixel_layout(format.fourcc);
    if (layout == nullptr)
        return fail(ENOTSUP, fmt::format("the CPU cannot read format {}", to_string(format.fourcc)), "map");
    V4L2PLAY_TRY(check_bounds(format, *layout));
    return layout;
}

} // namespace

FrameView::FrameView(FrameView&& other) noexcept { *this = std::move(other); }

FrameView& FrameView::operator=(FrameView&& other) noexcept {
    if (this != &other) {
        reset();
        kernel_ = other.kernel_;
        layout_ = other.layout_;
        data_ = other.data_;
        pitch_ = other.pitch_;
        synced_ = std::exchange(other.synced_, {-1, -1, -1, -1});
    }
    return *this;
}

void FrameView::reset() {
    for (int& dmabuf : synced_) {
        if (dmabuf >= 0) end_cpu_access(*kernel_, dmabuf, CpuAccess::Read);
        dmabuf = -1;
    }
}

Result<const std::uint8_t*> FrameMapper::plane_memory(const SlotRef& slot, const SlotMemory& memory, unsigned plane) {
    const std::size_t size = slot.pool().format().memory_size[plane];
    if (plane == 0 && cpu_bytes(memory).size() >= size && size != 0) return cpu_bytes(memory).data();
    if (plane == 0 && !memory.plain.empty() && memory.plain.size() >= size) return memory.plain.data();
    if (generation_ != slot.key().generation) slots_.clear();
    generation_ = slot.key().generation;
    if (slots_.size() <= slot.index()) slots_.resize(slot.index() + 1);
    Mapping& mapping = slots_[slot.index()].planes[plane];
    if (mapping.bytes().empty()) {
        if (!memory.dmabuf[plane]) return fail(EINVAL, "the slot has no memory", "map");
        auto mapped = Mapping::create(kernel_, size, PROT_READ, memory.dmabuf[plane].get(), 0);
        if (!mapped) return fail(std::move(mapped).error());
        mapping = *std::move(mapped);
    }
    return mapping.bytes().data();
}

Result<FrameView> FrameMapper::map(const SlotRef& slot) {
    const FrameFormat& format = slot.pool().format();
    const auto layout = readable_layout(format);
    if (!layout) return fail(layout.error());
    const SlotMemory& memory = slot.pool().memory(slot.index());
    FrameView view;
    view.kernel_ = &kernel_;
    view.layout_ = *layout;
    std::array<const std::uint8_t*, 4> planes{};
    for (unsigned plane = 0; plane < format.memory_planes; ++plane) {
        const auto start = plane_memory(slot, memory, plane);
        if (!start) return fail(start.error());
        planes[plane] = *start;
        const int dmabuf = memory.dmabuf[plane].get();
        const int begun = begin_cpu_access(kernel_, dmabuf, CpuAccess::Read);
        if (begun < 0) return fail(-begun, "DMA_BUF_IOCTL_SYNC failed", "DMA_BUF_IOCTL_SYNC");
        view.synced_[plane] = dmabuf;
    }
    for (unsigned i = 0; i < (*layout)->components(); ++i) {
        view.data_[i] = planes[format.layout[i].memory_plane] + format.layout[i].offset;
        view.pitch_[i] = format.layout[i].pitch;
    }
    return view;
}

} // namespace v4l2play
