#include "decoder/v4l2/quirks.h"

#include <array>

namespace v4l2play {
namespace {

constexpr std::uint32_t kernel(std::uint32_t major, std::uint32_t minor, std::uint32_t patch) {
    return major << 16 | minor << 8 | patch;
}

constexpr std::array table = {
    QuirkRow{"cedrus", 0, 0, Quirk::Always, "without a size its bitstream buffers have 1 KiB: one is always asked for",
             "cedrus_video.c, S_FMT"},
    QuirkRow{"cedrus", 0, 0, Quirk::Always, "HEVC that does not begin at an IRAP picture crashes it: none is sent",
             "LibreELEC.tv#3915"},
    QuirkRow{"cedrus", 0, 0, Quirk::Always, "hangs without an error on some streams: the watchdog makes a new context",
             "LibreELEC.tv#6214, #6235"},
    QuirkRow{"hantro-vpu", 0, 0, Quirk::Always,
             "motion vectors lie behind the picture: buffer sizes are the driver's, never computed", "hantro_v4l2.c"},
    QuirkRow{"hantro-vpu", 0, 0, Quirk::Always,
             "formats come native tiles first, and by depth once the sequence is set: the output's formats choose",
             "hantro_postproc.c"},
    QuirkRow{"hantro-vpu", 0, 0, Quirk::Always,
             "AV1 of another resolution crashes a used context: one context per size", "minimyth2#73"},
    QuirkRow{"rkvdec", 0, 0, Quirk::Always,
             "shows green or old pictures in place of a missing reference, without an error: none is ever submitted",
             "rkvdec-h264.c"},
    QuirkRow{"rkvdec", 0, 0, Quirk::Always, "refuses another bit depth while it has buffers: a new context per depth",
             "rkvdec.c, rkvdec_s_ctrl"},
    QuirkRow{
        "rkvdec", kernel(7, 0, 0), 0, Quirk::Always,
        "vdpu381 and vdpu383 need the HEVC RPS of the SPS, and notice changes of its first element alone: all of it "
        "goes with each picture",
        "rkvdec-hevc-common.c"},
    QuirkRow{"rpi-hevc-dec", 0, 0, Quirk::Always,
             "without a size its bitstream buffers have 4 KiB: one is always asked for", "raspberrypi/linux, S_FMT"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 18, 0), kernel(7, 0, 0), Quirk::CountPadding,
             "counts bytes behind the bitstream: the padding is part of bytesused",
             "raspberrypi/linux#7228, #7306; relaxed by #7366"},
    QuirkRow{"mtk-vcodec-dec", 0, 0, Quirk::NoInterlaced,
             "decodes alternate fields alone, without an error: interlaced H.264 goes to software", "linux-media"},
    QuirkRow{"bcm2835-codec", 0, 0, Quirk::Always,
             "may not come back from the end of streaming: nothing on the screen waits for it",
             "raspberrypi/linux#4592, #4606"},
};

} // namespace

std::span<const QuirkRow> quirk_table() { return table; }

bool is_in_force(const QuirkRow& row, std::string_view driver, std::uint32_t kernel_version) {
    return driver == row.driver && kernel_version >= row.since && (row.fixed == 0 || kernel_version < row.fixed);
}

std::uint32_t quirks_of(std::string_view driver, std::uint32_t kernel_version) {
    std::uint32_t quirks = 0;
    for (const QuirkRow& row : table)
        if (is_in_force(row, driver, kernel_version)) quirks |= static_cast<std::uint32_t>(row.what);
    return quirks;
}

} // namespace v4l2play
