// Colours of the overlay. Those of the states can be told apart with any kind of colour blindness (a unit test sees
// them as Machado et al. 2009 say they are seen); lanes differ in height as well.
#pragma once

#include "decoder/slot.h"
#include "render/output.h"
#include "render/overlay/drawing.h"

namespace v4l2play::theme {

constexpr Rgba background = rgba(13, 16, 22, 236);
constexpr Rgba plot = rgba(255, 255, 255, 10);
constexpr Rgba grid = rgba(255, 255, 255, 20);
constexpr Rgba dashes = rgba(255, 255, 255, 90);
constexpr Rgba cursor = rgba(255, 255, 255, 200);
constexpr Rgba bright = rgba(244, 246, 250);
constexpr Rgba plain = rgba(203, 209, 219);
constexpr Rgba faint = rgba(140, 149, 165);
constexpr Rgba good = rgba(84, 222, 156);
constexpr Rgba fair = rgba(230, 159, 0);
constexpr Rgba bad = rgba(240, 96, 40);
constexpr Rgba lost = rgba(221, 130, 184);
constexpr Rgba queue = rgba(116, 132, 163);

constexpr Rgba of(SlotState state) {
    switch (state) {
    case SlotState::Free:
        return rgba(62, 71, 87);
    case SlotState::InDecode:
        return rgba(230, 159, 0);
    case SlotState::Decoded:
        return rgba(66, 126, 220);
    case SlotState::Exported:
        return rgba(84, 222, 156);
    }
    return 0;
}
/// Share of its lane's height.
constexpr float height_of(SlotState state) {
    switch (state) {
    case SlotState::Free:
        return 0.2F;
    case SlotState::InDecode:
        return 0.55F;
    case SlotState::Decoded:
        return 0.75F;
    case SlotState::Exported:
        return 1;
    }
    return 0;
}
constexpr Rgba of(OutputPath path) {
    switch (path) {
    case OutputPath::Plane:
        return good;
    case OutputPath::Composited:
        return fair;
    case OutputPath::Copied:
        return bad;
    case OutputPath::None:
        return faint;
    }
    return faint;
}

} // namespace v4l2play::theme
