#include "tests/fakes/fake_boards.h"

namespace v4l2play {
namespace {

constexpr DrmFourcc p030 = drm_fourcc('P', '0', '3', '0');
constexpr DrmFourcc yuv420_8bit = drm_fourcc('Y', 'U', '0', '8');
constexpr DrmFourcc yuv420_10bit = drm_fourcc('Y', 'U', '1', '0');
constexpr double any_scale = 65536;

std::vector<FormatModifier> linear(std::initializer_list<DrmFourcc> fourccs) {
    std::vector<FormatModifier> formats;
    for (const DrmFourcc fourcc : fourccs) formats.push_back({fourcc, modifier_linear});
    return formats;
}

std::vector<drmModeModeInfo> usual_modes() {
    return {fake_mode(148500, 1920, 2200, 1080, 1125, DRM_MODE_TYPE_PREFERRED),
            fake_mode(148352, 1920, 2200, 1080, 1125),
            fake_mode(148500, 1920, 2640, 1080, 1125),
            fake_mode(74250, 1920, 2750, 1080, 1125),
            fake_mode(74176, 1920, 2750, 1080, 1125),
            fake_mode(594000, 3840, 4400, 2160, 2250),
            fake_mode(74250, 1280, 1650, 720, 750)};
}

/// drivers/gpu/drm/vc4/vc4_plane.c: hvs_formats, vc4_format_mod_supported (SAND for NV12; P030 in SAND128 only),
/// vc4_plane_setup_clipping_and_scaling (every scale), vc4_plane_init (rotation by 0 and 180; the primary plane's zpos
/// is fixed at 0), vc4_plane_create_additional_planes (16 overlays, zpos from 1).
FakeBoard vc4() {
    std::vector<FormatModifier> formats = linear(
        {fourcc_xrgb, fourcc_argb, fourcc_nv12, fourcc_nv21, fourcc_nv16, fourcc_yuv420, fourcc_yuv422, fourcc_yuv444});
    for (const std::uint64_t modifier : {sand64, sand128, sand256}) formats.push_back({fourcc_nv12, modifier});
    formats.push_back({p030, sand128});
    FakePlane plane;
    plane.formats = std::move(formats);
    plane.shrink = 1 / any_scale;
    plane.grow = any_scale;
    plane.rotations = DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_180 | DRM_MODE_REFLECT_X | DRM_MODE_REFLECT_Y;
    plane.encodings = 3;
    plane.alpha = true;
    FakeBoard board{"vc4", {}, usual_modes(), true};
    for (const int zpos : {0, 1, 2, 3, 17}) {
        plane.type = zpos == 0 ? PlaneType::Primary : zpos == 17 ? PlaneType::Cursor : PlaneType::Overlay;
        plane.zpos = zpos;
        plane.zpos_least = zpos == 0 ? 0 : 1;
        plane.zpos_most = zpos == 0 ? 0 : 17;
        board.planes.push_back(plane);
    }
    return board;
}

/// drivers/gpu/drm/rockchip/rockchip_drm_vop2.c: vop2_plane_atomic_check (1/8 to 8), vop2_plane_init (zpos of all
/// planes from 0 to their number less one, alpha, no colour properties).
FakePlane vop2_plane(PlaneType type, std::vector<FormatModifier> formats, std::int64_t zpos) {
    FakePlane plane;
    plane.type = type;
    plane.formats = std::move(formats);
    plane.shrink = 1.0 / 8;
    plane.grow = 8;
    plane.zpos = zpos;
    plane.zpos_most = 5;
    plane.alpha = true;
    return plane;
}
/// Those of RK3566 and RK3568 take nothing linear (rockchip_vop2_mod_supported).
std::vector<FormatModifier> cluster_formats(bool takes_linear) {
    std::vector<FormatModifier> formats =
        takes_linear ? linear({fourcc_xrgb, fourcc_argb}) : std::vector<FormatModifier>{};
    formats.push_back({yuv420_8bit, afbc_16x16_sparse});
    formats.push_back({yuv420_10bit, afbc_16x16_sparse});
    return formats;
}
constexpr std::uint64_t cluster_rotations =
    DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270 | DRM_MODE_REFLECT_X | DRM_MODE_REFLECT_Y;

/// drivers/gpu/drm/sun4i/sun8i_{ui,vi}_layer.c, sun8i_mixer.c: one VI layer, which takes YUV, and three UI layers, the
/// first of them primary, which take RGB; zpos of all from 0 to 3; linear only. Both kinds scale (scaler_mask 0xf): by
/// almost anything up, and down to 1/16.
FakeBoard de2(const char* driver, std::vector<FormatModifier> vi_formats, unsigned encodings) {
    FakePlane vi;
    vi.formats = std::move(vi_formats);
    vi.shrink = 1.0 / 16;
    vi.grow = any_scale;
    vi.zpos = 0;
    vi.zpos_most = 3;
    vi.encodings = encodings;
    vi.alpha = true;
    FakeBoard board{driver, {vi}, usual_modes()};
    for (const int zpos : {1, 2, 3}) {
        FakePlane ui = vi;
        ui.type = zpos == 1 ? PlaneType::Primary : PlaneType::Overlay;
        ui.formats = linear({fourcc_argb, fourcc_xrgb});
        ui.zpos = zpos;
        ui.encodings = 0;
        board.planes.push_back(ui);
    }
    return board;
}

/// sun8i_vi_layer_de3_formats: with alpha, and with P010.
std::vector<FormatModifier> de3_formats() {
    return linear(
        {fourcc_argb, fourcc_xrgb, fourcc_nv16, fourcc_nv12, fourcc_nv21, fourcc_p010, fourcc_yuv420, fourcc_yuv422});
}

} // namespace

drmModeModeInfo fake_mode(std::uint32_t clock, std::uint16_t width, std::uint16_t htotal, std::uint16_t height,
                          std::uint16_t vtotal, std::uint32_t type) {
    drmModeModeInfo mode{};
    mode.clock = clock;
    mode.hdisplay = width;
    mode.hsync_start = width;
    mode.hsync_end = mode.htotal = htotal;
    mode.vdisplay = height;
    mode.vsync_start = height;
    mode.vsync_end = mode.vtotal = vtotal;
    mode.type = type;
    return mode;
}

FakeBoard raspberry_pi_4() { return vc4(); }
FakeBoard raspberry_pi_5() { return vc4(); } // HVS 6 lists the same YUV formats

/// drivers/gpu/drm/rockchip/rockchip_vop_reg.c: rk3399_vop_win_data, formats_win_full_10, formats_win_lite;
/// rockchip_drm_vop.c: vop_plane_atomic_check (1/8 to 8 where there is a scaler, else 1). No zpos, no colour
/// properties, no alpha; AFBC of RGB only.
FakeBoard rk3399() {
    FakePlane full;
    full.formats = linear({fourcc_xrgb, fourcc_argb, fourcc_nv12, fourcc_nv21, fourcc_nv15, fourcc_nv16, fourcc_nv20});
    full.shrink = 1.0 / 8;
    full.grow = 8;
    full.rotations = DRM_MODE_ROTATE_0 | DRM_MODE_REFLECT_X | DRM_MODE_REFLECT_Y;
    FakePlane lite;
    lite.formats = linear({fourcc_xrgb, fourcc_argb});
    FakeBoard board{"rockchip", {full, full, lite, lite}, usual_modes()};
    board.planes[0].type = PlaneType::Primary;
    board.planes[3].type = PlaneType::Cursor;
    return board;
}

/// rockchip_vop2_reg.c: rk3568_vop_win_data; Smart0 is the primary plane and takes RGB alone, Esmart0 takes semi-planar
/// YUV (formats_for_rk356x_esmart), the clusters AFBC.
FakeBoard rk3568() {
    FakeBoard board{"rockchip", {}, usual_modes()};
    board.planes = {
        vop2_plane(PlaneType::Primary, linear({fourcc_xrgb, fourcc_argb}), 0),
        vop2_plane(PlaneType::Overlay, linear({fourcc_xrgb, fourcc_argb, fourcc_nv12, fourcc_nv15, fourcc_nv16}), 1),
        vop2_plane(PlaneType::Overlay, cluster_formats(false), 2),
    };
    board.planes[2].rotations = cluster_rotations;
    return board;
}

/// rk3588_vop_win_data: the clusters are primary planes, the four Esmart (formats_for_esmart) overlays.
FakeBoard rk3588() {
    FakeBoard board{"rockchip", {}, usual_modes()};
    const auto esmart = linear({fourcc_xrgb, fourcc_argb, fourcc_nv12, fourcc_nv21, fourcc_nv15, fourcc_nv16});
    board.planes = {
        vop2_plane(PlaneType::Primary, cluster_formats(true), 0),
        vop2_plane(PlaneType::Overlay, esmart, 1),
        vop2_plane(PlaneType::Overlay, esmart, 2),
    };
    board.planes[0].rotations = cluster_rotations;
    return board;
}

/// sun8i_vi_layer_formats: RGB without alpha.
FakeBoard allwinner_h3() {
    return de2("sun4i-drm", linear({fourcc_xrgb, fourcc_nv16, fourcc_nv12, fourcc_nv21, fourcc_yuv420, fourcc_yuv422}),
               2);
}
FakeBoard allwinner_h6() { return de2("sun4i-drm", de3_formats(), 3); }
/// sun50i_h616_mixer0_cfg: DE 3.3, one VI layer and three UI layers as well.
FakeBoard allwinner_h616() { return de2("sun4i-drm", de3_formats(), 3); }

} // namespace v4l2play
