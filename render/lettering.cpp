#include "render/lettering.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "render/utf8.h"

namespace v4l2play {
namespace {

// Letters are drawn with lines on a grid: the baseline is y = 0, figures and capitals are 20 high, small letters 14,
// tails reach down to -6. A path has points after M (begin here), L (a straight line to here) and Q (a quarter of an
// ellipse round the corner given first, to the second point). A line of no length is a dot.
constexpr double unit = 20;
constexpr double letter_gap = 4.6;

struct Glyph {
    std::uint8_t width;
    const char* path;
};

constexpr std::array<Glyph, 95> ascii{{
    {5, ""},                                                                               // space
    {0, "M0 20 L0 6.5 M0 0 L0 0"},                                                         // !
    {5, "M0 20 L0 14.5 M5 20 L5 14.5"},                                                    // "
    {14, "M3 1 L5.5 19 M8.5 1 L11 19 M1 13.5 L14 13.5 M0 6.5 L13 6.5"},                    // #
    {12, "M11.5 15.5 Q10.5 18 6 18 Q1 18 1 14 Q1 11 6 10 Q12 9 12 5.5 Q12 2 6 2 Q1 2 0 5 " // $
         "M6 21 L6 -1"},
    {18, "M3 0 L15 20 M4 20 Q0 20 0 15.5 Q0 11 4 11 Q8 11 8 15.5 Q8 20 4 20 " // %
         "M14 9 Q10 9 10 4.5 Q10 0 14 0 Q18 0 18 4.5 Q18 9 14 9"},
    {15, "M15 0 L4 12.5 Q2 14.8 2 16.3 Q2 20 5.8 20 Q9.6 20 9.6 16.4 Q9.6 13.4 5 10.9 " // &
         "Q0 8.4 0 5 Q0 0 5.5 0 Q12 0 14.5 8.5"},
    {0, "M0 20 L0 14.5"},                                                                       // '
    {4, "M4 22 Q0 17.5 0 9 Q0 0.5 4 -4"},                                                       // (
    {4, "M0 22 Q4 17.5 4 9 Q4 0.5 0 -4"},                                                       // )
    {9, "M4.5 20 L4.5 10 M0.2 17.5 L8.8 12.5 M0.2 12.5 L8.8 17.5"},                             // *
    {12, "M6 14 L6 2 M0 8 L12 8"},                                                              // +
    {2, "M2 0.5 L0 -4"},                                                                        // ,
    {7, "M0 8 L7 8"},                                                                           // -
    {2, "M1 0 L1 1"},                                                                           // .
    {9, "M0 -3 L9 22"},                                                                         // /
    {12, "M6 20 Q0 20 0 13 L0 7 Q0 0 6 0 Q12 0 12 7 L12 13 Q12 20 6 20"},                       // 0
    {12, "M2.5 16.2 L7.5 20 L7.5 0"},                                                           // 1
    {12, "M0.5 15.5 Q1 20 6 20 Q11.5 20 11.5 14.8 Q11.5 11.5 8 8 L0 0 L12 0"},                  // 2
    {12, "M0.8 16.8 Q2 20 6 20 Q11 20 11 15.5 Q11 11 6 11 L5 11 L6 11 Q12 11 12 5.5 Q12 0 6 0 " // 3
         "Q1 0 0 4"},
    {12, "M9 0 L9 20 L0 6 L12.5 6"},                                                    // 4
    {12, "M11 20 L2 20 L1 10.6 Q2.8 13 6 13 Q12 13 12 6.5 Q12 0 6 0 Q1.2 0 0 4"},       // 5
    {12, "M9 20 L1.1 9.5 M6 12.6 Q0 12.6 0 6.3 Q0 0 6 0 Q12 0 12 6.3 Q12 12.6 6 12.6"}, // 6
    {12, "M0 20 L12 20 L4 0"},                                                          // 7
    {12, "M6 20 Q1.1 20 1.1 15.4 Q1.1 10.8 6 10.8 Q10.9 10.8 10.9 15.4 Q10.9 20 6 20 "  // 8
         "M6 10.8 Q0 10.8 0 5.4 Q0 0 6 0 Q12 0 12 5.4 Q12 10.8 6 10.8"},
    {12, "M3 0 L10.9 10.5 M6 7.4 Q12 7.4 12 13.7 Q12 20 6 20 Q0 20 0 13.7 Q0 7.4 6 7.4"}, // 9
    {2, "M1 1.5 L1 2.5 M1 11.5 L1 12.5"},                                                 // :
    {2, "M2 0.5 L0 -4 M1.5 12 L1.5 12"},                                                  // ;
    {11, "M11 14 L0 8 L11 2"},                                                            // <
    {12, "M0 11 L12 11 M0 5 L12 5"},                                                      // =
    {11, "M0 14 L11 8 L0 2"},                                                             // >
    {10, "M0 16 Q0.5 20 5 20 Q10 20 10 15.5 Q10 12.8 7.5 11 Q5 9.2 5 6 M5 0 L5 0"},       // ?
    {18, "M13 8 Q13 12 9 12 Q5 12 5 8 Q5 4 9 4 Q13 4 13 8 M13 12 L13 6.5 Q13 4 15.2 4 "   // @
         "Q18 4 18 8.5 Q18 18 9 18 Q0 18 0 7.5 Q0 -3.5 9.5 -3.5 L13 -3"},
    {14, "M0 0 L7 20 L14 0 M2.6 7 L11.4 7"},                                                // A
    {12, "M6 10.6 L0 10.6 M0 0 L0 20 L6 20 Q11 20 11 15.3 Q11 10.6 6 10.6 Q12 10.6 12 5.3 " // B
         "Q12 0 6 0 L0 0"},
    {14, "M14 15.5 Q12.5 20 8 20 Q0 20 0 10 Q0 0 8 0 Q12.5 0 14 4.5"},                        // C
    {14, "M0 0 L0 20 L5 20 Q14 20 14 10 Q14 0 5 0 L0 0"},                                     // D
    {11, "M11 20 L0 20 L0 0 L11 0 M0 10.4 L9.5 10.4"},                                        // E
    {11, "M11 20 L0 20 L0 0 M0 10 L9.5 10"},                                                  // F
    {15, "M14 15.8 Q12.5 20 8 20 Q0 20 0 10 Q0 0 8 0 Q12.8 0 15 3 L15 9.4 L9 9.4"},           // G
    {13, "M0 0 L0 20 M13 0 L13 20 M0 10.4 L13 10.4"},                                         // H
    {0, "M0 0 L0 20"},                                                                        // I
    {8, "M8 20 L8 5 Q8 0 4 0 Q1 0 0 3.5"},                                                    // J
    {12, "M0 0 L0 20 M12 20 L0 7 M4.6 12 L12.5 0"},                                           // K
    {10, "M0 20 L0 0 L10 0"},                                                                 // L
    {16, "M0 0 L0 20 L8 6 L16 20 L16 0"},                                                     // M
    {13, "M0 0 L0 20 L13 0 L13 20"},                                                          // N
    {16, "M8 20 Q0 20 0 10 Q0 0 8 0 Q16 0 16 10 Q16 20 8 20"},                                // O
    {12, "M0 0 L0 20 L6 20 Q12 20 12 14.5 Q12 9 6 9 L0 9"},                                   // P
    {16, "M8 20 Q0 20 0 10 Q0 0 8 0 Q16 0 16 10 Q16 20 8 20 M10 4.5 L15.5 -1.5"},             // Q
    {12, "M0 0 L0 20 L6 20 Q12 20 12 14.5 Q12 9 6 9 L0 9 M6 9 L12.5 0"},                      // R
    {12, "M11.5 16.4 Q10.2 20 6 20 Q0.8 20 0.8 15.4 Q0.8 11.6 6 10.4 Q12 9 12 5.1 Q12 0 6 0 " // S
         "Q1.2 0 0 4.2"},
    {14, "M0 20 L14 20 M7 20 L7 0"},                                                                      // T
    {13, "M0 20 L0 7 Q0 0 6.5 0 Q13 0 13 7 L13 20"},                                                      // U
    {14, "M0 20 L7 0 L14 20"},                                                                            // V
    {20, "M0 20 L5 0 L10 20 L15 0 L20 20"},                                                               // W
    {13, "M0 20 L13 0 M13 20 L0 0"},                                                                      // X
    {14, "M0 20 L7 9.5 L14 20 M7 9.5 L7 0"},                                                              // Y
    {12, "M0 20 L12 20 L0 0 L12 0"},                                                                      // Z
    {4, "M4 22 L0 22 L0 -4 L4 -4"},                                                                       // [
    {9, "M0 22 L9 -3"},                                                                                   // backslash
    {4, "M0 22 L4 22 L4 -4 L0 -4"},                                                                       // ]
    {10, "M0 13 L5 20 L10 13"},                                                                           // ^
    {12, "M0 -3 L12 -3"},                                                                                 // _
    {4, "M0 20 L4 16"},                                                                                   // `
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M12 14 L12 0"},                                 // a
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M0 20 L0 0"},                                   // b
    {11, "M11 11 Q9.5 14 6 14 Q0 14 0 7 Q0 0 6 0 Q9.5 0 11 3"},                                           // c
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M12 20 L12 0"},                                 // d
    {12, "M0 7.2 L12 7.2 Q12 14 6 14 Q0 14 0 7 Q0 0 6 0 Q9.8 0 11.4 3.2"},                                // e
    {7, "M7 20 Q2.8 20 2.8 16 L2.8 0 M0 13.6 L6.6 13.6"},                                                 // f
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M12 14 L12 -0.5 Q12 -6 6 -6 Q2.2 -6 0.8 -3.4"}, // g
    {11, "M0 20 L0 0 M0 8.5 Q0 14 5.5 14 Q11 14 11 8.5 L11 0"},                                           // h
    {0, "M0 14 L0 0 M0 19.4 L0 19.4"},                                                                    // i
    {3, "M3 14 L3 -2.5 Q3 -6 0 -6 M3 19.4 L3 19.4"},                                                      // j
    {10, "M0 20 L0 0 M9.5 14 L0 5 M3.6 8.4 L10.3 0"},                                                     // k
    {4, "M0 20 L0 3.5 Q0 0 4 0"},                                                                         // l
    {18, "M0 14 L0 0 M0 9.5 Q0 14 4.5 14 Q9 14 9 9.5 L9 0 M9 9.5 Q9 14 13.5 14 Q18 14 18 9.5 L18 0"},     // m
    {11, "M0 14 L0 0 M0 8.5 Q0 14 5.5 14 Q11 14 11 8.5 L11 0"},                                           // n
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14"},                                              // o
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M0 14 L0 -6"},                                  // p
    {12, "M6 14 Q0 14 0 7 Q0 0 6 0 Q12 0 12 7 Q12 14 6 14 M12 14 L12 -6"},                                // q
    {6, "M0 14 L0 0 M0 8.5 Q0 14 6 14"},                                                                  // r
    {10, "M9.4 11.4 Q8.4 14 5 14 Q0.8 14 0.8 10.7 Q0.8 8 5 7.2 Q10 6.2 10 3.6 Q10 0 5 0 Q1 0 0 2.8"},     // s
    {7, "M2.8 18.5 L2.8 4 Q2.8 0 7 0 M0 13.6 L6.8 13.6"},                                                 // t
    {11, "M0 14 L0 5.5 Q0 0 5.5 0 Q11 0 11 5.5 M11 14 L11 0"},                                            // u
    {11, "M0 14 L5.5 0 L11 14"},                                                                          // v
    {17, "M0 14 L4.2 0 L8.5 14 L12.8 0 L17 14"},                                                          // w
    {10, "M0 14 L10 0 M10 14 L0 0"},                                                                      // x
    {11, "M0 14 L5.6 0 M11 14 L3.4 -6"},                                                                  // y
    {10, "M0 14 L10 14 L0 0 L10 0"},                                                                      // z
    {5, "M5 22 Q2.3 22 2.3 19.5 L2.3 12 Q2.3 9 0 9 Q2.3 9 2.3 6 L2.3 -1.5 Q2.3 -4 5 -4"},                 // {
    {0, "M0 22 L0 -4"},                                                                                   // |
    {5, "M0 22 Q2.7 22 2.7 19.5 L2.7 12 Q2.7 9 5 9 Q2.7 9 2.7 6 L2.7 -1.5 Q2.7 -4 0 -4"},                 // }
    {13, "M0 7 Q1.5 10 3.5 10 Q5 10 6.5 8.5 Q8 7 9.5 7 Q11.5 7 13 10"},                                   // ~
}};

constexpr Glyph middle_dot{2, "M1 7.5 L1 8.5"};
constexpr Glyph times{9, "M0 11.5 L9 2.5 M9 11.5 L0 2.5"};
constexpr Glyph arrow{16, "M0 8 L16 8 M10.5 13 L16 8 L10.5 3"};
constexpr Glyph dash{13, "M0 8 L13 8"};
constexpr Glyph ellipsis{12, "M0 0 L0 0 M6 0 L6 0 M12 0 L12 0"};
constexpr Glyph box{11, "M0 0 L0 20 L11 20 L11 0 L0 0"};
constexpr std::string_view ellipsis_text = "\u2026";

const Glyph& glyph_of(char32_t letter) {
    if (letter >= U' ' && letter <= U'~') return ascii[letter - U' '];
    switch (letter) {
    case U'\u00a0':
        return ascii[0];
    case U'\u00b7':
        return middle_dot;
    case U'\u00d7':
        return times;
    case U'\u2013':
        return dash;
    case U'\u2026':
        return ellipsis;
    case U'\u2192':
        return arrow;
    default:
        return box;
    }
}

/// Takes one character off the front of UTF-8 text. A wrong byte is one character of its own (file names may hold any).
char32_t take_character(std::string_view& text) {
    const Utf8Character character = first_character(text);
    text.remove_prefix(character.length);
    return character.value;
}

struct Point {
    double x;
    double y;
};
struct Segment {
    Point from;
    Point to;
};

/// Reads the path of a glyph, placed with its origin at `origin`, as straight segments.
class PathReader {
  public:
    PathReader(const char* path, Point origin, double scale)
        : rest_(path)
        , origin_(origin)
        , scale_(scale) {}

