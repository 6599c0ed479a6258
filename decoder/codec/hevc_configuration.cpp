#include "decoder/codec/hevc_configuration.h"

#include <cerrno>

namespace v4l2play {

namespace {

constexpr std::size_t fixed_part = 23; // up to and with numOfArrays
constexpr std::size_t array_header = 3;

/// Bytes of the units (with 16-bit lengths) of the array (ISO/IEC 14496-15 8.3.3.1.2) that `rest` starts with; nothing
/// when they do not fit.
std::optional<std::size_t> array_size(std::span<const std::uint8_t> rest) {
    if (rest.size() < array_header) return std::nullopt;
    std::size_t at = array_header;
    for (unsigned count = static_cast<unsigned>(rest[1]) << 8 | rest[2]; count > 0; --count) {
        if (rest.size() - at < 2) return std::nullopt;
        const std::size_t length = static_cast<std::size_t>(rest[at]) << 8 | rest[at + 1];
        if (length > rest.size() - at - 2) return std::nullopt;
        at += 2 + length;
    }
    return at - array_header;
}

} // namespace

/// HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1.2), or Annex B
Result<HevcConfiguration> HevcConfiguration::parse(std::span<const std::uint8_t> extradata) {
    HevcConfiguration configuration;
    if (extradata.empty()) return configuration;
    // configurationVersion is 1, 0 in old files. Annex B begins with a start code.
    const bool annex_b = extradata.size() >= 4 && extradata[0] == 0 && extradata[1] == 0 && extradata[2] <= 1;
    if (annex_b) {
        configuration.units_ = NalUnits(extradata, 0);
        return configuration;
    }
    if (extradata.size() < fixed_part) return fail(EBADMSG, "hvcC is shorter than 23 bytes", "hvcC");
    configuration.length_size_ = (extradata[21] & 3U) + 1;
    configuration.rest_ = extradata.subspan(fixed_part);
    auto rest = configuration.rest_;
    for (unsigned arrays = extradata[22]; arrays > 0; --arrays) {
        const auto size = array_size(rest);
        if (!size) return fail(EBADMSG, "a parameter set does not fit into hvcC", "hvcC");
        rest = rest.subspan(array_header + *size);
    }
    configuration.rest_ = configuration.rest_.first(configuration.rest_.size() - rest.size());
    return configuration;
}

/// One array of ISO/IEC 14496-15 8.3.3.1.2
bool HevcConfiguration::next_array() {
    const auto size = array_size(rest_);
    if (!size) return false;
    units_ = NalUnits(rest_.subspan(array_header, *size), 2);
    rest_ = rest_.subspan(array_header + *size);
    return true;
}

std::optional<std::span<const std::uint8_t>> HevcConfiguration::next() {
    do
        if (const auto unit = units_.next()) return unit;
    while (next_array());
    return std::nullopt;
}

} // namespace v4l2play
