#include "decoder/codec/bits.h"
#include "decoder/codec/h264_parser.h"

namespace v4l2play::h264 {

namespace {

constexpr std::uint64_t payload_recovery_point = 6; // D.1

/// payloadType or payloadSize (7.3.2.3.1): ff_byte s, each worth 255, and a last byte.
std::uint64_t read_varying(BitReader& bits) {
    std::uint64_t value = 0;
    std::uint32_t byte = 0;
    do {
        byte = bits.u(8);
        value += byte;
    } while (byte == 0xff);
    return value;
}

/// D.1.8
void parse_recovery_point(BitReader& bits, Sei& sei) {
    Sei read;
    read.recovery_frame_cnt = bits.ue();
    read.exact_match_flag = bits.flag();
    read.broken_link_flag = bits.flag();
    bits.u(2); // changing_slice_group_idc
    // D.2.8: up to MaxFrameNum - 1, which is 16 bits at most
    read.has_recovery_point = !bits.failed() && read.recovery_frame_cnt <= 0xffff;
    if (read.has_recovery_point) sei = read;
}

} // namespace

void parse_sei(std::span<const std::uint8_t> nal, Sei& sei) {
    BitReader bits(nal);
    bits.skip(8);
    while (!bits.failed() && bits.more_rbsp_data()) {
        const std::uint64_t type = read_varying(bits);
        const std::uint64_t size = read_varying(bits);
        const std::uint64_t end = bits.position() + 8 * size;
        if (type == payload_recovery_point) parse_recovery_point(bits, sei);
        if (bits.position() > end) return;
        bits.skip(end - bits.position());
    }
}

} // namespace v4l2play::h264
