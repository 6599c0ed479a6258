#include "decoder/codec/h264_parser.h"

namespace v4l2play::h264 {

std::optional<NalHeader> parse_nal_header(std::span<const std::uint8_t> nal) {
    if (nal.empty() || (nal[0] & 0x80) != 0) return std::nullopt;
    return NalHeader{static_cast<std::uint8_t>(nal[0] >> 5), static_cast<NalType>(nal[0] & 31)};
}

} // namespace v4l2play::h264
