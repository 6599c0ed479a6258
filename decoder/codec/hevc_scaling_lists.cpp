#include "decoder/codec/hevc_scaling_lists.h"

#include <algorithm>

namespace v4l2play::hevc {

namespace {

constexpr std::uint8_t flat = 16;

// Table 7-6, in the order of the syntax
constexpr std::array<std::uint8_t, 64> default_intra{16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 17, 16, 17, 16, 17, 18,
                                                     17, 18, 18, 17, 18, 21, 19, 20, 21, 20, 19, 21, 24, 22, 22, 24,
                                                     24, 22, 22, 24, 25, 25, 27, 30, 27, 25, 25, 29, 31, 35, 35, 31,
                                                     29, 36, 41, 44, 41, 36, 47, 54, 54, 47, 65, 70, 65, 88, 88, 115};
constexpr std::array<std::uint8_t, 64> default_inter{16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 17, 17, 17, 17, 17, 18,
                                                     18, 18, 18, 18, 18, 20, 20, 20, 20, 20, 20, 20, 24, 24, 24, 24,
                                                     24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 28, 28, 28, 28, 28,
                                                     28, 33, 33, 33, 33, 33, 41, 41, 41, 41, 54, 54, 54, 71, 71, 91};

/// One list, whatever its size, and where its DC coefficient is (null for those without).
struct ListView {
    std::span<std::uint8_t> coefficients;
    std::uint8_t* dc = nullptr;
};

/// `index`: matrixId, for 32x32 matrixId / 3
ListView view(ScalingLists& lists, unsigned size_id, unsigned index) {
    switch (size_id) {
    case 0:
        return {lists.list_4x4[index], nullptr};
    case 1:
        return {lists.list_8x8[index], nullptr};
    case 2:
        return {lists.list_16x16[index], &lists.dc_16x16[index]};
    default:
        return {lists.list_32x32[index], &lists.dc_32x32[index]};
    }
}

constexpr unsigned list_count(unsigned size_id) { return size_id == 3 ? 2 : 6; }

void set_default(const ListView& list, bool intra) {
    if (list.coefficients.size() == 16)
        std::fill(list.coefficients.begin(), list.coefficients.end(), flat); // Table 7-5
    else
        std::copy_n((intra ? default_intra : default_inter).begin(), 64, list.coefficients.begin());
    if (list.dc != nullptr) *list.dc = flat;
}

bool is_intra(unsigned size_id, unsigned index) { return index < list_count(size_id) / 2; }

/// The coefficients of one list, each the difference to the one before (7.3.4, 7.4.5).
void parse_coefficients(SyntaxReader& r, const ListView& list) {
    std::uint8_t next = 8;
    if (list.dc != nullptr) {
        std::int32_t scaling_list_dc_coef_minus8 = 0;
        r.se(scaling_list_dc_coef_minus8, -7, 247, "scaling_list_dc_coef_minus8 outside of -7 to 247 (7.4.5)");
        *list.dc = next = static_cast<std::uint8_t>(scaling_list_dc_coef_minus8 + 8);
    }
    for (std::uint8_t& coefficient : list.coefficients) {
        std::int32_t scaling_list_delta_coef = 0;
        r.se(scaling_list_delta_coef, -128, 127, "scaling_list_delta_coef outside of -128 to 127 (7.4.5)");
        coefficient = next = static_cast<std::uint8_t>(next + scaling_list_delta_coef); // modulo 256
        r.require(next != 0, "a scaling factor of 0 (7.4.5)");
    }
}

/// One list of 7.3.4, and what it is predicted from
void parse_list(SyntaxReader& r, ScalingLists& lists, unsigned size_id, unsigned index) {
    const ListView list = view(lists, size_id, index);
    if (r.flag()) return parse_coefficients(r, list); // scaling_list_pred_mode_flag
    // For 32x32 the difference of matrixId is three times as much (7-42), that of the indices here is not.
    const unsigned delta = r.ue(index, "scaling_list_pred_matrix_id_delta names no earlier list (7.4.5)");
    if (delta == 0) return set_default(list, is_intra(size_id, index));
    const ListView from = view(lists, size_id, index - delta);
    std::copy(from.coefficients.begin(), from.coefficients.end(), list.coefficients.begin());
    if (list.dc != nullptr) *list.dc = *from.dc;
}

} // namespace

ScalingLists default_scaling_lists() {
    ScalingLists lists;
    for (unsigned size_id = 0; size_id < 4; ++size_id)
        for (unsigned index = 0; index < list_count(size_id); ++index)
            set_default(view(lists, size_id, index), is_intra(size_id, index));
    return lists;
}

void parse_scaling_list_data(SyntaxReader& r, ScalingLists& lists) {
    for (unsigned size_id = 0; size_id < 4; ++size_id)
        for (unsigned index = 0; index < list_count(size_id) && r.ok(); ++index) parse_list(r, lists, size_id, index);
}

} // namespace v4l2play::hevc
