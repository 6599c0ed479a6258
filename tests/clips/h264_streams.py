#!/usr/bin/env python3
"""Makes an H.264 stream of features that no encoder here has:  tests/clips/h264_streams.py NAME OUT EXPECTED

NAME is a function below, tame-N or wild-N. EXPECTED: what is in each frame (Stream.expected). A frame and its fields are coded by code().
"""

import random
import sys
from pathlib import Path

from h264_writer import BOTTOM, FRAME, LONG, OTHER, SHORT, TOP, Stream, TwoLayers, TwoViews


def pair(stream, kinds="PP", order=(TOP, BOTTOM), mmco=((), ()), **options):
    for parity, kind, operations in zip(order, kinds, mmco):
        frame = stream.code(parity, kind, mmco=operations, **options)
        options.pop("idr", None)
        options.pop("gap", None)
    return frame


def unpaired(stream):
    """Fields whose other field is lost or never was: the second one, the first one, at IDR pictures, in a row, before frames."""
    stream.configure(refs=4, reorder=0)
    pair(stream, "IP", idr=True)
    pair(stream)
    for parity in (TOP, BOTTOM):  # the other was lost
        stream.code(parity, "P")
        pair(stream)
        stream.code(FRAME, "P")
        stream.code(parity, "I")
        stream.code(FRAME, "P")
        stream.code(parity, "P", ref=False)
        stream.code(FRAME, "P")
        stream.code(parity, "P")
        stream.code(parity, "P")
        pair(stream)
        stream.code(parity, "P", ref=False)
        stream.code(parity, "P", ref=False)
        stream.code(parity, "P")  # a reference field does not go with one that is none
        stream.code(OTHER[parity], "P", ref=False)
        stream.code(OTHER[parity], "P", alone=True)
        pair(stream, order=(BOTTOM, TOP))
    for parity in (TOP, BOTTOM):
        stream.code(parity, "I", idr=True)
        stream.code(parity, "P")
        stream.code(FRAME, "I")
        stream.code(FRAME, "P")
        stream.code(parity, "I", idr=True)
        stream.code(FRAME, "I", idr=True)
        stream.code(parity, "P")
        pair(stream, "IP", idr=True)


def paff(stream):
    """Field pairs among frames; B fields; the second field of an I frame refers to the first."""
    stream.configure(refs=4, reorder=2, pps={0: (1, 1), 3: (2, 2)})
    pair(stream, "IP", idr=True)
    for at in range(2, 20, 2):
        if at % 3:
            pair(stream, "PP" if at % 4 else "IP", at=at, pps=3)
        else:
            stream.code(FRAME, "P", at=at)
        if at % 5:
            pair(stream, "BB", at=at - 1, ref=at % 4 == 0, active=(2, 3))
        else:
            stream.code(FRAME, "B", at=at - 1, ref=False, active=(2, 1))
    for kinds in ("PP", "PP"):
        pair(stream, kinds, skipped=True)
    pair(stream, at=stream.clock + 1)
    pair(stream, "BB", at=stream.clock - 2, ref=False, skipped=True)


def lists(stream):
    """Fields and frames that stand first where they would not by themselves: short-term and long-term, twice, across the wrap."""
    stream.configure(refs=4, reorder=0, pps={1: (1, 1), 7: (2, 1)})
    pair(stream, "IP", idr=True)
    for _ in range(3):
        pair(stream, "IP")
    for number in range(20):
        whole = [frame for frame in stream.references if len(frame.marked) == 2]
        pair(stream, first=([(whole[-2], BOTTOM)],), skipped=True)
        whole = [frame for frame in stream.references if len(frame.marked) == 2]
        stream.code(FRAME, "P", first=([(whole[0], FRAME), (whole[0], FRAME)],), active=(3, 1), slices=2)
        whole = [frame for frame in stream.references if len(frame.marked) == 2]
        pair(stream, "PI", first=([(whole[2], TOP), (whole[-1], BOTTOM)],), pps=7)
        if number == 9:
            oldest, *_, last = stream.references
            pair(stream, mmco=(((1, (oldest, TOP)), (1, (oldest, BOTTOM)), (4, 1), (3, (last, TOP), 0), (3, (last, BOTTOM), 0)), ()))


