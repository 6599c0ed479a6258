// What the control halves of all codecs share: looking at a driver's controls, and the list that an ioctl gets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <linux/videodev2.h>

#include "decoder/request/codec_controls.h"

namespace v4l2play {

/// Controls for one ioctl. It points into structures that its owner keeps, so that a picture costs no allocation.
template <std::size_t Capacity>
class ControlList {
  public:
    void clear() { count_ = 0; }
    void add(std::uint32_t id, std::int32_t value) {
        v4l2_ext_control& control = next(id);
        control.value = value;
    }
    template <class Control>
    void add(std::uint32_t id, Control& structure) {
        v4l2_ext_control& control = next(id);
        control.size = sizeof(Control);
        control.ptr = &structure;
    }
    /// A dynamic array (V4L2_CTRL_FLAG_DYNAMIC_ARRAY).
    template <class Control>
    void add_array(std::uint32_t id, std::span<Control> structures) {
        v4l2_ext_control& control = next(id);
        control.size = static_cast<std::uint32_t>(structures.size_bytes());
        control.ptr = structures.data();
    }
    [[nodiscard]] std::span<v4l2_ext_control> get() { return {controls_.data(), count_}; }

  private:
    v4l2_ext_control& next(std::uint32_t id) {
        v4l2_ext_control& control = controls_[count_++];
        control = {};
        control.id = id;
        return control;
    }

    std::array<v4l2_ext_control, Capacity> controls_{};
    std::uint32_t count_ = 0;
};

/// ENOTSUP, naming the control, when the driver lacks it or its elements have another size.
Result<> check_control(ControlProbe& probe, std::uint32_t id, const char* name, std::size_t size);
/// Elements that the driver's array takes; 0 when it has no such control.
std::uint32_t array_capacity(ControlProbe& probe, std::uint32_t id);
/// The preferred item of a menu control if the driver has it, else `best`, else `next`; ENOTSUP when it has none.
Result<std::uint32_t> choose_item(ControlProbe& probe, std::uint32_t id, const char* name,
                                  std::optional<std::uint32_t> preferred, std::uint32_t best, std::uint32_t next);

} // namespace v4l2play
