#include "decoder/request/mpeg2_fill.h"

#include <algorithm>

namespace v4l2play::mpeg2 {
namespace {

// The interface is fixed; another size means that the structures are not those that this file knows.
static_assert(sizeof(v4l2_ctrl_mpeg2_sequence) == 12);
static_assert(sizeof(v4l2_ctrl_mpeg2_picture) == 32);
static_assert(sizeof(v4l2_ctrl_mpeg2_quantisation) == 256);

static_assert(static_cast<int>(Structure::TopField) == V4L2_MPEG2_PIC_TOP_FIELD);
static_assert(static_cast<int>(Structure::BottomField) == V4L2_MPEG2_PIC_BOTTOM_FIELD);
static_assert(static_cast<int>(Structure::Frame) == V4L2_MPEG2_PIC_FRAME);
static_assert(static_cast<int>(PictureType::I) == V4L2_MPEG2_PIC_CODING_TYPE_I);
static_assert(static_cast<int>(PictureType::P) == V4L2_MPEG2_PIC_CODING_TYPE_P);
static_assert(static_cast<int>(PictureType::B) == V4L2_MPEG2_PIC_CODING_TYPE_B);

/// The flag when `condition`, else nothing.
constexpr std::uint32_t flag_if(bool condition, std::uint32_t flag) { return condition ? flag : 0; }

/// Main Profile at High Level (Tables 8-2 and 8-3)
constexpr std::uint8_t main_at_high = 0x44;

} // namespace

void fill(v4l2_ctrl_mpeg2_sequence& out, const Sequence& sequence) {
    out = {};
    out.horizontal_size = sequence.horizontal_size;
    out.vertical_size = sequence.vertical_size;
    out.vbv_buffer_size = sequence.vbv_buffer_size; // as in the syntax: in units of 16 Kibit (6.3.3)
    out.profile_and_level_indication = sequence.profile_and_level_indication;
    out.chroma_format = sequence.chroma_format;
    out.flags = static_cast<std::uint8_t>(flag_if(sequence.progressive_sequence, V4L2_MPEG2_SEQ_FLAG_PROGRESSIVE));
}

void fill(v4l2_ctrl_mpeg2_sequence& out, const SequenceInfo& sequence) {
    out = {};
    out.horizontal_size = static_cast<std::uint16_t>(sequence.info.visible.width);
    out.vertical_size = static_cast<std::uint16_t>(sequence.info.visible.height);
    out.profile_and_level_indication = main_at_high;
    out.chroma_format = sequence.chroma_format_idc;
}

void fill(v4l2_ctrl_mpeg2_picture& out, const Mpeg2Picture& picture) {
    const PictureHeader& header = *picture.header;
    out = {};
    out.backward_ref_ts = picture.backward * 1000;
    out.forward_ref_ts = picture.forward * 1000;
    out.flags = flag_if(header.top_field_first, V4L2_MPEG2_PIC_FLAG_TOP_FIELD_FIRST) |
                flag_if(header.frame_pred_frame_dct, V4L2_MPEG2_PIC_FLAG_FRAME_PRED_DCT) |
                flag_if(header.concealment_motion_vectors, V4L2_MPEG2_PIC_FLAG_CONCEALMENT_MV) |
                flag_if(header.q_scale_type, V4L2_MPEG2_PIC_FLAG_Q_SCALE_TYPE) |
                flag_if(header.intra_vlc_format, V4L2_MPEG2_PIC_FLAG_INTRA_VLC) |
                flag_if(header.alternate_scan, V4L2_MPEG2_PIC_FLAG_ALT_SCAN) |
                flag_if(header.repeat_first_field, V4L2_MPEG2_PIC_FLAG_REPEAT_FIRST) |
                flag_if(header.progressive_frame, V4L2_MPEG2_PIC_FLAG_PROGRESSIVE);
    for (std::size_t i = 0; i < 2; ++i) std::copy(header.f_code[i].begin(), header.f_code[i].end(), out.f_code[i]);
    out.picture_coding_type = static_cast<std::uint8_t>(header.picture_coding_type);
    out.picture_structure = static_cast<std::uint8_t>(header.picture_structure);
    out.intra_dc_precision = header.intra_dc_precision;
}

void fill(v4l2_ctrl_mpeg2_quantisation& out, const QuantMatrices& matrices) {
    std::copy(matrices.intra.begin(), matrices.intra.end(), out.intra_quantiser_matrix);
    std::copy(matrices.non_intra.begin(), matrices.non_intra.end(), out.non_intra_quantiser_matrix);
    std::copy(matrices.chroma_intra.begin(), matrices.chroma_intra.end(), out.chroma_intra_quantiser_matrix);
    std::copy(matrices.chroma_non_intra.begin(), matrices.chroma_non_intra.end(),
              out.chroma_non_intra_quantiser_matrix);
}

} // namespace v4l2play::mpeg2