def long_term(stream):
    """Operations 1 to 6 in frames and fields, pairs one field at a time."""
    stream.configure(refs=12, reorder=0, log2_frame_num=5, pps={0: (2, 1), 1: (1, 1)})
    stream.code(FRAME, "I", idr=True, long_term=True)
    stream.code(FRAME, "P", pps=1)
    kept = stream.references[0]
    stream.code(FRAME, "P", mmco=((2, (kept, FRAME)),), pps=1)
    a = pair(stream, mmco=(((4, 2), (6, 0)), ((6, 0),)))
    b = pair(stream)
    pair(stream, mmco=(((3, (b, TOP), 1), (3, (b, BOTTOM), 1)), ()))
    stream.code(FRAME, "P", pps=1)
    pair(stream, mmco=(((2, (a, BOTTOM)),), ((2, (a, TOP)),)))
    stream.code(FRAME, "P", mmco=((4, 0),), pps=1)
    c = stream.code(FRAME, "P", pps=1)
    pair(stream, mmco=(((4, 3), (3, (c, BOTTOM), 2)), ((3, (c, TOP), 2),)))  # between the two it is half of each
    pair(stream, "IP", mmco=(((1, (stream.references[-1], TOP)),), ()))
    stream.code(FRAME, "P", pps=1)
    stream.code(FRAME, "P", mmco=((2, (c, FRAME)), (6, 1)), pps=1)
    pair(stream)


def operation_5(stream):
    """In frames and in first fields."""
    stream.configure(refs=3, reorder=0)
    stream.code(FRAME, "I", idr=True)
    for parity in (TOP, BOTTOM):
        pair(stream)
        stream.code(FRAME, "P", mmco=((5,),))
        pair(stream, order=(parity, OTHER[parity]))
        pair(stream, order=(parity, OTHER[parity]), mmco=(((5,),), ()))
        pair(stream)


def operation_5_alone(stream):
    """In fields that stay alone, and in what would be the second field without it."""
    stream.configure(refs=3, reorder=0)
    stream.code(FRAME, "I", idr=True)
    for parity in (TOP, BOTTOM):
        stream.code(parity, "P")
        stream.code(OTHER[parity], "I", mmco=((5,),))
        pair(stream)
        stream.code(parity, "P", mmco=((5,),))
        stream.code(FRAME, "I")
        stream.code(FRAME, "P")


def gaps(stream, fields=False):
    """Frame numbers that are left out on purpose: frames that never were push others out."""
    stream.configure(fields=fields, refs=4, reorder=0, gaps=True, pps={0: (4, 1)})
    stream.code(FRAME, "I", idr=True)
    for gap in (1, 2, 3, 1, 4, 2, 9):
        whole = stream.references[-1]
        if fields and gap % 3:
            pair(stream, gap=gap, kinds="IP" if gap >= 4 else "PP")
            pair(stream)
        else:
            stream.code(FRAME, "I" if gap >= 4 else "P", gap=gap, first=([(whole, FRAME)] if gap == 1 else [],))
            stream.code(FRAME, "P")
        stream.code(FRAME, "P", ref=False)
        never = [frame for frame in stream.references if not frame.exists]
        stream.code(FRAME, "P", mmco=((1, (never[0], FRAME)),) if never else ())


def gaps_in_fields(stream):
    gaps(stream, fields=True)


def counts_type_1(stream, always_zero=False):
    stream.configure(refs=3, poc_type=1, reorder=1, always_zero=always_zero)
    pair(stream, "IP", idr=True)
    for number in range(1, 16):
        code = pair if number % 3 else lambda stream, **options: stream.code(FRAME, "P", **options)
        code(stream, at=2 * number)
        code(stream, at=2 * number - 1, ref=False)


def counts_type_1_always_zero(stream):
    counts_type_1(stream, always_zero=True)


def counts_type_2(stream):
    stream.configure(refs=3, poc_type=2)
    pair(stream, "IP", idr=True)
    for number in range(1, 24):
        ref = number % 3 != 0
        if number % 2:
            pair(stream, ref=ref)
        else:
            stream.code(FRAME, "P", ref=ref)


def bottom_first(stream):
    """Bottom fields come first, in frames by delta_pic_order_cnt_bottom."""
    stream.configure(refs=3, reorder=1, bottom_first=True, pps={2: (1, 1)})
    pair(stream, "IP", order=(BOTTOM, TOP), idr=True)
    for at in range(2, 24, 2):
        if at % 4:
            stream.code(FRAME, "P", at=at)
            pair(stream, "BB", order=(BOTTOM, TOP), at=at - 1, ref=False)
        else:
            pair(stream, order=(BOTTOM, TOP), at=at)
            stream.code(FRAME, "B", at=at - 1, ref=False)


