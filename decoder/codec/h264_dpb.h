// The decoded picture buffer and the marking of reference pictures: ITU-T H.264 clauses 8.2.4.1, 8.2.5 and C.4.
#pragma once

#include <array>
#include <span>

#include "decoder/codec/h264_picture.h"
#include "decoder/codec/h264_poc.h"

namespace v4l2play::h264 {

/// A frame, complementary field pair or single field in the DPB, for reference or for output or both.
struct FrameStore {
    FrameId id = 0;         ///< 0: nothing was decoded for it
    FrameId substitute = 0; ///< for those: the reference that preceded it; 0 none
    std::uint16_t frame_num = 0;
    std::int32_t frame_num_wrap = 0;
    std::uint16_t long_term_frame_idx = 0;
    Fields short_term = Fields::None; ///< fields "used for short-term reference"
    Fields long_term = Fields::None;  ///< fields "used for long-term reference"
    Fields decoded = Fields::Frame;
    Fields first = Fields::Frame; ///< what was decoded first: a frame, or one of two fields
    bool open = false;            ///< one field so far, and the next picture may be the other: not to be output yet
    bool non_existing = false;    ///< inferred for a gap in frame_num
    bool lost = false;            ///< should have been decoded
    bool excused = false;         ///< lost, but a recovery point has followed: what comes after that does not need it
    bool needed_for_output = false;
    bool forgotten = false; ///< its Forget step is out
    PicOrderCnt counts;

    [[nodiscard]] Fields reference() const { return short_term | long_term; }
    [[nodiscard]] bool is_reference() const { return any(reference()); }
    /// Takes a frame buffer. A lost frame takes none: it must not push pictures out before their turn.
    [[nodiscard]] bool has_buffer() const { return id != 0 || !lost; }
    void unmark() { short_term = long_term = Fields::None; }
    /// The second field of the frame.
    void add(Fields field, PicOrderCnt count);
};

class Dpb {
  public:
    /// `capacity`: frame buffers (MaxDpbFrames or max_dec_frame_buffering); both at most 16.
    void configure(unsigned capacity, unsigned max_num_ref_frames);
    [[nodiscard]] unsigned capacity() const { return capacity_; }
    [[nodiscard]] std::span<FrameStore> frames() { return {frames_.data(), count_}; }
    [[nodiscard]] std::span<const FrameStore> frames() const { return {frames_.data(), count_}; }
    /// Frame buffers in use.
    [[nodiscard]] unsigned occupied() const;

    /// FrameNumWrap of all short-term references (8-27).
    void update_frame_num_wrap(unsigned frame_num, unsigned max_frame_num);
    /// The frame that waits for its second field; null when there is none.
    FrameStore* open_frame();
    /// Writes the references to `picture`, whose structure is known (8.2.4.1). `recovered`: a recovery point precedes
    /// the picture in output order, so that frames lost before that do not count as lost.
    void list_references(H264Picture& picture, bool recovered) const;
    /// The picture that stands in for a missing reference: the last one, or what stands in for that; 0 = none.
    [[nodiscard]] FrameId newest_reference() const;

    /// 8.2.5.1 for a reference picture that has been decoded. `current` is not stored yet, or it is the open frame,
    /// whose second field this is.
    void mark(const SliceHeader& header, FrameStore& current);
    /// 8.2.5.3: unmarks until one more reference than `current` (or any, for null) may be stored.
    void slide_window(const FrameStore* current = nullptr);
    void unmark_all();
    /// A recovery point: frames lost so far are of no account for pictures behind it.
    void excuse_lost();

    /// The caller has made room.
    void store(const FrameStore& frame);
    /// Appends Forget for pictures that no later one can refer to, and removes frames that nobody waits for.
    void release(Steps& steps);
    /// Appends Forget for all, and removes all.
    void clear(Steps& steps);

  private:
    /// A frame or one field of it; no frame when it is not there.
    struct Found {
        FrameStore* frame = nullptr;
        Fields fields = Fields::None;
    };
    void apply(const Mmco& operation, const SliceHeader& header, FrameStore& current);
    Found find_short_term(std::int32_t pic_num, Fields structure);
    Found find_long_term(std::int32_t long_term_pic_num, Fields structure);
    void unmark_long_term_above(unsigned maximum_plus1);
    void assign_long_term(Found picture, unsigned long_term_frame_idx);
    [[nodiscard]] unsigned count_references(const FrameStore* except) const;
    [[nodiscard]] bool is_substitute(FrameId id) const;
    void keep_lent(FrameId id);
    void forget_unlent(Steps& steps);

    // References and frames that wait for output may be different ones, at most 16 of each.
    std::array<FrameStore, 2 * maximum_dpb_frames + 1> frames_{};
    unsigned count_ = 0; ///< in decoding order
    unsigned capacity_ = 1;
    unsigned max_num_ref_frames_ = 1; ///< Max(max_num_ref_frames, 1)
    // Pictures that have left, but stand in for "non-existing" frames.
    std::array<FrameId, 2 * maximum_dpb_frames + 1> lent_{};
    unsigned lent_count_ = 0;
};

} // namespace v4l2play::h264
