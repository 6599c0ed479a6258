// Makes an FWHT stream of the moving pattern with vicodec's encoder; runs in the lab.
//
//     fwht_encode [--size=WxH] [--frames=N] [--first=N] [--gop=N] [--qp=N] [--422] [--bands] FILE
//
// FILE: frames one after the other, each with its header, which says how long it is. --first: number of the first frame
// in the pattern. --bands: instead of the pattern, the frame's number as read-bands reads it. Exit code: 0 done, 1
// failed, 2 bad call.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/tools/fwht_pattern.h"

namespace {

using namespace v4l2play::test;

struct Options {
    unsigned width = 640;
    unsigned height = 360;
    unsigned frames = 30;
    unsigned first = 0;
    int gop = 10;
    int qp = 4;
    bool is_422 = false;
    bool bands = false;
    const char* file = nullptr;
};

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const char* value = argv[i] + std::min(word.size(), word.find('=') + 1);
        const auto number = [&] { return static_cast<unsigned>(std::strtoul(value, nullptr, 10)); };
        if (word.starts_with("--size="))
            std::sscanf(value, "%ux%u", &options.width, &options.height);
        else if (word.starts_with("--frames="))
            options.frames = number();
        else if (word.starts_with("--first="))
            options.first = number();
        else if (word.starts_with("--gop="))
            options.gop = static_cast<int>(number());
        else if (word.starts_with("--qp="))
            options.qp = static_cast<int>(number());
        else if (word == "--422")
            options.is_422 = true;
        else if (word == "--bands")
            options.bands = true;
        else if (!word.starts_with("-") && options.file == nullptr)
            options.file = argv[i];
        else
            return false;
    }
    return options.file != nullptr;
}

