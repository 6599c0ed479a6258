"""Makes HEVC streams by dice: what of H.265 is in one is told by words, each a feature; what its pictures look like is known.

    make_stream("tiles slices", seed) -> bytes of the stream, MD5 of the pictures to be shown

Tiles may be smaller than profiles allow (A.3.2); decoders do not mind."""

import hashlib
import random

import hevc_syntax as syntax
from hevc_parameters import ParameterSets
from hevc_picture import Picture, predict
from hevc_slices import Slices

FEATURES = """main10 cropped large-blocks tiles uniform wpp slices dependent pcm-depths pcm-sizes filters unfiltered reorder long-term
    long-term-sps long-term-msb modification override weights lists sps-lists hidden parameter-sets sps-change predicted-sets extension
    extra-bits temporal-mvp cabac-init bypass intra restart non-reference bidirectional offsets unused""".split()


class Plan:
    """A picture before it is coded: its place in the order, and what it refers to."""

    def __init__(self, poc, kind):
        self.poc, self.kind = poc, kind
        self.short, self.long = [], []  # (POC, used), in the order of lists for the latter
        self.shown = True

    def short_set(self):
        """[(delta, used)], as st_ref_pic_set() has them (7.3.7)"""
        deltas = [(poc - self.poc, int(used)) for poc, used in self.short]
        return sorted((each for each in deltas if each[0] < 0), reverse=True) + sorted(each for each in deltas if each[0] > 0)


class Generator(ParameterSets, Slices):
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
        """Samples of PCM units: others in each picture, and zeros are there to be kept from looking like start codes."""
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


def make_stream(words, seed):
    return Generator(words, seed).make()
