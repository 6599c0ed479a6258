#include "tests/tools/reader_fences.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "tests/tools/vgem.h"

namespace v4l2play {
using namespace test;
namespace {

int open_render_node() {
    const int fd = open_vgem("renderD", 128);
    if (fd >= 0) return fd;
    fmt::print(stderr, "reader_fences: no vgem here\n");
    std::abort();
}

} // namespace

ReaderFences::ReaderFences()
    : card_(system_kernel(), open_render_node()) {}

std::uint32_t ReaderFences::add(int dmabuf) {
    VgemAttach attach{};
    int status = drmPrimeFDToHandle(card_.get(), dmabuf, &attach.handle);
    if (status == 0) status = drmIoctl(card_.get(), vgem_attach, &attach);
    if (status != 0) fmt::print(stderr, "reader_fences: vgem takes no fence: {}\n", std::strerror(errno));
    if (attach.handle != 0) drmCloseBufferHandle(card_.get(), attach.handle);
    return status == 0 ? attach.fence : 0;
}

void ReaderFences::signal(std::uint32_t fence) {
    VgemSignal signal{fence, 0};
    if (drmIoctl(card_.get(), vgem_signal, &signal) != 0)
        fmt::print(stderr, "reader_fences: fence {} does not end: {}\n", fence, std::strerror(errno));
}

} // namespace v4l2play
