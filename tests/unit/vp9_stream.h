// Makes VP9 frames and superframes out of headers, for tests of what reads them.
#pragma once

#include <cstdint>
#include <vector>

#include "decoder/codec/vp9_syntax.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

/// The inverse of section 9.2. Bits are kept one by one, so that a carry is easy.
class Vp9BoolWriter {
  public:
    Vp9BoolWriter() { flag(false); } // the marker

    void write(bool bit, std::uint32_t probability) {
        const std::uint32_t split = 1 + (((range_ - 1) * probability) >> 8);
        if (bit) low_ += split;
        range_ = bit ? range_ - split : split;
        if (low_ > 255) carry();
        for (; range_ < 128; range_ <<= 1) shift();
    }
    void flag(bool bit) { write(bit, 128); }
    void literal(unsigned n, std::uint32_t value) {
        for (; n > 0; --n) flag((value >> (n - 1) & 1) != 0);
    }
    [[nodiscard]] Bytes finish() {
        for (int i = 0; i < 8; ++i) shift();
        BitWriter writer;
        for (const bool bit : bits_) writer.u(1, bit ? 1 : 0);
        return writer.bytes();
    }

  private:
    void carry() {
        low_ -= 256;
        std::size_t i = bits_.size();
        while (i > 0 && bits_[i - 1]) bits_[--i] = false;
        if (i > 0) bits_[i - 1] = true;
    }
    void shift() {
        bits_.push_back((low_ & 0x80) != 0);
        low_ = low_ << 1 & 0xff;
    }

    std::vector<bool> bits_;
    std::uint32_t low_ = 0;
    std::uint32_t range_ = 255;
};

/// Writes a compressed header (6.3) that says what `deltas` says.
class Vp9CompressedWriter {
  public:
    Vp9CompressedWriter(const vp9::FrameHeader& header, const vp9::CompressedHeader& deltas)
        : header_(header)
        , deltas_(deltas) {}

    [[nodiscard]] Bytes write() {
        if (!header_.is_lossless()) {
            bits_.literal(2, deltas_.tx_mode < 3U ? deltas_.tx_mode : 3U);
            if (deltas_.tx_mode >= 3) bits_.flag(deltas_.tx_mode == 4);
        }
        if (deltas_.tx_mode == 4) {
            update(deltas_.tx8);
            update(deltas_.tx16);
            update(deltas_.tx32);
        }
        write_coefficients();
        update(deltas_.skip);
        if (!header_.is_intra()) write_inter();
        return bits_.finish();
    }

  private:
    /// Position in inv_map_table: the 20 coarse values first.
    static unsigned code(unsigned delta) {
        if (delta % 13 == 7) return delta / 13;
        return 20 + delta - 1 - (delta + 5) / 13;
    }
    void update(std::uint8_t delta) {
        bits_.write(delta != 0, 252);
        if (delta == 0) return;
        const unsigned value = code(delta);
        bits_.flag(value >= 16);
        if (value < 16) return bits_.literal(4, value);
        bits_.flag(value >= 32);
        if (value < 32) return bits_.literal(4, value - 16);
        bits_.flag(value >= 64);
        if (value < 64) return bits_.literal(5, value - 32);
        if (value < 129) return bits_.literal(7, value - 64);
        bits_.literal(8, value + 1); // seven bits, then one
    }
    template <class T, std::size_t N>
    void update(const std::array<T, N>& deltas) {
        for (const T& delta : deltas) update(delta);
    }
    void update_mv(std::uint8_t probability) {
        bits_.write(probability != 0, 252);
        if (probability != 0) bits_.literal(7, probability >> 1);
    }
    template <class T, std::size_t N>
    void update_mv(const std::array<T, N>& probabilities) {
        for (const T& probability : probabilities) update_mv(probability);
    }
    void write_coefficients() {
        for (unsigned size = 0; size <= (deltas_.tx_mode < 3U ? deltas_.tx_mode : 3U); ++size) {
            const bool any = deltas_.coef[size] != vp9::CompressedHeader().coef[size];
            bits_.flag(any);
            if (!any) continue;
            for (const auto& plane : deltas_.coef[size])
                for (const auto& reference : plane)
                    for (unsigned band = 0; band < 6; ++band)
                        for (unsigned context = 0; context < (band == 0 ? 3U : 6U); ++context)
                            update(reference[band][context]);
        }
    }
    void write_reference_mode() {
        const auto& bias = header_.ref_frame_sign_bias;
        const bool select = deltas_.reference_mode == vp9::ReferenceMode::Select;
        const bool single = deltas_.reference_mode == vp9::ReferenceMode::Single;
        if (bias[0] != bias[1] || bias[0] != bias[2]) {
            bits_.flag(!single);
            if (!single) bits_.flag(select);
        }
        if (select) update(deltas_.comp_mode);
        if (select || single) update(deltas_.single_ref);
        if (!single) update(deltas_.comp_ref);
    }
    void write_inter() {
        update(deltas_.inter_mode);
        if (header_.interpolation_filter == vp9::InterpolationFilter::Switchable) update(deltas_.interp_filter);
        update(deltas_.is_inter);
        write_reference_mode();
        update(deltas_.y_mode);
        update(deltas_.partition);
        const vp9::MvProbs& mv = deltas_.mv;
        update_mv(mv.joint);
        for (unsigned i = 0; i < 2; ++i) {
            update_mv(mv.sign[i]);
            update_mv(mv.classes[i]);
            update_mv(mv.class0_bit[i]);
            update_mv(mv.bits[i]);
        }
        for (unsigned i = 0; i < 2; ++i) {
            update_mv(mv.class0_fr[i]);
            update_mv(mv.fr[i]);
        }
        for (unsigned i = 0; i < 2 && header_.allow_high_precision_mv; ++i) {
            update_mv(mv.class0_hp[i]);
            update_mv(mv.hp[i]);
        }
    }

