// Makes VP8 frames out of headers, for tests of what reads them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "decoder/codec/vp8_syntax.h"
#include "decoder/codec/vp8_tables.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

/// The boolean encoder (RFC 6386 section 7.3), with the bits written so far kept one by one so that a carry is easy.
class BoolEncoder {
  public:
    void write(bool bit, std::uint8_t probability) {
        const std::uint32_t split = 1 + ((range_ - 1) * probability >> 8);
        if (bit) {
            low_ += split;
            range_ -= split;
        } else {
            range_ = split;
        }
        if (low_ > 255) carry();
        for (; range_ < 128; range_ <<= 1) shift();
    }
    void flag(bool bit) { write(bit, 128); }
    void literal(std::uint32_t value, unsigned bits) {
        while (bits-- > 0) flag((value >> bits & 1) != 0);
    }
    void signed_literal(int value, unsigned bits) {
        literal(static_cast<std::uint32_t>(std::abs(value)), bits);
        flag(value < 0);
    }
    [[nodiscard]] std::size_t bits_written() const { return bits_.size(); }
    [[nodiscard]] std::uint32_t range() const { return range_; }

    [[nodiscard]] Bytes finish() {
        for (int i = 0; i < 8; ++i) shift();
        Bytes bytes((bits_.size() + 7) / 8);
        for (std::size_t i = 0; i < bits_.size(); ++i)
            bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (bits_[i] ? 0x80U >> i % 8 : 0U));
        return bytes;
    }

  private:
    void carry() {
        low_ -= 256;
        auto bit = bits_.rbegin();
        for (; bit != bits_.rend() && *bit; ++bit) *bit = false;
        if (bit != bits_.rend()) *bit = true;
    }
    void shift() {
        bits_.push_back((low_ & 0x80) != 0);
        low_ = low_ << 1 & 0xff;
    }

    std::vector<bool> bits_;
    std::uint32_t low_ = 0;
    std::uint32_t range_ = 255;
};

/// A frame as it is to be written. `before`: probabilities in force before it, of which the header changes those that
/// differ.
struct Vp8Frame {
    vp8::FrameHeader header;
    bool refresh_entropy_probs = true;
    vp8::Probabilities before{vp8::default_coefficient_probabilities, vp8::default_motion_probabilities,
                              vp8::default_y_mode_probabilities, vp8::default_uv_mode_probabilities};
    std::array<std::size_t, vp8::maximum_partitions> partition_size{16, 16, 16, 16, 16, 16, 16, 16};
    std::uint32_t header_bits = 0; ///< set by `write`
    std::uint32_t range = 0;

    explicit Vp8Frame(bool key) {
        header.tag.key_frame = key;
        header.tag.show_frame = true;
        header.tag.width = header.tag.height = 64;
        header.probabilities = before;
        if (key) return;
        header.refresh_golden = header.refresh_alternate = false;
    }

    Bytes write() {
        BoolEncoder out;
        write_header(out);
        header_bits = static_cast<std::uint32_t>(out.bits_written());
        range = out.range();
        for (int i = 0; i < 16; ++i) out.literal(0x5a, 8); // stands for the modes of the macroblocks
        const Bytes first = out.finish();
        Bytes frame = write_tag(first.size());
        frame.insert(frame.end(), first.begin(), first.end());
        append_partitions(frame);
        return frame;
    }

  private:
    [[nodiscard]] Bytes write_tag(std::size_t first_size) const {
        const vp8::FrameTag& tag = header.tag;
        const auto bits = static_cast<std::uint32_t>((tag.key_frame ? 0U : 1U) | tag.version << 1U |
                                                     (tag.show_frame ? 1U << 4 : 0U) | first_size << 5);
        Bytes bytes{static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                    static_cast<std::uint8_t>(bits >> 16)};
        if (!tag.key_frame) return bytes;
        const unsigned width = tag.width | unsigned{tag.horizontal_scale} << 14;
        const unsigned height = tag.height | unsigned{tag.vertical_scale} << 14;
        for (const unsigned byte : {0x9dU, 0x01U, 0x2aU, width & 0xff, width >> 8, height & 0xff, height >> 8})
            bytes.push_back(static_cast<std::uint8_t>(byte));
        return bytes;
    }
    void append_partitions(Bytes& frame) const {
        std::size_t total = 0;
        for (unsigned i = 0; i < header.partitions; ++i) {
            total += partition_size[i];
            if (i + 1 == header.partitions) break;
            for (const unsigned shift : {0U, 8U, 16U})
                frame.push_back(static_cast<std::uint8_t>(partition_size[i] >> shift));
        }
        frame.insert(frame.end(), total, 0xda);
    }

