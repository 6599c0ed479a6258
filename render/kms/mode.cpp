#include "render/kms/mode.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace v4l2play {
namespace {

bool interlaced(const drmModeModeInfo& mode) { return (mode.flags & DRM_MODE_FLAG_INTERLACE) != 0; }

double hertz(const drmModeModeInfo& mode) {
    const Rational refresh = refresh_rate(mode);
    return static_cast<double>(refresh.num) / static_cast<double>(refresh.den);
}

struct Wanted {
    unsigned width = 0;
    unsigned height = 0;
    bool interlaced = false;
    double rate = 0; ///< Hz; 0 = any
};

std::optional<Wanted> parse_mode(const std::string& text) {
    Wanted wanted;
    int used = 0;
    if (std::sscanf(text.c_str(), "%5ux%5u%n", &wanted.width, &wanted.height, &used) != 2) return std::nullopt;
    std::string rest = text.substr(static_cast<std::size_t>(used));
    if (!rest.empty() && rest[0] == 'i') {
        wanted.interlaced = true;
        rest.erase(0, 1);
    }
    if (rest.empty()) return wanted;
    used = 0;
    if (std::sscanf(rest.c_str(), "@%8lf%n", &wanted.rate, &used) != 1 || !(wanted.rate > 0)) return std::nullopt;
    rest.erase(0, static_cast<std::size_t>(used));
    return rest.empty() || rest == "Hz" ? std::optional(wanted) : std::nullopt;
}

/// How badly `mode` fits; 0 is perfect, empty not at all.
std::optional<double> misfit(const drmModeModeInfo& mode, const Wanted& wanted) {
    constexpr double farthest = 0.5; // Hz: "60" may mean 59.94, but never 50
    if (mode.hdisplay != wanted.width || mode.vdisplay != wanted.height || interlaced(mode) != wanted.interlaced)
        return std::nullopt;
    if (wanted.rate == 0) return (mode.type & DRM_MODE_TYPE_PREFERRED) != 0 ? 0 : 1;
    const double off = std::abs(hertz(mode) - wanted.rate);
    return off <= farthest ? std::optional(off) : std::nullopt;
}

const drmModeModeInfo* preferred(std::span<const drmModeModeInfo> modes) {
    for (const drmModeModeInfo& mode : modes)
        if ((mode.type & DRM_MODE_TYPE_PREFERRED) != 0) return &mode;
    return &modes.front();
}

const drmModeModeInfo* best_fit(std::span<const drmModeModeInfo> modes, const Wanted& wanted) {
    const drmModeModeInfo* best = nullptr;
    double least = 0;
    for (const drmModeModeInfo& mode : modes) {
        const std::optional<double> fit = misfit(mode, wanted);
        if (!fit || (best != nullptr && *fit >= least)) continue;
        best = &mode;
        least = *fit;
    }
    return best;
}

drmModeModeInfo content_mode(std::span<const drmModeModeInfo> modes, const drmModeModeInfo& usual, Rational content) {
    if (is_multiple(refresh_rate(usual), content)) return usual;
    const drmModeModeInfo* best = &usual;
    for (const drmModeModeInfo& mode : modes) {
        const bool fits = mode.hdisplay == usual.hdisplay && mode.vdisplay == usual.vdisplay && !interlaced(mode) &&
                          is_multiple(refresh_rate(mode), content);
        if (fits && (best == &usual || hertz(mode) > hertz(*best))) best = &mode;
    }
    return *best;
}

/// What `fitting_mode` compares, the more important first; the larger, the better.
auto fitness(const drmModeModeInfo& mode, Size picture, Rational content) {
    const std::int64_t shown = std::int64_t{std::min<std::uint32_t>(mode.hdisplay, picture.width)} *
                               std::min<std::uint32_t>(mode.vdisplay, picture.height);
    const std::int64_t black = std::int64_t{mode.hdisplay} * mode.vdisplay - shown;
    return std::tuple(shown, is_multiple(refresh_rate(mode), content), -black);
}

std::string list_of(std::span<const drmModeModeInfo> modes) {
    std::string list;
    for (const drmModeModeInfo& mode : modes) list += (list.empty() ? "" : ", ") + mode_name(mode);
    return list;
}

} // namespace

