// Fills the AV1 controls of the stateless codec interface from a parsed frame.
#pragma once

#include <vector>

#include "decoder/codec/av1_picture.h"
#include "decoder/request/control_list.h"
#include "decoder/v4l2/uapi_av1.h"

namespace v4l2play {

class Av1Controls final : public CodecControls {
  public:
    Av1Controls() { tiles_.reserve(usual_tiles); }

    [[nodiscard]] std::uint32_t coded_fourcc() const override;
    Result<> probe(ControlProbe& probe) override;
    Result<> accepts(const SequenceInfo& sequence) override;
    std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) override;
    Result<> takes(const Picture& picture) override;
    [[nodiscard]] unsigned requests(const Picture&) const override { return 1; }
    std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) override;
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const override;
    std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) override;
    [[nodiscard]] const char* mode() const override { return has_film_grain_ ? "with film grain" : "no film grain"; }
    [[nodiscard]] bool needs_hold() const override { return false; }

  private:
    static constexpr std::size_t usual_tiles = 128; ///< the most that a level allows (Annex A.3)

    std::uint32_t maximum_tiles_ = 0; ///< of TILE_GROUP_ENTRY
    bool has_film_grain_ = false;
    bool grain_noted_ = false; ///< that the driver leaves it out

    // The control list and what it points to live here, so that a picture costs no allocation.
    ControlList<4> controls_;
    v4l2_ctrl_av1_sequence sequence_{};
    v4l2_ctrl_av1_frame frame_{};
    v4l2_ctrl_av1_film_grain film_grain_{};
    std::vector<v4l2_ctrl_av1_tile_group_entry> tiles_;
};

} // namespace v4l2play
