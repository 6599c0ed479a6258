// The decoding process for one picture after the other: ITU-T H.265 clauses 8.1 and 8.3 but for the samples. Decides
// which pictures can be decoded at all.
#pragma once

#include <array>
#include <vector>

#include "decoder/codec/hevc_activation.h"
#include "decoder/codec/hevc_dpb.h"
#include "decoder/codec/hevc_output.h"
#include "decoder/codec/hevc_picture.h"
#include "decoder/codec/hevc_poc.h"

namespace v4l2play::hevc {

/// A picture and all that its Decode step points to. Used again and again: `slices` keeps its size, of which
/// `slice_count` are in use.
struct CodedPicture {
    HevcPicture picture;
    Sps sps;                    ///< as they were when the picture came: later units may bring others with the same id
    bool sps_is_active = false; ///< known to be: comparing whole sets for each picture would cost half of the parsing
    Pps pps;
    SequenceInfo sequence;
    std::vector<Slice> slices;
    unsigned slice_count = 0;
    std::vector<std::uint32_t> entry_points; ///< of all slices
    std::array<FrameId, maximum_dpb_pictures> references{};
    Sei sei;
    bool after_end_of_sequence = false;
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
    /// Takes over what SEI messages say of the content; also of those in extradata.
    void note_content(const Sei& sei);
    [[nodiscard]] SequenceInfo describe(const Sps& sps) const;
    /// Appends the steps for the next picture in decoding order.
    void decode(CodedPicture& coded, Steps& steps);
    /// Outputs what waits, forgets all; the next picture has to be a random-access point. Pictures before it are
    /// skipped for `reason`.
    void drain(Steps& steps, DropReason reason = DropReason::BeforeRandomAccess);
    /// The same without output.
    void flush(Steps& steps);

  private:
    [[nodiscard]] bool is_active(const CodedPicture& coded) const;
    [[nodiscard]] bool is_start(const CodedPicture& coded) const;
    void start_sequence(CodedPicture& coded, Steps& steps);
    void announce(CodedPicture& coded, Steps& steps);
    void decode_picture(CodedPicture& coded, bool starts, Steps& steps);
    static void describe_picture(CodedPicture& coded, std::int32_t pic_order_cnt);
    static const char* obstacle(CodedPicture& coded);
    void submit(CodedPicture& coded, Steps& steps);
    void store(const CodedPicture& coded, Steps& steps);

    ParameterSets& sets_;
    const StreamInfo& container_;
    Dpb dpb_;
    OutputOrder output_{dpb_};
    PicOrderCntDecoder pic_order_cnt_;
    SequenceInfo announced_;
    bool any_announced_ = false;
    FrameId last_id_ = 0;
    HdrMetadata hdr_;
    std::uint8_t preferred_transfer_ = 0;

    bool started_ = false;
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    unsigned dpb_slots_ = 0; ///< of this coded video sequence
    /// Pictures have wanted more than the stream promised: the next coded video sequence has so many.
    unsigned needed_slots_ = 0;
    bool no_rasl_output_ = false; ///< NoRaslOutputFlag of the last IRAP picture
};

} // namespace v4l2play::hevc
