"""AV1 frame headers by chance, and what follows from them (AV1 specification, sections 5.9, 7.8, 7.20 and 7.21)."""

from copy import deepcopy
from types import SimpleNamespace

from av1_grain import write_film_grain
from av1_motion import write_global_motion
from av1_sequence import SELECT, su
from av1_tiles import write_tile_info
from bit_writer import Bits

KEY, INTER, INTRA_ONLY, SWITCH = range(4)
LAST, LAST2, LAST3, GOLDEN, BWDREF, ALTREF2, ALTREF = range(1, 8)
NONE, ALL = 7, 0xFF  # primary_ref_frame, refresh_frame_flags
FEATURES = ((8, 255), (6, 63), (6, 63), (6, 63), (6, 63), (3, 7), (0, 0), (0, 0))  # bits and limits; the first five have signs
SEG_LVL_REF_FRAME = 5
DEFAULT_DELTAS = (1, 0, 0, 0, -1, 0, -1, -1)


def relative_dist(sequence, a, b):
    """5.9.3"""
    if not sequence.enable_order_hint:
        return 0
    m = 1 << sequence.order_hint_bits - 1
    return (a - b & m - 1) - (a - b & m)


def short_references(sequence, slots, order_hint, last, gold):
    """set_frame_refs() (7.8)"""
    middle = 1 << sequence.order_hint_bits - 1
    hints = [middle + relative_dist(sequence, slot.order_hint, order_hint) for slot in slots]
    found, used = {LAST: last, GOLDEN: gold}, {last, gold}

    def take(name, candidates, best):
        if candidates:
            found[name] = best(candidates)
            used.add(found[name])

    def backward():
        return [i for i in range(8) if i not in used and hints[i] >= middle]

    take(ALTREF, backward(), lambda these: max(these, key=lambda i: (hints[i], i)))
    for name in (BWDREF, ALTREF2):
        take(name, backward(), lambda these: min(these, key=lambda i: (hints[i], i)))
    for name in (LAST2, LAST3, BWDREF, ALTREF2, ALTREF):
        if name not in found:
            take(name, [i for i in range(8) if i not in used and hints[i] < middle], lambda these: max(these, key=lambda i: (hints[i], i)))
    return [found.get(name, hints.index(min(hints))) for name in range(LAST, ALTREF + 1)]


def skip_mode_frames(sequence, hints, order_hint):
    """5.9.22: indices into the seven references, or nothing."""
    def dist(a, b):
        return relative_dist(sequence, a, b)

    forward = backward = second = None
    for i, hint in enumerate(hints):
        if dist(hint, order_hint) < 0:
            if forward is None or dist(hint, hints[forward]) > 0:
                forward = i
        elif dist(hint, order_hint) > 0 and (backward is None or dist(hint, hints[backward]) < 0):
            backward = i
    if forward is None:
        return None
    if backward is not None:
        return sorted((LAST + forward, LAST + backward))
    for i, hint in enumerate(hints):
        if dist(hint, hints[forward]) < 0 and (second is None or dist(hint, hints[second]) > 0):
            second = i
    return None if second is None else sorted((LAST + forward, LAST + second))


