// For LD_PRELOAD: a display card whose planes take no YUV, as those of most virtual machines and of firmware.
#include <algorithm>

#include <drm_mode.h>
#include <xf86drmMode.h>

#include "decoder/format.h"
#include "tests/tools/real_call.h"

using v4l2play::DrmFourcc;
using v4l2play::test::real;

extern "C" drmModePlanePtr drmModeGetPlane(int fd, uint32_t id) {
    const auto plane = real<drmModePlanePtr>("drmModeGetPlane", fd, id);
    if (plane == nullptr) return plane;
    const auto is_yuv = [](uint32_t format) {
        return DrmFourcc{format} != v4l2play::fourcc_xrgb && DrmFourcc{format} != v4l2play::fourcc_argb;
    };
    uint32_t* const end = plane->formats + plane->count_formats;
    plane->count_formats = static_cast<uint32_t>(std::remove_if(plane->formats, end, is_yuv) - plane->formats);
    return plane;
}

/// No IN_FORMATS: then the formats above count.
extern "C" drmModePropertyBlobPtr drmModeGetPropertyBlob(int fd, uint32_t id) {
    const auto blob = real<drmModePropertyBlobPtr>("drmModeGetPropertyBlob", fd, id);
    if (blob == nullptr || blob->length < sizeof(drm_format_modifier_blob)) return blob;
    const auto* header = static_cast<const drm_format_modifier_blob*>(blob->data);
    if (header->version != FORMAT_BLOB_CURRENT || header->formats_offset != sizeof *header) return blob;
    drmModeFreePropertyBlob(blob);
    return nullptr;
}
