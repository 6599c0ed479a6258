// What a stateful driver is not asked to try, and what it does not tell.
#pragma once

#include <memory>
#include <optional>

#include "decoder/access_unit.h"
#include "decoder/codec/codec.h"
#include "decoder/result.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

/// Reads the stream's own headers, where there is a parser for the codec: a stateful driver is given the stream as it
/// is, and many show garbage, or nothing, instead of refusing what they cannot do.
class StreamCheck {
  public:
    /// From the container's parameter sets. ENOTSUP, with the reason, for what no decoder here but the software does.
    Result<> configure(const StreamInfo& stream);
    /// From an access unit that decoding can begin with: what it says of the sequence, colours and light, holds from
    /// then on. ENOTSUP as above.
    Result<> look_at(const AccessUnit& unit);
    /// The last one, from either; null when none is known yet.
    [[nodiscard]] const SequenceInfo* sequence() const { return sequence_ ? &*sequence_ : nullptr; }

  private:
    std::unique_ptr<Codec> codec_; ///< null: there is nothing that can be read
    Steps steps_;
    std::optional<SequenceInfo> sequence_;
};

/// Whether the driver says that it does the sequence: more than 8 bits, and other samplings than 4:2:0, must be in its
/// menu of profiles or among its picture formats. ENOTSUP with the reason.
Result<> check_sequence(const VideoDevice& device, const SequenceInfo& sequence);

} // namespace v4l2play
