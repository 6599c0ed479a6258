#include "decoder/v4l2/quirks.h"

#include <array>

namespace v4l2play {
namespace {

constexpr std::uint32_t kernel(std::uint32_t major, std::uint32_t minor, std::uint32_t patch) {
    return major << 16 | minor << 8 | patch;
}

constexpr std::array table = {
    QuirkRow{"cedrus", 0, 0, "seen in 7.2", Quirk::Always,
             "without a size its bitstream buffers have 1 KiB: one is always asked for",
             "cedrus_video.c, cedrus_prepare_format"},
    QuirkRow{
        "cedrus", 0, 0, "seen in 7.2", Quirk::Always,
        "takes no format (EBUSY) once it has picture buffers: formats come first, and another size gets a new context",
        "cedrus_video.c, cedrus_s_fmt_vid_out; libva-v4l2-request#36"},
    QuirkRow{"cedrus", 0, 0, "reported in 2019, before HEVC came to 5.5", Quirk::Always,
             "HEVC that does not begin at an IRAP picture crashes it: none is sent", "LibreELEC.tv#3915"},
    QuirkRow{"cedrus", 0, kernel(7, 2, 12), "until a watchdog came, which 7.2 has", Quirk::Always,
             "hangs without an error on some streams: the watchdog makes a new context",
             "cedrus_hw.c, cedrus_watchdog; LibreELEC.tv#6214"},
    QuirkRow{"cedrus", 0, kernel(7, 2, 12), "reported in February 2022; 7.2 has twice as much for HEVC", Quirk::Always,
             "on H6 an auxiliary buffer for HEVC, and one for H.264, is too small: what it flags is not shown, after "
             "three such pictures software goes on",
             "cedrus_h265.c, NEIGHBOR_INFO_BUF_SIZE; LibreELEC.tv#6214 (HEVC), #6235 (H.264)"},
    QuirkRow{"cedrus", 0, 0, "reported in February 2023", Quirk::Always,
             "on R40 kernels without the fix do not decode: as above", "LibreELEC.tv#7523"},
    QuirkRow{"hantro-vpu", 0, 0, "seen in 7.2", Quirk::Always,
             "motion vectors lie behind the picture: buffer sizes are the driver's, never computed",
             "hantro_v4l2.c, hantro_try_fmt"},
    QuirkRow{"hantro-vpu", 0, 0, "seen in 7.2", Quirk::Always,
             "formats come native tiles first, and by depth once the sequence is set: the output's formats choose",
             "hantro_v4l2.c, vidioc_enum_fmt; hantro_postproc.c"},
    QuirkRow{"hantro-vpu", 0, 0, "unknown", Quirk::Always,
             "AV1 of another resolution crashes a used context: each new sequence gets its own; sizes that change "
             "between key frames do not",
             "minimyth2#73"},
    QuirkRow{"hantro-vpu", 0, kernel(7, 2, 12), "until a release not after 7.2.12", Quirk::Always,
             "did not check AV1 tiles: the parser does",
             "rockchip_vpu981_hw_av1_dec.c, rockchip_vpu981_av1_dec_prepare_run"},
    QuirkRow{"hantro-vpu", 0, 0, "unknown", Quirk::Always,
             "plays 44 of the 69 FRExt vectors of H.264: what it flags is not shown, after three such pictures "
             "software goes on",
             "fluster, RK356x"},
    QuirkRow{"hantro-vpu", 0, 0, "seen in 7.2", Quirk::Always,
             "no 4:2:2 and no 4:4:4: it refuses the SPS and has no format for them, so software plays them",
             "hantro_drv.c, hantro_try_ctrl"},
    QuirkRow{"hantro-vpu", 0, kernel(7, 2, 12), "until QUERYCAP filled it by itself, which 7.2 does", Quirk::Always,
             "bus_info is empty on old kernels: devices are found by the media topology, never by it",
             "v4l2-ioctl.c, v4l_querycap"},
    QuirkRow{"rkvdec", 0, 0, "seen in 7.2", Quirk::Always,
             "shows green or old pictures in place of a missing reference, without an error: none is ever submitted",
             "rkvdec-hevc-common.c and rkvdec-vp9.c, get_ref_buf"},
    QuirkRow{"rkvdec", 0, 0, "seen in 7.2", Quirk::Always,
             "refuses another bit depth while it has buffers: a new context per depth", "rkvdec.c, rkvdec_s_ctrl"},
    QuirkRow{"rkvdec", 0, 0, "seen in 7.2", Quirk::Always,
             "motion vectors lie behind the picture: buffer sizes are the driver's, never computed",
             "rkvdec.c, rkvdec_fill_decoded_pixfmt"},
    QuirkRow{"rkvdec", 0, 0, "seen in 7.2", Quirk::Always,
             "a picture that failed comes back flagged, with the payload of a whole one and an older picture in it: it "
             "is never shown",
             "rkvdec.c, rkvdec_buf_prepare and rkvdec_job_finish"},
    QuirkRow{
        "rkvdec", 0, 0, "unknown", Quirk::Always,
        "old kernels fail at fields and at changes of size: fields need HOLD_CAPTURE_BUF, a new sequence a new context",
        "no source; rkvdec.c of 7.2 has HOLD_CAPTURE_BUF for H.264"},
    QuirkRow{"rkvdec", kernel(7, 0, 0), 0, "7.0 on", Quirk::Always,
             "vdpu381 and vdpu383 need the HEVC RPS of the SPS: all of it goes with each picture",
             "rkvdec-vdpu381-hevc.c, rkvdec_hevc_run; collabora.com, 25 February 2026"},
    QuirkRow{"rkvdec", kernel(7, 0, 0), 0, "7.0 on; seen in 7.2", Quirk::NewContextForSets,
             "vdpu381 and vdpu383 go on with the HEVC RPS that they have as long as its first element is the same: "
             "another RPS gets a new context",
             "rkvdec-hevc-common.c, rkvdec_hevc_prepare_hw_st_rps"},
    QuirkRow{"rkvdec", 0, 0, "any: it is the GPU", Quirk::Always,
             "Mali imports pitches in multiples of 64 only: an output that refuses the buffers gets another format, or "
             "software",
             "rockchip-linux/mpp#507: before Valhall"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 12, 17), 0, "6.12.17 on", Quirk::Always,
             "without a size its bitstream buffers have 4 KiB: one is always asked for",
             "hevc_d_video.c, hevc_d_prepare_src_format"},
    QuirkRow{"rpi-hevc-dec", 0, 0, "unknown", Quirk::Always,
             "gives the bitstream buffer back before the request is complete: neither stands for the other",
             "FFmpeg, v4l2_request_decode.c"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 18, 0), 0, "6.18 on; #7366 of May 2026 relaxes it, in a release that is unknown",
             Quirk::CountPadding, "adds the header of a slice to its size: as much padding is part of bytesused",
             "raspberrypi/linux#7228, #7306, #7366"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 12, 0), kernel(6, 18, 0), "6.12 to 6.17; reported with 6.12.75 and 6.12.87",
             Quirk::Always, "may stall (phase1_cb: Post wait): the watchdog makes a new context",
             "raspberrypi/linux#7363, #7480, #7536"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 12, 0), 0, "reported with 6.12, 6.17 and 6.18.39", Quirk::Always,
             "never finishes a picture with a missing reference, and then no close: none is ever submitted, and nobody "
             "waits for a close for more than 2 s",
             "raspberrypi/linux#7609, #7573, #7537, #7558"},
    QuirkRow{"rpi-hevc-dec", 0, 0, "unknown", Quirk::Always,
             "memory is short (CMA on Pi 4): it plays with fewer slots than wanted, and says how many it needs when "
             "those are too few",
             "raspberrypi/linux#4152, #6706"},
    QuirkRow{"rpi-hevc-dec", kernel(6, 18, 0), 0, "6.18 until #7620; reported with 6.18.50", Quirk::Always,
             "refuses 0xff as the index of a reference (EINVAL): none is ever sent", "raspberrypi/linux#7612, #7620"},
    QuirkRow{"rpi-hevc-dec", 0, 0, "unknown", Quirk::Always,
             "fills the log with 'Missing DPB ent': pictures with a missing reference are not sent",
             "raspberrypi/linux#6873"},
    QuirkRow{"mtk-vcodec-dec", 0, 0, "seen in 7.2", Quirk::NoInterlaced,
             "decodes no fields, and with a single core does not say so: interlaced H.264 goes to software",
             "vdec_h264_req_multi_if.c, vdec_h264_slice_fill_decode_parameters; vdec_h264_req_if.c"},
    QuirkRow{"mtk-vcodec-dec", 0, 0, "seen in 7.2", Quirk::Always,
             "no AV1_FILM_GRAIN: AV1 film grain is left out, and said so",
             "mtk_vcodec_dec_stateless.c, mtk_stateless_controls"},
    QuirkRow{"mtk-vcodec-dec", 0, 0, "seen in 7.2", Quirk::Always,
             "no VP9_COMPRESSED_HDR, it parses that itself: sent only where the control is",
             "mtk_vcodec_dec_stateless.c, mtk_stateless_controls"},
    QuirkRow{"mtk-vcodec-dec", 0, 0, "seen in 7.2", Quirk::Always,
             "node numbers and bus_info vary: devices are found by the media topology, and called by driver",
             "mtk_vcodec_dec_drv.c, video_register_device"},
    QuirkRow{"bcm2835-codec", 0, 0, "reported with 5.10.74", Quirk::Always,
             "may not come back from the end of streaming: after 2 s it is left alone, and software goes on",
             "raspberrypi/linux#4592, #4606"},
    QuirkRow{"bcm2835-codec", 0, 0, "reported in August 2021", Quirk::NoInterlaced,
             "interlaced H.264 comes out wrong: it goes to software", "raspberrypi/linux#4512"},
    QuirkRow{"bcm2835-codec", 0, 0, "reported in June 2019; the alignment changed in November 2021", Quirk::Always,
             "pitch and alignment are not what one computes: they are read back from the driver",
             "raspberrypi/linux#3015, #4746"},
    QuirkRow{"bcm2835-codec", 0, 0, "reported in January 2020; cropping mended in April 2021", Quirk::Always,
             "changes of size within a stream may fail: then software goes on", "raspberrypi/linux#3390, #4285"},
    QuirkRow{"bcm2835-codec", 0, 0, "reported with 5.15.32", Quirk::Always,
             "the end of the stream may come late or never: the watchdog ends the wait",
             "raspberrypi/linux#3790, #5059"},
};

/// Raspberry Pi's own kernels had another driver for that decoder until 6.12.16 (LibreELEC.tv#9846).
std::string_view newest_name(std::string_view driver) { return driver == "rpivid" ? "rpi-hevc-dec" : driver; }

} // namespace

std::span<const QuirkRow> quirk_table() { return table; }

bool is_in_force(const QuirkRow& row, std::string_view driver, std::uint32_t kernel_version) {
    return newest_name(driver) == row.driver && kernel_version >= row.since &&
           (row.fixed == 0 || kernel_version < row.fixed);
}

std::uint32_t quirks_of(std::string_view driver, std::uint32_t kernel_version) {
    std::uint32_t quirks = 0;
    for (const QuirkRow& row : table)
        if (is_in_force(row, driver, kernel_version)) quirks |= static_cast<std::uint32_t>(row.what);
    return quirks;
}

} // namespace v4l2play
