#include "render/kms/why.h"

#include <algorithm>

#include <fmt/format.h>

#include "render/kms/arranger.h"
#include "render/kms/card_memory.h"
#include "render/kms/mode.h"

namespace v4l2play {
namespace {

FrameFormat linear_format(DrmFourcc fourcc, Size picture) {
    constexpr std::uint32_t alignment = 64;
    FrameFormat format;
    format.fourcc = fourcc;
    format.bit_depth = fourcc == fourcc_p010 ? 10 : 8;
    format.coded_width = (picture.width + 15) / 16 * 16;
    format.coded_height = (picture.height + 15) / 16 * 16;
    const std::uint32_t row = format.coded_width * (fourcc == fourcc_p010 ? 2 : 1);
    const std::uint32_t pitch = (row + alignment - 1) / alignment * alignment;
    format.layout[0] = {0, 0, pitch};
    format.layout[1] = {0, pitch * format.coded_height, pitch};
    format.memory_size[0] = std::size_t{pitch} * format.coded_height * 3 / 2;
    return format;
}

/// Memory with such a picture that the card can scan out.
Result<std::shared_ptr<SlotPool>> create_picture(Kernel& kernel, int card_fd, const FrameFormat& format) {
    auto allocator = create_card_memory(kernel, card_fd);
    if (!allocator) return fail(std::move(allocator).error());
    auto memory = (*allocator)->allocate(format.memory_size[0]);
    if (!memory) return fail(std::move(memory).error());
    std::vector<SlotMemory> slots;
    slots.push_back(std::move(*memory));
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

std::vector<std::string> explain_planes(const KmsOptions& options, Size picture, Rational sample_aspect,
                                        const ColorDescription& color) {
    const auto opened = Screen::open(system_kernel(), options);
    if (!opened) return {opened.error().what};
    Screen& screen = *opened->screens.front();
    FrameInfo info;
    info.visible = {0, 0, picture.width, picture.height};
    info.sample_aspect = sample_aspect;
    info.color = color;
    std::vector<std::string> lines;
    for (const DrmFourcc fourcc : {fourcc_nv12, fourcc_p010}) {
        lines.push_back(fmt::format("{}x{} {} on {} ({}), {} at {}:", picture.width, picture.height, to_string(fourcc),
                                    screen.device().path(), screen.device().driver(), screen.connector().name,
                                    mode_name(screen.mode())));
        const auto said = answers(screen, options, linear_format(fourcc, picture), info);
        if (!said) lines.push_back("  " + said.error().what);
        if (said)
            for (const std::string& line : *said) lines.push_back("  " + line);
    }
    return lines;
}

} // namespace v4l2play
