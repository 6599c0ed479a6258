// All that dies with the compositor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "render/output.h"
#include "render/wayland/buffer_cache.h"
#include "render/wayland/connection.h"
#include "render/wayland/dmabuf_feedback.h"
#include "render/wayland/keyboard.h"
#include "render/wayland/picture_copies.h"
#include "render/wayland/wayland_output.h"
#include "render/wayland/window.h"

namespace v4l2play {

class Session {
  public:
    /// Connects, and waits for a window that is configured and for the formats of its surface.
    /// `epoll_fd`: where the loop sleeps; the connection is watched there, and what is released without an event of it.
    /// `cancelled` is as of Connection::open; from the end of this on nobody cancels.
    static Result<std::unique_ptr<Session>> open(Kernel& kernel, const WaylandOptions& options, int epoll_fd,
                                                 BufferCache::Listener& releases, WindowKeyboard::Listener& wishes,
                                                 const std::atomic<bool>* cancelled);
    /// Handles the events that are there; never waits.
    Result<> dispatch();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Connection& connection() { return *connection_; }
    [[nodiscard]] BufferCache& buffers() { return buffers_; }
    /// For frames that the compositor takes as no dmabufs; null where it takes no shared memory either.
    [[nodiscard]] PictureCopies* copies() { return copies_.get(); }
    /// As Window::set_whole, with all that belongs to the surface.
    bool set_whole(bool whole);
    /// Null once it is closed.
    [[nodiscard]] Window* window() { return window_.get(); }
    void close_window();

    /// What is best for the surface as it is now.
    [[nodiscard]] const DmabufFormats& formats() const;
    /// True once whenever the compositor has told other formats.
    bool take_format_change();
    /// Whether frames of `format` (that is in use; null: none) may be scanned out, or which might be; empty when none.
    [[nodiscard]] std::string scanout_text(const FormatModifier* format) const;

    [[nodiscard]] OutputDescription describe(const FormatModifier* format) const;

  private:
    Session(std::unique_ptr<Connection> connection, BufferCache::Listener& releases, WindowKeyboard::Listener& wishes);
    Result<> ask_for_formats();
    [[nodiscard]] std::unique_ptr<DmabufFeedback> make_feedback();

    // The window goes before the buffers that it shows.
    std::unique_ptr<Connection> connection_;
    std::string card_;
    BufferCache buffers_;
    WindowKeyboard keyboard_;
    std::unique_ptr<PictureCopies> copies_;
    std::unique_ptr<Window> window_;
    std::unique_ptr<DmabufFeedback> feedback_;      ///< of the surface with the frames; null before linux-dmabuf 4
    std::unique_ptr<DmabufFeedback> next_feedback_; ///< of the surface that has them now, until it has told
    unsigned feedback_seen_ = 0;
};

} // namespace v4l2play
