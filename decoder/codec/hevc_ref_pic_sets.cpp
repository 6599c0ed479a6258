#include "decoder/codec/hevc_ref_pic_sets.h"

namespace v4l2play::hevc {

namespace {

constexpr const char* too_many_pictures = "more pictures in a reference picture set than the DPB holds (7.4.8)";

/// Collects one picture after the other.
struct SetBuilder {
    SyntaxReader& r;
    ShortTermRefPicSet& set;

    void add(std::int32_t delta_poc, bool used, std::uint8_t& part) {
        const unsigned at = set.num_delta_pocs();
        r.require(at < maximum_set_pictures, too_many_pictures);
        r.require(delta_poc >= -32768 && delta_poc <= 32767, "DiffPicOrderCnt outside of 16 bits (8.3.1)");
        if (!r.ok()) return;
        set.delta_poc[at] = static_cast<std::int16_t>(delta_poc);
        if (used) set.used = static_cast<std::uint16_t>(set.used | 1U << at);
        ++part;
    }
};

/// The flags of 7.3.7 for each picture of the set that is predicted from; use_delta_flag is 1 when not sent (7.4.8).
void parse_inter_flags(SyntaxReader& r, unsigned count, ShortTermRefPicSet& set) {
    for (unsigned j = 0; j <= count; ++j) {
        const bool used = r.flag();
        const bool delta = used || r.flag();
        set.used_by_curr_pic_flag = static_cast<std::uint16_t>(set.used_by_curr_pic_flag | (used ? 1U << j : 0U));
        set.use_delta_flag = static_cast<std::uint16_t>(set.use_delta_flag | (delta ? 1U << j : 0U));
    }
}

/// (7-61), (7-62) of 7.4.8: the pictures of `from`, seen from a picture that is `delta_rps` away, and the one there.
void predict(SyntaxReader& r, const ShortTermRefPicSet& from, std::int32_t delta_rps, ShortTermRefPicSet& set) {
    SetBuilder builder{r, set};
    const auto flag = [](std::uint16_t flags, unsigned j) { return (flags >> j & 1) != 0; };
    const auto take = [&](unsigned j, std::int32_t delta_poc, bool negative) {
        if ((negative ? delta_poc < 0 : delta_poc > 0) && flag(set.use_delta_flag, j))
            builder.add(delta_poc, flag(set.used_by_curr_pic_flag, j),
                        negative ? set.num_negative_pics : set.num_positive_pics);
    };
    const unsigned negatives = from.num_negative_pics;
    const unsigned all = from.num_delta_pocs();
    for (unsigned j = all; j-- > negatives;) take(j, from.delta_poc[j] + delta_rps, true);
    take(all, delta_rps, true);
    for (unsigned j = 0; j < negatives; ++j) take(j, from.delta_poc[j] + delta_rps, true);

    for (unsigned j = negatives; j-- > 0;) take(j, from.delta_poc[j] + delta_rps, false);
    take(all, delta_rps, false);
    for (unsigned j = negatives; j < all; ++j) take(j, from.delta_poc[j] + delta_rps, false);
}

/// 7.3.7, inter_ref_pic_set_prediction_flag == 1
void parse_predicted(SyntaxReader& r, std::span<const ShortTermRefPicSet> earlier, bool in_slice,
                     ShortTermRefPicSet& set) {
    const auto count = static_cast<unsigned>(earlier.size());
    if (in_slice) r.ue(set.delta_idx_minus1, count - 1, "delta_idx_minus1 names no set of the SPS (7.4.8)");
    r.flag(set.delta_rps_sign);
    r.ue(set.abs_delta_rps_minus1, 32767, "abs_delta_rps_minus1 above 32767 (7.4.8)");
    if (!r.ok()) return;
    const ShortTermRefPicSet& from = earlier[count - 1 - set.delta_idx_minus1]; // (7-59)
    const std::int32_t size = set.abs_delta_rps_minus1 + 1;
    parse_inter_flags(r, from.num_delta_pocs(), set);
    if (r.ok()) predict(r, from, set.delta_rps_sign ? -size : size, set); // (7-60)
}

/// 7.3.7, (7-63) to (7-70): the pictures on one side of the current one
void parse_part(SyntaxReader& r, unsigned count, std::int32_t sign, ShortTermRefPicSet& set, std::uint8_t& part) {
    SetBuilder builder{r, set};
    std::int32_t delta_poc = 0;
    for (unsigned i = 0; i < count && r.ok(); ++i) {
        const std::uint32_t distance = r.ue(32767, "delta_poc_s0_minus1 or delta_poc_s1_minus1 above 32767 (7.4.8)");
        delta_poc += sign * (static_cast<std::int32_t>(distance) + 1);
        builder.add(delta_poc, r.flag(), part);
    }
}

} // namespace

void parse_short_term_ref_pic_set(SyntaxReader& r, std::span<const ShortTermRefPicSet> earlier, bool in_slice,
                                  ShortTermRefPicSet& set) {
    set = {};
    if (!earlier.empty()) r.flag(set.inter_ref_pic_set_prediction_flag);
    if (set.inter_ref_pic_set_prediction_flag) return parse_predicted(r, earlier, in_slice, set);
    const unsigned negative = r.ue(maximum_set_pictures, too_many_pictures);
    const unsigned positive = r.ue(maximum_set_pictures - negative, too_many_pictures);
    parse_part(r, negative, -1, set, set.num_negative_pics);
    parse_part(r, positive, 1, set, set.num_positive_pics);
}

} // namespace v4l2play::hevc