    static void write_delta(BoolEncoder& out, int value, unsigned bits) {
        out.flag(value != 0);
        if (value != 0) out.signed_literal(value, bits);
    }
    void write_segmentation(BoolEncoder& out) const {
        const vp8::Segmentation& segmentation = header.segmentation;
        out.flag(segmentation.enabled);
        if (!segmentation.enabled) return;
        out.flag(segmentation.update_map);
        out.flag(segmentation.update_data);
        if (segmentation.update_data) {
            out.flag(segmentation.absolute);
            for (const int value : segmentation.quantizer) write_delta(out, value, 7);
            for (const int value : segmentation.loop_filter) write_delta(out, value, 6);
        }
        if (!segmentation.update_map) return;
        for (const std::uint8_t probability : segmentation.probabilities) {
            out.flag(probability != 255);
            if (probability != 255) out.literal(probability, 8);
        }
    }
    void write_loop_filter(BoolEncoder& out) const {
        const vp8::LoopFilter& filter = header.loop_filter;
        out.flag(filter.simple);
        out.literal(filter.level, 6);
        out.literal(filter.sharpness, 3);
        out.flag(filter.delta_enabled);
        if (!filter.delta_enabled) return;
        out.flag(filter.delta_update);
        if (!filter.delta_update) return;
        for (const auto& deltas : {filter.reference_delta, filter.mode_delta})
            for (const int delta : deltas) write_delta(out, delta, 6);
    }
    void write_quant(BoolEncoder& out) const {
        const vp8::QuantIndices& quant = header.quant;
        out.literal(quant.y_ac_qi, 7);
        for (const int delta :
             {quant.y_dc_delta, quant.y2_dc_delta, quant.y2_ac_delta, quant.uv_dc_delta, quant.uv_ac_delta})
            write_delta(out, delta, 4);
    }
    void write_references(BoolEncoder& out) const {
        out.flag(header.refresh_golden);
        out.flag(header.refresh_alternate);
        if (!header.refresh_golden) out.literal(static_cast<std::uint32_t>(header.copy_to_golden), 2);
        if (!header.refresh_alternate) out.literal(static_cast<std::uint32_t>(header.copy_to_alternate), 2);
        out.flag(header.sign_bias_golden);
        out.flag(header.sign_bias_alternate);
    }
    void write_coefficients(BoolEncoder& out) const {
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t j = 0; j < 8; ++j)
                for (std::size_t k = 0; k < 3; ++k)
                    for (std::size_t l = 0; l < 11; ++l) {
                        const std::uint8_t value = header.probabilities.coefficients[i][j][k][l];
                        const bool changed = value != before.coefficients[i][j][k][l];
                        out.write(changed, vp8::coefficient_update_probabilities[i][j][k][l]);
                        if (changed) out.literal(value, 8);
                    }
    }
    void write_motion(BoolEncoder& out) const {
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t j = 0; j < 19; ++j) {
                const std::uint8_t value = header.probabilities.motion[i][j];
                const bool changed = value != before.motion[i][j];
                out.write(changed, vp8::motion_update_probabilities[i][j]);
                if (changed) out.literal(value >> 1, 7);
            }
    }
    template <class Modes>
    static void write_modes(BoolEncoder& out, const Modes& modes, const Modes& before) {
        out.flag(modes != before);
        if (modes != before)
            for (const std::uint8_t probability : modes) out.literal(probability, 8);
    }
    void write_header(BoolEncoder& out) const {
        const bool key = header.tag.key_frame;
        if (key) out.literal(0, 2);
        write_segmentation(out);
        write_loop_filter(out);
        out.literal(static_cast<std::uint32_t>(std::countr_zero(header.partitions)), 2);
        write_quant(out);
        if (!key) write_references(out);
        out.flag(refresh_entropy_probs);
        if (!key) out.flag(header.refresh_last);
        write_coefficients(out);
        out.flag(header.mb_no_coeff_skip);
        if (header.mb_no_coeff_skip) out.literal(header.prob_skip_false, 8);
        if (key) return;
        out.literal(header.prob_intra, 8);
        out.literal(header.prob_last, 8);
        out.literal(header.prob_golden, 8);
        write_modes(out, header.probabilities.y_mode, before.y_mode);
        write_modes(out, header.probabilities.uv_mode, before.uv_mode);
        write_motion(out);
    }
};

} // namespace v4l2play::test
