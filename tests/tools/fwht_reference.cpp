// Decodes the output of fwht_encode by itself, from the format alone, and prints one MD5 per frame: what the kernel's
// decoders are compared with. Made to be plain, not fast.
//
//     fwht_reference FILE
//
// A frame is planes Y, Cb, Cr, each of 8x8 blocks in raster order. A block is a 16-bit word of flags (bit 15: the block
// is a difference to the frame before; bits 1 to 12: so many blocks like it follow), then words of 4 bits of run and 12
// bits of coefficient, in the order of the diagonals; run 15: the rest is zero. The transform is Walsh's, in the order
// of sequency, and its own inverse but for a factor of 64.
#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

extern "C" {
#include <libavutil/md5.h>
#include <libavutil/mem.h>
}

#include "decoder/codec/fwht_header.h"

namespace {

using namespace v4l2play;
using Block = std::array<std::array<int, 8>, 8>;

/// Row k changes its sign k times.
Block walsh_matrix() {
    Block rows{};
    for (unsigned k = 0; k < 8; ++k)
        for (unsigned n = 0; n < 8; ++n) rows[k][n] = std::popcount(k & n) % 2 == 0 ? 1 : -1;
    const auto changes = [](const std::array<int, 8>& row) {
        int count = 0;
        for (unsigned n = 1; n < 8; ++n) count += row[n] != row[n - 1] ? 1 : 0;
        return count;
    };
    std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return changes(a) < changes(b); });
    return rows;
}

Block multiply(const Block& a, const Block& b) {
    Block product{};
    for (unsigned i = 0; i < 8; ++i)
        for (unsigned j = 0; j < 8; ++j)
            for (unsigned k = 0; k < 8; ++k) product[i][j] += a[i][k] * b[k][j];
    return product;
}

/// Bits that quantisation has taken off the coefficient.
int quantiser_shift(unsigned row, unsigned column, bool difference) {
    constexpr std::array<std::array<std::uint8_t, 8>, 8> intra{{{2, 2, 2, 2, 2, 2, 2, 2},
                                                                {2, 2, 2, 2, 2, 2, 2, 2},
                                                                {2, 2, 2, 2, 2, 2, 2, 3},
                                                                {2, 2, 2, 2, 2, 2, 3, 6},
                                                                {2, 2, 2, 2, 2, 3, 6, 6},
                                                                {2, 2, 2, 2, 3, 6, 6, 6},
                                                                {2, 2, 2, 3, 6, 6, 6, 6},
                                                                {2, 2, 3, 6, 6, 6, 6, 8}}};
    constexpr std::array<std::array<std::uint8_t, 8>, 8> inter{{{3, 3, 3, 3, 3, 3, 3, 3},
                                                                {3, 3, 3, 3, 3, 3, 3, 3},
                                                                {3, 3, 3, 3, 3, 3, 3, 3},
                                                                {3, 3, 3, 3, 3, 3, 3, 6},
                                                                {3, 3, 3, 3, 3, 3, 6, 6},
                                                                {3, 3, 3, 3, 3, 6, 6, 9},
                                                                {3, 3, 3, 3, 6, 6, 9, 9},
                                                                {3, 3, 3, 6, 6, 9, 9, 10}}};
    return (difference ? inter : intra)[row][column];
}

struct Plane {
    unsigned width = 0; ///< visible
    unsigned height = 0;
    unsigned pitch = 0;
    std::vector<std::uint8_t> samples;

    Plane(unsigned w, unsigned h)
        : width(w)
        , height(h)
        , pitch((w + 7) / 8 * 8)
        , samples(std::size_t{pitch} * ((h + 7) / 8 * 8)) {}
};

class Words {
  public:
    explicit Words(std::span<const std::uint8_t> bytes)
        : rest_(bytes) {}
    std::uint16_t next() {
        if (rest_.size() < 2) return 15; // nothing more: zeros
        const auto word = static_cast<std::uint16_t>(rest_[0] << 8 | rest_[1]);
        rest_ = rest_.subspan(2);
        return word;
    }
    std::uint8_t byte() {
        const std::uint8_t value = rest_.empty() ? 0 : rest_[0];
        rest_ = rest_.subspan(std::min<std::size_t>(rest_.size(), 1));
        return value;
    }

