#include "decoder/request/memory_budget.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>

namespace v4l2play {
namespace {

constexpr std::uint64_t mega = 1'000'000;

} // namespace

std::uint64_t slot_budget(std::string_view meminfo) {
    constexpr std::string_view name = "MemAvailable:";
    const std::size_t at = meminfo.find(name);
    if (at == std::string_view::npos) return UINT64_MAX;
    std::string_view rest = meminfo.substr(at + name.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::uint64_t kibibytes = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), kibibytes).ec != std::errc{}) return UINT64_MAX;
    return std::min(kibibytes, UINT64_MAX / 1024) * 1024 / 2;
}

std::uint64_t slot_budget(Kernel& kernel) {
    const int fd = kernel.open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return UINT64_MAX;
    const UniqueFd file(kernel, fd);
    std::array<char, 4096> text{};
    const ssize_t size = kernel.read(fd, text.data(), text.size());
    return size <= 0 ? UINT64_MAX : slot_budget(std::string_view(text.data(), static_cast<std::size_t>(size)));
}

Result<> fit_slots(SlotCount& slots, std::uint64_t slot_size, std::uint64_t budget) {
    if (slot_size == 0 || budget / slot_size >= slots.count) return {};
    const auto fitting = static_cast<unsigned>(budget / slot_size);
    if (fitting < slots.least)
        return fail(ENOMEM,
                    fmt::format("{} pictures of {} MB are needed, and {} MB of memory are to be had", slots.least,
                                slot_size / mega, budget / mega),
                    "meminfo");
    slots.terms += fmt::format(", {} for lack of memory", fitting);
    slots.count = fitting;
    return {};
}

} // namespace v4l2play
