// Arbitrary bytes as an FWHT frame: a header that is accepted describes what lies behind it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "decoder/codec/fwht_header.h"

namespace {

using namespace v4l2play;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto header = fwht::parse_header({data, size});
    if (!header) {
        require(header.error() != nullptr, "a refusal without a reason");
        return 0;
    }
    require(header->width > 0 && header->height > 0, "size");
    require(header->size <= size - fwht::header_size, "a frame that is longer than its bytes");
    const ColorDescription color =
        fwht::describe_color(header->colorspace, header->xfer_func, header->ycbcr_enc, header->quantization);
    require(color.primaries != 0 && color.transfer != 0, "a reserved number of H.273");
    return 0;
}