  private:
    std::span<const std::uint8_t> rest_;
};

/// Coefficients from the first diagonal to the last, each from its upper right end to its lower left.
Block read_coefficients(Words& in, bool difference) {
    Block block{};
    std::array<int, 64> values{};
    for (unsigned at = 0; at < 64;) {
        const std::uint16_t word = in.next();
        if ((word & 15) == 15) break;
        at += word & 15;
        if (at < 64) values[at] = static_cast<std::int16_t>(word) >> 4;
        ++at;
    }
    unsigned at = 0;
    for (unsigned diagonal = 0; diagonal < 15; ++diagonal)
        for (unsigned row = diagonal < 8 ? 0 : diagonal - 7; row <= std::min(diagonal, 7U); ++row, ++at)
            block[row][diagonal - row] = values[at] * (1 << quantiser_shift(row, diagonal - row, difference));
    return block;
}

void decode(Words& in, Plane& plane, bool uncompressed) {
    static const Block walsh = walsh_matrix();
    if (uncompressed) {
        for (std::uint8_t& sample : plane.samples) sample = in.byte();
        return;
    }
    unsigned repeats = 0;
    bool difference = false;
    Block pixels{};
    for (unsigned y = 0; y < plane.height; y += 8)
        for (unsigned x = 0; x < plane.width; x += 8) {
            if (repeats > 0) {
                --repeats;
            } else {
                const std::uint16_t flags = in.next();
                difference = (flags & 0x8000) != 0;
                repeats = (flags & 0x1ffe) >> 1;
                pixels = multiply(multiply(walsh, read_coefficients(in, difference)), walsh);
            }
            for (unsigned row = 0; row < 8; ++row)
                for (unsigned column = 0; column < 8; ++column) {
                    std::uint8_t& sample = plane.samples[std::size_t{y + row} * plane.pitch + x + column];
                    const int base = difference ? sample : 128;
                    sample = static_cast<std::uint8_t>(std::clamp((pixels[row][column] >> 6) + base, 0, 255));
                }
        }
}

std::string digest(const std::vector<Plane>& planes) {
    AVMD5* md5 = av_md5_alloc();
    av_md5_init(md5);
    for (const Plane& plane : planes)
        for (unsigned y = 0; y < plane.height; ++y)
            av_md5_update(md5, plane.samples.data() + std::size_t{y} * plane.pitch, plane.width);
    std::array<std::uint8_t, 16> bytes{};
    av_md5_final(md5, bytes.data());
    av_free(md5);
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

/// Planes of the size in the header; those of the frame before as long as it stays.
void prepare(std::vector<Plane>& planes, const fwht::Header& header) {
    const bool same = !planes.empty() && planes[0].width == header.width && planes[0].height == header.height &&
                      planes[1].width == header.width / header.chroma_width_divisor() &&
                      planes[1].height == header.height / header.chroma_height_divisor();
    if (same) return;
    planes.clear();
    planes.emplace_back(header.width, header.height);
    for (unsigned i = 0; i < 2; ++i)
        planes.emplace_back(header.width / header.chroma_width_divisor(),
                            header.height / header.chroma_height_divisor());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    std::ifstream file(argv[1], std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    std::span<const std::uint8_t> rest(bytes);
    std::vector<Plane> planes;
    for (unsigned n = 0; const auto header = fwht::parse_header(rest); ++n) {
        prepare(planes, *header);
        Words in(rest.subspan(fwht::header_size, header->size));
        for (unsigned component = 0; component < 3; ++component)
            decode(in, planes[component], (header->flags >> (4 + component) & 1) != 0);
        fmt::print("frame {} md5 {}\n", n, digest(planes));
        rest = rest.subspan(fwht::header_size + header->size);
    }
    return bytes.empty() ? 1 : 0;
}
