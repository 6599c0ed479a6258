// Access units as libavcodec's packets, without copying their bytes.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "decoder/access_unit.h"
#include "decoder/result.h"

struct AVPacket;

namespace v4l2play {

/// Wraps payloads: libavcodec's threads keep one for as long as they read it. Its wrappers are reused. Must outlive
/// every packet that it has filled.
class PacketSource {
  public:
    /// `packet` refers to the bytes of `payload`, which must be followed by AV_INPUT_BUFFER_PADDING_SIZE (64) zero
    /// bytes. Takes `payload` over, except on failure (ENOMEM, EFBIG).
    Result<> wrap(Payload& payload, AVPacket& packet);
    /// Takes the payload out of `packet`, which libavcodec has refused, and empties the packet.
    Payload unwrap(AVPacket& packet);

  private:
    struct Wrapper {
        PacketSource* source = nullptr;
        Payload payload;
    };

    static void release(void* wrapper, std::uint8_t* data);

    std::mutex mutex_; ///< packets are freed on any thread
    std::vector<std::unique_ptr<Wrapper>> idle_;
};

} // namespace v4l2play