    void read(std::vector<Segment>& segments) {
        Point at{};
        while (!rest_.empty()) {
            const char command = rest_.front();
            rest_.remove_prefix(1);
            const Point point = take_point();
            if (command == 'L') segments.push_back({at, point});
            at = command == 'Q' ? add_quarter(segments, at, point, take_point()) : point;
        }
    }

  private:
    double take_number() {
        double value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        if (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
        return value;
    }
    Point take_point() {
        const double x = take_number();
        return {origin_.x + x * scale_, origin_.y - take_number() * scale_};
    }
    static Point add_quarter(std::vector<Segment>& segments, Point from, Point corner, Point to) {
        constexpr int steps = 8;
        const Point center{from.x + to.x - corner.x, from.y + to.y - corner.y};
        Point at = from;
        for (int i = 1; i <= steps; ++i) {
            const double angle = std::numbers::pi / 2 * i / steps;
            const double c = std::cos(angle), s = std::sin(angle);
            const Point next{center.x + c * (from.x - center.x) + s * (to.x - center.x),
                             center.y + c * (from.y - center.y) + s * (to.y - center.y)};
            segments.push_back({at, next});
            at = next;
        }
        return to;
    }

    std::string_view rest_;
    Point origin_;
    double scale_;
};

double distance(Point p, const Segment& segment) {
    const double dx = segment.to.x - segment.from.x, dy = segment.to.y - segment.from.y;
    const double px = p.x - segment.from.x, py = p.y - segment.from.y;
    const double length2 = dx * dx + dy * dy;
    const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0;
    return std::hypot(px - t * dx, py - t * dy);
}

/// Lines with round ends. A pixel takes the nearest line's cover only, so that joints are not darker.
void draw_strokes(RgbImage& image, const std::vector<Segment>& segments, double width, RgbColor color) {
    if (segments.empty()) return;
    Point low = segments.front().from, high = low;
    for (const Segment& segment : segments)
        for (const Point point : {segment.from, segment.to}) {
            low = {std::min(low.x, point.x), std::min(low.y, point.y)};
            high = {std::max(high.x, point.x), std::max(high.y, point.y)};
        }
    const double reach = width / 2 + 1;
    const auto left = static_cast<std::int64_t>(low.x - reach), right = static_cast<std::int64_t>(high.x + reach);
    const auto top = static_cast<std::int64_t>(low.y - reach), bottom = static_cast<std::int64_t>(high.y + reach);
    for (std::int64_t y = top; y <= bottom; ++y)
        for (std::int64_t x = left; x <= right; ++x) {
            double nearest = reach;
            const Point pixel{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
            for (const Segment& segment : segments) nearest = std::min(nearest, distance(pixel, segment));
            blend(image, x, y, color, std::clamp(width / 2 - nearest + 0.5, 0.0, 1.0));
        }
}

} // namespace

double text_width(std::string_view text, const TextStyle& style) {
    if (text.empty()) return 0;
    double width = -letter_gap;
    while (!text.empty()) width += glyph_of(take_character(text)).width + letter_gap;
    return width * style.size / unit;
}

void draw_text(RgbImage& image, std::string_view text, double x, double baseline, const TextStyle& style) {
    const double scale = style.size / unit;
    std::vector<Segment> segments;
    while (!text.empty()) {
        const Glyph& glyph = glyph_of(take_character(text));
        segments.clear();
        PathReader(glyph.path, {x, baseline}, scale).read(segments);
        draw_strokes(image, segments, style.weight * style.size, style.color);
        x += (glyph.width + letter_gap) * scale;
    }
}

std::string shortened(std::string_view text, double width, const TextStyle& style) {
    if (text_width(text, style) <= width) return std::string(text);
    std::vector<std::string_view> letters;
    for (std::string_view rest = text; !rest.empty();) {
        const char* start = rest.data();
        take_character(rest);
        letters.emplace_back(start, static_cast<std::size_t>(rest.data() - start));
    }
    // Two thirds of what stays come from the beginning; the end tells the kind of file.
    for (std::size_t keep = letters.size(); keep-- > 0;) {
        const std::size_t tail = keep / 3;
        std::string result;
        for (std::size_t i = 0; i < keep - tail; ++i) result += letters[i];
        result += ellipsis_text;
        for (std::size_t i = letters.size() - tail; i < letters.size(); ++i) result += letters[i];
        if (text_width(result, style) <= width) return result;
    }
    return {};
}

void blend(RgbImage& image, std::int64_t x, std::int64_t y, RgbColor over, double share) {
    if (share <= 0 || x < 0 || y < 0 || x >= image.width || y >= image.height) return;
    std::uint8_t* pixel = image.row(static_cast<std::uint32_t>(y)) + 3 * x;
    const std::array<std::uint8_t, 3> color{over.r, over.g, over.b};
    for (unsigned i = 0; i < 3; ++i)
        pixel[i] = static_cast<std::uint8_t>(std::lround(pixel[i] + (color[i] - pixel[i]) * share));
}

} // namespace v4l2play
