// Slots as the compositor knows them: one wl_buffer each, made once.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "decoder/slot.h"
#include "render/wayland/connection.h"
#include "render/wayland/release.h"

namespace v4l2play {

struct Commit;
class BufferCache;

/// wl_buffer.release names a buffer, not a commit. So a buffer is attached again only after it was released, whatever
/// tells that: `commit` is the one that the next release answers.
struct ImportedBuffer {
    Proxy<wl_buffer> proxy;
    Proxy<wl_callback> release;                ///< ReleaseMethod::Callback
    std::unique_ptr<ReleaseTimeline> timeline; ///< ReleaseMethod::Timeline
    SlotKey key;
    Commit* commit = nullptr;
    BufferCache* cache = nullptr;
};

class BufferCache {
  public:
    /// Told of every release, with the commit that it ends.
    class Listener {
      public:
        virtual void on_release(Commit& commit) = 0;

      protected:
        ~Listener() = default;
    };

    BufferCache(Connection& connection, Listener& listener);
    BufferCache(const BufferCache&) = delete;
    BufferCache& operator=(const BufferCache&) = delete;

    /// Takes the best method of release that the compositor offers for commits to `surface`, and that works here;
    /// before the first import. `epoll_fd`: where the loop sleeps. `copies`: shared memory is committed there too,
    /// which a surface with explicit synchronisation does not take.
    void choose_release(Kernel& kernel, wl_surface* surface, int epoll_fd, bool copies);
    /// From now on shared memory is committed too.
    void leave_explicit_sync();
    /// The surface of the commits to come.
    void set_surface(wl_surface* surface);
    [[nodiscard]] ReleaseMethod release_method() const { return method_; }
    /// Before the commit that attaches a buffer of `memory`: it is complete when `fence` signals, and the compositor
    /// waits for that, by its surface's explicit synchronisation or implicitly, by the dmabuf.
    Result<> set_acquire_fence(Kernel& kernel, const SlotMemory& memory, const UniqueFd& fence);
    /// Before the commit that attaches `buffer`; its release will answer `commit`.
    Result<> expect_release(ImportedBuffer& buffer, Commit& commit);
    /// Tells of what was released without an event of the connection.
    void take_released();

    /// Imports every slot of the pool that is not known yet, with one round trip. ENOTSUP, with the reason, when the
    /// compositor does not take the format or refuses a buffer; the connection survives that.
    Result<> import(const SlotPool& pool);
    /// A buffer of the slot that the compositor does not have at the moment. A picture that is shown again before it
    /// was released gets a second one.
    Result<ImportedBuffer*> get(const SlotPool& pool, std::uint32_t index);
    /// Drops the buffers of other pools: those that are attached, when they are released.
    void keep_only(std::uint32_t generation);

    [[nodiscard]] std::size_t size() const { return buffers_.size(); }
    [[nodiscard]] std::vector<std::unique_ptr<ImportedBuffer>>& buffers() { return buffers_; }
    // Called by the listeners.
    void on_buffer_release(ImportedBuffer& buffer);
    void on_release(ImportedBuffer& buffer);

  private:
    struct Import;
    Result<> request(const SlotPool& pool, std::uint32_t index, Import& import);
    Result<> collect(std::vector<Import>& imports, const FrameFormat& format);
    ImportedBuffer* find_free(SlotKey key);

    Connection& connection_;
    Listener& listener_;
    /// Answers to imports are waited for alone: no other event is handled in the middle of a frame.
    Proxy<wl_event_queue> queue_;
    ReleaseMethod method_ = ReleaseMethod::Buffer;
    std::unique_ptr<ExplicitSync> explicit_sync_; ///< ReleaseMethod::Timeline; outlives the buffers' timelines
    wl_surface* surface_ = nullptr;
    int epoll_fd_ = -1;
    std::vector<std::unique_ptr<ImportedBuffer>> buffers_;
    std::uint32_t generation_ = 0; ///< that is kept
};

} // namespace v4l2play
