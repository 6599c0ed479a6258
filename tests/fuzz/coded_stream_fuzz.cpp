// Arbitrary extradata and access units on their way to a stateful driver: what is written is as long as was said, and
// has the NAL units that went in, behind those of the container.
//
// Input: the codec, and whether the driver starts with each unit; two bytes of length, and extradata; then per unit two
// bytes of length, and the unit.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "decoder/codec/nal_units.h"
#include "decoder/stateful/coded_stream.h"
#include "decoder/stateful/stream_check.h"

namespace {

using namespace v4l2play;
using Bytes = std::vector<std::uint8_t>;

constexpr std::array codecs{CodecId::H264, CodecId::Hevc, CodecId::Vp8,  CodecId::Vp9,
                            CodecId::Av1,  CodecId::Fwht, CodecId::Mpeg2};

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

std::span<const std::uint8_t> take(std::span<const std::uint8_t>& rest) {
    if (rest.size() < 2) return rest = {};
    const std::size_t length = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    const auto taken = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
    return taken;
}

Bytes written(const CodedStream& stream, std::span<const std::uint8_t> unit, bool start) {
    Bytes out(stream.size(unit, start)); // not a byte more, for the sanitizer to see
    require(stream.write(unit, start, out) == out.size(), "as many bytes as were said");
    return out;
}

/// What goes in as NAL units with start codes comes out as it was.
void check_nal_units(std::span<const std::uint8_t> out) {
    NalUnits units(out, 0);
    std::size_t bytes = 0;
    while (const auto nal = units.next()) bytes += 4 + nal->size();
    require(bytes <= out.size() + 4, "units of the driver's stream");
    require(out.empty() || find_start_code(out) <= 1, "a stream for a driver begins with a start code");
}

void send(const CodedStream& stream, StreamCheck& check, bool is_prefixed, std::span<const std::uint8_t> bytes,
          bool start) {
    AccessUnit unit;
    unit.payload = Payload(bytes, nullptr, nullptr);
    unit.key = true;
    (void)check.look_at(unit);
    require(!stream.starts_anew(unit) || stream.is_key(unit), "what starts anew is a key unit");
    const Bytes alone = written(stream, bytes, false);
    const Bytes whole = written(stream, bytes, start);
    require(std::equal(alone.rbegin(), alone.rend(), whole.rbegin()), "the preamble comes first");
    if (is_prefixed) check_nal_units(alone);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    std::span<const std::uint8_t> rest(data + 2, size - 2);
    StreamInfo info;
    info.codec = codecs[data[0] % codecs.size()];
    const auto extradata = take(rest);
    info.extradata.assign(extradata.begin(), extradata.end());
    CodedStream stream;
    StreamCheck check;
    if (!stream.configure(info) || !check.configure(info)) return 0;
    const bool is_record = !info.extradata.empty() && info.extradata[0] == 1;
    const bool is_prefixed = is_record && (info.codec == CodecId::H264 || info.codec == CodecId::Hevc);
    while (!rest.empty()) send(stream, check, is_prefixed, take(rest), data[1] % 2 != 0);
    return 0;
}
