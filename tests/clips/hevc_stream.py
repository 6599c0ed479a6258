"""Makes HEVC streams by dice: what of H.265 is in one is told by words, each a feature; what its pictures look like is known.

    make_stream("tiles slices", seed) -> bytes of the stream, MD5 of the pictures to be shown

Tiles may be smaller than profiles allow (A.3.2); decoders do not mind."""

import hashlib
import random

import hevc_syntax as syntax
from hevc_picture import Picture, Tiles, predict
from hevc_syntax import B_SLICE, I_SLICE, P_SLICE, Elements

FEATURES = """main10 cropped large-blocks tiles uniform wpp slices dependent pcm-depths pcm-sizes filters unfiltered reorder long-term
    long-term-sps long-term-msb modification override weights lists sps-lists hidden parameter-sets sps-change predicted-sets extension
    extra-bits temporal-mvp cabac-init bypass intra restart non-reference bidirectional offsets unused""".split()


class Plan:
    """A picture before it is coded: its place in the order, and what it refers to."""

    def __init__(self, poc, kind):
        self.poc, self.kind = poc, kind
        self.short, self.long = [], []  # (POC, used), in the order of lists for the latter
        self.shown = True


class Generator:
    def __init__(self, words, seed):
        self.dice = random.Random(seed)
        self.words = set(words.split())
        unknown = {word.removeprefix("-") for word in self.words} - {"any", *FEATURES}
        assert not unknown, f"unknown features: {unknown}"
        self.stream, self.md5, self.number = [], hashlib.md5(), 0
        # Throughout the stream: what changes it would be another stream to a decoder.
        self.size = [self.dice.randrange(7, 16) * 16, self.dice.randrange(5, 9) * 16]
        self.window = [0] * 4
        if self.has("cropped"):
            self.size = [8 * self.dice.randrange(13, 30), 8 * self.dice.randrange(9, 16)]
            self.window = [self.dice.randrange(5) for _ in range(4)]
        self.depth_minus8 = 2 if self.has("main10") else 0
        self.intra_alone = "intra" in self.words

    def has(self, feature):
        assert feature in FEATURES, feature
        chosen = "any" in self.words and f"-{feature}" not in self.words and self.dice.random() < 0.5
        return chosen or feature in self.words

    def make(self):
        self.sps_changes = self.has("sps-change")
        self.sequences = 3 if self.sps_changes or self.has("restart") else 1
        for number in range(self.sequences):
            self.sequence(number)
        return b"".join(self.stream), self.md5.hexdigest()

    def sequence(self, number):
        """A coded video sequence (3.31)"""
        dice = self.dice
        self.log2_max_lsb = dice.choice((4, 5, 8, 16))
        self.long_term = self.has("long-term")
        plans = self.plan(number)
        self.sps = self.make_sps(plans, number if self.sps_changes else 0)
        if number and dice.random() < 0.5:
            self.stream.append(syntax.hevc_nal(syntax.EOS, b""))
        self.stream += [syntax.vps(self.sps), syntax.sps(self.sps)]
        self.ppss = [self.make_pps(i) for i in ((0, 1, 7, 63) if self.has("parameter-sets") else (0,))]
        self.stream += [syntax.pps(each) for each in self.ppss]
        self.decoded, self.before, shown = {}, [], {}
        for plan in plans:
            if len(self.ppss) > 1 and dice.random() < 0.4:
                again = dice.randrange(len(self.ppss))
                self.ppss[again] = self.make_pps(self.ppss[again].pps_pic_parameter_set_id)
                self.stream.append(syntax.pps(self.ppss[again]))
            planes = self.code(plan)
            if plan.shown:
                shown[plan.poc] = planes
        for poc in sorted(shown):
            self.show(shown[poc])

    def show(self, planes):
        left, right, top, bottom = self.window
        for plane, rows in enumerate(planes):
            unit = 1 if plane else 2
            rows = rows[unit * top:len(rows) - unit * bottom]
            for row in rows:
                row = row[unit * left:len(row) - unit * right]
                self.md5.update(bytes(row) if not self.depth_minus8 else b"".join(value.to_bytes(2, "little") for value in row))

    # Structure

    def plan(self, number):
        """Pictures in coding order, with their reference picture sets (8.3.2)"""
        dice = self.dice
        first = dice.choice((syntax.IDR_W_RADL, syntax.IDR_N_LP, syntax.BLA_N_LP) if number else (syntax.IDR_W_RADL, syntax.CRA))
        plans = [Plan(0 if first in syntax.IDR else dice.randrange(1 << self.log2_max_lsb - 1), first)]
        kept = {plans[0].poc: "short"}  # what later pictures may refer to
        stride = dice.randint(1, max(1, min((1 << self.log2_max_lsb - 1) // 6, 40)))
        poc = plans[0].poc
        for _ in range(dice.randint(4, 6)):
            group = [poc + stride * (i + 1) for i in range(dice.randint(1, 3))]
            poc = group[-1]
            if self.has("reorder"):
                dice.shuffle(group)
            for place, each in enumerate(group):
                unreferenced = place > 0 and self.has("non-reference")
                plan = Plan(each, syntax.TRAIL_N if unreferenced and dice.random() < 0.7 else syntax.TRAIL_R)
                self.refer(plan, kept)
                plans.append(plan)
                if not unreferenced:
                    kept[each] = "short"
        self.hides = self.has("hidden")
        for plan in plans:
            plan.shown = not self.hides or dice.random() < 0.7
        return plans

    def refer(self, plan, kept):
        """Chooses what stays, what becomes a long-term picture, and what of it this picture uses."""
        dice = self.dice
        for poc in list(kept):
            if len(kept) > 5 or (len(kept) > 1 and dice.random() < 0.12):
                if kept[poc] == "short" or dice.random() < 0.3:
                    del kept[poc]
                    continue
            if self.long_term and kept[poc] == "short" and list(kept.values()).count("long") < 3 and dice.random() < 0.3:
                kept[poc] = "long"
            used = not self.has("unused") or dice.random() < 0.6
            (plan.long if kept[poc] == "long" else plan.short).append((poc, used))

    def short_set(self, plan):
        deltas = [(poc - plan.poc, int(used)) for poc, used in plan.short]
        return sorted((each for each in deltas if each[0] < 0), reverse=True) + sorted(each for each in deltas if each[0] > 0)

    # Parameter sets

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
        wanted = [tuple(self.short_set(plan)) for plan in plans[1:]]
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

    # Pictures

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

    def code(self, plan):
        """One picture: its NAL units, and what is decoded from them"""
        dice, s = self.dice, self.sps
        p = dice.choice(self.ppss)
        picture = Picture(s, p, self.pattern(), dice, dice.choice((0.5, 0.8, 1.0)))
        common = self.common_header(plan)
        candidates = self.candidates(plan)
        self.collocated = None
        if dice.random() < 0.2:
            self.stream.append(syntax.hevc_nal(syntax.AUD, b"\x50"))
        for first, end, dependent in self.segments(p, picture.tiles):
            address = picture.tiles.raster[first]
            if not dependent:
                slice_address = address
                h = self.header(plan, common, candidates, p)
                references = [self.decoded[each] for each in h.first_references]
                prediction = predict(h, s, p, references)
            substreams = picture.encode_segment(h, prediction, slice_address, dependent, first, end)
            h.extension = bytes(dice.choice((0, 0, 0, 1, 3, 255)) for _ in range(dice.choice((0, 1, 5, 40))))
            h.longer_offsets = dice.randrange(3)
            self.stream.append(syntax.slice_segment(h, s, p, address, dependent, substreams))
        self.decoded[plan.poc] = picture.planes
        self.before.append(plan)
        return picture.planes

    def pattern(self):
        """Samples of PCM units: no two pictures are alike, and zeros are there to be kept from looking like start codes."""
        dice, s = self.dice, self.sps
        self.number += 1
        a, b, c = dice.randint(1, 9), dice.randint(1, 9), 37 * self.number
        planes = []
        for plane in range(3):
            depth = s.pcm_bit_depth[min(plane, 1)]
            shift, mask = 8 + s.bit_depth_minus8 - depth, (1 << depth) - 1
            width, height = (each >> min(plane, 1) for each in self.size)
            planes.append([[0 if (x >> 4) * 3 + (y >> 4) * 5 + self.number & 7 == 0 else
                            (a * x + b * y + (x * y >> 5) + c + 61 * plane & mask) << shift for x in range(width)] for y in range(height)])
        return planes

    def candidates(self, plan):
        """RefPicListTemp0 and 1 (8.3.4), once through"""
        used = {poc for poc, is_used in plan.short + plan.long if is_used}
        deltas = [delta for delta, is_used in self.short_set(plan) if is_used]
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
        h.ref_pic_set = self.short_set(plan)
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


def make_stream(words, seed):
    return Generator(words, seed).make()
