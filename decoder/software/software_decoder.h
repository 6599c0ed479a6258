// Decoding with libavcodec, on the processor, straight into slots: the fallback for what no device does, and a
// reference for tests.
#pragma once

#include <memory>

#include "decoder/decoder.h"
#include "decoder/slot_memory.h"

namespace v4l2play {

/// Whether libavcodec has a decoder for the stream (it has none for FWHT).
[[nodiscard]] bool has_software_decoder(const StreamInfo& stream);

/// ENOTSUP when libavcodec has no decoder for the stream or refuses it; otherwise errors of the slot memory.
/// `allocator`: where slots come from; null for the best of the system (`create_slot_allocator`). `kernel` must outlive
/// the decoder and its frames. Payloads sent must be followed by 64 zero bytes.
Result<std::unique_ptr<Decoder>> create_software_decoder(Kernel& kernel, const DecoderConfig& config,
                                                         std::unique_ptr<SlotAllocator> allocator = nullptr);

} // namespace v4l2play
