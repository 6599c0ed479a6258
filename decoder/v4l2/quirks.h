// What single drivers need that the interface does not ask for. One table, with the upstream reference of each row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace v4l2play {

enum class Quirk : std::uint32_t {
    /// Nothing to switch on: what the row asks for is done for every driver. It is listed for those who wonder.
    Always = 0,
    NoInterlaced = 1 << 0,      ///< field pictures and MBAFF come out wrong, without an error
    CountPadding = 1 << 1,      ///< the zeros behind the bitstream must be counted in bytesused
    NewContextForSets = 1 << 2, ///< HEVC: other reference picture sets in a context are not all noticed
};

struct QuirkRow {
    const char* driver;
    std::uint32_t since; ///< first kernel that has it, as KERNEL_VERSION(); 0 = all
    std::uint32_t fixed; ///< first kernel that is known to be without it; 0 = none
    const char* kernels; ///< what is known of that: "unknown" where no source tells
    Quirk what;
    const char* meaning;   ///< what is wrong, and what is done: one line
    const char* reference; ///< where it was found out
};

std::span<const QuirkRow> quirk_table();
/// Whether a row is about this driver on this kernel.
bool is_in_force(const QuirkRow& row, std::string_view driver, std::uint32_t kernel_version);
/// Set of `Quirk` for a driver on a kernel.
std::uint32_t quirks_of(std::string_view driver, std::uint32_t kernel_version);

constexpr bool has_quirk(std::uint32_t quirks, Quirk quirk) {
    return (quirks & static_cast<std::uint32_t>(quirk)) != 0;
}

} // namespace v4l2play
