#include "render/offscreen/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "render/lettering.h"

namespace v4l2play {

struct Extent {
    std::uint32_t width;
    std::uint32_t height;
};

namespace {

// Pixels.
constexpr std::uint32_t thumbnail_size = 320;   // the longer side
constexpr std::uint32_t least_cell_width = 200; // what a label needs
constexpr std::uint32_t margin = 48;
constexpr std::uint32_t gap = 28;
constexpr std::uint32_t heading_height = 84;
constexpr std::uint32_t label_height = 26;
constexpr double corner_radius = 7;

constexpr RgbColor background{0x13, 0x15, 0x1a};
constexpr RgbColor edge{0x2c, 0x31, 0x3a};
constexpr RgbColor bright{0xf1, 0xf3, 0xf7};
constexpr RgbColor plain{0xc9, 0xce, 0xd8};
constexpr RgbColor faint{0x93, 0x9c, 0xad};
constexpr TextStyle title_style{24, bright, 0.12};
constexpr TextStyle summary_style{12, faint, 0.11};
constexpr TextStyle number_style{11, plain, 0.12};
constexpr TextStyle time_style{11, faint, 0.12};

/// The size of a thumbnail: as it is seen (with square pixels), not larger than the picture.
Extent thumbnail_extent(const RgbImage& picture, Rational aspect) {
    const bool told = aspect.positive();
    // No real stream has pixels more oblong than this.
    const double ratio =
        told ? std::clamp(static_cast<double>(aspect.num) / static_cast<double>(aspect.den), 0.25, 4.0) : 1;
    const double width = picture.width * std::max(ratio, 1.0);
    const double height = picture.height / std::min(ratio, 1.0);
    const double scale = std::min(1.0, thumbnail_size / std::max(width, height));
    const auto scaled = [scale](double size) {
        return static_cast<std::uint32_t>(std::max(1L, std::lround(size * scale)));
    };
    return {scaled(width), scaled(height)};
}

/// Adds the mean squares of one row, seen at another width, to `sums`, with a weight.
void add_row(const std::uint8_t* row, std::uint32_t from_width, std::uint32_t to_width, double weight,
             std::vector<double>& sums) {
    const double step = static_cast<double>(from_width) / to_width;
    for (std::uint32_t x = 0; x < to_width; ++x) {
        const double start = x * step, end = std::min<double>(start + step, from_width);
        for (auto at = static_cast<std::uint32_t>(start); at < end; ++at) {
            const double share = (std::min(end, at + 1.0) - std::max<double>(start, at)) / step * weight;
            for (std::size_t k = 0; k < 3; ++k) {
                const double value = row[3 * std::size_t{at} + k];
                sums[3 * std::size_t{x} + k] += share * value * value;
            }
        }
    }
}

void fill(RgbImage& image, RgbColor color) {
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
        image.pixels[i] = color.r;
        image.pixels[i + 1] = color.g;
        image.pixels[i + 2] = color.b;
    }
}

/// How much of pixel (x, y) a rectangle of this size with round corners covers.
double rounded_cover(Extent size, double radius, std::uint32_t x, std::uint32_t y) {
    radius = std::min({radius, size.width / 2.0, size.height / 2.0});
    const double dx = std::max({radius - (x + 0.5), x + 0.5 - (size.width - radius), 0.0});
    const double dy = std::max({radius - (y + 0.5), y + 0.5 - (size.height - radius), 0.0});
    return std::clamp(radius - std::hypot(dx, dy) + 0.5, 0.0, 1.0);
}

void put_picture(RgbImage& sheet, const RgbImage& picture, std::uint32_t left, std::uint32_t top) {
    const Extent framed{picture.width + 2, picture.height + 2};
    for (std::uint32_t y = 0; y < framed.height; ++y)
        for (std::uint32_t x = 0; x < framed.width; ++x)
            blend(sheet, std::int64_t{left} + x - 1, std::int64_t{top} + y - 1, edge,
                  rounded_cover(framed, corner_radius + 1, x, y));
    for (std::uint32_t y = 0; y < picture.height; ++y)
        for (std::uint32_t x = 0; x < picture.width; ++x) {
            const std::uint8_t* pixel = picture.row(y) + std::size_t{3} * x;
            blend(sheet, left + x, top + y, {pixel[0], pixel[1], pixel[2]},
                  rounded_cover({picture.width, picture.height}, corner_radius, x, y));
        }
}

/// Columns for `count` cells: about 3 to 2 columns to rows, and as few empty places in the last row as can be.
std::uint32_t columns_for(std::size_t count) {
    const auto least = static_cast<std::uint32_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const auto most = static_cast<std::uint32_t>(std::ceil(std::sqrt(1.5 * static_cast<double>(count))));
    std::uint32_t best = most;
    const auto empty_places = [count](std::uint32_t columns) { return (columns - count % columns) % columns; };
    for (std::uint32_t columns = most; columns >= least && columns > 0; --columns)
        if (empty_places(columns) < empty_places(best)) best = columns;
    return best;
}

const char* matrix_name(std::uint8_t matrix) {
    switch (matrix) {
    case 0:
        return "RGB";
    case 1:
        return "BT.709";
    case 5:
    case 6:
        return "BT.601";
    case 9:
    case 10:
        return "BT.2020";
    default:
        return "other matrix";
    }
}

} // namespace

/// Where everything goes.
struct ContactSheet::Grid {
    std::uint32_t columns;
    std::uint32_t rows;
    Extent cell; // without its label
    Extent sheet;
};

