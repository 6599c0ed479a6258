#include "app/packet_pool.h"

extern "C" {
#include <libavcodec/packet.h>
}

namespace v4l2play {

PacketPool::~PacketPool() {
    for (Lease* lease : idle_) {
        av_packet_free(&lease->packet);
        delete lease;
    }
}

PacketPool::Lease* PacketPool::take(const std::shared_ptr<PacketPool>& pool) {
    Lease* lease = pool->pop();
    if (lease == nullptr) lease = new Lease{av_packet_alloc(), nullptr};
    lease->pool = pool;
    return lease;
}

void PacketPool::give_back(void* owner) {
    auto* lease = static_cast<Lease*>(owner);
    av_packet_unref(lease->packet);
    const std::shared_ptr<PacketPool> pool = std::move(lease->pool);
    const std::lock_guard lock(pool->mutex_);
    pool->idle_.push_back(lease);
}

PacketPool::Lease* PacketPool::pop() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Lease* lease = idle_.back();
    idle_.pop_back();
    return lease;
}

} // namespace v4l2play
