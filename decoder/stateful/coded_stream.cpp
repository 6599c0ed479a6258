#include "decoder/stateful/coded_stream.h"

#include <algorithm>
#include <array>

#include "decoder/codec/fwht_header.h"
#include "decoder/codec/h264_parser.h"
#include "decoder/codec/hevc_configuration.h"
#include "decoder/codec/hevc_parser.h"
#include "decoder/codec/nal_units.h"

namespace v4l2play {
namespace {

constexpr std::array<std::uint8_t, 4> start_code{0, 0, 0, 1};

std::uint8_t* append(std::uint8_t* out, std::span<const std::uint8_t> bytes) {
    return std::copy(bytes.begin(), bytes.end(), out);
}

/// closed_gop of group_of_pictures_header() (ISO/IEC 13818-2 6.2.2.6); false without one.
bool begins_closed_group(std::span<const std::uint8_t> unit) {
    constexpr std::uint8_t group_start_code = 0xb8;
    for (;;) {
        unit = unit.subspan(find_start_code(unit));
        if (unit.size() < 8) return false;
        if (unit[3] == group_start_code) return (unit[7] & 0x40U) != 0;
        unit = unit.subspan(3);
    }
}

} // namespace

Result<> CodedStream::configure(const StreamInfo& stream) {
    codec_ = stream.codec;
    if (stream.codec == CodecId::H264) return configure_h264(stream);
    if (stream.codec == CodecId::Hevc) return configure_hevc(stream);
    // MPEG-2 in MP4 and the like: the sequence header, which is in the stream as well elsewhere.
    if (stream.codec == CodecId::Mpeg2) preamble_ = stream.extradata;
    return {};
}

/// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), or Annex B.
Result<> CodedStream::configure_h264(const StreamInfo& stream) {
    auto configuration = parse_avc_configuration(stream.extradata);
    if (!configuration) return fail(std::move(configuration).error());
    length_size_ = configuration->length_size;
    for (NalUnits& units : configuration->parameter_sets)
        while (const auto nal = units.next()) add_to_preamble(*nal);
    return {};
}

Result<> CodedStream::configure_hevc(const StreamInfo& stream) {
    auto configuration = HevcConfiguration::parse(stream.extradata);
    if (!configuration) return fail(std::move(configuration).error());
    length_size_ = configuration->length_size();
    while (const auto nal = configuration->next()) add_to_preamble(*nal);
    return {};
}

bool CodedStream::is_key(const AccessUnit& unit) const {
    if (codec_ != CodecId::Fwht) return unit.key;
    const auto header = fwht::parse_header(unit.payload.bytes());
    return header && header->is_intra();
}

bool CodedStream::starts_anew(const AccessUnit& unit) const {
    if (!is_key(unit)) return false;
    if (codec_ == CodecId::H264 || codec_ == CodecId::Hevc) return has_idr_picture(unit.payload.bytes());
    return codec_ != CodecId::Mpeg2 || begins_closed_group(unit.payload.bytes());
}

/// By nal_unit_type (H.264 7.4.1, H.265 7.4.2.2)
bool CodedStream::has_idr_picture(std::span<const std::uint8_t> unit) const {
    NalUnits units(unit, length_size_);
    while (const auto nal = units.next()) {
        if (codec_ == CodecId::H264) {
            const auto header = h264::parse_nal_header(*nal);
            if (header && header->type == h264::NalType::IdrSlice) return true;
        } else {
            const auto header = hevc::parse_nal_header(*nal);
            if (header && hevc::is_idr(header->type)) return true;
        }
    }
    return false;
}

void CodedStream::add_to_preamble(std::span<const std::uint8_t> nal) {
    preamble_.insert(preamble_.end(), start_code.begin(), start_code.end());
    preamble_.insert(preamble_.end(), nal.begin(), nal.end());
}

std::size_t CodedStream::size(std::span<const std::uint8_t> unit, bool start) const {
    std::size_t size = start ? preamble_.size() : 0;
    if (length_size_ == 0) return size + unit.size();
    NalUnits units(unit, length_size_);
    while (const auto nal = units.next()) size += start_code.size() + nal->size();
    return size;
}

std::size_t CodedStream::write(std::span<const std::uint8_t> unit, bool start, std::span<std::uint8_t> out) const {
    std::uint8_t* end = out.data();
    if (start) end = append(end, preamble_);
    if (length_size_ == 0) {
        end = append(end, unit);
        return static_cast<std::size_t>(end - out.data());
    }
    NalUnits units(unit, length_size_);
    while (const auto nal = units.next()) end = append(append(end, start_code), *nal);
    return static_cast<std::size_t>(end - out.data());
}

} // namespace v4l2play
