#include "render/wayland/color_support.h"

#include <algorithm>

#include "render/convert.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr std::size_t most_representations = 64; // eight matrices, two ranges

/// H.273's code point, and the protocol's.
struct Name {
    std::uint8_t code;
    std::uint32_t name;
};

template <std::size_t n>
std::optional<std::uint32_t> find(const Name (&names)[n], std::uint8_t code) {
    for (const Name& one : names)
        if (one.code == code) return one.name;
    return std::nullopt;
}

// Names of color-representation-v1 (coefficients) and color-management-v1 (transfer_function, primaries).
constexpr Name matrices[] = {{0, 1}, {1, 2}, {4, 3}, {5, 4}, {6, 4}, {7, 5}, {9, 6}, {10, 7}, {14, 8}};
constexpr std::uint32_t full_range = 1, limited_range = 2;
constexpr Name transfers[] = {{1, 1}, {6, 1}, {14, 1}, {15, 1}, {4, 2}, {5, 3}, {13, 9}, {16, 11}, {17, 12}, {18, 13}};
constexpr Name primaries_names[] = {{1, 1}, {4, 2}, {5, 3}, {6, 4}, {7, 4}, {8, 5}, {9, 6}, {10, 7}, {11, 8}, {12, 9}};
constexpr std::uint32_t feature_parametric = 1, feature_mastering = 5;
constexpr std::uint32_t st2084_pq = 11, hlg = 13, bt1886 = 1, bt2020 = 6;

[[maybe_unused]] ColorSupport& of(void* data) { return *static_cast<ColorSupport*>(data); }

#ifdef HAVE_COLOR_REPRESENTATION_V1
constexpr wp_color_representation_manager_v1_listener representation_listener = [] {
    wp_color_representation_manager_v1_listener listener{};
    listener.supported_alpha_mode = [](void*, wp_color_representation_manager_v1*, std::uint32_t) {};
    listener.supported_coefficients_and_ranges = [](void* data, wp_color_representation_manager_v1*,
                                                    std::uint32_t coefficients, std::uint32_t range) {
        of(data).add({coefficients, range});
    };
    listener.done = [](void*, wp_color_representation_manager_v1*) {};
    return listener;
}();
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
constexpr wp_color_manager_v1_listener manager_listener = [] {
    wp_color_manager_v1_listener listener{};
    listener.supported_intent = [](void*, wp_color_manager_v1*, std::uint32_t) {};
    listener.supported_feature = [](void* data, wp_color_manager_v1*, std::uint32_t n) { of(data).add_feature(n); };
    listener.supported_tf_named = [](void* data, wp_color_manager_v1*, std::uint32_t n) { of(data).add_transfer(n); };
    listener.supported_primaries_named = [](void* data, wp_color_manager_v1*, std::uint32_t n) {
        of(data).add_primaries(n);
    };
    listener.done = [](void*, wp_color_manager_v1*) {};
    return listener;
}();
#endif

} // namespace

void ColorSupport::listen([[maybe_unused]] wp_color_representation_manager_v1* manager) {
#ifdef HAVE_COLOR_REPRESENTATION_V1
    wp_color_representation_manager_v1_add_listener(manager, &representation_listener, this);
#endif
}

void ColorSupport::listen([[maybe_unused]] wp_color_manager_v1* manager) {
#ifdef HAVE_COLOR_MANAGEMENT_V1
    wp_color_manager_v1_add_listener(manager, &manager_listener, this);
#endif
}

void ColorSupport::add(Representation one) {
    if (representations_.size() < most_representations) representations_.push_back(one);
}

std::optional<Representation> ColorSupport::representation(const ColorDescription& color, std::uint32_t height) const {
    const auto coefficients = find(matrices, effective_matrix(color, height));
    if (!coefficients) return std::nullopt;
    // The right matrix with the other range is nearer to it than what a compositor takes by itself.
    const std::uint32_t ranges[] = {color.full_range ? full_range : limited_range,
                                    color.full_range ? limited_range : full_range};
    for (const std::uint32_t range : ranges) {
        const Representation one{*coefficients, range};
        if (std::find(representations_.begin(), representations_.end(), one) != representations_.end()) return one;
    }
    return std::nullopt;
}

std::optional<WideColor> ColorSupport::wide_color(const ColorDescription& color, const HdrMetadata& hdr) const {
    WideColor wide{
        find(transfers, color.transfer).value_or(bt1886), find(primaries_names, color.primaries).value_or(1), {}};
    const bool high = wide.transfer == st2084_pq || wide.transfer == hlg;
    if (high && color.primaries == 2) wide.primaries = bt2020; // what both were made for
    if (!high && wide.primaries != bt2020) return std::nullopt;
    const bool known = (features_ & bit(feature_parametric)) != 0 && (transfers_ & bit(wide.transfer)) != 0 &&
                       (primaries_ & bit(wide.primaries)) != 0;
    if (!known) return std::nullopt;
    if (wide.transfer == st2084_pq) wide.hdr = hdr;
    return wide;
}

bool ColorSupport::takes_mastering() const { return (features_ & bit(feature_mastering)) != 0; }

} // namespace v4l2play