class FrameWriter:
    """One frame header: `h` has its elements and variables."""

    def __init__(self, stream, kind, show, layer):
        self.random, self.words, self.sequence, self.slots = stream.random, stream.words, stream.sequence, stream.slots
        self.on = stream.on
        self.bits = Bits()
        self.layer = layer
        self.intra = kind in (KEY, INTRA_ONLY)
        self.h = SimpleNamespace(frame_type=kind, show_frame=show)

    def flag(self, name, value):
        setattr(self.h, name, bool(value))
        self.bits.flag(value)
        return bool(value)

    def number(self, name, value, width):
        setattr(self.h, name, value)
        self.bits.u(value, width)

    def flag_if(self, condition, name, value, otherwise=False):
        if condition:
            return self.flag(name, value)
        setattr(self.h, name, otherwise)
        return otherwise

    def write(self, plan):
        """uncompressed_header() (5.9.2). `plan`: order_hint, refresh_frame_flags, current_frame_id, showable."""
        h, s = self.h, self.sequence
        shown_key = h.frame_type == KEY and h.show_frame
        h.error_resilient_mode = True
        h.showable_frame = False
        if not s.reduced_still_picture_header:
            self.bits.flag(0)
            self.bits.u(h.frame_type, 2)
            self.bits.flag(h.show_frame)
            if h.show_frame:
                h.showable_frame = h.frame_type != KEY
                self.temporal_point_info()
            else:
                self.flag("showable_frame", plan.showable)
            self.flag_if(h.frame_type != SWITCH and not shown_key, "error_resilient_mode", self.on("resilient", 0.3), True)
        else:
            h.error_resilient_mode = False  # not in the header, and without effect
        self.screen_content()
        h.current_frame_id = plan.current_frame_id
        if s.frame_id_numbers_present_flag:
            self.bits.u(h.current_frame_id, s.id_bits)
        self.flag_if(h.frame_type != SWITCH and not s.reduced_still_picture_header, "frame_size_override_flag", self.on("override"),
                     h.frame_type == SWITCH)
        self.number("order_hint", plan.order_hint, s.order_hint_bits)
        h.primary_ref_frame = NONE
        if not self.intra and not h.error_resilient_mode:
            self.number("primary_ref_frame", self.random.randrange(7) if self.on("primary", 0.8) else NONE, 3)
        self.buffer_removal_times()
        h.refresh_frame_flags = plan.refresh_frame_flags
        if h.frame_type != SWITCH and not shown_key:
            self.bits.u(h.refresh_frame_flags, 8)
        if (not self.intra or h.refresh_frame_flags != ALL) and h.error_resilient_mode and s.enable_order_hint:
            for slot in self.slots:
                self.bits.u(slot.order_hint, s.order_hint_bits)
        h.allow_intrabc = h.allow_high_precision_mv = h.is_motion_mode_switchable = h.use_ref_frame_mvs = False
        h.frame_refs_short_signaling, h.interpolation_filter = False, 0
        if self.intra:
            self.frame_size()
            self.flag_if(h.allow_screen_content_tools and not h.size.use_superres, "allow_intrabc", self.on("screen"))
        else:
            self.inter(plan)
        self.flag_if(not s.reduced_still_picture_header and not h.disable_cdf_update, "disable_frame_end_update_cdf", self.on("cdf"), True)
        h.previous = self.slots[h.ref_frame_idx[h.primary_ref_frame]] if h.primary_ref_frame != NONE else None
        self.coding_tools()
        return h

    def temporal_point_info(self):
        """5.9.31"""
        s = self.sequence
        if s.decoder_model_info_present_flag and not s.equal_picture_interval:
            width = s.frame_presentation_time_length_minus_1 + 1
            self.bits.u(self.random.randrange(1 << width), width)

    def screen_content(self):
        h, s = self.h, self.sequence
        self.flag("disable_cdf_update", self.on("cdf"))
        self.flag_if(s.seq_force_screen_content_tools == SELECT, "allow_screen_content_tools", self.on("screen", 0.7),
                     s.seq_force_screen_content_tools == 1)
        h.force_integer_mv = False
        if h.allow_screen_content_tools:
            self.flag_if(s.seq_force_integer_mv == SELECT, "force_integer_mv", self.random.random() < 0.5, s.seq_force_integer_mv == 1)
        h.force_integer_mv |= self.intra

    def buffer_removal_times(self):
        h, s = self.h, self.sequence
        h.buffer_removal_time = [0] * 32
        h.buffer_removal_time_present_flag = False
        if not s.decoder_model_info_present_flag or not self.flag("buffer_removal_time_present_flag", self.random.random() < 0.7):
            return
        for number, idc in enumerate(s.operating_point_idc):
            if s.decoder_model_present_for_this_op[number] and (not idc or idc >> (self.layer or 0) & 1 and idc >> 8 & 1):
                width = s.buffer_removal_time_length_minus_1 + 1
                h.buffer_removal_time[number] = self.random.randrange(1 << width)
                self.bits.u(h.buffer_removal_time[number], width)

    def inter(self, plan):
        h, s, draw = self.h, self.sequence, self.random
        self.references(plan)
        self.frame_size(with_refs=h.frame_size_override_flag and not h.error_resilient_mode)
        self.flag_if(not h.force_integer_mv, "allow_high_precision_mv", self.on("tools"))
        switchable = self.on("tools")
        self.bits.flag(switchable)
        h.interpolation_filter = 4
        if not switchable:
            self.number("interpolation_filter", draw.randrange(4), 2)
        self.flag("is_motion_mode_switchable", self.on("tools"))
        self.flag_if(not h.error_resilient_mode and s.enable_ref_frame_mvs, "use_ref_frame_mvs", self.on("tools"))

    def references(self, plan):
        h, s, draw = self.h, self.sequence, self.random
        usable = plan.usable
        h.ref_frame_idx = [draw.choice(usable) for _ in range(7)]
        earlier = [i for i in usable if s.enable_order_hint and relative_dist(s, self.slots[i].order_hint, h.order_hint) < 0]
        last = gold = None
        if earlier and self.on("short", 0.8):
            last, gold = draw.choice(earlier), draw.choice(earlier)
            short = short_references(s, self.slots, h.order_hint, last, gold)
            if not set(short) <= set(usable):
                last = None
        if s.enable_order_hint and self.flag("frame_refs_short_signaling", last is not None):
            self.bits.u(last, 3)
            self.bits.u(gold, 3)
            h.ref_frame_idx = short
        for index in h.ref_frame_idx:
            if not h.frame_refs_short_signaling:
                self.bits.u(index, 3)
            if s.frame_id_numbers_present_flag:
                delta = (h.current_frame_id - self.slots[index].frame_id) % (1 << s.id_bits)
                self.bits.u(delta - 1, s.delta_frame_id_length_minus_2 + 2)
        h.order_hints = [0] + [self.slots[index].order_hint for index in h.ref_frame_idx]

    def frame_size(self, with_refs=False):
        """5.9.5 to 5.9.9"""
        h, s, draw = self.h, self.sequence, self.random
        found = None
        if with_refs:
            found = draw.choice((None, *range(7)))
            if "sizes" in self.words and found is not None and not self.fits(self.slots[h.ref_frame_idx[found]].size):
                found = None
            for _ in range(7 if found is None else found):
                self.bits.flag(0)
            if found is not None:
                self.bits.flag(1)
                of = self.slots[h.ref_frame_idx[found]].size
                h.size = SimpleNamespace(**vars(of))
                return self.superres()
        h.size = size = SimpleNamespace(upscaled_width=s.max_frame_width_minus_1 + 1, frame_height=s.max_frame_height_minus_1 + 1)
        if h.frame_size_override_flag:
            while "sizes" in self.words:
                size.upscaled_width = draw.randint(s.max_frame_width_minus_1 // 2, s.max_frame_width_minus_1) + 1
                size.frame_height = draw.randint(s.max_frame_height_minus_1 // 2, s.max_frame_height_minus_1) + 1
                if self.fits(size):
                    break
            self.bits.u(size.upscaled_width - 1, s.frame_width_bits_minus_1 + 1)
            self.bits.u(size.frame_height - 1, s.frame_height_bits_minus_1 + 1)
        self.superres()
        size.render_width, size.render_height = size.upscaled_width, size.frame_height
        different = self.on("render", 0.2)
        self.bits.flag(different)
        if different:
            size.render_width, size.render_height = draw.choice(((65536, 1), (1, 65536), (size.upscaled_width, 77), (1920, 1080)))
            self.bits.u(size.render_width - 1, 16)
            self.bits.u(size.render_height - 1, 16)

    def fits(self, size):
        """7.9.1 of all references, at any superres_denom"""
        if self.intra:
            return True
        references = [self.slots[index].size for index in self.h.ref_frame_idx]
        width = (size.upscaled_width * 8 + 8) // 16 if self.sequence.enable_superres else size.upscaled_width
        return all(2 * width >= of.upscaled_width and 2 * size.frame_height >= of.frame_height and size.upscaled_width <= 16 * of.upscaled_width
                   and size.frame_height <= 16 * of.frame_height for of in references)

    def superres(self):
        """5.9.8"""
        size = self.h.size
        size.use_superres = self.sequence.enable_superres and self.random.random() < 0.6
        size.superres_denom = 8
        if self.sequence.enable_superres:
            self.bits.flag(size.use_superres)
        if size.use_superres:
            size.superres_denom = self.random.randrange(9, 17)
            self.bits.u(size.superres_denom - 9, 3)
        size.frame_width = (size.upscaled_width * 8 + size.superres_denom // 2) // size.superres_denom
        size.mi_cols, size.mi_rows = (2 * (length + 7 >> 3) for length in (size.frame_width, size.frame_height))

    def coding_tools(self):
        h, s = self.h, self.sequence
        self.planes = 1 if s.mono_chrome else 3
        write_tile_info(self)
        self.quantization_params()
        self.segmentation_params()
        self.delta_params()
        self.lossless()
        self.loop_filter_params()
        self.cdef_params()
        self.lr_params()
        h.tx_mode = 0
        if not h.coded_lossless:
            h.tx_mode = 1 + self.on("tools")
            self.bits.flag(h.tx_mode == 2)
        self.flag_if(not self.intra, "reference_select", self.on("tools", 0.8))
        frames = None
        if not self.intra and h.reference_select and s.enable_order_hint:
            frames = skip_mode_frames(s, h.order_hints[1:], h.order_hint)
        h.skip_mode_allowed, h.skip_mode_frame = frames is not None, frames or [0, 0]
        self.flag_if(h.skip_mode_allowed, "skip_mode_present", self.on("tools"))
        self.flag_if(not self.intra and not h.error_resilient_mode and s.enable_warped_motion, "allow_warped_motion", self.on("tools"))
        self.flag("reduced_tx_set", self.on("tools"))
        write_global_motion(self)
        write_film_grain(self)

    def delta_q(self, probability=0.5):
        """5.9.13"""
        value = self.random.randint(-63, 63) if self.on("quantization", probability) else 0
        coded = bool(value) or self.on("quantization", 0.2)
        self.bits.flag(coded)
        if coded:
            su(self.bits, value, 7)
        return value

    def quantization_params(self):
        """5.9.12"""
        h, s, draw = self.h, self.sequence, self.random
        lossless = self.on("lossless", 0.6)
        deltas = 0 if lossless else 0.5
        self.number("base_q_idx", 0 if lossless else draw.choice((1, 60, 128, 255, draw.randrange(256))), 8)
        h.delta_q = dict.fromkeys(("y_dc", "u_dc", "u_ac", "v_dc", "v_ac"), 0)
        h.delta_q["y_dc"] = self.delta_q(deltas)
        h.diff_uv_delta = False
        if self.planes > 1:
            self.flag_if(s.separate_uv_delta_q, "diff_uv_delta", self.on("quantization"))
            for name in ("u_dc", "u_ac"):
                h.delta_q[name] = h.delta_q[name.replace("u", "v")] = self.delta_q(deltas)
            if h.diff_uv_delta:
                for name in ("v_dc", "v_ac"):
                    h.delta_q[name] = self.delta_q(deltas)
        h.qm = [0, 0, 0]
        if self.flag("using_qmatrix", self.on("quantization")):
            h.qm = [draw.randrange(16) for _ in range(2)]
            h.qm.append(draw.randrange(16) if s.separate_uv_delta_q else h.qm[1])
            for value in h.qm[:3 if s.separate_uv_delta_q else 2]:
                self.bits.u(value, 4)

    def segmentation_params(self):
        """5.9.14"""
        h, draw = self.h, self.random
        h.segments = [{} for _ in range(8)]  # feature: value
        h.update_map = h.temporal_update = h.update_data = False
        if not self.flag("segmentation_enabled", self.on("segments", 0.7)):
            return
        h.update_map = h.update_data = True
        if h.previous:
            h.segments = deepcopy(h.previous.segments)
            if self.flag("update_map", draw.random() < 0.5):
                self.flag("temporal_update", draw.random() < 0.5)
            self.flag("update_data", draw.random() < 0.5)
        if not h.update_data:
            return
        lossless = h.base_q_idx == 0
        for segment in range(8):
            h.segments[segment] = {}
            for feature, (width, limit) in enumerate(FEATURES):
                enabled = draw.random() < 0.3 and not (lossless and feature == 0 and draw.random() < 0.5)
                self.bits.flag(enabled)
                if not enabled:
                    continue
                signed = feature < 5
                value = draw.randint(-(1 << width) if signed else 0, (1 << width) - 1)
                if signed:
                    su(self.bits, value, 1 + width)
                else:
                    self.bits.u(value, width)
                h.segments[segment][feature] = max(min(value, limit), -limit)

    def delta_params(self):
        """5.9.17, 5.9.18"""
        h, draw = self.h, self.random
        h.delta_q_res = h.delta_lf_res = 0
        h.delta_lf_present = h.delta_lf_multi = False
        self.flag_if(h.base_q_idx > 0, "delta_q_present", self.on("deltas"))
        if not h.delta_q_present:
            return
        self.number("delta_q_res", draw.randrange(4), 2)
        self.flag_if(not h.allow_intrabc, "delta_lf_present", draw.random() < 0.7)
        if h.delta_lf_present:
            self.number("delta_lf_res", draw.randrange(4), 2)
            self.flag("delta_lf_multi", draw.random() < 0.5)

    def lossless(self):
        """5.9.2, 7.12.2"""
        h = self.h
        offsets = [each.get(0, 0) if h.segmentation_enabled else 0 for each in h.segments]
        h.coded_lossless = not any(h.delta_q.values()) and all(h.base_q_idx + offset <= 0 for offset in offsets)
        h.all_lossless = h.coded_lossless and h.size.frame_width == h.size.upscaled_width

    def loop_filter_params(self):
        """5.9.11"""
        h, draw = self.h, self.random
        h.levels, h.sharpness, h.delta_enabled, h.delta_update = [0] * 4, 0, True, False
        h.ref_deltas, h.mode_deltas = list(DEFAULT_DELTAS), [0, 0]
        if h.coded_lossless or h.allow_intrabc:
            return
        if h.previous:
            h.ref_deltas, h.mode_deltas = list(h.previous.ref_deltas), list(h.previous.mode_deltas)
        h.levels[:2] = [draw.choice((0, 63, draw.randrange(64))) for _ in range(2)]
        count = 2
        if self.planes > 1 and any(h.levels):
            h.levels[2:] = [draw.randrange(64) for _ in range(2)]
            count = 4
        for level in h.levels[:count]:
            self.bits.u(level, 6)
        self.number("sharpness", draw.randrange(8), 3)
        if not self.flag("delta_enabled", self.on("filters", 0.7)) or not self.flag("delta_update", draw.random() < 0.6):
            return
        for deltas in (h.ref_deltas, h.mode_deltas):
            for i in range(len(deltas)):
                update = draw.random() < 0.4
                self.bits.flag(update)
                if update:
                    deltas[i] = draw.randint(-63, 63)
                    su(self.bits, deltas[i], 7)

    def cdef_params(self):
        """5.9.19"""
        h, draw = self.h, self.random
        h.cdef_damping_minus_3, h.cdef_bits, h.cdef = 0, 0, [[0] * 8 for _ in range(4)]
        if h.coded_lossless or h.allow_intrabc or not self.sequence.enable_cdef:
            return
        self.number("cdef_damping_minus_3", draw.randrange(4), 2)
        self.number("cdef_bits", draw.randrange(4), 2)
        for i in range(1 << h.cdef_bits):
            for plane in range(min(self.planes, 2)):
                primary, secondary = draw.randrange(16), draw.randrange(4)
                self.bits.u(primary, 4)
                self.bits.u(secondary, 2)
                h.cdef[2 * plane][i], h.cdef[2 * plane + 1][i] = primary, 4 if secondary == 3 else secondary

    def lr_params(self):
        """5.9.20"""
        h, s, draw = self.h, self.sequence, self.random
        h.lr_types, h.lr_unit_shift, h.lr_uv_shift, h.lr_sizes = [0, 0, 0], 0, 0, [0, 0, 0]
        if h.all_lossless or h.allow_intrabc or not s.enable_restoration:
            return
        for plane in range(self.planes):
            coded = draw.randrange(4)
            self.bits.u(coded, 2)
            h.lr_types[plane] = (0, 3, 1, 2)[coded]  # RESTORE_NONE, _SWITCHABLE, _WIENER, _SGRPROJ
        if not any(h.lr_types):
            return
        first = draw.randrange(2)
        self.bits.flag(first)
        h.lr_unit_shift = first + s.use_128x128_superblock
        if not s.use_128x128_superblock and first:
            extra = draw.randrange(2)
            self.bits.flag(extra)
            h.lr_unit_shift += extra
        if any(h.lr_types[1:]):
            self.number("lr_uv_shift", draw.randrange(2), 1)
        size = 64 << h.lr_unit_shift
        h.lr_sizes = [size, size >> h.lr_uv_shift, size >> h.lr_uv_shift]
