// Makes a seed for a codec's fuzzer from the start of a file: fuzz_seed OUT FILE
//
// Per unit a byte of flags (none), two bytes of length, and the unit, shortened: what follows the headers is of no
// interest. H.264 and HEVC are wanted as Annex B; files that have them otherwise make no seed.
// Exit code: 0 written; 1 nothing to be had from it; 2 bad call.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "app/demuxer.h"

namespace {

using namespace v4l2play;

constexpr std::size_t most_units = 6;
constexpr std::size_t most_bytes = 3000; // of one unit

bool is_annex_b(const StreamInfo& stream) {
    const bool nal_units = stream.codec == CodecId::H264 || stream.codec == CodecId::Hevc;
    return !nal_units || stream.extradata.empty() || stream.extradata[0] == 0;
}

std::vector<std::uint8_t> make_seed(Demuxer& demuxer) {
    std::vector<std::uint8_t> seed;
    if (demuxer.stream().codec == CodecId::Av1) seed.push_back(0); // no unit of the fuzzer's own stream before
    for (std::size_t i = 0; i < most_units; ++i) {
        const auto unit = demuxer.read();
        if (!unit || !*unit) break;
        const auto bytes = (*unit)->payload.bytes();
        const auto part = bytes.first(std::min(bytes.size(), most_bytes));
        seed.push_back(0);
        seed.push_back(static_cast<std::uint8_t>(part.size() >> 8));
        seed.push_back(static_cast<std::uint8_t>(part.size() & 0xff));
        seed.insert(seed.end(), part.begin(), part.end());
    }
    return seed;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    auto demuxer = Demuxer::open(argv[2]);
    if (!demuxer || !is_annex_b((*demuxer)->stream())) return 1;
    const std::vector<std::uint8_t> seed = make_seed(**demuxer);
    if (seed.size() < 4) return 1;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(argv[1], "wb"), std::fclose);
    return file != nullptr && std::fwrite(seed.data(), 1, seed.size(), file.get()) == seed.size() ? 0 : 1;
}
