"""The parameter sets of a stream, by dice."""

import hevc_syntax as syntax
from hevc_syntax import Elements


class ParameterSets:
    """Of hevc_stream.Generator."""

    def make_sps(self, plans, identifier):
        dice, s = self.dice, Elements()
        s.sps_video_parameter_set_id, s.sps_seq_parameter_set_id = dice.randrange(16), 5 * identifier
        s.general_profile_idc, s.general_level_idc = (2 if self.depth_minus8 else 1), 120
        s.pic_width_in_luma_samples, s.pic_height_in_luma_samples = self.size
        s.conf_win_offset = self.window
        s.bit_depth_minus8 = self.depth_minus8
        s.log2_max_pic_order_cnt_lsb_minus4 = self.log2_max_lsb - 4
        s.log2_ctb_size = dice.choice((5, 6)) if self.has("large-blocks") else 4
        s.log2_diff_max_min_luma_coding_block_size = s.log2_ctb_size - 3
        s.log2_diff_max_min_luma_transform_block_size = dice.randint(1, min(3, s.log2_ctb_size - 2))
        s.max_transform_hierarchy_depth_inter, s.max_transform_hierarchy_depth_intra = dice.randrange(2), dice.randrange(2)
        s.width_in_ctbs, s.height_in_ctbs = (-(-each >> s.log2_ctb_size) for each in self.size)
        s.size_in_ctbs = s.width_in_ctbs * s.height_in_ctbs
        depth = 8 + self.depth_minus8
        s.pcm_bit_depth = [dice.randint(1, depth), dice.randint(1, depth)] if self.has("pcm-depths") else [depth, depth]
        s.log2_pcm_size = [3, min(5, s.log2_ctb_size)]
        if self.has("pcm-sizes"):
            s.log2_pcm_size = dice.choice(([3, 3], [3, 4]) + (([4, 4],) if self.size[0] % 16 == self.size[1] % 16 == 0 else ()))
        s.pcm_loop_filter_disabled_flag = self.has("unfiltered")
        s.amp_enabled_flag, s.strong_intra_smoothing_enabled_flag = dice.randrange(2), dice.randrange(2)
        s.sample_adaptive_offset_enabled_flag = self.has("filters")
        s.sps_temporal_mvp_enabled_flag = self.has("temporal-mvp")
        if self.has("lists"):
            s.scaling_list_enabled_flag = 1
            if self.has("sps-lists"):
                s.scaling_lists = self.scaling_lists()
        self.size_dpb(s, plans)
        self.choose_sets(s, plans)
        return s

    def size_dpb(self, s, plans):
        """C.5.2: what the sequence needs, or more"""
        shown = [plan.poc for plan in plans if plan.shown]
        before = [sum(poc > later for poc in shown[:i]) for i, later in enumerate(shown)]
        after = [sum(later < poc for later in shown[i + 1:]) for i, poc in enumerate(shown)]
        # Not 0 where sequences follow each other: libavcodec 5.1 then gives pictures of the one before the position of a later packet.
        s.sps_max_num_reorder_pics = max(before + [int(self.sequences > 1)])
        latency = max(after, default=0)
        s.sps_max_latency_increase_plus1 = self.dice.choice((0, max(0, latency - s.sps_max_num_reorder_pics) + 1))
        waiting, fullest = set(), 0
        for plan in plans:
            fullest = max(fullest, len(waiting | {poc for poc, _ in plan.short + plan.long}))
            waiting |= {plan.poc} if plan.shown else set()
            while len(waiting) > s.sps_max_num_reorder_pics:
                waiting.remove(min(waiting))
        s.sps_max_dec_pic_buffering_minus1 = max(fullest, s.sps_max_num_reorder_pics) + self.dice.randrange(3)

    def choose_sets(self, s, plans):
        """Reference picture sets and long-term candidates that the SPS has for slices to choose from"""
        dice = self.dice
        wanted = [tuple(plan.short_set()) for plan in plans[1:]]
        chosen = list(dict.fromkeys(each for each in wanted if dice.random() < 0.5))
        s.ref_pic_sets = []
        for each in chosen:
            ways = syntax.predictions(each, [earlier for earlier, _ in s.ref_pic_sets], False)
            s.ref_pic_sets.append((each, dice.choice(ways) if ways and self.has("predicted-sets") else None))
        s.long_term_ref_pics_present_flag = int(self.long_term)
        s.long_term = []
        if self.long_term and self.has("long-term-sps"):
            mask = (1 << self.log2_max_lsb) - 1
            some = dict.fromkeys((poc & mask, int(used)) for plan in plans for poc, used in plan.long if dice.random() < 0.7)
            s.long_term = [*some, (dice.randint(0, mask), dice.randrange(2))]
            dice.shuffle(s.long_term)

    def scaling_lists(self):
        """7.3.4: lists of their own, of an earlier one, and defaults"""
        dice = self.dice

        def deltas(start, count):
            values = [start, *(dice.randint(1, 255) for _ in range(count))]
            return [(value - before + 128) % 256 - 128 for before, value in zip(values, values[1:])]

        lists = []
        for size_id in range(4):
            lists.append([])
            for index in range(2 if size_id == 3 else 6):
                if dice.random() < 0.5:
                    lists[-1].append(dice.randint(0, index))
                else:
                    dc = dice.randint(-7, 247)
                    lists[-1].append((deltas(dc + 8 if size_id > 1 else 8, 64 if size_id else 16), dc))
        return lists

    def make_pps(self, identifier):
        dice, s, p = self.dice, self.sps, Elements()
        p.pps_pic_parameter_set_id, p.pps_seq_parameter_set_id = identifier, s.sps_seq_parameter_set_id
        p.dependent_slice_segments_enabled_flag = self.has("dependent")
        p.output_flag_present_flag = self.hides
        p.num_extra_slice_header_bits = dice.randint(1, 7) if self.has("extra-bits") else 0
        p.cabac_init_present_flag = self.has("cabac-init")
        p.num_ref_idx_default_active_minus1 = [dice.randrange(4), dice.randrange(4)] if self.has("override") else [0, 0]
        p.init_qp_minus26 = dice.randint(-26 - 6 * self.depth_minus8, 25)
        for name in ("sign_data_hiding_enabled_flag", "constrained_intra_pred_flag", "transform_skip_enabled_flag",
                     "cu_qp_delta_enabled_flag"):
            p[name] = dice.randrange(2)
        p.diff_cu_qp_delta_depth = dice.randint(0, s.log2_ctb_size - 3)
        p.pps_cb_qp_offset, p.pps_cr_qp_offset = dice.randint(-4, 4), dice.randint(-4, 4)
        p.pps_slice_chroma_qp_offsets_present_flag = self.has("offsets")
        p.weighted_pred_flag, p.weighted_bipred_flag = self.has("weights"), self.has("weights")
        p.transquant_bypass_enabled_flag = self.has("bypass")
        p.entropy_coding_sync_enabled_flag = self.has("wpp")
        if "wpp" in self.words or not p.entropy_coding_sync_enabled_flag:  # by dice one alone: libavcodec cannot do both
            self.choose_tiles(p)
        p.loop_filter_across_tiles_enabled_flag, p.pps_loop_filter_across_slices_enabled_flag = dice.randrange(2), dice.randrange(2)
        p.deblocking_filter_control_present_flag = 1
        p.pps_deblocking_filter_disabled_flag = not self.has("filters") or dice.randrange(2)
        p.deblocking_filter_override_enabled_flag = self.has("filters")
        p.pps_beta_offset_div2, p.pps_tc_offset_div2 = dice.randint(-3, 3), dice.randint(-3, 3)
        if s.scaling_list_enabled_flag and dice.random() < 0.5:
            p.scaling_lists = self.scaling_lists()
        p.lists_modification_present_flag = self.has("modification")
        p.log2_parallel_merge_level_minus2 = dice.randint(0, s.log2_ctb_size - 2)
        p.slice_segment_header_extension_present_flag = self.has("extension")
        return p

    def choose_tiles(self, p):
        """6.5.1. With wavefronts none is narrower than two coding tree blocks: the specification is hard to read there."""
        dice, s = self.dice, self.sps
        least = 2 if p.entropy_coding_sync_enabled_flag else 1
        if not self.has("tiles") or s.width_in_ctbs < 2 * least:
            return
        p.tiles_enabled_flag = 1
        columns, rows = dice.randint(1, s.width_in_ctbs // least), dice.randint(1, s.height_in_ctbs)
        columns, rows = min(columns, 5), min(rows, 4)
        if columns == rows == 1:
            columns = 2
        p.uniform_spacing_flag = int(self.has("uniform"))
        p.column_widths, p.row_heights = [], []
        for sizes, count, total, smallest in ((p.column_widths, columns, s.width_in_ctbs, least),
                                              (p.row_heights, rows, s.height_in_ctbs, 1)):
            while not sizes or min(sizes) < smallest:
                cuts = [total * i // count for i in range(count + 1)]  # (6-3), (6-4)
                if not p.uniform_spacing_flag:
                    cuts = [0, *sorted(dice.sample(range(1, total), count - 1)), total]
                sizes[:] = [end - start for start, end in zip(cuts, cuts[1:])]