Rational refresh_rate(const drmModeModeInfo& mode) {
    std::int64_t clock = std::int64_t{mode.clock} * 1000;
    std::int64_t total = std::int64_t{mode.htotal} * mode.vtotal;
    if (clock == 0 || total == 0) return {0, 1};
    if (interlaced(mode)) clock *= 2;
    if ((mode.flags & DRM_MODE_FLAG_DBLSCAN) != 0) total *= 2;
    if (mode.vscan > 1) total *= mode.vscan;
    const std::int64_t common = std::gcd(clock, total);
    return {clock / common, total / common};
}

Nanoseconds refresh_period(const Rational& refresh) {
    return refresh.num == 0 ? 0 : (second * refresh.den + refresh.num / 2) / refresh.num;
}

std::string mode_name(const drmModeModeInfo& mode) {
    return fmt::format("{}x{}{}@{:.2f}", mode.hdisplay, mode.vdisplay, interlaced(mode) ? "i" : "", hertz(mode));
}

bool same_mode(const drmModeModeInfo& a, const drmModeModeInfo& b) {
    return a.clock == b.clock && a.hdisplay == b.hdisplay && a.hsync_start == b.hsync_start &&
           a.hsync_end == b.hsync_end && a.htotal == b.htotal && a.vdisplay == b.vdisplay &&
           a.vsync_start == b.vsync_start && a.vsync_end == b.vsync_end && a.vtotal == b.vtotal && a.vscan == b.vscan &&
           a.hskew == b.hskew && a.flags == b.flags;
}

bool is_multiple(const Rational& refresh, const Rational& content) {
    constexpr double tolerance = 200e-6; // 1000/1001 is 999e-6 off; kHz make up to 20e-6
    if (refresh.num <= 0 || refresh.den <= 0 || content.num <= 0 || content.den <= 0) return false;
    const double ratio = static_cast<double>(refresh.num) / static_cast<double>(refresh.den) *
                         static_cast<double>(content.den) / static_cast<double>(content.num);
    const double whole = std::round(ratio);
    return whole >= 1 && std::abs(ratio / whole - 1) <= tolerance;
}

drmModeModeInfo fitting_mode(std::span<const drmModeModeInfo> modes, const drmModeModeInfo& current, Size picture,
                             Rational content) {
    const drmModeModeInfo* best = &current;
    for (const drmModeModeInfo& mode : modes) {
        if (interlaced(mode)) continue;
        const auto here = fitness(mode, picture, content);
        const auto there = fitness(*best, picture, content);
        if (here > there || (here == there && best != &current && hertz(mode) > hertz(*best))) best = &mode;
    }
    return *best;
}

std::string mode_error(const std::string& asked) {
    if (asked.empty() || asked == "preferred" || asked == "content" || parse_mode(asked)) return "";
    return fmt::format("\"{}\" is no mode; say preferred, content, 1920x1080 or 1920x1080@60", asked);
}

Result<drmModeModeInfo> choose_mode(std::span<const drmModeModeInfo> modes,
                                    const std::optional<drmModeModeInfo>& current, const std::string& asked,
                                    Rational content) {
    if (asked.empty() && current) return *current;
    if (modes.empty()) return fail(ENODEV, "the display offers no modes", "choose_mode");
    if (asked.empty() || asked == "preferred") return *preferred(modes);
    if (asked == "content") return content_mode(modes, current ? *current : *preferred(modes), content);
    const std::optional<Wanted> wanted = parse_mode(asked);
    if (!wanted) return fail(EINVAL, mode_error(asked), "choose_mode");
    if (const drmModeModeInfo* mode = best_fit(modes, *wanted)) return *mode;
    return fail(EINVAL, fmt::format("no mode \"{}\" on this display; there are: {}", asked, list_of(modes)),
                "choose_mode");
}

} // namespace v4l2play
