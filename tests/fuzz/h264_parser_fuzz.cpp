// Arbitrary bytes as H.264 extradata and NAL units. What a parser accepts must keep what h264_syntax.h promises: arrays
// are large enough for the counts, and sizes lie within the unit.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "decoder/codec/h264_parser.h"
#include "decoder/codec/nal_units.h"
#include "tests/unit/bit_writer.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::h264;

void require(bool condition) {
    if (!condition) __builtin_trap();
}

struct State {
    std::array<std::unique_ptr<Sps>, maximum_sps> spss; // made when needed: most runs need few
    std::array<std::unique_ptr<Pps>, maximum_pps> ppss;
    SpsTable sps_table{};
    PpsTable pps_table{};

    void sps(std::span<const std::uint8_t> nal) {
        Sps sps;
        if (!parse_sps(nal, sps)) return;
        require(sps == sps && sps.seq_parameter_set_id < maximum_sps && sps.max_num_ref_frames <= maximum_dpb_frames);
        require((sps.pic_width_in_mbs_minus1 + 1U) * (sps.pic_height_in_map_units_minus1 + 1U) <= 139264);
        require(sps.frame_crop_left_offset + sps.frame_crop_right_offset <= 16 * sps.pic_width_in_mbs_minus1 + 15U);
        require(sps.max_num_reorder_frames <= sps.max_dec_frame_buffering && sps.max_dec_frame_buffering <= 16);
        spss[sps.seq_parameter_set_id] = std::make_unique<Sps>(sps);
        sps_table[sps.seq_parameter_set_id] = spss[sps.seq_parameter_set_id].get();
    }
    void pps(std::span<const std::uint8_t> nal) {
        Pps pps;
        if (!parse_pps(nal, sps_table, pps)) return;
        require(pps == pps && sps_table[pps.seq_parameter_set_id] != nullptr);
        require(pps.num_ref_idx_l0_default_active_minus1 < maximum_list_entries);
        resolve_scaling_lists(*sps_table[pps.seq_parameter_set_id], pps);
        ppss[pps.pic_parameter_set_id] = std::make_unique<Pps>(pps);
        pps_table[pps.pic_parameter_set_id] = ppss[pps.pic_parameter_set_id].get();
    }
    void slice(std::span<const std::uint8_t> nal) const {
        SliceHeader header;
        if (!parse_slice_header(nal, sps_table, pps_table, header)) return;
        require(header.header_bit_size <= 8 * nal.size() && header.header_bit_size > 8);
        require(header.pic_order_cnt_bit_size + header.dec_ref_pic_marking_bit_size < header.header_bit_size);
        require(header.num_ref_idx_l0_active_minus1 < maximum_list_entries);
        require(header.num_ref_idx_l1_active_minus1 < maximum_list_entries);
        require(header.modification_count[0] <= maximum_list_entries);
        require(header.modification_count[1] <= maximum_list_entries);
        require(header.dec_ref_pic_marking.count <= maximum_mmco);
        require(pps_table[header.pic_parameter_set_id] != nullptr);
    }
    /// Sets 0 and 1, so that slices need not wait till the fuzzer has found out how to make some.
    void presets() {
        static const auto sps0 = test::BitWriter()
                                     .u(8, 0x67)
                                     .u(24, 77 << 16 | 40)
                                     .ue(0)
                                     .ue(0)
                                     .ue(0)
                                     .ue(4)
                                     .ue(4)
                                     .u(1, 0)
                                     .ue(19)
                                     .ue(14)
                                     .u(5, 0b01100)
                                     .trailing()
                                     .nal(); // POC type 0, MBAFF
        static const auto pps0 = test::BitWriter()
                                     .u(8, 0x68)
                                     .ue(0)
                                     .ue(0)
                                     .u(2, 3)
                                     .ue(0)
                                     .ue(1)
                                     .ue(1)
                                     .u(3, 0b101)
                                     .se(0)
                                     .se(0)
                                     .se(0)
                                     .u(3, 5)
                                     .trailing()
                                     .nal(); // CABAC, weights, redundant pictures
        static const auto sps1 = test::BitWriter()
                                     .u(8, 0x67)
                                     .u(24, 88 << 16 | 40)
                                     .ue(1)
                                     .ue(0)
                                     .ue(1)
                                     .u(1, 0)
                                     .se(1)
                                     .se(1)
                                     .ue(0)
                                     .ue(4)
                                     .u(1, 0)
                                     .ue(19)
                                     .ue(14)
                                     .u(4, 0b1100)
                                     .trailing()
                                     .nal(); // POC type 1
        static const auto pps1 = test::BitWriter()
                                     .u(8, 0x68)
                                     .ue(1)
                                     .ue(1)
                                     .u(2, 1)
                                     .ue(1)
                                     .ue(3)
                                     .u(1, 0)
                                     .ue(9)
                                     .ue(1)
                                     .ue(1)
                                     .u(3, 0)
                                     .se(0)
                                     .se(0)
                                     .se(0)
                                     .u(3, 4)
                                     .trailing()
                                     .nal(); // slice groups that change
        sps(sps0);
        pps(pps0);
        sps(sps1);
        pps(pps1);
        require(pps_table[0] != nullptr && pps_table[1] != nullptr);
    }
    /// Each unit as SEI, too: the fuzzer need not find out that type.
    void unit(std::span<const std::uint8_t> nal) {
        require(!nal.empty());
        const auto header = parse_nal_header(nal);
        if (!header) return;
        if (header->type == NalType::Sps)
            sps(nal);
        else if (header->type == NalType::Pps)
            pps(nal);
        else
            slice(nal);
        Sei sei;
        parse_sei(nal, sei);
        require(sei.recovery_frame_cnt <= 65535);
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    State state;
    state.presets();
    if (const auto configuration = parse_avc_configuration(bytes)) {
        for (NalUnits units : configuration->parameter_sets)
            while (const auto nal = units.next()) state.unit(*nal);
    }
    for (unsigned length_size = 0; length_size <= 4; ++length_size) {
        NalUnits units(bytes, length_size);
        while (const auto nal = units.next()) state.unit(*nal);
    }
    return 0;
}
