// For LD_PRELOAD: the reference picture sets of an HEVC SPS that the driver had for each picture. They are read back
// from the requests once these are completed: what the kernel has kept, not what the program said. To the file
// $REFERENCE_SETS, a line a request, in their order:
//
//   num_short_term_ref_pic_sets num_long_term_ref_pics_sps EXT_SPS_ST_RPS EXT_SPS_LT_RPS
//
// Controls are in hexadecimal digits, and "-" when they have no element. One decoder at a time.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

#include <linux/media.h>
#include <linux/videodev2.h>

#include "decoder/v4l2/uapi.h"
#include "tests/tools/ioctl_hook.h"

namespace {

using v4l2play::test::real_ioctl;

int video = -1;           ///< where controls were set last
std::deque<int> requests; ///< that are queued and not read yet

std::string digits(const v4l2_ext_control& control) {
    std::string text;
    for (std::uint32_t i = 0; i < control.size; ++i) {
        std::array<char, 3> byte{};
        std::snprintf(byte.data(), byte.size(), "%02x", static_cast<std::uint8_t*>(control.ptr)[i]);
        text += byte.data();
    }
    return text.empty() ? "-" : text;
}

/// False while the request is not completed.
bool note(int request) {
    v4l2_ctrl_hevc_sps sps{};
    std::array<v4l2_ctrl_hevc_ext_sps_st_rps, 64> short_term{};
    std::array<v4l2_ctrl_hevc_ext_sps_lt_rps, 32> long_term{};
    std::array<v4l2_ext_control, 3> read{};
    const auto want = [](v4l2_ext_control& control, std::uint32_t id, void* memory, std::size_t size) {
        control.id = id;
        control.size = static_cast<std::uint32_t>(size);
        control.ptr = memory;
    };
    want(read[0], V4L2_CID_STATELESS_HEVC_SPS, &sps, sizeof sps);
    want(read[1], V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS, short_term.data(), sizeof short_term);
    want(read[2], V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS, long_term.data(), sizeof long_term);
    v4l2_ext_controls all{};
    all.which = V4L2_CTRL_WHICH_REQUEST_VAL;
    all.request_fd = request;
    all.count = read.size();
    all.controls = read.data();
    const int error = real_ioctl(video, VIDIOC_G_EXT_CTRLS, &all) < 0 ? errno : 0;
    if (error == EACCES) return false;
    static std::FILE* const out = std::fopen(std::getenv("REFERENCE_SETS"), "we");
    if (error != 0)
        std::fprintf(out, "error %d\n", error);
    else
        std::fprintf(out, "%d %d %s %s\n", sps.num_short_term_ref_pic_sets, sps.num_long_term_ref_pics_sps,
                     digits(read[1]).c_str(), digits(read[2]).c_str());
    std::fflush(out);
    return true;
}

void note_completed() {
    while (!requests.empty() && note(requests.front())) requests.pop_front();
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    // These are all the calls that a completed request lives to see.
    if (request == MEDIA_REQUEST_IOC_REINIT) note_completed();
    const int answer = real_ioctl(fd, request, argument);
    const int error = errno;
    if (answer == 0 && request == VIDIOC_S_EXT_CTRLS) video = fd;
    if (answer == 0 && request == MEDIA_REQUEST_IOC_QUEUE) requests.push_back(fd);
    if (answer == 0 && request == VIDIOC_DQBUF) note_completed();
    errno = error;
    return answer;
}
