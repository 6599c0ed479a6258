// Output order: the "bumping" process of ITU-T H.265 clause C.5.2.
#pragma once

#include "decoder/codec/hevc_dpb.h"

namespace v4l2play::hevc {

/// Decides when pictures leave the DPB for display, in picture order count order: when more wait than can be overtaken
/// (sps_max_num_reorder_pics), when one has waited longer than the stream promises (SpsMaxLatencyPictures), or when the
/// DPB is full (sps_max_dec_pic_buffering_minus1).
class OutputOrder {
  public:
    explicit OutputOrder(Dpb& dpb)
        : dpb_(dpb) {}

    void configure(const Sps& sps);
    /// C.5.2.2, before a picture is decoded: room for it. False when references alone fill the DPB.
    bool make_room(Steps& steps);
    /// C.5.2.3, C.5.2.4: after it is decoded.
    void store(StoredPicture current, Steps& steps);
    /// Outputs all that wait.
    void output_all(Steps& steps);
    /// NoOutputOfPriorPicsFlag (C.5.2.2): all that wait are dropped.
    void discard_all(Steps& steps);

  private:
    [[nodiscard]] bool over_limits() const;
    bool bump(Steps& steps);

    Dpb& dpb_;
    unsigned max_num_reorder_ = 0;
    std::uint64_t max_latency_ = 0; ///< SpsMaxLatencyPictures; 0 = no limit
};

} // namespace v4l2play::hevc
