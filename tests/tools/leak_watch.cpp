// For LD_PRELOAD: what the program holds while it still lives, when the kernel has freed nothing of it yet. A line goes
// to the file $LEAK_WATCH each time that the program opens or seeks in a media file, and at its end:
//
//   pid EVENT descriptors=N mappings=N dmabufs=N framebuffers=N
//
// with the URL as the event, or "seek", or "end". Descriptors are those that were not there at its start; mappings are
// of devices, dmabufs and memfds; dmabufs and framebuffers are all that the kernel knows. Then, at the end, one line
// for each descriptor and mapping. Of the programs that are started, only $LEAK_WATCH_PROGRAM is looked at.
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

#include "tests/tools/real_call.h"

using v4l2play::test::real;

namespace {

namespace fs = std::filesystem;

/// Number → what it is. The descriptor that reads the directory is left out.
std::map<std::string, std::string> descriptors() {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const fs::path target = fs::read_symlink(entry.path(), gone);
        if (gone || target.string().find("/proc/") == 0) continue;
        found[entry.path().filename()] = target;
    }
    return found;
}

std::vector<std::string> lines_with(const char* path, const std::vector<std::string>& words) {
    std::vector<std::string> found;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        for (const std::string& word : words)
            if (line.find(word) != std::string::npos) {
                found.push_back(line);
                break;
            }
    return found;
}

std::vector<std::string> mappings() {
    return lines_with("/proc/self/maps", {" /dev/", "/dmabuf", "/memfd:", "anon_inode:"});
}

/// By the last line, "Total 3 objects, 1382400 bytes".
long dmabufs() {
    const auto total = lines_with("/sys/kernel/debug/dma_buf/bufinfo", {" objects, "});
    return total.empty() ? 0 : std::strtol(total.back().c_str() + std::strlen("Total "), nullptr, 10);
}

long framebuffers() {
    return static_cast<long>(lines_with("/sys/kernel/debug/dri/vkms/framebuffer", {"framebuffer["}).size());
}

class Watch {
  public:
    Watch() {
        const char* program = std::getenv("LEAK_WATCH_PROGRAM");
        const char* path = std::getenv("LEAK_WATCH");
        if (program == nullptr || path == nullptr || std::string(program) != program_invocation_short_name) return;
        path_ = path;
        at_start_ = descriptors();
        dmabufs_at_start_ = dmabufs();
        framebuffers_at_start_ = framebuffers();
    }
    ~Watch() {
        const std::string each = look("end");
        if (!path_.empty()) write(each);
    }

    /// Writes the line of `event`; the lines of what was found.
    std::string look(const std::string& event) {
        if (path_.empty()) return {};
        std::string each;
        std::size_t opened = 0;
        for (const auto& [number, target] : descriptors()) {
            if (const auto before = at_start_.find(number); before != at_start_.end() && before->second == target)
                continue;
            ++opened;
            each += "descriptor " + number + " " + target + "\n";
        }
        const auto mapped = mappings();
        for (const std::string& line : mapped) each += "mapping " + line + "\n";
        write(std::to_string(getpid()) + " " + event + " descriptors=" + std::to_string(opened) + " mappings=" +
              std::to_string(mapped.size()) + " dmabufs=" + std::to_string(dmabufs() - dmabufs_at_start_) +
              " framebuffers=" + std::to_string(framebuffers() - framebuffers_at_start_) + "\n");
        return each;
    }

  private:
    void write(const std::string& text) const { std::ofstream(path_, std::ios::app) << text; }

    std::string path_;
    std::map<std::string, std::string> at_start_;
    long dmabufs_at_start_ = 0;
    long framebuffers_at_start_ = 0;
};

/// Made before main, and destroyed after whatever the program itself has.
Watch watch;

} // namespace

extern "C" int avformat_open_input(void* context, const char* url, const void* format, void* options) {
    watch.look(url);
    return real<int>("avformat_open_input", context, url, format, options);
}

extern "C" int av_seek_frame(void* context, int stream, std::int64_t time, int flags) {
    watch.look("seek");
    return real<int>("av_seek_frame", context, stream, time, flags);
}

extern "C" int avformat_seek_file(void* context, int stream, std::int64_t least, std::int64_t time, std::int64_t most,
                                  int flags) {
    watch.look("seek");
    return real<int>("avformat_seek_file", context, stream, least, time, most, flags);
}
