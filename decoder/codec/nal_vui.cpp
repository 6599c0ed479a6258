#include "decoder/codec/nal_vui.h"

#include <array>

namespace v4l2play::nal {

namespace {

/// H.264 E.1.1, H.265 E.2.1, from aspect_ratio_idc to sar_height
Rational parse_sample_aspect(SyntaxReader& r) {
    // Table E-1 (E.1 in H.265); 0 = unspecified
    constexpr std::array<std::array<std::uint8_t, 2>, 17> table{{{0, 1},
                                                                 {1, 1},
                                                                 {12, 11},
                                                                 {10, 11},
                                                                 {16, 11},
                                                                 {40, 33},
                                                                 {24, 11},
                                                                 {20, 11},
                                                                 {32, 11},
                                                                 {80, 33},
                                                                 {18, 11},
                                                                 {15, 11},
                                                                 {64, 33},
                                                                 {160, 99},
                                                                 {4, 3},
                                                                 {3, 2},
                                                                 {2, 1}}};
    constexpr unsigned extended_sar = 255;
    unsigned aspect_ratio_idc = 0;
    r.u(aspect_ratio_idc, 8);
    Rational aspect{0, 1};
    if (aspect_ratio_idc < table.size()) aspect = {table[aspect_ratio_idc][0], table[aspect_ratio_idc][1]};
    if (aspect_ratio_idc != extended_sar) return aspect;
    r.u(aspect.num, 16);
    r.u(aspect.den, 16);
    return aspect.num != 0 && aspect.den != 0 ? aspect : Rational{0, 1}; // 0 = unspecified
}

/// H.264 E.1.1, H.265 E.2.1, from video_format to matrix_coefficients (matrix_coeffs in H.265); meanings in H.273
void parse_video_signal_type(SyntaxReader& r, ColorDescription& color) {
    unsigned video_format = 0;
    r.u(video_format, 3);
    r.flag(color.full_range);
    if (!r.flag()) return;
    r.u(color.primaries, 8);
    r.u(color.transfer, 8);
    r.u(color.matrix, 8);
}

} // namespace

void parse_vui_of_pictures(SyntaxReader& r, Rational& sample_aspect, ColorDescription& color) {
    if (r.flag()) {
        const Rational aspect = parse_sample_aspect(r);
        if (r.ok()) sample_aspect = aspect;
    }
    if (r.flag()) r.flag(); // overscan_info_present_flag, overscan_appropriate_flag
    if (r.flag()) {
        ColorDescription described;
        parse_video_signal_type(r, described);
        if (r.ok()) color = described;
    }
    if (r.flag())
        for (int field = 0; field < 2; ++field) r.ue(5, "chroma_sample_loc_type above 5");
}

} // namespace v4l2play::nal
