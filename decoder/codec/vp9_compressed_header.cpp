#include <cerrno>

#include "decoder/codec/vp9_bool_decoder.h"
#include "decoder/codec/vp9_parser.h"

namespace v4l2play::vp9 {

namespace {

constexpr std::uint8_t tx_mode_allow_32x32 = 3;
constexpr std::uint8_t tx_mode_select = 4;
constexpr std::uint8_t update_probability = 252;

/// 6.3.5: inv_map_table. The first 20 deltas are coarse ones, 13 apart; the others follow in order. One more than the
/// table has can be coded, and means the same as the last.
constexpr std::array<std::uint8_t, 255> make_inv_map_table() {
    constexpr unsigned first = 7;
    constexpr unsigned distance = 13;
    constexpr unsigned coarse = 20;
    std::array<std::uint8_t, 255> table{};
    std::size_t next = 0;
    for (unsigned i = 0; i < coarse; ++i) table[next++] = static_cast<std::uint8_t>(first + distance * i);
    for (unsigned value = 1; value <= 253; ++value)
        if (value < first || (value - first) % distance != 0) table[next++] = static_cast<std::uint8_t>(value);
    table[next] = 253;
    return table;
}
constexpr std::array<std::uint8_t, 255> inv_map_table = make_inv_map_table();
static_assert(inv_map_table[19] == 254 && inv_map_table[20] == 1 && inv_map_table[253] == 253);

/// 6.3.4: decode_term_subexp
unsigned decode_term_subexp(BoolDecoder& bits) {
    if (!bits.flag()) return bits.literal(4);
    if (!bits.flag()) return bits.literal(4) + 16;
    if (!bits.flag()) return bits.literal(5) + 32;
    const unsigned value = bits.literal(7);
    if (value < 65) return value + 64;
    return (value << 1) - 1 + bits.literal(1);
}

/// 6.3.3: diff_update_prob
void diff_update(BoolDecoder& bits, std::uint8_t& delta) {
    delta = bits.read(update_probability) ? inv_map_table[decode_term_subexp(bits)] : std::uint8_t{0};
}

/// 6.3.3 for every one of them
template <class T, std::size_t N>
void diff_update(BoolDecoder& bits, std::array<T, N>& deltas) {
    for (T& delta : deltas) diff_update(bits, delta);
}

/// 6.3.17: update_mv_prob
void update_mv(BoolDecoder& bits, std::uint8_t& probability) {
    probability = bits.read(update_probability) ? static_cast<std::uint8_t>(bits.literal(7) << 1 | 1) : std::uint8_t{0};
}

/// 6.3.17 for every one of them
template <class T, std::size_t N>
void update_mv(BoolDecoder& bits, std::array<T, N>& probabilities) {
    for (T& probability : probabilities) update_mv(bits, probability);
}

/// 6.3.1: read_tx_mode
void read_tx_mode(BoolDecoder& bits, const FrameHeader& header, CompressedHeader& out) {
    if (header.is_lossless()) return; // ONLY_4X4
    out.tx_mode = static_cast<std::uint8_t>(bits.literal(2));
    if (out.tx_mode == tx_mode_allow_32x32 && bits.flag()) out.tx_mode = tx_mode_select;
}

/// 6.3.2: tx_mode_probs
void tx_mode_probs(BoolDecoder& bits, CompressedHeader& out) {
    diff_update(bits, out.tx8);
    diff_update(bits, out.tx16);
    diff_update(bits, out.tx32);
}

/// 6.3.7: read_coef_probs
void read_coef_probs(BoolDecoder& bits, CompressedHeader& out) {
    const unsigned largest = out.tx_mode < tx_mode_allow_32x32 ? out.tx_mode : tx_mode_allow_32x32;
    for (unsigned size = 0; size <= largest; ++size) {
        if (!bits.flag()) continue;
        for (auto& plane : out.coef[size])
            for (auto& reference : plane)
                for (std::size_t band = 0; band < reference.size(); ++band)
                    for (std::size_t context = 0; context < (band == 0 ? 3 : 6); ++context)
                        diff_update(bits, reference[band][context]);
    }
}

/// 6.3.12: frame_reference_mode
void frame_reference_mode(BoolDecoder& bits, const FrameHeader& header, CompressedHeader& out) {
    const auto& bias = header.ref_frame_sign_bias;
    const bool compound_reference_allowed = bias[1] != bias[0] || bias[2] != bias[0];
    if (!compound_reference_allowed || !bits.flag())
        out.reference_mode = ReferenceMode::Single;
    else
        out.reference_mode = bits.flag() ? ReferenceMode::Select : ReferenceMode::Compound;
}

/// 6.3.13: frame_reference_mode_probs
void frame_reference_mode_probs(BoolDecoder& bits, CompressedHeader& out) {
    if (out.reference_mode == ReferenceMode::Select) diff_update(bits, out.comp_mode);
    if (out.reference_mode != ReferenceMode::Compound) diff_update(bits, out.single_ref);
    if (out.reference_mode != ReferenceMode::Single) diff_update(bits, out.comp_ref);
}

/// 6.3.16: mv_probs
void mv_probs(BoolDecoder& bits, const FrameHeader& header, MvProbs& out) {
    update_mv(bits, out.joint);
    for (std::size_t i = 0; i < 2; ++i) {
        update_mv(bits, out.sign[i]);
        update_mv(bits, out.classes[i]);
        update_mv(bits, out.class0_bit[i]);
        update_mv(bits, out.bits[i]);
    }
    for (std::size_t i = 0; i < 2; ++i) {
        update_mv(bits, out.class0_fr[i]);
        update_mv(bits, out.fr[i]);
    }
    for (std::size_t i = 0; i < 2 && header.allow_high_precision_mv; ++i) {
        update_mv(bits, out.class0_hp[i]);
        update_mv(bits, out.hp[i]);
    }
}

} // namespace

Parsed<> parse_compressed_header(std::span<const std::uint8_t> bytes, const FrameHeader& header,
                                 CompressedHeader& out) {
    out = {};
    BoolDecoder bits(bytes);
    read_tx_mode(bits, header, out);
    if (out.tx_mode == tx_mode_select) tx_mode_probs(bits, out);
    read_coef_probs(bits, out);
    diff_update(bits, out.skip); // 6.3.8: read_skip_prob
    if (!header.is_intra()) {
        diff_update(bits, out.inter_mode); // 6.3.9: read_inter_mode_probs
        if (header.interpolation_filter == InterpolationFilter::Switchable)
            diff_update(bits, out.interp_filter); // 6.3.10: read_interp_filter_probs
        diff_update(bits, out.is_inter);          // 6.3.11: read_is_inter_probs
        frame_reference_mode(bits, header, out);
        frame_reference_mode_probs(bits, out);
        diff_update(bits, out.y_mode);    // 6.3.14: read_y_mode_probs
        diff_update(bits, out.partition); // 6.3.15: read_partition_probs
        mv_probs(bits, header, out.mv);
    }
    if (bits.failed())
        return tl::unexpected(SyntaxError{EBADMSG, "the compressed header is cut short or has no marker"});
    return {};
}

} // namespace v4l2play::vp9
