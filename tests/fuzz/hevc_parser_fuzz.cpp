// Arbitrary bytes as H.265 extradata and NAL units. What a parser accepts must keep what hevc_syntax.h promises: arrays
// are large enough for the counts, and sizes lie within the unit.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "decoder/codec/hevc_configuration.h"
#include "decoder/codec/hevc_parser.h"
#include "tests/unit/hevc_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::hevc;

void require(bool condition) {
    if (!condition) __builtin_trap();
}

void check(const ShortTermRefPicSet& set) {
    require(set.num_delta_pocs() <= maximum_set_pictures);
    require(std::bit_width(set.used) <= static_cast<int>(set.num_delta_pocs()));
    for (unsigned i = 0; i < set.num_delta_pocs(); ++i)
        require(i < set.num_negative_pics ? set.delta_poc[i] < 0 : set.delta_poc[i] > 0);
}

struct State {
    std::array<std::unique_ptr<Sps>, maximum_sps> spss; // made when needed: most runs need few
    std::array<std::unique_ptr<Pps>, maximum_pps> ppss;
    SpsTable sps_table{};
    PpsTable pps_table{};
    SliceHeader previous;
    bool has_previous = false;
    std::vector<std::uint32_t> entry_points;

    void sps(std::span<const std::uint8_t> nal) {
        auto sps = std::make_unique<Sps>();
        if (!parse_sps(nal, *sps)) return;
        require(*sps == *sps && sps->sps_seq_parameter_set_id < maximum_sps);
        require(sps->pic_width_in_luma_samples > 0 && sps->ctb_log2_size() >= 4 && sps->ctb_log2_size() <= 6);
        require(2U * (sps->conf_win_left_offset + sps->conf_win_right_offset) < 2U * sps->pic_width_in_luma_samples);
        require(sps->sps_max_num_reorder_pics <= sps->sps_max_dec_pic_buffering_minus1);
        require(sps->num_short_term_ref_pic_sets <= maximum_short_term_sets);
        for (unsigned i = 0; i < sps->num_short_term_ref_pic_sets; ++i) check(sps->short_term_ref_pic_sets[i]);
        const unsigned id = sps->sps_seq_parameter_set_id;
        spss[id] = std::move(sps);
        sps_table[id] = spss[id].get();
        has_previous = false; // was of another picture
    }
    void pps(std::span<const std::uint8_t> nal) {
        auto pps = std::make_unique<Pps>();
        if (!parse_pps(nal, *pps)) return;
        require(*pps == *pps && pps->num_tile_columns_minus1 < maximum_tile_columns);
        require(pps->num_tile_rows_minus1 < maximum_tile_rows);
        const unsigned id = pps->pps_pic_parameter_set_id;
        ppss[id] = std::move(pps);
        pps_table[id] = ppss[id].get();
        has_previous = false;
    }
    void slice(std::span<const std::uint8_t> nal) {
        SliceHeader header;
        if (!parse_slice_header(nal, sps_table, pps_table, has_previous ? &previous : nullptr, header, entry_points))
            return;
        require(header.data_byte_offset > 2 && header.data_byte_offset <= nal.size());
        require(header.num_entry_point_offsets == entry_points.size());
        require(header.short_term_ref_pic_set_size + header.long_term_ref_pic_set_size < 8 * nal.size() ||
                header.dependent_slice_segment_flag);
        require(header.short_term_ref_pic_set.num_delta_pocs() + header.num_long_term <= maximum_set_pictures);
        check(header.short_term_ref_pic_set);
        for (unsigned list = 0; list < 2; ++list) {
            require(header.active_references(list) <= maximum_list_entries);
            for (unsigned i = 0; header.ref_pic_list_modification_flag[list] && i < header.active_references(list); ++i)
                require(header.list_entry[list][i] < header.num_pic_total_curr());
        }
        previous = header;
        has_previous = true;
    }
    /// Sets 0, so that slices need not wait till the fuzzer has found out how to make some.
    void presets() {
        Sps sps_0;
        sps_0.pic_width_in_luma_samples = sps_0.pic_height_in_luma_samples = 128;
        sps_0.log2_diff_max_min_luma_coding_block_size = 1;
        sps_0.sps_max_dec_pic_buffering_minus1 = 4;
        sps_0.num_short_term_ref_pic_sets = 2;
        sps_0.short_term_ref_pic_sets[0] = test::reference_set({-1, -2}, {3});
        sps_0.short_term_ref_pic_sets[1] = test::reference_set({-4});
        sps_0.long_term_ref_pics_present_flag = sps_0.sps_temporal_mvp_enabled_flag = true;
        sps_0.num_long_term_ref_pics_sps = 1;
        sps_0.sample_aspect = {1, 1};
        Pps pps_0;
        pps_0.dependent_slice_segments_enabled_flag = pps_0.lists_modification_present_flag = true;
        pps_0.weighted_pred_flag = pps_0.weighted_bipred_flag = pps_0.entropy_coding_sync_enabled_flag = true;
        sps(test::write_sps(sps_0));
        pps(test::write_pps(pps_0));
        require(sps_table[0] != nullptr && pps_table[0] != nullptr);
    }
    void unit(std::span<const std::uint8_t> nal) {
        const auto header = parse_nal_header(nal);
        if (!header) return;
        Sei sei;
        if (header->type == NalType::Sps) sps(nal);
        if (header->type == NalType::Pps) pps(nal);
        if (header->type == NalType::PrefixSei) parse_sei(nal, sei);
        if (is_slice(header->type)) slice(nal);
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    State state;
    state.presets();
    const std::span<const std::uint8_t> bytes(data, size);
    if (auto configuration = HevcConfiguration::parse(bytes))
        while (const auto nal = configuration->next()) state.unit(*nal);
    NalUnits units(bytes, 0);
    while (const auto nal = units.next()) state.unit(*nal);
    return 0;
}
