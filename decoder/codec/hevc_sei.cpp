#include "decoder/codec/bits.h"
#include "decoder/codec/hevc_parser.h"

namespace v4l2play::hevc {

namespace {

// D.2.1
constexpr std::uint64_t payload_pic_timing = 1;
constexpr std::uint64_t payload_mastering_display = 137;
constexpr std::uint64_t payload_content_light = 144;
constexpr std::uint64_t payload_alternative_transfer = 147;

/// payload_type or payload_size (7.3.5): ff bytes, each worth 255, and a last byte.
std::uint64_t read_varying(BitReader& bits) {
    std::uint64_t value = 0;
    std::uint32_t byte = 0;
    do {
        byte = bits.u(8);
        value += byte;
    } while (byte == 0xff);
    return value;
}

/// D.2.3, the part that comes first if the SPS says so
void parse_pic_timing(BitReader& bits, Sei& sei) {
    const std::uint32_t pic_struct = bits.u(4);
    sei.has_pic_timing = !bits.failed() && pic_struct <= 12; // Table D.2
    if (sei.has_pic_timing) sei.pic_struct = static_cast<std::uint8_t>(pic_struct);
}

/// D.2.28. The primaries come as green, blue, red (D.3.28).
void parse_mastering_display(BitReader& bits, Sei& sei) {
    HdrMetadata read = sei.hdr;
    for (const unsigned primary : {1U, 2U, 0U})
        for (std::uint16_t& coordinate : read.primaries[primary]) coordinate = static_cast<std::uint16_t>(bits.u(16));
    for (std::uint16_t& coordinate : read.white_point) coordinate = static_cast<std::uint16_t>(bits.u(16));
    read.max_luminance = bits.u(32);
    read.min_luminance = bits.u(32);
    if (bits.failed()) return;
    read.has_mastering_display = sei.has_mastering_display = true;
    sei.hdr = read;
}

/// D.2.35
void parse_content_light(BitReader& bits, Sei& sei) {
    const auto maximum = static_cast<std::uint16_t>(bits.u(16));
    const auto average = static_cast<std::uint16_t>(bits.u(16));
    if (bits.failed()) return;
    sei.hdr.has_content_light = sei.has_content_light = true;
    sei.hdr.max_content_light_level = maximum;
    sei.hdr.max_pic_average_light_level = average;
}

/// sei_payload() (D.2.1), as far as it is used
void parse_message(BitReader& bits, std::uint64_t type, Sei& sei) {
    if (type == payload_pic_timing) parse_pic_timing(bits, sei);
    if (type == payload_mastering_display) parse_mastering_display(bits, sei);
    if (type == payload_content_light) parse_content_light(bits, sei);
    if (type == payload_alternative_transfer) sei.preferred_transfer = static_cast<std::uint8_t>(bits.u(8)); // D.2.38
}

} // namespace

void parse_sei(std::span<const std::uint8_t> nal, Sei& sei) {
    BitReader bits(nal);
    bits.skip(nal_header_bits);
    while (!bits.failed() && bits.more_rbsp_data()) {
        const std::uint64_t type = read_varying(bits);
        const std::uint64_t size = read_varying(bits);
        const std::uint64_t end = bits.position() + 8 * size;
        parse_message(bits, type, sei);
        if (bits.position() > end) return;
        bits.skip(end - bits.position());
    }
}

} // namespace v4l2play::hevc
