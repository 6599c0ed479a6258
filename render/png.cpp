#include "render/png.h"

#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <png.h>

namespace v4l2play {
namespace {

/// Where libpng's callbacks leave what went wrong.
struct Writer {
    std::FILE* file = nullptr;
    int error = 0;
};

void write_bytes(png_structp png, png_bytep bytes, std::size_t size) {
    auto* writer = static_cast<Writer*>(png_get_io_ptr(png));
    if (std::fwrite(bytes, 1, size, writer->file) == size) return;
    writer->error = errno;
    png_error(png, "write");
}

void flush_bytes(png_structp) {}

void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void on_warning(png_structp, png_const_charp) {}

void set_up(png_structp png, png_infop info, const RgbImage& image, PngEffort effort) {
    png_set_IHDR(png, info, image.width, image.height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, effort == PngEffort::Fast ? PNG_FILTER_UP : PNG_ALL_FILTERS);
    png_set_compression_level(png, effort == PngEffort::Fast ? 1 : 6);
}

/// False on failure. libpng leaves by longjmp: nothing here may need a destructor.
bool write_all(png_structp png, png_infop info, const RgbImage& image, PngEffort effort) {
    if (setjmp(png_jmpbuf(png))) return false;
    set_up(png, info, image, effort);
    png_write_info(png, info);
    for (std::uint32_t y = 0; y < image.height; ++y) png_write_row(png, image.row(y));
    png_write_end(png, info);
    return true;
}

/// Answers 0 or an errno value.
int encode(std::FILE* file, const RgbImage& image, PngEffort effort) {
    Writer writer{file, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
    if (png == nullptr) return ENOMEM;
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &writer, write_bytes, flush_bytes);
    const bool written = info != nullptr && write_all(png, info, image, effort);
    png_destroy_write_struct(&png, &info);
    if (written) return 0;
    // Without an errno it was libpng that refused: a size it does not take, or no memory.
    return writer.error != 0 ? writer.error : EINVAL;
}

} // namespace

Result<> write_png(const std::string& path, const RgbImage& image, PngEffort effort) {
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    if (file == nullptr)
        return fail(errno, fmt::format("cannot write {}: {}", path, std::strerror(errno)), "write_png");
    struct stat status {};
    const bool regular = ::fstat(::fileno(file), &status) == 0 && S_ISREG(status.st_mode); // not /dev/stdout
    int error = encode(file, image, effort);
    // A full disk may show only when the last bytes leave the buffer.
    if (std::fclose(file) != 0 && error == 0) error = errno;
    if (error == 0) return {};
    if (regular) ::unlink(path.c_str());
    return fail(error, fmt::format("cannot write {}: {}", path, std::strerror(error)), "write_png");
}

} // namespace v4l2play
