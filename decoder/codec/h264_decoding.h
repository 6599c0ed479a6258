// The decoding process for one picture after the other: ITU-T H.264 clause 8.2 but for the samples. Decides which
// pictures can be decoded at all.
#pragma once

#include <array>
#include <vector>

#include "decoder/codec/h264_activation.h"
#include "decoder/codec/h264_dpb.h"
#include "decoder/codec/h264_output.h"
#include "decoder/codec/h264_picture.h"
#include "decoder/codec/h264_poc.h"

namespace v4l2play::h264 {

/// A primary coded picture and all that its Decode step points to. Used again and again: `slices` keeps its size, of
/// which `slice_count` are in use.
struct CodedPicture {
    H264Picture picture;
    Sps sps; ///< as they were when the picture came: later units may bring others with the same id
    Pps pps;
    ScalingLists scaling;
    SequenceInfo sequence;
    std::vector<Slice> slices;
    unsigned slice_count = 0;
    std::array<FrameId, maximum_dpb_frames> references{};
    Sei sei;
    bool key = false;             ///< AccessUnit::key
    const char* damage = nullptr; ///< what is wrong with it, static text

    [[nodiscard]] std::span<Slice> used_slices() { return {slices.data(), slice_count}; }
    [[nodiscard]] const SliceHeader& first() const { return slices.front().header; }
};

class DecodingProcess {
  public:
    /// Both outlive the object.
    DecodingProcess(ParameterSets& sets, const StreamInfo& container)
        : sets_(sets)
        , container_(container) {}

    /// False before the first random-access point, and after a loss of everything.
    [[nodiscard]] bool started() const { return started_; }
    /// Appends the steps for the next picture in decoding order.
    void decode(CodedPicture& coded, Steps& steps);
    /// Outputs what waits, forgets all; the next picture has to be a random-access point. Pictures before it are
    /// skipped for `reason`.
    void drain(Steps& steps, DropReason reason = DropReason::BeforeRandomAccess);
    /// The same without output.
    void flush(Steps& steps);

  private:
    [[nodiscard]] bool is_second_field(const CodedPicture& coded) const;
    void finish_open_frame(Steps& steps);
    void start_sequence(CodedPicture& coded, Steps& steps);
    void activate(CodedPicture& coded, Steps& steps);
    void infer_gap(const CodedPicture& coded, Steps& steps);
    void infer_frame(const Sps& sps, unsigned frame_num, Steps& steps);
    void note_recovery_point(const CodedPicture& coded, PicOrderCnt counts);
    void note_entry(PicOrderCnt counts);
    void decode_picture(CodedPicture& coded, bool entry, Steps& steps);
    void describe(CodedPicture& coded, PicOrderCnt counts);
    const char* obstacle(CodedPicture& coded);
    const char* obstacle(const H264Picture& picture, Slice& slice) const;
    void submit(CodedPicture& coded, Steps& steps);
    void store(const CodedPicture& coded, FrameStore current, Steps& steps);
    void store_second_field(const CodedPicture& coded, const FrameStore& field, Steps& steps);
    [[nodiscard]] bool is_hidden(const SliceHeader& header, unsigned max_frame_num);

    ParameterSets& sets_;
    const StreamInfo& container_;
    Dpb dpb_;
    OutputOrder output_{dpb_};
    PicOrderCntDecoder pic_order_cnt_;
    SequenceInfo announced_;
    bool any_announced_ = false;
    FrameId last_id_ = 0;

    // A frame of which one field has come, and whose other one may be the next picture. The DPB has it too if it is a
    // reference.
    bool any_open_ = false;
    bool open_is_idr_ = false;
    FrameStore open_;

    bool started_ = false;
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    unsigned prev_ref_frame_num_ = 0; ///< PrevRefFrameNum (7.4.3)
    /// The lists of inter pictures may be longer than the DPB is full: nothing can be missing.
    bool complete_ = false;
    // Random access at a picture that is no IDR picture: inter pictures that precede it in output order cannot be done.
    bool has_leading_ = false;
    std::int32_t leading_below_ = 0;
    // The last recovery point: pictures from it on in output order need nothing that was lost before it.
    std::int32_t recovery_count_ = 0;
    // Gradual recovery: pictures are decoded, but not right yet.
    bool hiding_ = false;
    unsigned hide_from_frame_num_ = 0;
    unsigned hide_frames_ = 0;
};

} // namespace v4l2play::h264
