#include "tests/tools/drm_timelines.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <xf86drm.h>

#include "tests/tools/vgem.h"

namespace v4l2play {
namespace {

int open_sync_node() {
    const int fd = test::open_vgem("renderD", 128);
    std::uint64_t able = 0;
    if (fd >= 0 && drmGetCap(fd, DRM_CAP_SYNCOBJ_TIMELINE, &able) == 0 && able != 0) return fd;
    fmt::print(stderr, "drm_timelines: no vgem here that has them\n");
    std::abort();
}

void expect_success(int status, const char* call) {
    if (status != 0) fmt::print(stderr, "drm_timelines: {}: {}\n", call, std::strerror(errno));
}

} // namespace

DrmTimelines::DrmTimelines()
    : card_(system_kernel(), open_sync_node()) {}

std::uint64_t DrmTimelines::import(int fd) {
    std::uint32_t handle = 0;
    expect_success(drmSyncobjFDToHandle(card_.get(), fd, &handle), "drmSyncobjFDToHandle");
    return handle;
}

void DrmTimelines::signal(std::uint64_t timeline, std::uint64_t point) {
    const auto handle = static_cast<std::uint32_t>(timeline);
    expect_success(drmSyncobjTimelineSignal(card_.get(), &handle, &point, 1), "drmSyncobjTimelineSignal");
}

bool DrmTimelines::is_promised(std::uint64_t timeline, std::uint64_t point) {
    return reached(timeline, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED) >= point;
}

std::uint64_t DrmTimelines::reached(std::uint64_t timeline, std::uint32_t flags) {
    auto handle = static_cast<std::uint32_t>(timeline);
    std::uint64_t reached = 0;
    expect_success(drmSyncobjQuery2(card_.get(), &handle, &reached, 1, flags), "drmSyncobjQuery2");
    return reached;
}

} // namespace v4l2play
