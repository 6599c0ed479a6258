#include "render/offscreen/picture_writer.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "decoder/log.h"
#include "render/png.h"

namespace v4l2play {
namespace {

tl::unexpected<Error> cannot_write(const std::string& path, int error) {
    return fail(error, fmt::format("cannot write to {}: {}", path, std::strerror(error)), "offscreen");
}

Result<> make_writable_directory(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return cannot_write(path, error.value());
    if (!std::filesystem::is_directory(path, error)) return cannot_write(path, ENOTDIR);
    if (::access(path.c_str(), W_OK | X_OK) != 0) return cannot_write(path, errno);
    return {};
}

/// Found out before playback, not after it.
Result<> check_writable_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return cannot_write(path, EISDIR);
    if (::access(path.c_str(), W_OK) == 0) return {};
    if (errno != ENOENT) return cannot_write(path, errno);
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    const char* parent = directory.empty() ? "." : directory.c_str();
    if (::access(parent, W_OK | X_OK) != 0) return cannot_write(path, errno);
    return {};
}

} // namespace

Result<std::unique_ptr<PictureWriter>> PictureWriter::create(const OffscreenOptions& options) {
    if (!options.screenshots.empty()) V4L2PLAY_TRY(make_writable_directory(options.screenshots));
    if (!options.contact_sheet.empty()) V4L2PLAY_TRY(check_writable_file(options.contact_sheet));
    return std::unique_ptr<PictureWriter>(new PictureWriter(options));
}

PictureWriter::PictureWriter(const OffscreenOptions& options)
    : options_(options)
    , converter_(system_kernel()) {
    if (!options.contact_sheet.empty()) sheet_.emplace(options.title, options.contact_frames);
}

void PictureWriter::add(const Frame& frame, std::uint64_t number, const PictureOverlay& overlay) {
    const bool saved = !options_.screenshots.empty();
    const bool in_sheet = sheet_ && sheet_->wants(number);
    const RgbImage* picture = nullptr;
    if (saved || in_sheet) {
        const auto converted = converter_.convert(frame, image_);
        if (converted) picture = &image_;
        if (!converted) report(converted.error());
    }
    if (sheet_) sheet_->add(frame, number, picture);
    sheet_is_new_ = true;
    if (!saved || picture == nullptr) return;
    overlay.blend_over(image_);
    save(number);
}

void PictureWriter::save(std::uint64_t number) {
    const std::string path = fmt::format("{}/frame-{:06}.png", options_.screenshots, number);
    if (auto written = write_png(path, image_, PngEffort::Fast); !written) report(written.error());
}

void PictureWriter::finish() {
    if (!sheet_ || sheet_->empty() || !std::exchange(sheet_is_new_, false)) return;
    RgbImage drawn;
    sheet_->draw(drawn);
    if (auto written = write_png(options_.contact_sheet, drawn, PngEffort::Small); !written) report(written.error());
}

void PictureWriter::report(const Error& error) {
    if (!error_.empty()) return;
    error_ = error.what;
    log_error("offscreen", "{}", error_);
}

} // namespace v4l2play
