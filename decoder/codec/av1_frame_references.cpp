#include <algorithm>
#include <optional>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

/// 5.9.8, 5.9.9: `upscaled_width` is known
void parse_superres_params(const HeaderContext& c) {
    FrameSize& size = c.header.size;
    size.use_superres = c.sequence.enable_superres && c.r.flag();
    size.superres_denom = static_cast<std::uint8_t>(size.use_superres ? c.r.f(3) + superres_num + 1 : superres_num);
    size.frame_width = (size.upscaled_width * superres_num + size.superres_denom / 2U) / size.superres_denom;
}

/// 5.9.6
void parse_render_size(const HeaderContext& c) {
    FrameSize& size = c.header.size;
    const bool render_and_frame_size_different = c.r.flag();
    size.render_width = render_and_frame_size_different ? c.r.f(16) + 1 : size.upscaled_width;
    size.render_height = render_and_frame_size_different ? c.r.f(16) + 1 : size.frame_height;
}

/// The search of 7.8 for references by their place in output order. `Hints` are shiftedOrderHints.
class ReferenceSearch {
  public:
    using Hints = std::array<int, num_ref_frames>;

    ReferenceSearch(const Hints& hints, int current)
        : hints_(hints)
        , current_(current) {}

    void use(unsigned slot) { used_[slot] = true; }
    std::optional<unsigned> latest_backward() {
        return find([&](int hint) { return hint >= current_; }, [](int hint, int best) { return hint >= best; });
    }
    std::optional<unsigned> earliest_backward() {
        return find([&](int hint) { return hint >= current_; }, [](int hint, int best) { return hint < best; });
    }
    std::optional<unsigned> latest_forward() {
        return find([&](int hint) { return hint < current_; }, [](int hint, int best) { return hint >= best; });
    }
    [[nodiscard]] unsigned earliest() const {
        return static_cast<unsigned>(std::min_element(hints_.begin(), hints_.end()) - hints_.begin());
    }

  private:
    template <class Suits, class Better>
    std::optional<unsigned> find(Suits suits, Better better) {
        std::optional<unsigned> found;
        for (unsigned slot = 0; slot < num_ref_frames; ++slot)
            if (!used_[slot] && suits(hints_[slot]) && (!found || better(hints_[slot], hints_[*found]))) found = slot;
        if (found) use(*found);
        return found;
    }

    const Hints& hints_;
    int current_;
    std::array<bool, num_ref_frames> used_{};
};

/// Two forward references, the latest ones, for skip mode where there is none backward. -1: there is none.
struct SkipModeCandidates {
    int forward = -1;
    int backward = -1;
    int second_forward = -1;
};

/// 5.9.22: the search of skip_mode_params()
SkipModeCandidates find_skip_mode_candidates(const HeaderContext& c) {
    SkipModeCandidates found;
    const auto hint = [&](int i) { return c.reference(static_cast<unsigned>(i)).order_hint; };
    for (int i = 0; i < static_cast<int>(refs_per_frame); ++i) {
        const int distance = c.dist(hint(i), c.header.order_hint);
        if (distance < 0 && (found.forward < 0 || c.dist(hint(i), hint(found.forward)) > 0)) found.forward = i;
        if (distance > 0 && (found.backward < 0 || c.dist(hint(i), hint(found.backward)) < 0)) found.backward = i;
    }
    if (found.forward < 0 || found.backward >= 0) return found;
    for (int i = 0; i < static_cast<int>(refs_per_frame); ++i)
        if (c.dist(hint(i), hint(found.forward)) < 0 &&
            (found.second_forward < 0 || c.dist(hint(i), hint(found.second_forward)) > 0))
            found.second_forward = i;
    return found;
}

} // namespace

void parse_frame_size(const HeaderContext& c) {
    const SequenceHeader& s = c.sequence;
    FrameSize& size = c.header.size;
    const bool override = c.header.frame_size_override_flag;
    size.upscaled_width = 1U + (override ? c.r.f(s.frame_width_bits_minus_1 + 1U) : s.max_frame_width_minus_1);
    size.frame_height = 1U + (override ? c.r.f(s.frame_height_bits_minus_1 + 1U) : s.max_frame_height_minus_1);
    c.r.require(size.upscaled_width <= s.max_frame_width_minus_1 + 1U, "frame_width_minus_1 above the maximum (6.8.4)");
    c.r.require(size.frame_height <= s.max_frame_height_minus_1 + 1U, "frame_height_minus_1 above the maximum (6.8.4)");
    parse_superres_params(c);
    parse_render_size(c);
}

void parse_frame_size_with_refs(const HeaderContext& c) {
    for (unsigned i = 0; i < refs_per_frame; ++i) {
        const bool found_ref = c.r.flag();
        if (!found_ref) continue;
        c.header.size = c.reference(i).size;
        return parse_superres_params(c);
    }
    parse_frame_size(c);
}

void set_frame_refs(const HeaderContext& c, unsigned last_frame_idx, unsigned gold_frame_idx) {
    constexpr std::uint8_t unset = num_ref_frames;
    const int current = 1 << (c.sequence.order_hint_bits - 1);
    ReferenceSearch::Hints hints{};
    for (unsigned slot = 0; slot < num_ref_frames; ++slot)
        hints[slot] = current + c.dist(c.frames[slot].order_hint, c.header.order_hint);
    c.r.require(hints[last_frame_idx] < current, "last_frame_idx names a frame to come (7.8)");
    c.r.require(hints[gold_frame_idx] < current, "gold_frame_idx names a frame to come (7.8)");

    auto& idx = c.header.ref_frame_idx;
    idx.fill(unset);
    const auto set = [&](unsigned reference, std::optional<unsigned> slot) {
        if (slot) idx[reference - last_frame] = static_cast<std::uint8_t>(*slot);
    };
    ReferenceSearch search(hints, current);
    set(last_frame, last_frame_idx);
    set(golden_frame, gold_frame_idx);
    search.use(last_frame_idx);
    search.use(gold_frame_idx);
    set(altref_frame, search.latest_backward());
    set(bwdref_frame, search.earliest_backward());
    set(altref2_frame, search.earliest_backward());
    for (const unsigned reference : {last_frame + 1, last_frame + 2, bwdref_frame, altref2_frame, altref_frame})
        if (idx[reference - last_frame] == unset) set(reference, search.latest_forward());
    std::replace(idx.begin(), idx.end(), unset, static_cast<std::uint8_t>(search.earliest()));
}

void parse_skip_mode_params(const HeaderContext& c) {
    FrameHeader& h = c.header;
    if (h.is_intra() || !h.reference_select || !c.sequence.enable_order_hint || !c.r.ok()) return;
    const SkipModeCandidates found = find_skip_mode_candidates(c);
    const int other = found.backward >= 0 ? found.backward : found.second_forward;
    h.skip_mode_allowed = found.forward >= 0 && other >= 0;
    if (!h.skip_mode_allowed) return;
    h.skip_mode_frame[0] = static_cast<std::uint8_t>(static_cast<int>(last_frame) + std::min(found.forward, other));
    h.skip_mode_frame[1] = static_cast<std::uint8_t>(static_cast<int>(last_frame) + std::max(found.forward, other));
    c.r.flag(h.skip_mode_present);
}

} // namespace v4l2play::av1
