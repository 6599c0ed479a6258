// What stateful drivers want of a bitstream, and what containers do not give: start codes, and parameter sets in band.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/access_unit.h"
#include "decoder/result.h"

namespace v4l2play {

/// H.264 and H.265 become Annex B, with the container's parameter sets before the unit that a driver starts with. The
/// other codecs go through as they are.
class CodedStream {
  public:
    /// EBADMSG when the extradata is malformed.
    Result<> configure(const StreamInfo& stream);
    /// Decoding can begin with it, as far as that is known here or to the container.
    [[nodiscard]] bool is_key(const AccessUnit& unit) const;
    /// A key unit of which, besides, is known here that nothing after it refers to what comes before it.
    [[nodiscard]] bool starts_anew(const AccessUnit& unit) const;
    /// Bytes that `write` makes of it.
    [[nodiscard]] std::size_t size(std::span<const std::uint8_t> unit, bool start) const;
    /// `out` has at least `size`. Returns the bytes written.
    std::size_t write(std::span<const std::uint8_t> unit, bool start, std::span<std::uint8_t> out) const;

  private:
    Result<> configure_h264(const StreamInfo& stream);
    Result<> configure_hevc(const StreamInfo& stream);
    [[nodiscard]] bool has_idr_picture(std::span<const std::uint8_t> unit) const;
    void add_to_preamble(std::span<const std::uint8_t> nal);

    CodecId codec_ = CodecId::Unknown;
    unsigned length_size_ = 0;           ///< of the lengths before NAL units; 0: start codes, or no NAL units at all
    std::vector<std::uint8_t> preamble_; ///< parameter sets, Annex B
};

} // namespace v4l2play