    const vp9::FrameHeader& header_;
    const vp9::CompressedHeader& deltas_;
    Vp9BoolWriter bits_;
};

/// A frame as it is to be written.
struct Vp9Frame {
    vp9::FrameHeader header;
    vp9::CompressedHeader deltas;
    unsigned size_of_reference = 3;    ///< 0 to 2: the size is that of a reference; 3: it is coded
    unsigned tile_cols_increments = 0; ///< increment_tile_cols_log2 that are 1
    unsigned tile_cols_bits = 0;       ///< all of them
    std::uint32_t sync_code = 0x498342;
    std::array<bool, 4> ref_deltas_coded{};  ///< update_ref_delta
    std::array<bool, 2> mode_deltas_coded{}; ///< update_mode_delta
    Bytes tiles = Bytes(16, 0x5a);
    bool empty_compressed_header = false;

    static Vp9Frame key(std::uint32_t width = 64, std::uint32_t height = 64) {
        Vp9Frame frame;
        frame.header.key_frame = frame.header.show_frame = true;
        frame.set_size(width, height);
        return frame;
    }
    /// Refers to slot 0 and refreshes slots of `refresh`.
    static Vp9Frame inter(std::uint8_t refresh = 1) {
        Vp9Frame frame;
        frame.header.show_frame = true;
        frame.header.refresh_frame_flags = refresh;
        frame.size_of_reference = 0;
        return frame;
    }
    static Vp9Frame intra_only(std::uint8_t refresh = 1, std::uint8_t reset = 3) {
        Vp9Frame frame = key();
        frame.header.key_frame = frame.header.show_frame = false;
        frame.header.intra_only = true;
        frame.header.refresh_frame_flags = refresh;
        frame.header.reset_frame_context = reset;
        return frame;
    }
    static Vp9Frame show(std::uint8_t slot) {
        Vp9Frame frame;
        frame.header.show_existing_frame = true;
        frame.header.frame_to_show_map_idx = slot;
        return frame;
    }
    Vp9Frame& set_size(std::uint32_t width, std::uint32_t height) {
        header.frame_width = header.render_width = width;
        header.frame_height = header.render_height = height;
        return *this;
    }
    Vp9Frame& hide() {
        header.show_frame = false;
        return *this;
    }

    [[nodiscard]] Bytes write() const {
        const Bytes compressed = empty_compressed_header ? Bytes() : Vp9CompressedWriter(header, deltas).write();
        Bytes bytes = uncompressed(compressed.size()).bytes();
        if (header.show_existing_frame) return bytes;
        bytes.insert(bytes.end(), compressed.begin(), compressed.end());
        bytes.insert(bytes.end(), tiles.begin(), tiles.end());
        bytes.shrink_to_fit();
        return bytes;
    }

