"""Slices of a picture and their headers, by dice."""

import hevc_syntax as syntax
from hevc_syntax import B_SLICE, I_SLICE, P_SLICE, Elements


class Slices:
    """Of hevc_stream.Generator."""

    def segments(self, p, tiles):
        """Slice segments as (first, end, dependent), in tile scan: thrown until they are allowed (6.3.1, 7.4.7.1)"""
        dice, count = self.dice, self.sps.size_in_ctbs
        while "slices" in self.words or p.dependent_slice_segments_enabled_flag or self.has("slices"):
            pieces = dice.randint(2, 6)
            likely = [*tiles.starts, *range(0, count, self.sps.width_in_ctbs)]
            cuts = sorted({dice.choice(likely) if dice.random() < 0.6 else dice.randrange(1, count) for _ in range(pieces)} - {0})
            firsts = [0, *cuts]
            dependent = [False] + [bool(p.dependent_slice_segments_enabled_flag) and dice.random() < 0.6 for _ in cuts]
            segments = list(zip(firsts, [*cuts, count], dependent))
            slices = [(first, next((other for other, _, more in segments if other > first and not more), count))
                      for first, _, more in segments if not more]
            if all(self.allowed(p, tiles, first, end) for first, end in [*slices, *((first, end) for first, end, _ in segments)]):
                return segments
        return [(0, count, False)]

    @staticmethod
    def allowed(p, tiles, first, end):
        tile_of = lambda at: tiles.tile_of[tiles.place(at)]  # noqa: E731
        whole = first in tiles.starts and end in [*tiles.starts, len(tiles.raster)]
        if not whole and tile_of(first) != tile_of(end - 1):
            return False
        starts_row = tiles.column_of[tiles.place(first)] == 0
        same_row = tile_of(first) == tile_of(end - 1) and tiles.place(first)[1] == tiles.place(end - 1)[1]
        return not p.entropy_coding_sync_enabled_flag or starts_row or same_row

    def candidates(self, plan):
        """RefPicListTemp0 and 1 (8.3.4), once through"""
        used = {poc for poc, is_used in plan.short + plan.long if is_used}
        deltas = [delta for delta, is_used in plan.short_set() if is_used]
        before, after = [plan.poc + each for each in deltas if each < 0], [plan.poc + each for each in deltas if each > 0]
        long = [poc for poc, _ in plan.long if poc in used]
        return before + after + long, after + before + long

    def common_header(self, plan):
        """What all slices of a picture have in common (7.4.7.1)"""
        dice, s, h = self.dice, self.sps, Elements()
        mask = (1 << self.log2_max_lsb) - 1
        h.nal_unit_type = plan.kind
        h.pic_output_flag = plan.shown
        h.slice_pic_order_cnt_lsb = plan.poc & mask
        h.ref_pic_set = plan.short_set()
        sets = [each for each, _ in s.ref_pic_sets]
        h.short_term_ref_pic_set_idx = None
        if tuple(h.ref_pic_set) in sets and dice.random() < 0.6:
            h.short_term_ref_pic_set_idx = sets.index(tuple(h.ref_pic_set))
        ways = syntax.predictions(h.ref_pic_set, sets, True) if h.ref_pic_set else []
        h.prediction = dice.choice(ways) if ways and self.has("predicted-sets") else None
        self.order_long_term(plan, h, mask)
        h.slice_temporal_mvp_enabled_flag = s.sps_temporal_mvp_enabled_flag and plan.kind not in syntax.IDR and dice.randrange(2)
        return h

    def order_long_term(self, plan, h, mask):
        """Long-term pictures in the order in which their differences can be sent: those of the SPS first, each part by its cycle (7-52)."""
        dice, s = self.dice, self.sps
        # Pictures that the low bits have to tell apart: setOfPrevPocVals
        previous = next((i for i in reversed(range(len(self.before))) if self.before[i].kind != syntax.TRAIL_N), 0)
        since = self.before[previous:]
        known = {one.poc for one in since} | {poc for one in since[:1] for poc, _ in one.short + one.long}
        entries = []
        for poc, used in plan.long:
            cycle = (plan.poc - (plan.poc & mask) - (poc - (poc & mask))) >> self.log2_max_lsb
            needs_msb = sum(other & mask == poc & mask for other in known) > 1
            sent = cycle if needs_msb or self.has("long-term-msb") else None
            choice = [i for i, each in enumerate(s.long_term) if each == (poc & mask, int(used))]
            index = choice[0] if choice and dice.random() < 0.8 else None
            entries.append(((index is None, cycle), (index, poc & mask, used, sent), (poc, used)))
        entries.sort(key=lambda entry: entry[0])
        h.long_term = [entry for _, entry, _ in entries]
        plan.long = [both for _, _, both in entries]

    def header(self, plan, common, candidates, p):
        """Of one slice"""
        dice, s, h = self.dice, self.sps, Elements(common)
        h.num_pic_total_curr = len(candidates[0])
        kinds = [I_SLICE] if dice.random() < 0.1 else [P_SLICE]
        # Temporal candidates of long-term pictures would have to be worked out (8.5.3.2.8).
        if self.has("bidirectional") and not (self.long_term and h.slice_temporal_mvp_enabled_flag):
            kinds.append(B_SLICE)
        h.slice_type = dice.choice(kinds) if candidates[0] and plan.kind not in syntax.IRAP and not self.intra_alone else I_SLICE
        h.slice_reserved_flags = dice.randrange(1 << p.num_extra_slice_header_bits)
        h.first_references = []
        self.filters(h, p)
        if h.slice_type != I_SLICE and not any(self.lists(h, candidates, p) for _ in range(20)):
            h.slice_type, h.first_references = I_SLICE, []
        return h

    def lists(self, h, candidates, p):
        """Reference picture lists (8.3.4), and what is sent beside them. False: they lack the collocated picture."""
        dice = self.dice
        counts = [1 + each for each in p.num_ref_idx_default_active_minus1]
        h.num_ref_idx_active_override_flag = self.has("override")
        if h.num_ref_idx_active_override_flag:
            counts = [dice.choice((1, h.num_pic_total_curr, dice.randint(1, 15))) for _ in counts]
        h.num_ref_idx_active = counts
        h.list_entry = [None, None]
        pictures = []
        for x in range(2 if h.slice_type == B_SLICE else 1):
            if p.lists_modification_present_flag and h.num_pic_total_curr > 1 and dice.random() < 0.7:
                h.list_entry[x] = [dice.randrange(h.num_pic_total_curr) for _ in range(counts[x])]
            indices = h.list_entry[x] or [i % h.num_pic_total_curr for i in range(counts[x])]
            pictures.append([candidates[x][i] for i in indices])
        h.first_references = [each[0] for each in pictures]
        h.mvd_l1_zero_flag = dice.randrange(2)
        h.cabac_init_flag = p.cabac_init_present_flag and dice.randrange(2)
        self.weigh(h, counts)
        return self.collocate(h, pictures)

    def collocate(self, h, pictures):
        """collocated_ref_idx: all slices of a picture mean the same one (7.4.7.1)"""
        h.collocated_from_l0_flag = 1
        if h.slice_temporal_mvp_enabled_flag:
            ways = [(x, i, poc) for x, each in enumerate(pictures) for i, poc in enumerate(each) if self.collocated in (poc, None)]
            if not ways:
                return False
            x, h.collocated_ref_idx, self.collocated = self.dice.choice(ways)
            h.collocated_from_l0_flag = int(x == 0)
        return True

    def weigh(self, h, counts):
        """7.4.7.3: offsets and weights, at most 24 sets of them"""
        dice = self.dice
        h.luma_log2_weight_denom = dice.randint(0, 7)
        h.delta_chroma_log2_weight_denom = dice.randint(0, 7) - h.luma_log2_weight_denom
        h.weights, left = [], 24
        for x in range(2 if h.slice_type == B_SLICE else 1):
            h.weights.append([])
            for _ in range(counts[x]):
                luma = chroma = None
                if left >= 3 and dice.random() < 0.5:
                    luma, left = (dice.randint(-128, 127) // 4, dice.randint(-128, 127) // 4), left - 1
                if left >= 3 and dice.random() < 0.5:
                    left -= 2
                    chroma = tuple(value for _ in (1, 2) for value in (dice.randint(-128, 127) // 4, dice.randint(-512, 511) // 8))
                h.weights[-1].append((luma, chroma))

    def filters(self, h, p):
        """No sample changes: at such QPs the thresholds of the deblocking filter are 0 (Table 8-12), or all is PCM that it leaves alone."""
        dice, s = self.dice, self.sps
        h.slice_sao_luma_flag, h.slice_sao_chroma_flag = (s.sample_adaptive_offset_enabled_flag and dice.randrange(2) for _ in (1, 2))
        h.deblocking_filter_override_flag = p.deblocking_filter_override_enabled_flag and dice.randrange(2)
        h.slice_deblocking_filter_disabled_flag = p.pps_deblocking_filter_disabled_flag
        if h.deblocking_filter_override_flag:
            h.slice_deblocking_filter_disabled_flag = dice.randrange(2)
            h.slice_beta_offset_div2, h.slice_tc_offset_div2 = dice.randint(-3, 3), dice.randint(-3, 3)
        h.slice_loop_filter_across_slices_enabled_flag = dice.randrange(2)
        h.slice_cb_qp_offset, h.slice_cr_qp_offset = dice.randint(-3, 3), dice.randint(-3, 3)
        all_is_left_alone = s.pcm_loop_filter_disabled_flag and self.intra_alone
        never = "filters" not in self.words and "any" not in self.words
        h.slice_qp = dice.randint(-6 * s.bit_depth_minus8, 51) if all_is_left_alone or never else dice.randint(0, 2)
