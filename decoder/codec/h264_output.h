// Output order: the "bumping" process of ITU-T H.264 clause C.4.5.
#pragma once

#include "decoder/codec/h264_dpb.h"

namespace v4l2play::h264 {

/// Decides when pictures leave the DPB for display. Pictures come in picture order count order, and as early as that is
/// certain: as soon as more wait than num_reorder_frames says can be overtaken, or the DPB is full (C.4.5.3).
///
/// no_output_of_prior_pics_flag is taken for 0 always: a player shows every picture that was decoded.
class OutputOrder {
  public:
    explicit OutputOrder(Dpb& dpb)
        : dpb_(dpb) {}

    /// `num_reorder_frames`: most pictures that precede another in decoding order and follow it in output order.
    void configure(unsigned num_reorder_frames);
    /// Stores a picture after its marking, or outputs it at once when it has no need to stay (C.4.5.1, C.4.5.2).
    void store(const FrameStore& current, Steps& steps);
    /// The open frame in the DPB has got its second field, or will not.
    void complete(FrameStore& open, Steps& steps);
    /// Stores a frame that was inferred for a gap in frame_num, which may name a picture that is leaving just now.
    void store_inferred(const FrameStore& frame, Steps& steps);
    /// Outputs all that wait: before an IDR picture, one with memory_management_control_operation 5, or the end.
    void output_all(Steps& steps);

  private:
    [[nodiscard]] FrameStore* next();
    [[nodiscard]] unsigned waiting() const;
    bool bump(Steps& steps);
    void make_room(unsigned occupied_at_most, Steps& steps);
    void note_output(const FrameStore& frame, Steps& steps);
    bool output_directly(const FrameStore& current, Steps& steps);
    void notice_late(const FrameStore& current);

    Dpb& dpb_;
    unsigned num_reorder_frames_ = 0;
    bool any_output_ = false;      ///< since the last `output_all`
    std::int32_t last_output_ = 0; ///< picture order count
};

} // namespace v4l2play::h264