def mbaff(stream):
    """Macroblock pairs as fields and as frames, skipped ones that infer it, among field pictures."""
    stream.configure(refs=3, reorder=1, mbaff=True, profile=100, pps={0: (2, 2)})
    stream.code(FRAME, "I", idr=True)
    stream.code(FRAME, "P", active=(1, 1))
    for at in range(3, 25, 2):
        if at % 3:
            stream.code(FRAME, "P", at=at, slices=2)
        else:
            pair(stream, at=at)
        stream.code(FRAME, "B", at=at - 1, ref=False, skipped=at % 4 == 0)
    stream.code(FRAME, "P", skipped=True)


def parameter_sets(stream):
    """Several of each; which SPS is active changes at IDR pictures; sizes of the DPB with and without VUI."""
    for sps_id, profile, reorder in ((0, 66, None), (31, 77, 0), (4, 100, None), (0, 77, 1)):
        stream.configure(fields=profile != 66, sps_id=sps_id, profile=profile, reorder=reorder, buffering=5, refs=2 + sps_id % 3,
                         pps={0: (1, 1), 200 + sps_id: (2, 2)})
        stream.code(FRAME, "I", idr=True, pps=0)
        for number in range(5):
            stream.code(FRAME, "P", pps=(0, 200 + sps_id)[number % 2], slices=1 + number % 3)


def layers(stream, kind, profile):
    """What is more than the base is left out."""
    for sps_id in (0, 2):
        stream.configure(fields=False, profile=profile, refs=3, reorder=0, sps_id=sps_id, pps={1: (2, 1), 5: (1, 1)}, layers=kind)
        stream.code(FRAME, "I", idr=True, pps=1)
        for number in range(10):
            stream.code(FRAME, "P", pps=(1, 5)[number % 2], slices=1 + number % 3, ref=number % 4 != 1)


def views(stream):
    layers(stream, TwoViews, 100)


def qualities(stream):
    layers(stream, TwoLayers, 66)


