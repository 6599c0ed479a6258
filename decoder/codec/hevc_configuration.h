// What the extradata of an H.265 stream says.
#pragma once

#include "decoder/codec/nal_units.h"

namespace v4l2play {

/// Walks over the arrays of units of an hvcC record.
class HevcConfiguration {
  public:
    /// HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1), Annex B, or nothing at all (then Annex B is assumed).
    /// EBADMSG when it is none of them or a unit does not fit.
    static Result<HevcConfiguration> parse(std::span<const std::uint8_t> extradata);

    /// Bytes of the length before each unit of the stream's access units; 0 = start codes.
    [[nodiscard]] unsigned length_size() const { return length_size_; }
    /// The next parameter set or SEI message.
    std::optional<std::span<const std::uint8_t>> next();

  private:
    bool next_array();

    unsigned length_size_ = 0;
    std::span<const std::uint8_t> rest_; ///< arrays to come
    NalUnits units_;
};

} // namespace v4l2play
