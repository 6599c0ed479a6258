"""Slice segment data of H.265 (7.3.8) without any residual: each coding unit is PCM, or skipped without motion. The decoded picture
is known exactly, then: samples of PCM units are those that were put there, others those of the prediction (8.5.3.3)."""

from bit_writer import Bits
from cabac import Encoder, initial_context
from hevc_syntax import B_SLICE, I_SLICE, P_SLICE

# Tables 9-5 to 9-37: initValue for initType 0, 1, 2
INIT_VALUES = {
    "sao_merge": ([153], [153], [153]),
    "sao_type_idx": ([200], [185], [160]),
    "split_cu_flag": ([139, 141, 157], [107, 139, 126], [107, 139, 126]),
    "cu_transquant_bypass_flag": ([154], [154], [154]),
    "cu_skip_flag": ([], [197, 185, 201], [197, 185, 201]),
    "pred_mode_flag": ([], [149], [134]),
    "part_mode": ([184], [154], [154]),
}


def initial_contexts(h):
    kind = 0 if h.slice_type == I_SLICE else 1 + ((h.slice_type == B_SLICE) != bool(h.cabac_init_flag))  # (9-7)
    return {name: [initial_context(value, h.slice_qp) for value in values[kind]] for name, values in INIT_VALUES.items()}


def copy_of(contexts):
    return {name: [list(each) for each in all] for name, all in contexts.items()}


class Tiles:
    """6.5.1: the order of coding tree blocks, and the tile of each"""

    def __init__(self, s, p):
        self.width = s.width_in_ctbs
        columns, rows = (p.column_widths, p.row_heights) if p.tiles_enabled_flag else ([self.width], [s.height_in_ctbs])
        self.raster, self.tile_of, self.column_of, self.starts = [], {}, {}, []
        for row, height in enumerate(rows):
            for column, wide in enumerate(columns):
                left, top = sum(columns[:column]), sum(rows[:row])
                self.starts.append(len(self.raster))
                for y in range(top, top + height):
                    for x in range(left, left + wide):
                        self.tile_of[x, y] = len(self.starts) - 1
                        self.column_of[x, y] = x - left
                        self.raster.append(y * self.width + x)

    def place(self, at):
        """Of the coding tree block with this address in tile scan"""
        return self.raster[at] % self.width, self.raster[at] // self.width


