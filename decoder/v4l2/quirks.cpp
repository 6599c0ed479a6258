#include "decoder/v4l2/quirks.h"

#include <array>

namespace v4l2play {
namespace {

constexpr std::uint32_t kernel(std::uint32_t major, std::uint32_t minor, std::uint32_t patch) {
    return major << 16 | minor << 8 | patch;
}

constexpr std::array table = {
    QuirkRow{"mtk-vcodec-dec", 0, 0, Quirk::NoInterlaced, "linux-media: decodes alternate fields only, no HOLD"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 18, 0), kernel(7, 0, 0), Quirk::CountPadding,
             "raspberrypi/linux#7228, #7306; relaxed by #7366"},
};

} // namespace

std::span<const QuirkRow> quirk_table() { return table; }

std::uint32_t quirks_of(std::string_view driver, std::uint32_t kernel_version) {
    std::uint32_t quirks = 0;
    for (const QuirkRow& row : table) {
        const bool applies = kernel_version >= row.since && (row.fixed == 0 || kernel_version < row.fixed);
        if (driver == row.driver && applies) quirks |= static_cast<std::uint32_t>(row.what);
    }
    return quirks;
}

} // namespace v4l2play
