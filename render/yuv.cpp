#include "render/yuv.h"

#include <algorithm>
#include <iterator>

namespace v4l2play {
namespace {

struct YuvFormat {
    DrmFourcc fourcc;
    Subsampling subsampling;
};
constexpr YuvFormat yuv_formats[] = {
    {fourcc_nv12, {2, 2}},
    {fourcc_nv21, {2, 2}},
    {fourcc_yuv420, {2, 2}},
    {drm_fourcc('Y', 'V', '1', '2'), {2, 2}},
    {fourcc_p010, {2, 2}},
    {drm_fourcc('P', '0', '1', '2'), {2, 2}},
    {drm_fourcc('P', '0', '1', '6'), {2, 2}},
    {fourcc_p030, {2, 2}},
    {fourcc_nv15, {2, 2}},
    {fourcc_s010, {2, 2}},
    {fourcc_s012, {2, 2}},
    {fourcc_yuv420_8bit, {2, 2}},
    {fourcc_yuv420_10bit, {2, 2}},
    {fourcc_nv16, {2, 1}},
    {drm_fourcc('N', 'V', '6', '1'), {2, 1}},
    {fourcc_nv20, {2, 1}},
    {fourcc_yuv422, {2, 1}},
    {drm_fourcc('P', '2', '1', '0'), {2, 1}},
    {fourcc_s210, {2, 1}},
    {fourcc_s212, {2, 1}},
    {drm_fourcc('Y', 'U', 'Y', 'V'), {2, 1}},
    {drm_fourcc('N', 'V', '2', '4'), {1, 1}},
    {fourcc_yuv444, {1, 1}},
    {fourcc_s410, {1, 1}},
    {fourcc_s412, {1, 1}},
};

const YuvFormat* find(DrmFourcc fourcc) {
    const auto* found = std::find_if(std::begin(yuv_formats), std::end(yuv_formats),
                                     [&](const YuvFormat& entry) { return entry.fourcc == fourcc; });
    return found == std::end(yuv_formats) ? nullptr : found;
}

} // namespace

Subsampling subsampling(DrmFourcc fourcc) {
    const YuvFormat* found = find(fourcc);
    return found == nullptr ? Subsampling{} : found->subsampling;
}

bool is_yuv(DrmFourcc fourcc) { return find(fourcc) != nullptr; }

} // namespace v4l2play