class Encoder {
  public:
    explicit Encoder(const Options& options)
        : options_(options)
        , file_(std::fopen(options.file, "wb")) {
        if (file_ == nullptr) throw std::runtime_error("cannot write the file");
        open_node();
        set_up();
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    ~Encoder() {
        if (file_ != nullptr) std::fclose(file_);
        ::close(fd_);
    }

    void encode(unsigned n) {
        draw(n);
        queue(V4L2_BUF_TYPE_VIDEO_CAPTURE, 0);
        queue(V4L2_BUF_TYPE_VIDEO_OUTPUT, raw_size_);
        dequeue(V4L2_BUF_TYPE_VIDEO_OUTPUT);
        const v4l2_buffer coded = dequeue(V4L2_BUF_TYPE_VIDEO_CAPTURE);
        if ((coded.flags & V4L2_BUF_FLAG_ERROR) != 0) throw std::runtime_error("the encoder failed");
        std::fwrite(coded_, 1, coded.bytesused, file_);
    }

  private:
    void call(unsigned long request, void* argument, const char* what) const {
        if (::ioctl(fd_, request, argument) < 0)
            throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
    }

    /// The encoder is the one that makes FWHT of vicodec's three.
    void open_node() {
        for (int i = 0; i < 64; ++i) {
            fd_ = ::open(fmt::format("/dev/video{}", i).c_str(), O_RDWR | O_CLOEXEC);
            if (fd_ < 0) continue;
            v4l2_fmtdesc format{};
            format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
            if (::ioctl(fd_, VIDIOC_ENUM_FMT, &format) == 0 && format.pixelformat == V4L2_PIX_FMT_FWHT) return;
            ::close(fd_);
        }
        throw std::runtime_error("there is no FWHT encoder");
    }

    v4l2_pix_format set_format(std::uint32_t type, std::uint32_t pixels) const {
        v4l2_format format{};
        format.type = type;
        format.fmt.pix.width = options_.width;
        format.fmt.pix.height = options_.height;
        format.fmt.pix.pixelformat = pixels;
        call(VIDIOC_S_FMT, &format, "S_FMT");
        return format.fmt.pix;
    }
    void set_control(std::uint32_t id, int value) const {
        v4l2_control control{id, value};
        call(VIDIOC_S_CTRL, &control, "S_CTRL");
    }
    std::uint8_t* map(std::uint32_t type) const {
        v4l2_requestbuffers request{};
        request.count = 1;
        request.type = type;
        request.memory = V4L2_MEMORY_MMAP;
        call(VIDIOC_REQBUFS, &request, "REQBUFS");
        v4l2_buffer buffer{};
        buffer.type = type;
        buffer.memory = V4L2_MEMORY_MMAP;
        call(VIDIOC_QUERYBUF, &buffer, "QUERYBUF");
        void* memory = ::mmap(nullptr, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, buffer.m.offset);
        if (memory == MAP_FAILED) throw std::runtime_error("mmap");
        return static_cast<std::uint8_t*>(memory);
    }
    void set_up() {
        set_format(V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_PIX_FMT_FWHT);
        const v4l2_pix_format raw =
            set_format(V4L2_BUF_TYPE_VIDEO_OUTPUT, options_.is_422 ? V4L2_PIX_FMT_YUV422P : V4L2_PIX_FMT_YUV420);
        pitch_ = raw.bytesperline;
        rows_ = raw.height;
        raw_size_ = raw.sizeimage;
        v4l2_selection crop{};
        crop.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
        crop.target = V4L2_SEL_TGT_CROP;
        crop.r = {0, 0, options_.width, options_.height};
        call(VIDIOC_S_SELECTION, &crop, "S_SELECTION");
        set_control(V4L2_CID_MPEG_VIDEO_GOP_SIZE, options_.gop);
        set_control(V4L2_CID_FWHT_I_FRAME_QP, options_.qp);
        set_control(V4L2_CID_FWHT_P_FRAME_QP, options_.qp);
        raw_ = map(V4L2_BUF_TYPE_VIDEO_OUTPUT);
        coded_ = map(V4L2_BUF_TYPE_VIDEO_CAPTURE);
        for (int type : {V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_CAPTURE})
            call(VIDIOC_STREAMON, &type, "STREAMON");
    }

    void draw(unsigned n) const {
        std::uint8_t* row = raw_;
        for (unsigned y = 0; y < rows_; ++y, row += pitch_)
            for (unsigned x = 0; x < pitch_; ++x)
                row[x] = options_.bands ? bands_luma(x, y, n, options_.width, options_.height)
                                        : pattern_luma(x, y, n, options_.width);
        for (unsigned component = 0; component < 2; ++component)
            for (unsigned y = 0; y < rows_ / (options_.is_422 ? 1 : 2); ++y, row += pitch_ / 2)
                for (unsigned x = 0; x < pitch_ / 2; ++x)
                    row[x] = options_.bands ? 128 : pattern_chroma(x, y, n, component);
    }
    void queue(std::uint32_t type, std::uint32_t bytes) const {
        v4l2_buffer buffer{};
        buffer.type = type;
        buffer.memory = V4L2_MEMORY_MMAP;
        buffer.bytesused = bytes;
        buffer.field = V4L2_FIELD_NONE;
        call(VIDIOC_QBUF, &buffer, "QBUF");
    }
    v4l2_buffer dequeue(std::uint32_t type) const {
        v4l2_buffer buffer{};
        buffer.type = type;
        buffer.memory = V4L2_MEMORY_MMAP;
        call(VIDIOC_DQBUF, &buffer, "DQBUF");
        return buffer;
    }

    const Options& options_;
    std::FILE* file_;
    int fd_ = -1;
    unsigned pitch_ = 0;
    unsigned rows_ = 0;
    unsigned raw_size_ = 0;
    std::uint8_t* raw_ = nullptr;
    std::uint8_t* coded_ = nullptr;
};

} // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) return 2;
    try {
        Encoder encoder(options);
        for (unsigned n = 0; n < options.frames; ++n) encoder.encode(options.first + n);
    } catch (const std::exception& error) {
        fmt::print(stderr, "fwht_encode: {}\n", error.what());
        return 1;
    }
    return 0;
}