  private:
    static void flag(BitWriter& out, bool value) { out.u(1, value ? 1 : 0); }
    static void write_signed(BitWriter& out, unsigned n, int value) {
        out.u(n, static_cast<std::uint64_t>(value < 0 ? -value : value));
        flag(out, value < 0);
    }
    [[nodiscard]] BitWriter uncompressed(std::size_t compressed_size) const {
        BitWriter out;
        out.u(2, 2).u(1, header.profile & 1U).u(1, header.profile >> 1U);
        if (header.profile == 3) out.u(1, 0);
        flag(out, header.show_existing_frame);
        if (header.show_existing_frame) return out.u(3, header.frame_to_show_map_idx);
        flag(out, !header.key_frame);
        flag(out, header.show_frame);
        flag(out, header.error_resilient_mode);
        write_kind(out);
        if (!header.error_resilient_mode) {
            flag(out, header.refresh_frame_context);
            flag(out, header.frame_parallel_decoding_mode);
        }
        out.u(2, header.frame_context_idx);
        write_loop_filter(out);
        write_quantization(out);
        write_segmentation(out);
        for (unsigned i = 0; i < tile_cols_bits; ++i) flag(out, i < tile_cols_increments);
        flag(out, header.tile_rows_log2 > 0);
        if (header.tile_rows_log2 > 0) flag(out, header.tile_rows_log2 > 1);
        return out.u(16, compressed_size);
    }
    void write_kind(BitWriter& out) const {
        if (header.key_frame) {
            out.u(24, sync_code);
            write_color(out);
            return write_size(out);
        }
        if (!header.show_frame) flag(out, header.intra_only);
        if (!header.error_resilient_mode) out.u(2, header.reset_frame_context);
        if (header.intra_only) {
            out.u(24, sync_code);
            if (header.profile > 0) write_color(out);
            out.u(8, header.refresh_frame_flags);
            return write_size(out);
        }
        out.u(8, header.refresh_frame_flags);
        for (unsigned i = 0; i < 3; ++i) {
            out.u(3, header.ref_frame_idx[i]);
            flag(out, header.ref_frame_sign_bias[i]);
        }
        write_size_with_refs(out);
        flag(out, header.allow_high_precision_mv);
        const bool switchable = header.interpolation_filter == vp9::InterpolationFilter::Switchable;
        flag(out, switchable);
        if (!switchable) out.u(2, static_cast<unsigned>(header.interpolation_filter));
    }
    void write_color(BitWriter& out) const {
        if (header.profile >= 2) flag(out, header.color.bit_depth == 12);
        out.u(3, static_cast<unsigned>(header.color.color_space));
        if (header.color.color_space == vp9::ColorSpace::Rgb) return;
        flag(out, header.color.color_range);
        if (header.profile % 2 != 0) out.u(3, 0);
    }
    void write_size_with_refs(BitWriter& out) const {
        for (unsigned i = 0; i < 3 && i <= size_of_reference; ++i) flag(out, i == size_of_reference);
        if (size_of_reference > 2) return write_size(out);
        flag(out, false);
    }
    void write_size(BitWriter& out) const {
        out.u(16, header.frame_width - 1).u(16, header.frame_height - 1);
        const bool differs = header.render_width != header.frame_width || header.render_height != header.frame_height;
        flag(out, differs);
        if (differs) out.u(16, header.render_width - 1).u(16, header.render_height - 1);
    }
    void write_loop_filter(BitWriter& out) const {
        const vp9::LoopFilter& filter = header.loop_filter;
        out.u(6, filter.level).u(3, filter.sharpness);
        flag(out, filter.delta_enabled);
        if (!filter.delta_enabled) return;
        flag(out, filter.delta_update);
        if (!filter.delta_update) return;
        for (unsigned i = 0; i < 4; ++i) {
            flag(out, ref_deltas_coded[i]);
            if (ref_deltas_coded[i]) write_signed(out, 6, filter.ref_deltas[i]);
        }
        for (unsigned i = 0; i < 2; ++i) {
            flag(out, mode_deltas_coded[i]);
            if (mode_deltas_coded[i]) write_signed(out, 6, filter.mode_deltas[i]);
        }
    }
    void write_quantization(BitWriter& out) const {
        const vp9::Quantization& q = header.quantization;
        out.u(8, q.base_q_idx);
        for (const int delta : {q.delta_q_y_dc, q.delta_q_uv_dc, q.delta_q_uv_ac}) {
            flag(out, delta != 0);
            if (delta != 0) write_signed(out, 4, delta);
        }
    }
    static void write_prob(BitWriter& out, std::uint8_t probability) {
        flag(out, probability != 255);
        if (probability != 255) out.u(8, probability);
    }
    void write_segmentation(BitWriter& out) const {
        const vp9::Segmentation& segmentation = header.segmentation;
        flag(out, segmentation.enabled);
        if (!segmentation.enabled) return;
        flag(out, segmentation.update_map);
        if (segmentation.update_map) {
            for (const std::uint8_t probability : segmentation.tree_probs) write_prob(out, probability);
            flag(out, segmentation.temporal_update);
            for (const std::uint8_t probability : segmentation.pred_probs)
                if (segmentation.temporal_update) write_prob(out, probability);
        }
        flag(out, segmentation.update_data);
        if (!segmentation.update_data) return;
        flag(out, segmentation.abs_or_delta_update);
        constexpr std::array<unsigned, 4> bits{8, 6, 2, 0};
        for (unsigned i = 0; i < vp9::segments; ++i) {
            for (unsigned j = 0; j < 4; ++j) {
                flag(out, segmentation.feature_enabled[i][j]);
                if (!segmentation.feature_enabled[i][j]) continue;
                if (j < 2)
                    write_signed(out, bits[j], segmentation.feature_data[i][j]);
                else
                    out.u(bits[j], static_cast<std::uint64_t>(segmentation.feature_data[i][j]));
            }
        }
    }
};

/// Frames with an index behind them (Annex B).
inline Bytes write_superframe(const std::vector<Bytes>& frames, unsigned bytes_of_size = 2) {
    Bytes unit;
    for (const Bytes& frame : frames) unit.insert(unit.end(), frame.begin(), frame.end());
    const auto marker = static_cast<std::uint8_t>(6U << 5 | (bytes_of_size - 1) << 3 | (frames.size() - 1));
    unit.push_back(marker);
    for (const Bytes& frame : frames)
        for (unsigned i = 0; i < bytes_of_size; ++i) unit.push_back(static_cast<std::uint8_t>(frame.size() >> 8 * i));
    unit.push_back(marker);
    unit.shrink_to_fit();
    return unit;
}

} // namespace v4l2play::test