void shrink(const RgbImage& from, std::uint32_t width, std::uint32_t height, RgbImage& to) {
    to.resize(width, height);
    const double step = static_cast<double>(from.height) / height;
    std::vector<double> sums(std::size_t{width} * 3);
    for (std::uint32_t y = 0; y < height; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0);
        const double start = y * step, end = std::min<double>(start + step, from.height);
        for (auto at = static_cast<std::uint32_t>(start); at < end; ++at) {
            const double share = (std::min(end, at + 1.0) - std::max<double>(start, at)) / step;
            add_row(from.row(at), from.width, width, share, sums);
        }
        std::transform(sums.begin(), sums.end(), to.row(y), [](double sum) {
            return static_cast<std::uint8_t>(std::min(255L, std::lround(std::sqrt(sum))));
        });
    }
}

std::string media_time_text(Nanoseconds time) {
    if (time == no_time) return "--:--:--.---";
    const Nanoseconds ms = std::abs(time) / millisecond;
    return fmt::format("{}{:02}:{:02}:{:02}.{:03}", time < 0 ? "-" : "", ms / 3'600'000, ms / 60'000 % 60,
                       ms / 1000 % 60, ms % 1000);
}

ContactSheet::ContactSheet(std::string title, unsigned wanted)
    : title_(std::move(title))
    , wanted_(std::clamp(wanted, 1U, 400U)) {}

void ContactSheet::add(const Frame& frame, std::uint64_t number, const RgbImage* picture) {
    if (frames_++ == 0) {
        fourcc_ = frame.slot.pool().format().fourcc;
        info_ = frame.info;
        first_pts_ = frame.pts;
    }
    last_pts_ = frame.pts;
    if (picture == nullptr || !wants(number)) return;
    const Extent size = thumbnail_extent(*picture, frame.info.sample_aspect);
    Thumbnail& thumbnail = thumbnails_.emplace_back();
    shrink(*picture, size.width, size.height, thumbnail.picture);
    thumbnail.number = number;
    thumbnail.pts = frame.pts;
    if (thumbnails_.size() > 2 * wanted_) thin_out();
}

void ContactSheet::thin_out() {
    interval_ *= 2;
    std::erase_if(thumbnails_, [this](const Thumbnail& thumbnail) { return !wants(thumbnail.number); });
}

std::size_t ContactSheet::shown_count() const { return std::min(thumbnails_.size(), wanted_); }

const ContactSheet::Thumbnail& ContactSheet::shown(std::size_t i) const {
    const std::size_t count = shown_count();
    return thumbnails_[count == 1 ? 0 : (i * (thumbnails_.size() - 1) + (count - 1) / 2) / (count - 1)];
}

std::vector<std::uint64_t> ContactSheet::chosen() const {
    std::vector<std::uint64_t> numbers(shown_count());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = shown(i).number;
    return numbers;
}

ContactSheet::Grid ContactSheet::make_grid() const {
    Grid grid{};
    grid.columns = columns_for(shown_count());
    grid.rows = static_cast<std::uint32_t>((shown_count() + grid.columns - 1) / grid.columns);
    grid.cell = {least_cell_width, 0};
    for (std::size_t i = 0; i < shown_count(); ++i) {
        grid.cell.width = std::max(grid.cell.width, shown(i).picture.width);
        grid.cell.height = std::max(grid.cell.height, shown(i).picture.height);
    }
    grid.sheet.width = 2 * margin + grid.columns * (grid.cell.width + gap) - gap;
    grid.sheet.height = 2 * margin + heading_height + grid.rows * (grid.cell.height + label_height + gap) - gap;
    return grid;
}

std::string ContactSheet::summary() const {
    const ColorDescription& color = info_.color;
    const std::uint8_t matrix = effective_matrix(color, info_.visible.height);
    const std::string partly = frames_ > shown_count() ? fmt::format(", {} of them here", shown_count()) : "";
    return fmt::format("{} frames shown{}  \u00b7  {} \u2013 {}  \u00b7  {} \u00d7 {}  \u00b7  {}  \u00b7  {} {} range",
                       frames_, partly, media_time_text(first_pts_), media_time_text(last_pts_), info_.visible.width,
                       info_.visible.height, to_string(fourcc_), matrix_name(matrix),
                       color.full_range ? "full" : "limited");
}

void ContactSheet::draw_heading(RgbImage& sheet, const Grid& grid) const {
    const double width = grid.sheet.width - 2 * margin;
    draw_text(sheet, shortened(title_, width, title_style), margin, margin + 24, title_style);
    draw_text(sheet, shortened(summary(), width, summary_style), margin, margin + 56, summary_style);
}

void ContactSheet::draw_cell(RgbImage& sheet, const Grid& grid, std::size_t i) const {
    const Thumbnail& thumbnail = shown(i);
    const auto column = static_cast<std::uint32_t>(i % grid.columns);
    const auto row = static_cast<std::uint32_t>(i / grid.columns);
    const std::uint32_t left = margin + column * (grid.cell.width + gap);
    const std::uint32_t top = margin + heading_height + row * (grid.cell.height + label_height + gap);
    put_picture(sheet, thumbnail.picture, left + (grid.cell.width - thumbnail.picture.width) / 2,
                top + (grid.cell.height - thumbnail.picture.height) / 2);
    const double baseline = top + grid.cell.height + label_height - 4;
    const std::string time = media_time_text(thumbnail.pts);
    draw_text(sheet, fmt::format("frame {}", thumbnail.number), left + 1, baseline, number_style);
    draw_text(sheet, time, left + grid.cell.width - 1 - text_width(time, time_style), baseline, time_style);
}

void ContactSheet::draw(RgbImage& sheet) const {
    const Grid grid = make_grid();
    sheet.resize(grid.sheet.width, grid.sheet.height);
    fill(sheet, background);
    draw_heading(sheet, grid);
    for (std::size_t i = 0; i < shown_count(); ++i) draw_cell(sheet, grid, i);
}

} // namespace v4l2play
