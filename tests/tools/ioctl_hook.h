// For libraries that are preloaded: their ioctl, which stands before the C library's.
#pragma once

#include <cstdarg>

#include "tests/tools/real_call.h"

namespace v4l2play::test {

/// The call without this library.
inline int real_ioctl(int fd, unsigned long request, void* argument) {
    return real<int>("ioctl", fd, request, argument);
}

/// What the library makes of a call. It defines this.
int on_ioctl(int fd, unsigned long request, void* argument);

} // namespace v4l2play::test

extern "C" int ioctl(int fd, unsigned long request, ...) {
    std::va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    return v4l2play::test::on_ioctl(fd, request, argument);
}
