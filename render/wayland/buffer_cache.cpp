#include "render/wayland/buffer_cache.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/log.h"
#include "render/wayland/protocols.h"
#include "render/wayland/write_fence.h"

namespace v4l2play {

/// One import under way.
struct BufferCache::Import {
    SlotKey key;
    Proxy<zwp_linux_buffer_params_v1> params;
    Proxy<wl_buffer> buffer; ///< the answer; null when it is no
};

namespace {

constexpr Nanoseconds import_limit = 2 * second;

void on_created(void* data, zwp_linux_buffer_params_v1*, wl_buffer* buffer) {
    static_cast<Proxy<wl_buffer>*>(data)->reset(buffer);
}
void on_failed(void*, zwp_linux_buffer_params_v1*) {}
constexpr zwp_linux_buffer_params_v1_listener params_listener = {on_created, on_failed};

void on_buffer_release(void* data, wl_buffer*) {
    auto& buffer = *static_cast<ImportedBuffer*>(data);
    buffer.cache->on_buffer_release(buffer);
}
constexpr wl_buffer_listener buffer_listener = {on_buffer_release};

#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
void on_commit_release(void* data, wl_callback*, std::uint32_t) {
    auto& buffer = *static_cast<ImportedBuffer*>(data);
    buffer.release.reset();
    buffer.cache->on_release(buffer);
}
constexpr wl_callback_listener release_listener = {on_commit_release};
#endif

std::string describe(const FrameFormat& format) {
    return fmt::format("{}x{} {} (modifier {:#x})", format.coded_width, format.coded_height, to_string(format.fourcc),
                       format.modifier);
}

} // namespace

BufferCache::BufferCache(Connection& connection, Listener& listener)
    : connection_(connection)
    , listener_(listener)
    , queue_(wl_display_create_queue(connection.display())) {}

void BufferCache::choose_release(Kernel& kernel, wl_surface* surface, int epoll_fd, bool copies) {
    surface_ = surface;
    epoll_fd_ = epoll_fd;
#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
    if (wl_surface_get_version(surface) >= WL_SURFACE_GET_RELEASE_SINCE_VERSION) method_ = ReleaseMethod::Callback;
#endif
    if (copies) return;
    auto sync = ExplicitSync::create(kernel, connection_, surface);
    if (sync) {
        explicit_sync_ = std::move(*sync);
        method_ = ReleaseMethod::Timeline;
    } else if (connection_.globals().syncobj != nullptr) {
        log_info("wayland", "the compositor offers linux-drm-syncobj, but: {}", sync.error().what);
    }
    log_debug("wayland", "buffers are released by {}", to_string(method_));
}

void BufferCache::set_surface(wl_surface* surface) {
    surface_ = surface;
    if (method_ == ReleaseMethod::Timeline) explicit_sync_->set_surface(surface);
}

/// What is under way is still released by its timeline.
void BufferCache::leave_explicit_sync() {
    if (method_ != ReleaseMethod::Timeline) return;
    explicit_sync_->leave_surface();
    method_ = ReleaseMethod::Buffer;
    std::erase_if(buffers_, [](const auto& buffer) { return buffer->commit == nullptr; });
}

Result<> BufferCache::set_acquire_fence(Kernel& kernel, const SlotMemory& memory, const UniqueFd& fence) {
    if (method_ == ReleaseMethod::Timeline) return explicit_sync_->acquire_with(fence);
    return add_write_fence(kernel, memory, fence);
}

Result<> BufferCache::expect_release(ImportedBuffer& buffer, Commit& commit) {
    if (method_ == ReleaseMethod::Timeline) V4L2PLAY_TRY(explicit_sync_->set_points(*buffer.timeline));
#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
    if (method_ == ReleaseMethod::Callback) {
        buffer.release.reset(wl_surface_get_release(surface_));
        wl_callback_add_listener(buffer.release.get(), &release_listener, &buffer);
    }
#endif
    buffer.commit = &commit;
    return {};
}

void BufferCache::take_released() {
    if (explicit_sync_ == nullptr) return;
    for (std::size_t i = buffers_.size(); i-- > 0;) { // a release may take its buffer out
        ImportedBuffer& buffer = *buffers_[i];
        if (buffer.commit != nullptr && buffer.timeline != nullptr && buffer.timeline->take()) on_release(buffer);
    }
}

/// Undefined with explicit synchronisation, and less than is known with get_release.
void BufferCache::on_buffer_release(ImportedBuffer& buffer) {
    if (method_ == ReleaseMethod::Buffer && buffer.timeline == nullptr) on_release(buffer);
}

Result<> BufferCache::import(const SlotPool& pool) {
    std::vector<Import> imports;
    for (std::uint32_t i = 0; i < pool.count(); ++i)
        if (find_free({pool.generation(), i}) == nullptr) imports.push_back({{pool.generation(), i}, nullptr, nullptr});
    for (Import& import : imports) V4L2PLAY_TRY(request(pool, import.key.index, import));
    return collect(imports, pool.format());
}

Result<ImportedBuffer*> BufferCache::get(const SlotPool& pool, std::uint32_t index) {
    const SlotKey key{pool.generation(), index};
    if (ImportedBuffer* buffer = find_free(key)) return buffer;
    std::vector<Import> imports(1);
    imports[0].key = key;
    V4L2PLAY_TRY(request(pool, index, imports[0]));
    V4L2PLAY_TRY(collect(imports, pool.format()));
    return buffers_.back().get();
}

ImportedBuffer* BufferCache::find_free(SlotKey key) {
    for (const auto& buffer : buffers_)
        if (buffer->key == key && buffer->commit == nullptr) return buffer.get();
    return nullptr;
}

/// `create` and not `create_immed`: a compositor may end the connection when the latter fails.
Result<> BufferCache::request(const SlotPool& pool, std::uint32_t index, Import& import) {
    const FrameFormat& format = pool.format();
    const SlotMemory& memory = pool.memory(index);
    const auto modifier = connection_.formats().modifier_for({format.fourcc, format.modifier});
    if (!modifier) return fail(ENOTSUP, fmt::format("the compositor takes no {}", describe(format)), "linux-dmabuf");
    import.params.reset(zwp_linux_dmabuf_v1_create_params(connection_.globals().dmabuf.get()));
    zwp_linux_buffer_params_v1* params = import.params.get();
    wl_proxy_set_queue(reinterpret_cast<wl_proxy*>(params), queue_.get());
    zwp_linux_buffer_params_v1_add_listener(params, &params_listener, &import.buffer);
    for (std::uint32_t i = 0; i < format.components; ++i) {
        const ComponentLayout& layout = format.layout[i];
        const UniqueFd& fd = memory.dmabuf[layout.memory_plane];
        if (!fd) return fail(ENOTSUP, "these frames are in plain memory, not in dmabufs", "linux-dmabuf");
        zwp_linux_buffer_params_v1_add(params, fd.get(), i, layout.offset, layout.pitch,
                                       static_cast<std::uint32_t>(*modifier >> 32),
                                       static_cast<std::uint32_t>(*modifier));
    }
    zwp_linux_buffer_params_v1_create(params, static_cast<std::int32_t>(format.coded_width),
                                      static_cast<std::int32_t>(format.coded_height),
                                      static_cast<std::uint32_t>(format.fourcc), 0);
    return {};
}

Result<> BufferCache::collect(std::vector<Import>& imports, const FrameFormat& format) {
    if (imports.empty()) return {};
    V4L2PLAY_TRY(connection_.roundtrip(queue_.get(), import_limit));
    for (Import& import : imports)
        if (import.buffer == nullptr)
            return fail(ENOTSUP, fmt::format("the compositor refuses a buffer of {}", describe(format)),
                        "linux-dmabuf");
    for (Import& import : imports) {
        std::unique_ptr<ReleaseTimeline> timeline;
        if (method_ == ReleaseMethod::Timeline) {
            auto created = explicit_sync_->create_timeline(epoll_fd_);
            if (!created) return fail(std::move(created).error());
            timeline = std::move(*created);
        }
        buffers_.push_back(std::make_unique<ImportedBuffer>());
        ImportedBuffer& buffer = *buffers_.back();
        buffer.proxy = std::move(import.buffer);
        buffer.key = import.key;
        buffer.timeline = std::move(timeline);
        buffer.cache = this;
        wl_proxy_set_queue(reinterpret_cast<wl_proxy*>(buffer.proxy.get()), nullptr);
        wl_buffer_add_listener(buffer.proxy.get(), &buffer_listener, &buffer);
    }
    return {};
}

void BufferCache::keep_only(std::uint32_t generation) {
    generation_ = generation;
    std::erase_if(buffers_, [&](const auto& buffer) {
        return buffer->key.generation != generation && buffer->commit == nullptr;
    });
}

void BufferCache::on_release(ImportedBuffer& buffer) {
    Commit* const commit = std::exchange(buffer.commit, nullptr);
    if (buffer.key.generation != generation_)
        std::erase_if(buffers_, [&](const auto& one) { return one.get() == &buffer; });
    if (commit != nullptr) listener_.on_release(*commit);
}

} // namespace v4l2play
