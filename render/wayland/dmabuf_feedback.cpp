#include "render/wayland/dmabuf_feedback.h"

#include <cstring>
#include <utility>

#include "render/wayland/protocols.h"
#include "render/wayland/sent_file.h"

namespace v4l2play {
namespace {

/// An entry of the table.
struct TableEntry {
    std::uint32_t format;
    std::uint32_t padding;
    std::uint64_t modifier;
};
static_assert(sizeof(TableEntry) == 16);
constexpr std::size_t most_entries = 65536; // that an index can name

DmabufFeedback& feedback_of(void* data) { return *static_cast<DmabufFeedback*>(data); }

void on_done(void* data, zwp_linux_dmabuf_feedback_v1*) { feedback_of(data).on_done(); }
void on_table(void* data, zwp_linux_dmabuf_feedback_v1*, std::int32_t fd, std::uint32_t size) {
    feedback_of(data).on_table(fd, size);
}
void on_main_device(void* data, zwp_linux_dmabuf_feedback_v1*, wl_array* device) {
    feedback_of(data).on_main_device(device);
}
void on_tranche_done(void* data, zwp_linux_dmabuf_feedback_v1*) { feedback_of(data).on_tranche_done(); }
void on_target_device(void*, zwp_linux_dmabuf_feedback_v1*, wl_array*) {}
void on_tranche_formats(void* data, zwp_linux_dmabuf_feedback_v1*, wl_array* indices) {
    feedback_of(data).on_indices(indices);
}
void on_tranche_flags(void* data, zwp_linux_dmabuf_feedback_v1*, std::uint32_t flags) {
    feedback_of(data).on_flags(flags);
}

constexpr zwp_linux_dmabuf_feedback_v1_listener feedback_events = {
    on_done, on_table, on_main_device, on_tranche_done, on_target_device, on_tranche_formats, on_tranche_flags};

} // namespace

DmabufFeedback::DmabufFeedback(zwp_linux_dmabuf_feedback_v1* feedback)
    : feedback_(feedback) {
    zwp_linux_dmabuf_feedback_v1_add_listener(feedback, &feedback_events, this);
}

void DmabufFeedback::on_table(int fd, std::uint32_t size) {
    const std::vector<char> bytes = take_file(fd, size, most_entries * sizeof(TableEntry));
    table_.clear();
    for (std::size_t at = 0; at + sizeof(TableEntry) <= bytes.size(); at += sizeof(TableEntry)) {
        TableEntry entry{};
        std::memcpy(&entry, bytes.data() + at, sizeof entry);
        table_.push_back({DrmFourcc{entry.format}, entry.modifier});
    }
}

void DmabufFeedback::on_main_device(const wl_array* device) {
    if (device->size == sizeof main_device_) std::memcpy(&main_device_, device->data, sizeof main_device_);
}

void DmabufFeedback::on_indices(const wl_array* indices) {
    tranche_.resize(indices->size / sizeof(std::uint16_t));
    if (!tranche_.empty()) std::memcpy(tranche_.data(), indices->data, tranche_.size() * sizeof(std::uint16_t));
}

void DmabufFeedback::on_flags(std::uint32_t flags) {
    scanout_ = (flags & ZWP_LINUX_DMABUF_FEEDBACK_V1_TRANCHE_FLAGS_SCANOUT) != 0;
}

void DmabufFeedback::on_tranche_done() {
    for (const std::uint16_t index : tranche_)
        if (index < table_.size()) coming_.add(table_[index], scanout_);
    tranche_.clear();
    scanout_ = false;
}

void DmabufFeedback::on_done() {
    formats_ = std::exchange(coming_, {});
    ++revision_;
}

} // namespace v4l2play
