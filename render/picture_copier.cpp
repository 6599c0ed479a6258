#include "render/picture_copier.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "decoder/pixel_layout.h"
#include "decoder/slot_memory.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t opaque_pixel = 0xff000000;

class PictureCopier final : public Painter {
  public:
    explicit PictureCopier(Kernel& kernel)
        : kernel_(kernel)
        , converter_(kernel) {}

    [[nodiscard]] OutputPath path() const override { return OutputPath::Copied; }
    [[nodiscard]] std::string description() const override { return "frames are copied by the CPU"; }
    [[nodiscard]] std::vector<FormatModifier> formats() const override { return copied_formats(); }
    [[nodiscard]] bool scales() const override { return false; }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel, Output& output) override {
        return output.create_memory(kernel);
    }
    Result<> check(const FrameFormat& format, const Output&) override { return check_copied(format); }
    Result<> prepare(const SlotPool&, const SlotPool& target) override {
        target_ = &target;
        return {};
    }
    Result<UniqueFd> draw(const Frame& frame, unsigned turn, std::uint32_t target) override;

  private:
    Kernel& kernel_;
    PictureConverter converter_;
    RgbImage image_;
    std::vector<std::uint32_t> row_;
    const SlotPool* target_ = nullptr;
};

Result<UniqueFd> PictureCopier::draw(const Frame& frame, unsigned, std::uint32_t target) {
    V4L2PLAY_TRY(converter_.convert(frame, image_));
    const SlotMemory& memory = target_->memory(target);
    const int dmabuf = memory.dmabuf[0].get();
    if (const int error = begin_cpu_access(kernel_, dmabuf, CpuAccess::ReadWrite); error != 0)
        return fail(-error, "cannot write into the card's memory", "DMA_BUF_IOCTL_SYNC");
    store_xrgb(image_, row_, cpu_bytes(memory).data(), target_->format().layout[0].pitch);
    end_cpu_access(kernel_, dmabuf, CpuAccess::ReadWrite);
    return UniqueFd();
}

} // namespace

std::vector<FormatModifier> copied_formats() {
    return {{fourcc_nv12}, {fourcc_yuv420}, {fourcc_nv21}, {fourcc_nv16},
            {fourcc_p010}, {fourcc_nv15},   {fourcc_nv20}, {fourcc_yuv422}};
}

Result<> check_copied(const FrameFormat& format) {
    if (format.modifier == modifier_linear && find_pixel_layout(format.fourcc) != nullptr) return {};
    return fail(ENOTSUP, fmt::format("the CPU cannot read {}", to_string(format.fourcc)), "check_copied");
}

void store_xrgb(const RgbImage& image, std::vector<std::uint32_t>& row, std::uint8_t* to, std::size_t pitch) {
    row.resize(image.width);
    for (std::uint32_t y = 0; y < image.height; ++y) {
        const std::uint8_t* rgb = image.row(y);
        for (std::uint32_t x = 0; x < image.width; ++x, rgb += 3)
            row[x] = opaque_pixel | std::uint32_t{rgb[0]} << 16 | std::uint32_t{rgb[1]} << 8 | rgb[2];
        std::memcpy(to + std::size_t{y} * pitch, row.data(), row.size() * sizeof row[0]);
    }
}

std::unique_ptr<Painter> create_picture_copier(Kernel& kernel) { return std::make_unique<PictureCopier>(kernel); }

} // namespace v4l2play
