// AVPackets that go round: a unit's payload gives its packet back to where it came from, from whatever thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

struct AVPacket;

namespace v4l2play {

class PacketPool {
  public:
    static std::shared_ptr<PacketPool> create() { return std::make_shared<PacketPool>(); }
    PacketPool() { idle_.reserve(128); }
    PacketPool(const PacketPool&) = delete;
    PacketPool& operator=(const PacketPool&) = delete;
    ~PacketPool();

    /// A packet on its way; it keeps the pool alive while a unit is out.
    struct Lease {
        AVPacket* packet = nullptr;
        std::shared_ptr<PacketPool> pool;
    };

    static Lease* take(const std::shared_ptr<PacketPool>& pool);
    /// `owner` is a Lease (as Payload::Release wants it).
    static void give_back(void* owner);

  private:
    Lease* pop();

    std::mutex mutex_;
    std::vector<Lease*> idle_;
};

} // namespace v4l2play