class Picture:
    """Encodes one. `source`, `planes`: [Y, Cb, Cr], each a list of rows; what PCM units show, and what is decoded."""

    def __init__(self, s, p, source, dice, skip_odds):
        self.s, self.p, self.source, self.dice, self.skip_odds = s, p, source, dice, skip_odds
        self.tiles = Tiles(s, p)
        self.planes = [[[0] * len(row) for row in plane] for plane in source]
        self.slice_of = {}  # of coding tree blocks: SliceAddrRs
        self.units = {}  # of blocks of 8x8: (CtDepth, cu_skip_flag)
        self.contexts_above = self.contexts_before = None

    def encode_segment(self, h, prediction, slice_address, dependent, first, end):
        """The substreams of coding tree blocks `first` to `end` in tile scan (7.3.8.1)"""
        self.h, self.prediction, self.slice_address = h, prediction, slice_address
        substreams = []
        for at in range(first, end):
            x, y = self.tiles.place(at)
            self.slice_of[x, y] = slice_address
            row_starts = self.p.entropy_coding_sync_enabled_flag and self.tiles.column_of[x, y] == 0
            if at == first or at in self.tiles.starts or row_starts:
                self.bits = Bits()
                self.encoder = Encoder(self.bits)
                self.synchronise(at, x, y, row_starts, dependent and at == first)
            self.coding_tree_unit(x, y)
            if self.p.entropy_coding_sync_enabled_flag and self.tiles.column_of[x, y] == 1:
                self.contexts_above = copy_of(self.contexts)  # 9.3.2.2, after the second of a row
            self.encoder.terminate(at + 1 == end)
            if at + 1 == end:
                substreams.append(self.bits.bytes())
            elif at + 1 in self.tiles.starts or (
                    self.p.entropy_coding_sync_enabled_flag and self.tiles.column_of[self.tiles.place(at + 1)] == 0):
                self.encoder.terminate(1)  # end_of_subset_one_bit
                substreams.append(self.bits.bytes())
        self.contexts_before = copy_of(self.contexts)
        return substreams

    def synchronise(self, at, x, y, row_starts, goes_on):
        """9.3.1: what the context variables are set to"""
        if at not in self.tiles.starts and row_starts and self.same_slice(x, y, x + 1, y - 1):
            self.contexts = copy_of(self.contexts_above)
        elif at not in self.tiles.starts and not row_starts and goes_on:
            self.contexts = copy_of(self.contexts_before)
        else:
            self.contexts = initial_contexts(self.h)

    def same_slice(self, x, y, other_x, other_y):
        """6.4.1, for coding tree blocks"""
        return (self.slice_of.get((other_x, other_y)) == self.slice_of[x, y]
                and self.tiles.tile_of[other_x, other_y] == self.tiles.tile_of[x, y])

    def code(self, name, value, which=0):
        self.encoder.encode(self.contexts[name][which], value)

    def coding_tree_unit(self, x, y):
        """7.3.8.2"""
        if self.h.slice_sao_luma_flag or self.h.slice_sao_chroma_flag:
            self.sao(x, y)
        self.coding_quadtree(x << self.s.log2_ctb_size, y << self.s.log2_ctb_size, self.s.log2_ctb_size, 0)

    def sao(self, x, y):
        """7.3.8.3: no offsets anywhere"""
        for other in ((x - 1, y), (x, y - 1)):
            if self.same_slice(x, y, *other):
                merge = self.dice.random() < 0.3
                self.code("sao_merge", merge)
                if merge:
                    return
        for flag in (self.h.slice_sao_luma_flag, self.h.slice_sao_chroma_flag):
            if flag:
                self.code("sao_type_idx", 0)

    def neighbours(self, x, y):
        """6.4.1: the coding units to the left and above"""
        ctb = self.s.log2_ctb_size
        for other_x, other_y in ((x - 1, y), (x, y - 1)):
            if min(other_x, other_y) >= 0 and self.same_slice(x >> ctb, y >> ctb, other_x >> ctb, other_y >> ctb):
                yield self.units[other_x >> 3, other_y >> 3]

    def coding_quadtree(self, x, y, log2_size, depth):
        """7.3.8.4"""
        s, size = self.s, 1 << log2_size
        inside = x + size <= s.pic_width_in_luma_samples and y + size <= s.pic_height_in_luma_samples
        splittable = log2_size > s.log2_min_luma_coding_block_size_minus3 + 3
        skip = self.h.slice_type != I_SLICE and self.dice.random() < self.skip_odds
        split = splittable and (not inside or (log2_size > s.log2_pcm_size[1] and not skip) or (
            log2_size - 1 >= s.log2_pcm_size[0] and self.dice.random() < 0.25))
        if inside and splittable:
            self.code("split_cu_flag", split, sum(unit[0] > depth for unit in self.neighbours(x, y)))
        if not split:
            return self.coding_unit(x, y, log2_size, depth, skip)
        for part_y in (y, y + size // 2):
            for part_x in (x, x + size // 2):
                if part_x < s.pic_width_in_luma_samples and part_y < s.pic_height_in_luma_samples:
                    self.coding_quadtree(part_x, part_y, log2_size - 1, depth + 1)

    def coding_unit(self, x, y, log2_size, depth, skip):
        """7.3.8.5"""
        s, size = self.s, 1 << log2_size
        if self.p.transquant_bypass_enabled_flag:
            self.code("cu_transquant_bypass_flag", self.dice.random() < 0.3)
        if self.h.slice_type != I_SLICE:
            self.code("cu_skip_flag", skip, sum(unit[1] for unit in self.neighbours(x, y)))
        if not skip:
            if self.h.slice_type != I_SLICE:
                self.code("pred_mode_flag", 1)
            if log2_size == s.log2_min_luma_coding_block_size_minus3 + 3:
                self.code("part_mode", 1)  # PART_2Nx2N
            self.encoder.terminate(1)  # pcm_flag
        for plane, (rows, shown) in enumerate(zip(self.planes, self.prediction if skip else self.source)):
            chroma = min(plane, 1)
            left, top, side = x >> chroma, y >> chroma, size >> chroma
            for row in range(top, top + side):
                rows[row][left:left + side] = shown[row][left:left + side]
                if not skip:  # pcm_sample() (7.3.8.7)
                    depth_of_pcm = s.pcm_bit_depth[chroma]
                    shift = 8 + s.bit_depth_minus8 - depth_of_pcm
                    self.bits.append("".join([f"{value >> shift:0{depth_of_pcm}b}" for value in rows[row][left:left + side]]))
        if not skip:
            self.encoder.start()
        for block_y in range(y >> 3, y + size >> 3):
            for block_x in range(x >> 3, x + size >> 3):
                self.units[block_x, block_y] = depth, skip


def weight_of(h, x, entry, plane):
    """(8-265): weight and offset of a reference, and log2WD less shift1"""
    luma, chroma = h.weights[x][entry]
    if plane == 0:
        delta, offset = luma or (0, 0)
        return (1 << h.luma_log2_weight_denom) + delta, offset, h.luma_log2_weight_denom
    denominator = h.luma_log2_weight_denom + h.delta_chroma_log2_weight_denom
    delta, delta_offset = chroma[2 * plane - 2:2 * plane] if chroma else (0, 0)
    weight = (1 << denominator) + delta
    if not chroma:
        return weight, 0, denominator
    return weight, min(max(-128, 128 + delta_offset - (128 * weight >> denominator)), 127), denominator  # (7-56)


def predict(h, s, p, references):
    """8.5.3.3.4 without motion: what skipped units of a slice show, `references` being the first picture of each list"""
    if h.slice_type == I_SLICE:
        return None
    depth = 8 + s.bit_depth_minus8
    weighted = p.weighted_pred_flag if h.slice_type == P_SLICE else p.weighted_bipred_flag
    if not weighted and len(references) == 1:
        return references[0]
    planes = []
    for plane, rows in enumerate(zip(*references)):
        if not weighted:
            blend = lambda a, b: a + b + 1 >> 1  # noqa: E731 (8-262)
        else:
            (w0, o0, denominator), (w1, o1, _) = ((weight_of(h, x, 0, plane) for x in (0, 1)) if len(references) == 2
                                                  else (weight_of(h, 0, 0, plane), (0, 0, 0)))
            log2_wd, shift, high, low = denominator + 14 - depth, 14 - depth, (1 << depth) - 1, depth - 8
            if len(references) == 1:  # (8-270)
                table = [min(max(0, ((a << shift) * w0 + (1 << log2_wd - 1) >> log2_wd) + (o0 << low)), high) for a in range(high + 1)]
                blend = table.__getitem__
            else:  # (8-271)
                add = (o0 << low) + (o1 << low) + 1 << log2_wd
                blend = lambda a, b: min(max(0, (a << shift) * w0 + (b << shift) * w1 + add >> log2_wd + 1), high)  # noqa: E731
        planes.append([list(map(blend, *row)) for row in zip(*rows)])
    return planes
