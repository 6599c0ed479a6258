#include "render/kms/why.h"

#include <algorithm>

#include <fmt/format.h>

#include "render/kms/arranger.h"
#include "render/kms/card_memory.h"
#include "render/kms/formats.h"
#include "render/kms/mode.h"

namespace v4l2play {
namespace {

/// Memory with such a picture that the card can scan out.
Result<std::shared_ptr<SlotPool>> create_picture(Kernel& kernel, int card_fd, const FrameFormat& format) {
    auto allocator = create_card_memory(kernel, card_fd);
    if (!allocator) return fail(std::move(allocator).error());
    std::vector<SlotMemory> slots(1);
    for (std::size_t i = 0; i < format.memory_planes; ++i) {
        auto memory = (*allocator)->allocate(format.memory_size[i]);
        if (!memory) return fail(std::move(memory).error());
        slots[0].dmabuf[i] = std::move(memory->dmabuf[0]);
    }
    return SlotPool::create(kernel, format, std::move(slots));
}

Result<std::vector<std::string>> answers(Screen& screen, const KmsOptions& options, const FrameFormat& format,
                                         const FrameInfo& info) {
    const auto pool = create_picture(screen.device().kernel(), screen.device().fd(), format);
    if (!pool) return fail(pool.error());
    FramebufferCache framebuffers(screen.device());
    const Result<std::uint32_t> framebuffer = framebuffers.get(**pool, 0);
    if (!framebuffer) return fail(framebuffer.error());
    Arranger arranger(screen, options.rotation);
    const Result<> planned = arranger.plan(format, info, *framebuffer);
    if (!arranger.planned()) return fail(planned.error());
    return arranger.all_answers(*framebuffer);
}

} // namespace

FrameFormat linear_format(DrmFourcc fourcc, std::uint32_t width, std::uint32_t height) {
    constexpr std::uint32_t alignment = 64;
    FrameFormat format;
    format.fourcc = fourcc;
    format.bit_depth = fourcc == fourcc_p010 ? 10 : 8;
    format.coded_width = (width + 15) / 16 * 16;
    format.coded_height = (height + 15) / 16 * 16;
    const std::uint32_t row = format.coded_width * (fourcc == fourcc_p010 ? 2 : 1);
    const std::uint32_t pitch = (row + alignment - 1) / alignment * alignment;
    format.layout[0] = {0, 0, pitch};
    format.layout[1] = {0, pitch * format.coded_height, pitch};
    format.memory_size[0] = std::size_t{pitch} * format.coded_height * 3 / 2;
    return format;
}

std::vector<std::string> explain_planes(const KmsOptions& options, const FrameInfo& info,
                                        const std::vector<FrameFormat>& formats) {
    const auto opened = Screen::open(system_kernel(), options);
    if (!opened) return {opened.error().what};
    Screen& screen = *opened->screens.front();
    std::vector<std::string> lines;
    for (const FrameFormat& format : formats) {
        const std::string layout = format.modifier == modifier_linear ? "" : ":" + modifier_name(format.modifier);
        lines.push_back(fmt::format("{}x{} {}{} on {} ({}), {} at {}:", info.visible.width, info.visible.height,
                                    to_string(format.fourcc), layout, screen.device().path(), screen.device().driver(),
                                    screen.connector().name, mode_name(screen.mode())));
        const auto said = answers(screen, options, format, info);
        if (!said) lines.push_back("  " + said.error().what);
        if (said)
            for (const std::string& line : *said) lines.push_back("  " + line);
    }
    return lines;
}

} // namespace v4l2play
