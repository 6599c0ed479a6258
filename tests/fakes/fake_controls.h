// Controls of a fake decoder: the stateless ones of H.264, checked as the kernel checks them and a little more, or
// those of MPEG-2.
#pragma once

#include <functional>

#include "tests/fakes/fake_request.h"
#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

class FakeControls {
  public:
    FakeControls(FakeWorld& world, const FakeDecoder& decoder);

    int query(v4l2_query_ext_ctrl& out) const;
    int query_menu(v4l2_querymenu& out) const;
    /// Checks `list` and puts it into `values`: the device's own or a request's. EINVAL with error_idx as the kernel
    /// sets it.
    int set(v4l2_ext_controls& list, ControlValues& values) const;
    int get(v4l2_ext_controls& list, const ControlValues& values) const;

    ControlValues current; ///< the device's own

    /// What the request asks for, on top of the device's values. ENOENT when a needed control is missing.
    int validate(const ControlValues& request) const;
    [[nodiscard]] bool slice_based() const;
    [[nodiscard]] bool start_codes() const;

  private:
    struct Known {
        std::uint32_t type = 0;
        std::uint32_t size = 0;
        std::uint64_t menu = 0;
    };
    [[nodiscard]] const Known* find(std::uint32_t id) const;
    [[nodiscard]] int check_value(const Known& known, const v4l2_ext_control& control) const;

    void know_h264(const FakeDecoder& decoder);
    void know_mpeg2();

    FakeWorld& world_;
    const bool mpeg2_;
    std::map<std::uint32_t, Known> known_;
};

/// The structure of control `id` in `values`, if it is there.
template <class Control>
const Control* find_control(const ControlValues& values, std::uint32_t id) {
    const auto found = values.find(id);
    if (found == values.end() || found->second.size() != sizeof(Control)) return nullptr;
    const void* value = found->second.data(); // from the heap: aligned for all
    return static_cast<const Control*>(value);
}

/// 0, or -EINVAL for what the control core of the kernel refuses.
int check_h264_control(std::uint32_t id, const void* value);
/// Timestamps (ns) of the pictures that the request names.
std::vector<std::uint64_t> h264_references(const ControlValues& values);
std::vector<std::uint64_t> references_of(const ControlValues& values); ///< of whichever codec
/// What is wrong with a request that the kernel would pass on to the device; empty when nothing is.
std::string h264_fault(const ControlValues& values, bool slice_based);

} // namespace v4l2play::fakes
