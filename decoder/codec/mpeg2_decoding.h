// The decoding process for one MPEG-2 picture after the other but for the samples: references, pairs of fields, output
// order, and which pictures can be decoded at all (ITU-T H.262 clauses 6.1.1.11, 7.6).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "decoder/codec/mpeg2_picture.h"
#include "decoder/codec/mpeg2_sequence.h"

namespace v4l2play::mpeg2 {

/// A picture and all that its Decode step points to. Used again and again: `slices` keeps its memory.
struct CodedPicture {
    Mpeg2Picture picture;
    Sequence sequence; ///< as it was when the picture came
    PictureHeader header;
    QuantMatrices matrices;
    std::optional<Group> group;  ///< the group of pictures that starts with it
    bool follows_header = false; ///< a sequence or group header is before it: it is no second field
    bool has_coding_extension = false;
    std::vector<std::span<const std::uint8_t>> slices;
    std::array<FrameId, 2> references{};
    SequenceInfo info;
    const char* damage = nullptr; ///< what is wrong with it, static text
};

class DecodingProcess {
  public:
    /// `container` outlives the object.
    explicit DecodingProcess(const StreamInfo& container)
        : container_(container) {}

    /// Appends the steps for the next picture in decoding order.
    void decode(CodedPicture& coded, Steps& steps);
    /// Outputs what waits, forgets all; the next picture has to be an I picture. Pictures before it are skipped for
    /// `reason`.
    void drain(Steps& steps, DropReason reason = DropReason::BeforeRandomAccess);
    /// The same without output.
    void flush(Steps& steps);

  private:
    /// A frame that others are predicted from.
    struct Reference {
        FrameId id = 0;
        bool usable = false;  ///< all of it was decoded
        bool waiting = false; ///< for output
    };
    /// A frame of which one field has come, and whose other one may be the next picture.
    struct OpenFrame {
        FrameId id = 0; ///< 0: lost
        bool b = false;
        Structure structure = Structure::Frame;
        std::uint16_t temporal_reference = 0;
    };

    [[nodiscard]] bool is_second_field(const CodedPicture& coded) const;
    void finish_frame(Steps& steps);
    void activate(CodedPicture& coded, Steps& steps);
    void begin_reference(Steps& steps);
    [[nodiscard]] const char* obstacle(const CodedPicture& coded) const;
    [[nodiscard]] const char* obstacle_to_b() const;
    [[nodiscard]] DropReason reason(const CodedPicture& coded) const;
    void decode_picture(CodedPicture& coded, Steps& steps);
    void submit(CodedPicture& coded, Steps& steps);
    void lose(CodedPicture& coded);
    static void forget(Reference& reference, Steps& steps);

    const StreamInfo& container_;
    Sequence active_;
    bool any_active_ = false;
    SequenceInfo announced_;
    bool any_announced_ = false;
    FrameId last_id_ = 0;

    bool started_ = false;  ///< there has been an I picture
    bool any_lost_ = false; ///< since then, so that what is missing is not missing for the start alone
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    Reference forward_;  ///< the last but one
    Reference backward_; ///< the last
    std::optional<OpenFrame> open_;
    Group group_;
    unsigned references_in_group_ = 0;
};

} // namespace v4l2play::mpeg2
