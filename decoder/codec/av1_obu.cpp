#include "decoder/codec/av1_obu.h"

#include <cerrno>

namespace v4l2play::av1 {

std::optional<std::uint32_t> take_leb128(std::span<const std::uint8_t>& bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8 && i < bytes.size(); ++i) {
        value |= std::uint64_t{bytes[i] & 0x7fU} << (7 * i);
        if ((bytes[i] & 0x80) != 0) continue;
        if (value > UINT32_MAX) return std::nullopt;
        bytes = bytes.subspan(i + 1);
        return static_cast<std::uint32_t>(value);
    }
    return std::nullopt;
}

std::optional<Obu> ObuReader::stop() {
    malformed_ = true;
    rest_ = {};
    return std::nullopt;
}

/// open_bitstream_unit() and obu_header(), sections 5.3.1 to 5.3.3
std::optional<Obu> ObuReader::next() {
    if (rest_.empty()) return std::nullopt;
    Obu obu;
    const std::uint8_t header = rest_[0];
    obu.type = static_cast<ObuType>(header >> 3 & 15);
    obu.has_extension = (header & 4) != 0;
    const bool has_size = (header & 2) != 0;
    const std::size_t header_size = obu.has_extension ? 2 : 1;
    if ((header & 0x80) != 0 || rest_.size() < header_size) return stop(); // obu_forbidden_bit
    if (obu.has_extension) {
        obu.temporal_id = static_cast<std::uint8_t>(rest_[1] >> 5);
        obu.spatial_id = static_cast<std::uint8_t>(rest_[1] >> 3 & 3);
    }
    auto payload = rest_.subspan(header_size);
    if (has_size) {
        const auto size = take_leb128(payload);
        if (!size || *size > payload.size()) return stop();
        payload = payload.first(*size);
    }
    obu.payload = payload;
    rest_ = rest_.subspan(static_cast<std::size_t>(payload.data() - rest_.data()) + payload.size());
    return obu;
}

Result<Av1Configuration> parse_av1_configuration(std::span<const std::uint8_t> extradata) {
    constexpr std::uint8_t marker_and_version = 0x81; // no unit starts like this: it would be obu_forbidden_bit
    Av1Configuration configuration;
    if (extradata.empty() || extradata[0] != marker_and_version) {
        configuration.units = ObuReader(extradata);
        return configuration;
    }
    if (extradata.size() < 4) return fail(EBADMSG, "the AV1 configuration record is cut", "av1C");
    configuration.seq_profile = static_cast<std::uint8_t>(extradata[1] >> 5);
    configuration.units = ObuReader(extradata.subspan(4));
    return configuration;
}

} // namespace v4l2play::av1
