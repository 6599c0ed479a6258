#include "decoder/codec/nal_units.h"

#include <cerrno>
#include <cstring>

namespace v4l2play {

namespace {

constexpr std::size_t start_code_size = 3; // 00 00 01

/// A unit without the trailing_zero_8bits behind it (H.264 B.1)
std::span<const std::uint8_t> without_trailing_zeros(std::span<const std::uint8_t> nal) {
    while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
    return nal;
}

} // namespace

std::size_t find_start_code(std::span<const std::uint8_t> bytes) {
    // Runs over every byte of Annex B streams: memchr for the rarest of the three is the fastest portable way.
    std::size_t at = 2;
    while (at < bytes.size()) {
        const void* one = std::memchr(bytes.data() + at, 1, bytes.size() - at);
        if (one == nullptr) break;
        at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(one) - bytes.data());
        if (bytes[at - 1] == 0 && bytes[at - 2] == 0) return at - 2;
        ++at;
    }
    return bytes.size();
}

NalUnits::NalUnits(std::span<const std::uint8_t> bytes, unsigned length_size)
    : rest_(bytes)
    , length_size_(length_size) {
    if (length_size != 0) return;
    const std::size_t start = find_start_code(bytes);
    if (start != bytes.size()) unit_ = bytes.subspan(start + start_code_size);
}

std::optional<std::span<const std::uint8_t>> NalUnits::next() {
    do
        if (const auto nal = split()) return nal;
    while (length_size_ != 0 && take_prefixed());
    return std::nullopt;
}

/// The next unit by the length before it, NALUnitLength (ISO/IEC 14496-15 5.3.3.1)
bool NalUnits::take_prefixed() {
    if (rest_.empty()) return false;
    std::size_t length = 0;
    if (rest_.size() >= length_size_)
        for (const std::uint8_t byte : rest_.first(length_size_)) length = length << 8 | byte;
    malformed_ = rest_.size() < length_size_ || length > rest_.size() - length_size_;
    unit_ = malformed_ ? std::span<const std::uint8_t>{} : rest_.subspan(length_size_, length);
    rest_ = malformed_ ? std::span<const std::uint8_t>{} : rest_.subspan(length_size_ + length);
    return !malformed_;
}

/// byte_stream_nal_unit() (H.264 B.1)
std::optional<std::span<const std::uint8_t>> NalUnits::split() {
    while (!unit_.empty()) {
        const std::size_t end = find_start_code(unit_);
        // trailing_zero_8bits and the zero_byte of a four-byte start code belong to no unit (B.1).
        const auto nal = without_trailing_zeros(unit_.first(end));
        unit_ = end == unit_.size() ? std::span<const std::uint8_t>{} : unit_.subspan(end + start_code_size);
        if (!nal.empty()) return nal;
    }
    return std::nullopt;
}

namespace {

/// Takes `count` units with 16-bit lengths (ISO/IEC 14496-15 5.3.3.1.2) off the front of `rest`.
std::optional<NalUnits> take_units(std::span<const std::uint8_t>& rest, unsigned count) {
    const auto from = rest;
    for (; count > 0; --count) {
        if (rest.size() < 2) return std::nullopt;
        const std::size_t length = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
        if (length > rest.size() - 2) return std::nullopt;
        rest = rest.subspan(2 + length);
    }
    return NalUnits(from.first(from.size() - rest.size()), 2);
}

/// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1.2)
Result<AvcConfiguration> parse_avcc(std::span<const std::uint8_t> record) {
    constexpr std::size_t fixed_part = 7; // up to and with numOfPictureParameterSets, when there is no SPS
    if (record.size() < fixed_part) return fail(EBADMSG, "avcC is shorter than 7 bytes", "avcC");
    AvcConfiguration configuration;
    configuration.length_size = (record[4] & 3U) + 1;
    const unsigned sps_count = record[5] & 31U;
    auto rest = record.subspan(6);
    const auto spss = take_units(rest, sps_count);
    if (!spss || rest.empty()) return fail(EBADMSG, "a sequence parameter set does not fit into avcC", "avcC");
    const unsigned pps_count = rest[0];
    rest = rest.subspan(1);
    const auto ppss = take_units(rest, pps_count);
    if (!ppss) return fail(EBADMSG, "a picture parameter set does not fit into avcC", "avcC");
    // What may follow (chroma format and bit depths of High profiles) is in the SPS as well.
    configuration.parameter_sets = {*spss, *ppss};
    return configuration;
}

} // namespace

Result<AvcConfiguration> parse_avc_configuration(std::span<const std::uint8_t> extradata) {
    if (extradata.empty()) return AvcConfiguration{};
    if (extradata[0] == 1) return parse_avcc(extradata); // configurationVersion; Annex B starts with 0
    const std::size_t start = find_start_code(extradata);
    if (extradata[0] != 0 || start == extradata.size())
        return fail(EBADMSG, "extradata is neither avcC nor Annex B", "avcC");
    return AvcConfiguration{0, {NalUnits(extradata, 0), NalUnits()}};
}

} // namespace v4l2play
