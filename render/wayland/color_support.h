// What a compositor knows of colour, and how what pictures say of theirs is put to it. The code points are H.273's on
// this side, those of color-representation-v1 and color-management-v1 on the other.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/color.h"

struct wp_color_manager_v1;
struct wp_color_representation_manager_v1;

namespace v4l2play {

/// Matrix coefficients and range, in the compositor's numbers.
struct Representation {
    std::uint32_t coefficients = 0;
    std::uint32_t range = 0;
    bool operator==(const Representation&) const = default;
};

/// An image description for color-management; made only for what is no ordinary video.
struct WideColor {
    std::uint32_t transfer = 0; ///< a named transfer function
    std::uint32_t primaries = 0;
    HdrMetadata hdr;
    bool operator==(const WideColor&) const = default;
};

/// Filled by the managers' events. Pure but for `listen`.
class ColorSupport {
  public:
    void listen(wp_color_representation_manager_v1* manager);
    void listen(wp_color_manager_v1* manager);

    /// The other range where the compositor does not list the right one; empty when it has no name for the matrix.
    [[nodiscard]] std::optional<Representation> representation(const ColorDescription& color,
                                                               std::uint32_t height) const;
    /// Empty for ordinary video (which compositors take it for when nothing is said), and for what they cannot do.
    [[nodiscard]] std::optional<WideColor> wide_color(const ColorDescription& color, const HdrMetadata& hdr) const;
    [[nodiscard]] bool takes_mastering() const;

    // Called by the listeners.
    void add(Representation one);
    void add_feature(std::uint32_t feature) { features_ |= bit(feature); }
    void add_transfer(std::uint32_t transfer) { transfers_ |= bit(transfer); }
    void add_primaries(std::uint32_t primaries) { primaries_ |= bit(primaries); }

  private:
    static std::uint32_t bit(std::uint32_t n) { return n < 32 ? std::uint32_t{1} << n : 0; }

    std::vector<Representation> representations_;
    std::uint32_t features_ = 0;
    std::uint32_t transfers_ = 0;
    std::uint32_t primaries_ = 0;
};

} // namespace v4l2play
