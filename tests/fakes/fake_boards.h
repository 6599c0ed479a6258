// Plane tables of boards, as the drivers of Linux 6.12 and later make them; those of vc4 and VOP2 partly from memory,
// and none compared with a board. Formats that decoders do not make are left out but for those of the overlay, and of
// many equal planes only as many are here as matter.
#pragma once

#include "tests/fakes/fake_drm.h"

namespace v4l2play {

// DRM_FORMAT_MOD_BROADCOM_SAND*, and AFBC in sparse blocks of 16x16; the header's own macros are made of old casts.
constexpr std::uint64_t sand64 = 0x0700000000000003;
constexpr std::uint64_t sand128 = 0x0700000000000004;
constexpr std::uint64_t sand256 = 0x0700000000000005;
constexpr std::uint64_t afbc_16x16_sparse = 0x0800000000000041;

FakeBoard raspberry_pi_4();
FakeBoard raspberry_pi_5();
FakeBoard rk3399();
FakeBoard rk3568();
FakeBoard rk3588();
FakeBoard allwinner_h3();
FakeBoard allwinner_h6();
FakeBoard allwinner_h616();

drmModeModeInfo fake_mode(std::uint32_t clock, std::uint16_t width, std::uint16_t htotal, std::uint16_t height,
                          std::uint16_t vtotal, std::uint32_t type = 0);

} // namespace v4l2play
