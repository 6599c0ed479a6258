// How a driver takes H.264 and H.265: their controls for that are the same but for the names.
#pragma once

#include <array>
#include <cstring>

#include "decoder/request/control_list.h"

namespace v4l2play {

/// The menu controls of one codec.
struct NalModeControls {
    std::uint32_t decode_mode;
    const char* decode_mode_name;
    std::uint32_t start_code;
    const char* start_code_name;
};

/// A whole picture a request or one slice; with start codes of Annex B or without. A driver's decode mode and start
/// code do not change once it is probed.
class NalModes {
  public:
    /// The first choice is frame-based with Annex B; another that is preferred counts where the driver has it.
    NalModes(const NalModeControls& controls, ModePreference preferred)
        : controls_(controls)
        , preferred_(preferred) {}

    /// ENOTSUP, naming the control, when the driver lacks one.
    Result<> probe(ControlProbe& probe);
    [[nodiscard]] bool slice_based() const { return slice_based_; }
    /// Bytes before each NAL unit.
    [[nodiscard]] std::uint32_t start_code_size() const { return start_codes_ ? start_code.size() : 0; }
    /// "frame-based, Annex B"
    [[nodiscard]] const char* name() const;

    template <std::size_t Capacity>
    void add_to(ControlList<Capacity>& list) const {
        list.add(controls_.decode_mode, decode_mode());
        list.add(controls_.start_code, start_code_item());
    }

    /// How many requests these slices of a picture take.
    template <class Slice>
    [[nodiscard]] unsigned requests(std::span<const Slice> slices) const {
        return slice_based_ ? static_cast<unsigned>(slices.size()) : 1;
    }
    /// Those of a picture that request `index` carries.
    template <class Slice>
    [[nodiscard]] std::span<const Slice> carried(std::span<const Slice> slices, unsigned index) const {
        return slice_based_ ? slices.subspan(index, 1) : slices;
    }
    /// The most bytes that `write` makes of them.
    template <class Slice>
    [[nodiscard]] static std::size_t size(std::span<const Slice> slices) {
        std::size_t size = 0;
        for (const Slice& slice : slices) size += slice.nal.size() + start_code.size();
        return size;
    }
    /// The bytes used.
    template <class Slice>
    std::size_t write(std::span<const Slice> slices, std::span<std::uint8_t> buffer) const {
        std::uint8_t* out = buffer.data();
        for (const Slice& slice : slices) {
            std::memcpy(out, start_code.data(), start_code_size());
            out += start_code_size();
            std::memcpy(out, slice.nal.data(), slice.nal.size());
            out += slice.nal.size();
        }
        return static_cast<std::size_t>(out - buffer.data());
    }

  private:
    static constexpr std::array<std::uint8_t, 3> start_code{0, 0, 1};

    [[nodiscard]] std::int32_t decode_mode() const;
    [[nodiscard]] std::int32_t start_code_item() const;

    NalModeControls controls_;
    ModePreference preferred_;
    bool slice_based_ = false;
    bool start_codes_ = true;
};

} // namespace v4l2play
