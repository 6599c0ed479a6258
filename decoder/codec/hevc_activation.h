// Parameter sets by id, and which sequence parameter set is in force (ITU-T H.265 clause 7.4.2.4.2).
#pragma once

#include <memory>

#include "decoder/codec/hevc_parser.h"

namespace v4l2play::hevc {

/// What was received last by each id, and apart from that the active sequence parameter set: a new one with its id does
/// not touch it before the next coded video sequence.
class ParameterSets {
  public:
    ParameterSets();

    /// 7.3.2.2. True when it differs from what its id stood for.
    Parsed<bool> receive_sps(std::span<const std::uint8_t> nal);
    /// 7.3.2.3, likewise.
    Parsed<bool> receive_pps(std::span<const std::uint8_t> nal);

    /// For the slices of IRAP pictures, which may start a coded video sequence, or of those that continue one.
    [[nodiscard]] const SpsTable& received() const { return received_; }
    [[nodiscard]] const SpsTable& in_force() const { return in_force_; }
    [[nodiscard]] const PpsTable& ppss() const { return ppss_; }
    /// The set that the first PPS names, or the first at all; null when there is none.
    [[nodiscard]] const Sps* first_sps() const;

    [[nodiscard]] const Sps* active() const { return active_known_ ? &storage_->active : nullptr; }
    void activate(const Sps& sps);

  private:
    struct Storage {
        std::array<Sps, maximum_sps> spss;
        std::array<Pps, maximum_pps> ppss;
        Sps active;
        Sps parsed_sps; ///< a malformed set must not overwrite a good one
        Pps parsed_pps;
    };

    std::unique_ptr<Storage> storage_;
    SpsTable received_{};
    SpsTable in_force_{};
    PpsTable ppss_{};
    bool active_known_ = false;
};

} // namespace v4l2play::hevc
