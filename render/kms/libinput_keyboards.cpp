#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <vector>

#include <libinput.h>
#include <libudev.h>

#include "decoder/log.h"
#include "render/kms/key_map.h"
#include "render/kms/keyboards.h"
#include "render/kms/seat.h"

namespace v4l2play {
namespace {

void on_libinput_log(libinput*, libinput_log_priority, const char* format, va_list arguments) {
    std::array<char, 256> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    log_debug("input", "{}", text.data());
}

/// Mice and touch screens are closed again: nobody is to be woken by them.
void take_keyboard(libinput_device* device) {
    if (libinput_device_has_capability(device, LIBINPUT_DEVICE_CAP_KEYBOARD) != 0) {
        log_debug("input", "keyboard: {}", libinput_device_get_name(device));
        return;
    }
    libinput_device_config_send_events_set_mode(device, LIBINPUT_CONFIG_SEND_EVENTS_DISABLED);
}

/// libinput frees a context twice when it finds no descriptors for it (1.22): for its epoll and its timer.
bool has_descriptors(Kernel& kernel) {
    const int first = kernel.epoll_create();
    if (first < 0) return false;
    const UniqueFd one(kernel, first);
    const int second = kernel.eventfd();
    if (second < 0) return false;
    const UniqueFd other(kernel, second);
    return true;
}

} // namespace

struct Keyboards::Devices {
    Devices(Kernel& with, Seat* from)
        : kernel(with)
        , seat(from) {}
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;
    ~Devices() {
        if (context != nullptr) libinput_unref(context);
        if (database != nullptr) udev_unref(database);
    }
    bool open();
    int open_file(const char* path);
    void close_file(int fd);
    std::optional<KeyPress> take(libinput_event* event);

    Kernel& kernel;
    Seat* seat;
    std::vector<DeviceFile> files;
    udev* database = nullptr;
    libinput* context = nullptr;
    KeyMap keys;
};

bool Keyboards::Devices::open() {
    static constexpr libinput_interface interface = {
        [](const char* path, int, void* data) { return static_cast<Devices*>(data)->open_file(path); },
        [](int fd, void* data) { static_cast<Devices*>(data)->close_file(fd); }};
    if (!has_descriptors(kernel)) return false;
    database = udev_new();
    if (database == nullptr) return false;
    context = libinput_udev_create_context(&interface, this, database);
    if (context == nullptr) return false;
    libinput_log_set_handler(context, on_libinput_log);
    return libinput_udev_assign_seat(context, seat != nullptr ? seat->name() : "seat0") == 0;
}

int Keyboards::Devices::open_file(const char* path) {
    Result<DeviceFile> file = DeviceFile::open(kernel, seat, path);
    if (!file) {
        log_debug("input", "{}", file.error().what);
        return -file.error().code;
    }
    files.push_back(std::move(*file));
    return files.back().get();
}

void Keyboards::Devices::close_file(int fd) {
    std::erase_if(files, [fd](const DeviceFile& file) { return file.get() == fd; });
}

std::optional<KeyPress> Keyboards::Devices::take(libinput_event* event) {
    switch (libinput_event_get_type(event)) {
    case LIBINPUT_EVENT_DEVICE_ADDED:
        take_keyboard(libinput_event_get_device(event));
        return std::nullopt;
    case LIBINPUT_EVENT_KEYBOARD_KEY: {
        libinput_event_keyboard* key = libinput_event_get_keyboard_event(event);
        return keys.change(libinput_event_keyboard_get_key(key),
                           libinput_event_keyboard_get_key_state(key) == LIBINPUT_KEY_STATE_PRESSED);
    }
    default:
        return std::nullopt;
    }
}

Keyboards::Keyboards(Kernel& kernel, Seat* seat)
    : devices_(std::make_unique<Devices>(kernel, seat)) {
    if (devices_->open()) return;
    log_debug("input", "libinput has no context to give");
    devices_.reset();
}

Keyboards::~Keyboards() = default;

int Keyboards::fd() const { return devices_ == nullptr ? -1 : libinput_get_fd(devices_->context); }

void Keyboards::dispatch() {
    if (devices_ != nullptr) libinput_dispatch(devices_->context);
}

std::optional<KeyPress> Keyboards::next() {
    if (devices_ == nullptr) return std::nullopt;
    while (libinput_event* event = libinput_get_event(devices_->context)) {
        const auto press = devices_->take(event);
        libinput_event_destroy(event);
        if (press) return press;
    }
    return std::nullopt;
}

/// What was taken away cannot be read again: it is closed, and opened anew.
void Keyboards::set_active(bool active) {
    if (devices_ == nullptr) return;
    if (!active) return libinput_suspend(devices_->context);
    devices_->keys.release_all();
    if (libinput_resume(devices_->context) != 0) log_warning("input", "the keyboards do not come back");
}

std::string keyboards_build_notes() { return ""; }

} // namespace v4l2play
