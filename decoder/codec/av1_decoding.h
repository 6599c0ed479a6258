// The decoding process around the frames: AV1 sections 7.4, 7.20 and 7.21, and what comes out when. Decides which
// frames can be decoded at all.
#pragma once

#include <array>
#include <vector>

#include "decoder/codec/av1_picture.h"
#include "decoder/codec/av1_sequence.h"

namespace v4l2play::av1 {

/// A frame and all that its Decode step points to. Used again and again.
struct CodedFrame {
    Av1Picture picture;
    SequenceHeader sequence; ///< as it was when the frame came
    FrameHeader header;
    SequenceInfo info;
    HdrMetadata hdr;
    std::vector<Tile> tiles;
    std::vector<std::span<const std::uint8_t>> payloads;
    std::uint32_t bitstream_size = 0; ///< bytes in `payloads`
    std::array<FrameId, refs_per_frame> references{};
    const char* damage = nullptr; ///< what is wrong with it, static text
};

/// Reference frame update process, 7.20: what a slot keeps of a frame.
void save(SavedFrame& saved, const FrameHeader& header);

/// When a frame is shown.
struct ShowTime {
    Nanoseconds pts = no_time;
    Nanoseconds duration = 0;
    bool discard = false;
};

class DecodingProcess {
  public:
    /// `container` outlives the object.
    explicit DecodingProcess(const StreamInfo& container)
        : container_(container) {
        held_.reserve(num_ref_frames + 1);
    }

    /// What headers are read against; they change it (5.9.2, 5.9.4).
    [[nodiscard]] SavedFrames& saved() { return saved_; }

    /// Appends the steps for the next frame in decoding order.
    void decode(CodedFrame& coded, Steps& steps);
    /// show_existing_frame == 1
    void show_existing(const FrameHeader& header, const ShowTime& time, Steps& steps);
    /// A frame of which no more is known than which slots it would have gone to: frames are missing for its header.
    void miss(const FrameHeader& header, const char* why, Steps& steps);
    /// Forgets all; hidden frames are not output any more. The next frame has to be a key frame; those before it are
    /// skipped for `reason`.
    void drain(Steps& steps, DropReason reason = DropReason::BeforeRandomAccess);
    /// The same without output.
    void flush(Steps& steps);

  private:
    /// A frame in the slots.
    struct Held {
        FrameId id = 0;
        bool shown = false;
    };

    void announce(CodedFrame& coded, Steps& steps);
    const char* obstacle(const CodedFrame& coded) const;
    void submit(CodedFrame& coded, Steps& steps);
    void refresh(const FrameHeader& header, FrameId id, Steps& steps);
    void release(Steps& steps);
    Held* find(FrameId id);

    const StreamInfo& container_;
    SavedFrames saved_;
    std::array<FrameId, num_ref_frames> slots_{}; ///< 0: not decoded
    std::vector<Held> held_;                      ///< each that is in `slots_`, once
    SequenceInfo announced_;
    bool any_announced_ = false;
    FrameId last_id_ = 0;
    bool started_ = false;
    bool complete_ = false; ///< a key frame was shown: nothing can be missing without a loss
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
};

} // namespace v4l2play::av1
