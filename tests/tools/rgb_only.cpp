// For LD_PRELOAD: a display card whose planes take no YUV, as those of most virtual machines and of firmware, but for
// what $YUV_TAKEN names: "P010,YU16".
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <drm_mode.h>
#include <xf86drmMode.h>

#include "decoder/format.h"
#include "tests/tools/real_call.h"

using v4l2play::DrmFourcc;
using v4l2play::test::real;

extern "C" drmModePlanePtr drmModeGetPlane(int fd, uint32_t id) {
    const auto plane = real<drmModePlanePtr>("drmModeGetPlane", fd, id);
    if (plane == nullptr) return plane;
    const char* list = std::getenv("YUV_TAKEN");
    const auto is_refused = [taken = std::string_view(list == nullptr ? "" : list)](uint32_t format) {
        char name[sizeof format];
        std::memcpy(name, &format, sizeof name); // a fourcc is little-endian text
        const bool rgb = DrmFourcc{format} == v4l2play::fourcc_xrgb || DrmFourcc{format} == v4l2play::fourcc_argb;
        return !rgb && taken.find({name, sizeof name}) == std::string_view::npos;
    };
    uint32_t* const end = plane->formats + plane->count_formats;
    plane->count_formats = static_cast<uint32_t>(std::remove_if(plane->formats, end, is_refused) - plane->formats);
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
