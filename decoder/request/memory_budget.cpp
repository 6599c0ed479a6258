#include "decoder/request/memory_budget.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>

#include "decoder/base_name.h"

namespace v4l2play {
namespace {

constexpr std::uint64_t mega = 1'000'000;

/// The value of a line like "MemAvailable:    1000 kB"; nothing without such a line.
std::optional<std::uint64_t> bytes_of(std::string_view meminfo, std::string_view name) {
    const std::size_t at = meminfo.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = meminfo.substr(at + name.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::uint64_t kibibytes = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), kibibytes).ec != std::errc{}) return std::nullopt;
    return std::min(kibibytes, UINT64_MAX / 1024) * 1024;
}

} // namespace

std::string read_meminfo(Kernel& kernel) {
    const int fd = kernel.open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    const UniqueFd file(kernel, fd);
    std::string text(4096, '\0');
    const ssize_t size = kernel.read(fd, text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

std::uint64_t slot_budget(std::string_view meminfo) {
    const auto available = bytes_of(meminfo, "MemAvailable:");
    return available ? *available / 2 : UINT64_MAX;
}

std::uint64_t contiguous_budget(std::string_view meminfo) {
    const std::uint64_t total = bytes_of(meminfo, "CmaTotal:").value_or(0);
    const auto unused = bytes_of(meminfo, "CmaFree:");
    return total > 0 && unused ? *unused - *unused / 4 : UINT64_MAX;
}

/// The kernel puts a device into a group of its IOMMU's (Documentation/ABI/testing/sysfs-kernel-iommu_groups).
bool is_behind_iommu(Kernel& kernel, const std::string& video_path) {
    const std::string node = base_name(video_path);
    const std::string group = "/sys/class/video4linux/" + node + "/device/iommu_group";
    const int fd = kernel.open(group.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) return false;
    const UniqueFd opened(kernel, fd);
    return true;
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

void fit_contiguous(SlotCount& slots, std::uint64_t slot_size, std::uint64_t budget) {
    if (slot_size == 0 || budget / slot_size >= slots.count) return;
    const unsigned fitting = std::max(static_cast<unsigned>(budget / slot_size), slots.least);
    if (fitting >= slots.count) return;
    slots.terms += fmt::format(", {} for lack of contiguous memory (CMA)", fitting);
    slots.count = fitting;
}

} // namespace v4l2play
