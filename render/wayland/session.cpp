#include "render/wayland/session.h"

#include <utility>

#include <fmt/format.h>

#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds session_limit = 5 * second;

/// The compositor's GPU; where it does not tell, any, and at worst a display; empty without one.
std::string find_card(Kernel& kernel, dev_t device) {
    std::string found;
    for (const std::string& name : kernel.list_directory("/dev/dri")) {
        std::string path = "/dev/dri/" + name;
        if (device != 0 && kernel.device_number(path.c_str()) == device) return path;
        const bool renders = name.rfind("renderD", 0) == 0;
        if (renders ? found.find("renderD") == std::string::npos : found.empty() && name.rfind("card", 0) == 0)
            found = path;
    }
    return device == 0 ? found : "";
}

} // namespace

Session::Session(std::unique_ptr<Connection> connection, BufferCache::Listener& releases,
                 WindowKeyboard::Listener& wishes)
    : connection_(std::move(connection))
    , buffers_(*connection_, releases)
    , keyboard_(connection_->bind_seat(), wishes) {}

Result<std::unique_ptr<Session>> Session::open(Kernel& kernel, const WaylandOptions& options, int epoll_fd,
                                               BufferCache::Listener& releases, WindowKeyboard::Listener& wishes,
                                               const std::atomic<bool>* cancelled) {
    auto connection = Connection::open(cancelled);
    if (!connection) return fail(std::move(connection).error());
    std::unique_ptr<Session> session(new Session(std::move(*connection), releases, wishes));
    auto window = Window::create(*session->connection_, options);
    if (!window) return fail(std::move(window).error());
    session->window_ = std::move(*window);
    V4L2PLAY_TRY(session->ask_for_formats());
    if (const int error = kernel.epoll_add(epoll_fd, session->connection_->fd(), EPOLLIN, 0); error != 0)
        return fail(-error, "cannot watch the compositor", "epoll_ctl");
    if (wl_shm* shm = session->connection_->globals().shm.get(); shm != nullptr)
        session->copies_ = std::make_unique<PictureCopies>(kernel, shm);
    session->buffers_.choose_release(kernel, session->window_->surface(), epoll_fd, session->connection_->must_copy());
    session->card_ = find_card(kernel, session->connection_->main_device());
    session->connection_->keep();
    return session;
}

Result<> Session::dispatch() {
    buffers_.take_released();
    return connection_->dispatch();
}

bool Session::set_whole(bool whole) {
    if (!window_->set_whole(whole)) return false;
    buffers_.set_surface(window_->surface());
    if (feedback_ != nullptr) next_feedback_ = make_feedback();
    return true;
}

void Session::close_window() {
    next_feedback_.reset();
    feedback_.reset();
    window_.reset();
}

std::unique_ptr<DmabufFeedback> Session::make_feedback() {
    zwp_linux_dmabuf_v1* dmabuf = connection_->globals().dmabuf.get();
    return std::make_unique<DmabufFeedback>(zwp_linux_dmabuf_v1_get_surface_feedback(dmabuf, window_->surface()));
}

/// The surface's own, before any decoder is set up.
Result<> Session::ask_for_formats() {
    if (!connection_->has_feedback()) return {};
    feedback_ = make_feedback();
    V4L2PLAY_TRY(connection_->roundtrip(session_limit));
    take_format_change();
    return {};
}

const DmabufFormats& Session::formats() const {
    const bool told = feedback_ != nullptr && !feedback_->formats().empty();
    return told ? feedback_->formats() : connection_->formats();
}

bool Session::take_format_change() {
    if (next_feedback_ != nullptr && next_feedback_->revision() != 0) {
        feedback_ = std::move(next_feedback_);
        feedback_seen_ = 0;
    }
    if (feedback_ == nullptr || feedback_->revision() == feedback_seen_) return false;
    feedback_seen_ = feedback_->revision();
    connection_->add_formats(feedback_->formats());
    return true;
}

std::string Session::scanout_text(const FormatModifier* format) const {
    if (format != nullptr && formats().scans_out(*format))
        return fmt::format("{} may be scanned out", to_string(format->fourcc));
    const std::vector<FormatModifier> wanted = formats().for_decoders();
    if (wanted.empty() || !formats().scans_out(wanted.front())) return "";
    return fmt::format("it would scan out {} (modifier {:#x})", to_string(wanted.front().fourcc),
                       wanted.front().modifier);
}

OutputDescription Session::describe(const FormatModifier* format) const {
    OutputDescription description;
    description.kind = "wayland";
    description.device = connection_->name();
    description.card = card_;
    if (window_ == nullptr) return description;
    if (const WaylandScreen* screen = window_->screen(); screen != nullptr) {
        description.connector = screen->connector;
        description.mode = screen->mode;
    }
    if (!window_->is_mapped()) return description;
    description.plane = window_->describe();
    if (const ReleaseMethod method = buffers_.release_method(); method != ReleaseMethod::Buffer)
        description.plane += fmt::format("; released by {}", to_string(method));
    if (const std::string text = scanout_text(format); !text.empty()) description.plane += "; " + text;
    return description;
}

} // namespace v4l2play
