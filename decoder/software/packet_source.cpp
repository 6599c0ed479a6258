#include "decoder/software/packet_source.h"

#include <cerrno>
#include <climits>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace v4l2play {

Result<> PacketSource::wrap(Payload& payload, AVPacket& packet) {
    const auto bytes = payload.bytes();
    if (bytes.size() > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE)
        return fail(EFBIG, "the access unit is too large", "send");
    std::unique_ptr<Wrapper> wrapper;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            wrapper = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!wrapper) wrapper = std::make_unique<Wrapper>();
    wrapper->source = this;
    // libavcodec's type has no const; the flag keeps it from writing.
    auto* data = const_cast<std::uint8_t*>(bytes.data());
    packet.buf = av_buffer_create(data, bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE, release, wrapper.get(),
                                  AV_BUFFER_FLAG_READONLY);
    if (packet.buf == nullptr) return fail(ENOMEM, "no memory for a packet", "send");
    packet.data = data;
    packet.size = static_cast<int>(bytes.size());
    wrapper->payload = std::move(payload);
    (void)wrapper.release(); // `release` takes it back
    return {};
}

Payload PacketSource::unwrap(AVPacket& packet) {
    auto* wrapper = static_cast<Wrapper*>(av_buffer_get_opaque(packet.buf));
    Payload payload = std::move(wrapper->payload);
    av_packet_unref(&packet);
    return payload;
}

void PacketSource::release(void* opaque, std::uint8_t*) {
    std::unique_ptr<Wrapper> wrapper(static_cast<Wrapper*>(opaque));
    wrapper->payload.reset();
    PacketSource& source = *wrapper->source;
    const std::lock_guard lock(source.mutex_);
    source.idle_.push_back(std::move(wrapper));
}

} // namespace v4l2play
