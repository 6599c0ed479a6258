// What the kernel headers of Debian 12 (Linux 6.1) lack, and checks that the structures are those the kernel knows.
#pragma once

#include <cstdint>

#include <linux/media.h>
#include <linux/videodev2.h>

// Coded formats.
#ifndef V4L2_PIX_FMT_AV1_FRAME
#define V4L2_PIX_FMT_AV1_FRAME v4l2_fourcc('A', 'V', '1', 'F')
#endif

// Pixel formats.
#ifndef V4L2_PIX_FMT_NV15
#define V4L2_PIX_FMT_NV15 v4l2_fourcc('N', 'V', '1', '5')
#endif
#ifndef V4L2_PIX_FMT_NV20
#define V4L2_PIX_FMT_NV20 v4l2_fourcc('N', 'V', '2', '0')
#endif
#ifndef V4L2_PIX_FMT_NV12_COL128
#define V4L2_PIX_FMT_NV12_COL128 v4l2_fourcc('N', 'C', '1', '2')
#endif
#ifndef V4L2_PIX_FMT_NV12_10_COL128
#define V4L2_PIX_FMT_NV12_10_COL128 v4l2_fourcc('N', 'C', '3', '0')
#endif
#ifndef V4L2_PIX_FMT_NV12MT_COL128
#define V4L2_PIX_FMT_NV12MT_COL128 v4l2_fourcc('N', 'c', '1', '2')
#endif
#ifndef V4L2_PIX_FMT_NV12MT_10_COL128
#define V4L2_PIX_FMT_NV12MT_10_COL128 v4l2_fourcc('N', 'c', '3', '0')
#endif
#ifndef V4L2_PIX_FMT_NV15_4L4
#define V4L2_PIX_FMT_NV15_4L4 v4l2_fourcc('V', 'T', '1', '5')
#endif
// AFBC, as proposed for Linux ("media: Add AFBC pixel formats", April 2026).
#ifndef V4L2_PIX_FMT_AFBC_YUV420_16x16_SPLIT
#define V4L2_PIX_FMT_AFBC_YUV420_16x16_SPLIT v4l2_fourcc('A', '1', '6', '8')
#define V4L2_PIX_FMT_AFBC_YUV420_32x8 v4l2_fourcc('A', '3', '2', '8')
#define V4L2_PIX_FMT_AFBC_YUV420_16x16_10_SPLIT v4l2_fourcc('A', '1', '6', 'a')
#define V4L2_PIX_FMT_AFBC_YUV420_32x8_10 v4l2_fourcc('A', '3', '2', 'a')
#endif
#ifndef V4L2_PIX_FMT_MT2110T
#define V4L2_PIX_FMT_MT2110T v4l2_fourcc('M', 'T', '2', 'T')
#endif
#ifndef V4L2_PIX_FMT_MT2110R
#define V4L2_PIX_FMT_MT2110R v4l2_fourcc('M', 'T', '2', 'R')
#endif

// Queue capabilities (6.8, 6.10).
#ifndef V4L2_BUF_CAP_SUPPORTS_MAX_NUM_BUFFERS
#define V4L2_BUF_CAP_SUPPORTS_MAX_NUM_BUFFERS (1 << 7)
#endif
#ifndef V4L2_BUF_CAP_SUPPORTS_REMOVE_BUFS
#define V4L2_BUF_CAP_SUPPORTS_REMOVE_BUFS (1 << 8)
#endif

// Taking buffers out of a queue (6.10).
#ifndef VIDIOC_REMOVE_BUFS
struct v4l2_remove_buffers {
    __u32 index;
    __u32 count;
    __u32 type;
    __u32 reserved[13];
};
#define VIDIOC_REMOVE_BUFS _IOWR('V', 104, struct v4l2_remove_buffers)
#endif

// Reference picture sets of an HEVC SPS, as they were sent (7.0). Both are dynamic arrays.
#ifndef V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS
#define V4L2_CID_STATELESS_HEVC_EXT_SPS_ST_RPS (V4L2_CID_CODEC_STATELESS_BASE + 408)
#define V4L2_CID_STATELESS_HEVC_EXT_SPS_LT_RPS (V4L2_CID_CODEC_STATELESS_BASE + 409)
#define V4L2_HEVC_EXT_SPS_ST_RPS_FLAG_INTER_REF_PIC_SET_PRED 0x1
#define V4L2_HEVC_EXT_SPS_LT_RPS_FLAG_USED_LT 0x1
struct v4l2_ctrl_hevc_ext_sps_st_rps {
    __u8 delta_idx_minus1;
    __u8 delta_rps_sign;
    __u8 num_negative_pics;
    __u8 num_positive_pics;
    __u32 used_by_curr_pic; // bit i: entry i, those of s1 behind those of s0
    __u32 use_delta_flag;
    __u16 abs_delta_rps_minus1;
    __u16 delta_poc_s0_minus1[16];
    __u16 delta_poc_s1_minus1[16];
    __u16 flags;
};
struct v4l2_ctrl_hevc_ext_sps_lt_rps {
    __u16 lt_ref_pic_poc_lsb_sps;
    __u16 flags;
};
#endif

namespace v4l2play {

/// A V4L2 pixel format code. DRM's codes are another type: equal letters may mean other layouts.
enum class V4l2Fourcc : std::uint32_t {};

// Structures that are filled here, with the sizes of the kernel's interface. v4l2_buffer and those with pointers
// differ between 32 and 64 bits; the number of the ioctl tells the kernel which.
static_assert(sizeof(v4l2_capability) == 104);
static_assert(sizeof(v4l2_pix_format_mplane) == 192);
static_assert(sizeof(v4l2_fmtdesc) == 64);
static_assert(sizeof(v4l2_frmsizeenum) == 44);
static_assert(sizeof(v4l2_requestbuffers) == 20);
static_assert(sizeof(v4l2_exportbuffer) == 64);
static_assert(sizeof(v4l2_remove_buffers) == 64);
static_assert(sizeof(v4l2_query_ext_ctrl) == 232);
static_assert(sizeof(v4l2_ext_control) == 20);
static_assert(sizeof(v4l2_decoder_cmd) == 72);
static_assert(sizeof(media_device_info) == 256);
static_assert(sizeof(media_v2_entity) == 96);
static_assert(sizeof(media_v2_link) == 40);
static_assert(sizeof(media_v2_pad) == 32);
static_assert(sizeof(media_v2_interface) == 112);
static_assert(sizeof(media_v2_topology) == 72);
static_assert(sizeof(v4l2_ctrl_hevc_ext_sps_st_rps) == 80);
static_assert(sizeof(v4l2_ctrl_hevc_ext_sps_lt_rps) == 4);
static_assert(sizeof(v4l2_plane) == (sizeof(void*) == 8 ? 64 : 60));

} // namespace v4l2play