class Drawn:
    """A stream by chance, but legal. `wild`: with what libavcodec gets wrong (tests/integration/pixels)."""

    def __init__(self, stream, wild):
        self.stream, self.random, self.wild = stream, stream.random, wild
        for number in range(3):
            if wild or number == 0:  # GStreamer 1.22 does not see a new SPS that is alike in size
                self.configure()
            self.sequence()

    def chance(self, probability):
        return self.random.random() < probability

    def configure(self):
        draw = self.random
        poc_type = draw.choice((0, 0, 0, 1, 2))
        self.fields, self.in_order = self.chance(0.85), poc_type == 2
        self.refs = draw.randint(1, 5)
        self.gaps = self.wild and self.chance(0.3)
        reorder = draw.choice((2, 2, None)) if poc_type != 2 else 0
        self.stream.configure(
            fields=self.fields, mbaff=self.chance(0.3), poc_type=poc_type, log2_frame_num=draw.choice((4, 5, 8)),
            log2_poc=draw.choice((6, 7, 10)), refs=self.refs, gaps=self.gaps, reorder=reorder, buffering=self.refs + 3,
            profile=draw.choice((77, 100)), sps_id=draw.randrange(32), bottom_in_frame=self.fields and self.chance(0.8),
            pps={number: (draw.randint(1, 2 * self.refs), draw.randint(1, 4)) for number in draw.sample(range(256), 2)},
            bottom_first=self.fields and self.chance(0.3))

    def sequence(self):
        self.long_limit = 0
        self.frame("I", 0, idr=True)
        for _ in range(8):
            self.group()

    def group(self):
        """A reference, and what comes before it in output order."""
        between = 0 if self.in_order else self.random.randrange(3)
        at = self.stream.clock + between
        self.frame(self.random.choice("IPPPP"), at, gap=self.random.randint(1, 3) if self.gaps and self.chance(0.3) else 0)
        if self.stream.epoch != self.epoch:  # operation 5
            return
        for number in range(between):
            self.frame(self.random.choice("BBBP"), at - between + number, ref=self.chance(0.3))
        if self.chance(0.2):
            self.frame("P", self.stream.clock, ref=False)
            if self.in_order:
                self.frame("P", self.stream.clock)

    def frame(self, kind, at, ref=True, idr=False, gap=0):
        stream, self.epoch = self.stream, self.stream.epoch + idr
        if gap and not (self.can_infer() and stream.open is None):
            gap = 0
        options = {"at": at, "ref": ref, "idr": idr, "gap": gap}
        if not self.fields or self.chance(0.4):
            self.picture(FRAME, kind, options)
            return
        first = BOTTOM if stream.bottom_first != (kind != "B" and self.chance(0.25)) else TOP
        if stream.open is not None and ref == stream.open_is_reference:
            first = next(iter(stream.open.rows))
        order = (first, OTHER[first])
        self.picture(order[0], kind, options, alone=True)
        if stream.epoch != self.epoch:
            self.epoch, options["at"] = stream.epoch, 0
        if not self.wild or self.chance(0.85):
            self.picture(order[1], "P" if kind == "I" else kind, options | {"idr": False, "gap": 0})

    def can_infer(self):
        return any(frame.has(SHORT) for frame in self.stream.references)

    def picture(self, structure, kind, options, alone=False):
        stream, draw, options = self.stream, self.random, dict(options)
        second = stream.pairs(structure, options["ref"]) and not alone
        if options["gap"]:  # what is there to refer to is known when the gap is
            kind = "I"
        usable = [(frame, fields) for frame in stream.references if frame.exists
                  for fields in ([FRAME] if structure == FRAME else [TOP, BOTTOM])
                  if frame.is_marked(fields, SHORT) or frame.is_marked(fields, LONG)]
        if not usable and not options["idr"]:
            kind = "I"
        options["pps"] = draw.choice(list(stream.pps))
        if kind != "I":
            sizes = stream.pps[options["pps"]]
            if max(sizes) > len(usable) or self.chance(0.5):  # entries that name nothing are legal; libavcodec tends to refuse them
                sizes = options["active"] = draw.randint(1, min(6, len(usable))), draw.randint(1, min(3, len(usable)))
            if self.chance(0.4):
                stream.update_wraps(stream.next_frame_num(structure, options["ref"], alone=alone))
                options["first"] = tuple([draw.choice(usable) for _ in range(draw.randint(1, size))] for size in sizes)
        if options["ref"] and not options["gap"]:
            options |= self.marking(structure, options["idr"], second, alone, options["at"] >= stream.clock)
        stream.code(structure, kind, slices=draw.choice((1, 1, 1, 2)), alone=alone, **options)

    def marking(self, structure, idr, second, alone, is_last):
        """Operations that leave room for the picture. `is_last`: in output order, so far."""
        stream, draw = self.stream, self.random
        if idr:
            self.long_limit = int((self.wild or structure == FRAME) and self.chance(0.3))
            return {"long_term": self.long_limit == 1}
        first_is_long = second and stream.open.has(LONG)
        stream.update_wraps(stream.next_frame_num(structure, True, alone=alone))
        others = [frame for frame in stream.references if frame is not stream.open or not second]
        shorts, longs = ([frame for frame in others if frame.has(how)] for how in (SHORT, LONG))
        full = len(others) == self.refs
        if first_is_long:
            return {"mmco": ((6, stream.open.long_idx),)}
        if self.chance(0.5) and (shorts or not full):
            return {}
        if self.wild and is_last and not second and self.chance(0.1):
            self.long_limit = 0
            return {"mmco": ((5,),)}
        # By turns: what goes, what is kept for long, and the picture itself.
        operations, gone = [], []
        if (full or self.chance(0.3)) and not second:
            addressable = [frame for frame in others if structure != FRAME or frame.is_marked(FRAME, SHORT) or frame.is_marked(FRAME, LONG)]
            if not addressable:
                return {}
            frame = draw.choice(addressable)
            gone.append(frame)
            for fields in [FRAME] if structure == FRAME else [parity for parity in (TOP, BOTTOM) if parity in frame.marked]:
                operations.append((1 if frame.is_marked(fields, SHORT) else 2, (frame, fields)))
        if self.chance(0.4):
            limit = draw.randint(0, 3)
            operations.append((4, limit))
            gone += [frame for frame in longs if frame.long_idx >= limit]
            self.long_limit = limit
        free = sorted(set(range(self.long_limit)) - {frame.long_idx for frame in longs if frame not in gone})
        whole = [frame for frame in shorts if frame.exists and frame not in gone and frame.is_marked(FRAME, SHORT)]
        if free and whole and self.chance(0.4):
            frame, index = draw.choice(whole), free.pop()
            operations += [(3, (frame, fields), index) for fields in ([FRAME] if structure == FRAME else [TOP, BOTTOM])]
        if free and not second and (self.wild or structure == FRAME) and self.chance(0.3):
            operations.append((6, draw.choice(free)))
        return {"mmco": tuple(operations)}


def main():
    name, out, expected = sys.argv[1:]
    kind, _, seed = name.partition("-")
    stream = Stream(random.Random(name))
    if kind in ("tame", "wild"):
        Drawn(stream, kind == "wild")
    else:
        globals()[name.replace("-", "_")](stream)
    Path(out).write_bytes(stream.data)
    Path(expected).write_text(stream.expected())


main()
