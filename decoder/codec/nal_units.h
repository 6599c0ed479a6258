// Splits what a container calls an access unit, or extradata, into NAL units. Nothing is copied or allocated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "decoder/result.h"

namespace v4l2play {

/// Walks over NAL units, each from its header on and without start code. Empty units are left out.
///
///     NalUnits units(access_unit, length_size);
///     while (const auto nal = units.next()) ...
class NalUnits {
  public:
    NalUnits() = default;
    /// `length_size`: bytes of the length before each unit (1 to 4); 0 = start codes (Annex B). Start codes end a unit
    /// with a length, too: some cameras put one length before several units, and no unit can contain one (7.4.1).
    NalUnits(std::span<const std::uint8_t> bytes, unsigned length_size);

    std::optional<std::span<const std::uint8_t>> next();
    /// A length pointed past the end: the walk has stopped there.
    [[nodiscard]] bool malformed() const { return malformed_; }

  private:
    std::optional<std::span<const std::uint8_t>> split();
    bool take_prefixed();

    std::span<const std::uint8_t> rest_; ///< from the next length on
    std::span<const std::uint8_t> unit_; ///< Annex B from behind a start code on, or what the last length spans
    unsigned length_size_ = 0;
    bool malformed_ = false;
};

/// Index of the next 00 00 01 (H.264 B.1, ISO/IEC 13818-2 5.2.3), or the size of `bytes`.
std::size_t find_start_code(std::span<const std::uint8_t> bytes);

/// What the extradata of an H.264 stream says.
struct AvcConfiguration {
    unsigned length_size = 0; ///< for NalUnits over the stream's access units
    /// SPSs, PPSs. Of Annex B extradata the first walks over all units, the second over none: look at the types.
    std::array<NalUnits, 2> parameter_sets;
};

/// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), Annex B, or nothing at all (then Annex B is assumed).
/// EBADMSG when it is none of them or a unit does not fit.
Result<AvcConfiguration> parse_avc_configuration(std::span<const std::uint8_t> extradata);

} // namespace v4l2play
