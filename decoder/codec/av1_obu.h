// Open bitstream units: AV1 section 5.3, and the containers' way to keep them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decoder/result.h"

namespace v4l2play::av1 {

/// Section 6.2.2, as far as they are told apart here.
enum class ObuType : std::uint8_t {
    SequenceHeader = 1,
    TemporalDelimiter = 2,
    FrameHeader = 3,
    TileGroup = 4,
    Metadata = 5,
    Frame = 6,
    RedundantFrameHeader = 7,
    TileList = 8,
    Padding = 15,
};

struct Obu {
    ObuType type = ObuType::Padding;
    bool has_extension = false;
    std::uint8_t temporal_id = 0;
    std::uint8_t spatial_id = 0;
    std::span<const std::uint8_t> payload; ///< without header and obu_size; trailing bits included
};

/// Walks over the units of a temporal unit in the low-overhead format (section 5.2). The last one may do without a
/// size: the container knows where it ends.
class ObuReader {
  public:
    ObuReader() = default;
    explicit ObuReader(std::span<const std::uint8_t> bytes)
        : rest_(bytes) {}

    std::optional<Obu> next();
    /// A unit had no proper header, or pointed past the end: the walk has stopped there.
    [[nodiscard]] bool malformed() const { return malformed_; }

  private:
    std::optional<Obu> stop();

    std::span<const std::uint8_t> rest_;
    bool malformed_ = false;
};

/// leb128() of section 4.10.5 from the front of `bytes`, which it shortens; nothing if there is none up to 2^32 - 1.
std::optional<std::uint32_t> take_leb128(std::span<const std::uint8_t>& bytes);

/// What the extradata of an AV1 stream says.
struct Av1Configuration {
    std::uint8_t seq_profile = 0; ///< 0 also when there is no record
    ObuReader units;              ///< sequence header and metadata, if any
};

/// AV1CodecConfigurationRecord ("AV1 Codec ISO Media File Format Binding" 2.3.3), plain units, or nothing at all.
/// EBADMSG when the record is cut.
Result<Av1Configuration> parse_av1_configuration(std::span<const std::uint8_t> extradata);

} // namespace v4l2play::av1
