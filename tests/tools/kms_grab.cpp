// kms_grab PID FILE.png: a picture of what process PID shows through KMS, taken by the display engine itself.
//
// The process does not notice but for a commit that answers EBUSY.

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "render/png.h"
#include "tests/tools/borrow_master.h"
#include "tests/tools/writeback.h"

namespace v4l2play {
namespace {

constexpr unsigned settle_time = 100'000; // µs

Result<> grab(int pid, const char* path) {
    const auto file = borrow_master(pid);
    if (!file) return fail(file.error());
    kill(pid, SIGSTOP);
    usleep(settle_time); // for the flip in flight
    const auto image = grab_screen(file->get());
    kill(pid, SIGCONT);
    if (!image) return fail(image.error());
    return write_png(path, *image, PngEffort::Fast);
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: kms_grab PID FILE.png\n");
        return 2;
    }
    const auto done = v4l2play::grab(std::atoi(argv[1]), argv[2]);
    if (done) return 0;
    fmt::print(stderr, "kms_grab: {}\n", done.error().what);
    return 1;
}
