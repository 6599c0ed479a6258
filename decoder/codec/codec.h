// A codec: bitstream in, steps out. It knows no device and no memory; it can be run with no descriptor open.
//
// A codec parses headers and keeps the specification's decoding process for references and output order: the decoded
// picture buffer (DPB), marking, and bumping. What has to be done with the real buffers comes out as steps, in the
// order in which they are to be carried out:
//
//     Sequence   from here on pictures have this format; whoever owns buffers makes them now
//     Decode     submit this picture; its references are named by FrameId
//     Output     this picture is the next in display order
//     Forget     nothing will refer to this picture any more
//     Skip       pictures were left out, and why
//
// A FrameId is mentioned by Decode first, then by Output and by exactly one Forget. Output comes at most once, in
// either order with Forget; or, where a codec shows a reference again (show_existing_frame), any number of times before
// Forget. A picture which is never output (and is dropped) has a Forget alone.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "decoder/access_unit.h"
#include "decoder/decoder.h"
#include "decoder/frame.h"
#include "decoder/result.h"

namespace v4l2play {

/// What a device must be set up for. A change of anything but `info` needs new buffers.
struct SequenceInfo {
    CodecId codec = CodecId::Unknown;
    std::uint32_t coded_width = 0; ///< multiple of the macroblock or coding block size
    std::uint32_t coded_height = 0;
    std::uint8_t bit_depth_luma = 8;
    std::uint8_t bit_depth_chroma = 8;
    std::uint8_t chroma_format_idc = 1; ///< 0 = 4:0:0, 1 = 4:2:0, 2 = 4:2:2, 3 = 4:4:4
    bool interlaced = false;            ///< field pictures or MBAFF may occur
    unsigned dpb_slots = 0; ///< most pictures alive at once for reference or reordering, without the current
    bool continues = false; ///< its pictures may refer to those before it, whatever their size
    FrameInfo info;
};

/// A coded picture with everything that a device needs; each codec derives its own. Valid until the codec's next call.
struct Picture {
    FrameId id = 0;
    Nanoseconds pts = no_time;
    Nanoseconds duration = 0;
    std::uint32_t serial = 0;
    bool discard = false;                ///< AccessUnit::discard
    bool first_field = false;            ///< of a frame whose second field may follow, in this access unit or the next
    bool second_field = false;           ///< goes into the slot of the picture with the same id, decoded just before
    std::span<const FrameId> references; ///< each at most once; all decoded or submitted before, none forgotten
};

struct Step {
    enum class Kind : std::uint8_t { Sequence, Decode, Output, Forget, Skip };
    Kind kind = Kind::Skip;
    FrameId id = 0;                         ///< Output, Forget
    const Picture* picture = nullptr;       ///< Decode
    const SequenceInfo* sequence = nullptr; ///< Sequence
    /// Output: the times of the frame are those below, not those of the unit that it was decoded from.
    bool retimed = false;
    bool discard = false;
    Nanoseconds pts = no_time;
    Nanoseconds duration = 0;
    DropReason reason = DropReason::Malformed; ///< Skip
    const char* why = "";                      ///< Skip: static text
};

/// Steps of one call; its capacity is kept from call to call.
using Steps = std::vector<Step>;

inline Step make_step(Step::Kind kind, FrameId id = 0) {
    Step step;
    step.kind = kind;
    step.id = id;
    return step;
}

/// A picture is left out; `why` is static text.
inline void skip(Steps& steps, DropReason reason, const char* why) {
    Step step = make_step(Step::Kind::Skip);
    step.reason = reason;
    step.why = why;
    steps.push_back(step);
}

class Codec {
  public:
    virtual ~Codec() = default;

    /// Parses out-of-band parameter sets (extradata) and says whether the stream is decodable at all. ENOTSUP with the
    /// reason when the stream uses what the codec half does not do; EBADMSG when the extradata is malformed beyond use.
    virtual Result<> configure(const StreamInfo& stream) = 0;
    /// The first sequence, when `configure` found one in the extradata; else null. Lets a device be set up, or refused,
    /// before the first access unit.
    [[nodiscard]] virtual const SequenceInfo* sequence() const = 0;
    /// Appends the steps of one access unit, or of the first with those of the second, where that may lead to a
    /// refusal. Pictures point into `unit`, and into the codec until its next call. Malformed input is a Skip step; an
    /// error (ENOTSUP) means that the stream cannot be done from here on.
    virtual Result<> parse(const AccessUnit& unit, Steps& steps) = 0;
    /// End of stream: outputs what is left, in order, and forgets all.
    virtual void drain(Steps& steps) = 0;
    /// Seek: forgets all without output; waits for the next random-access point.
    virtual void flush(Steps& steps) = 0;
    /// The device lost `id` (error or corruption): what refers to it is not to be trusted until a random-access point.
    /// Waits for the next random-access point, as after a flush; pictures decoded before still come out.
    virtual void resynchronise(Steps& steps) = 0;
};

/// A codec for which requests can be made; null for others.
std::unique_ptr<Codec> create_codec(CodecId codec);

} // namespace v4l2play
