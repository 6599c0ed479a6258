#!/usr/bin/env python3
"""Makes an MPEG-2 (ITU-T H.262) stream of features that no encoder here has:  tests/clips/mpeg2_streams.py NAME OUT EXPECTED

NAME is a function below, or drawn-N. Macroblocks are intra ones of flat blocks, copies of a reference or the mean of two; so what
refers to what is seen in the samples. EXPECTED: what each picture refers to, and what is in each frame (Stream.expected).
"""

import hashlib
import random
import sys
from pathlib import Path

from bit_writer import Bits
from h264_writer import average, copy_of, paste

TOP, BOTTOM, FRAME = 1, 2, 3  # table 6-14
TYPE = {"I": 1, "P": 2, "B": 3}  # table 6-12
INCREMENT = {1: "1", 2: "011", 3: "010"}  # table B.1
INTRA = {"I": "1", "P": "00011", "B": "00011"}  # tables B.2 to B.4; vectors without a pattern:
FORWARD, BACKWARD, BOTH = "0010", "010", "10"
DC_SIZE = (["100", "00", "01", "101", "110", "1110"] + [(size - 2) * "1" + "0" for size in range(6, 11)] + [9 * "1"],
           ["00", "01"] + [(size - 1) * "1" + "0" for size in range(2, 11)] + [10 * "1"])  # tables B.12, B.13


class Frame:
    def __init__(self, number):
        self.number = number
        self.rows = {}  # of its fields: (luma, Cb, Cr)

    def view(self, structure):
        if structure != FRAME:
            return self.rows[structure]
        return tuple([row for pair in zip(*planes) for row in pair] for planes in zip(self.rows[TOP], self.rows[BOTTOM]))


class Stream:
    def __init__(self, source):
        self.random = source
        self.data = bytearray()
        self.log = []  # what pictures refer to, as tests/tools/codec_order prints it
        self.output = []
        self.count = 0  # frames
        self.forward = self.backward = self.waiting = None
        self.open = None  # one field of it so far: frame, structure, type, temporal_reference

    def unit(self, code, bits):
        bits.align()
        self.data += b"\0\0\1" + bytes([code]) + bits.bytes()

    def sequence(self, width=3, height=4, progressive=False, low_delay=False, matrices=(None, None)):
        """6.2.2.1, 6.2.2.3; sizes in macroblocks."""
        self.width, self.height, self.progressive, self.low_delay = width, height, progressive, low_delay
        bits = Bits()
        for size, value in ((12, 16 * width), (12, 16 * height), (4, 2), (4, 3), (18, 1000), (1, 1), (10, 112), (1, 0)):
            bits.u(value, size)
        self.matrices(bits, matrices)
        self.unit(0xB3, bits)
        bits = Bits()
        for size, value in ((4, 1), (8, 0x48), (1, progressive), (2, 1), (16, 0), (1, 1), (8, 0), (1, low_delay), (7, 0)):
            bits.u(value, size)
        self.unit(0xB5, bits)
        self.open = None

    @staticmethod
    def matrices(bits, matrices):
        """In zig-zag order (6.3.11)."""
        for matrix in matrices:
            bits.flag(matrix is not None)
            if matrix is not None:
                bits.data(bytes(matrix))

    def group(self, closed=False, broken=False):
        """6.2.2.6"""
        bits = Bits()
        bits.u(1 << 12, 25)
        bits.flags(closed, broken)
        self.unit(0xB8, bits)
        self.closed, self.broken, self.references_in_group, self.open = closed, broken, 0, None

    def end(self):
        """sequence_end_code"""
        self.data += b"\0\0\1\xb7"
        self.show(None)
        self.forward = self.backward = self.open = None

    def show(self, reference):
        """6.1.1.11: a reference comes out when the next one comes."""
        if self.waiting is not None:
            self.output.append(self.waiting)
        self.waiting = reference

    def code(self, structure, kind, at, matrices=None, top_first=False, repeat=False, precision=0, intra_vlc=False, skipped=False):
        """A picture. `at`: temporal_reference; `skipped`: macroblocks are, where they may be."""
        second = self.open is not None and structure != FRAME and structure != self.open[1] and at == self.open[3] \
            and (kind == "B") == (self.open[2] == "B")
        # Nobody knows what such pictures should refer to (6.3.8); other decoders may show them.
        is_leading = kind == "B" and self.references_in_group == 1
        unknown = is_leading and not self.closed and (self.broken or self.forward is None)
        if not second:
            frame = Frame(self.count)
            self.count += not unknown
            if kind != "B":
                self.show(frame)
                self.forward, self.backward = self.backward, frame
                self.references_in_group += 1
                if self.low_delay:
                    self.show(None)
            elif not unknown:
                self.output.append(frame)
        else:
            frame = self.open[0]
        self.open = (frame, structure, kind, at) if structure != FRAME and not second else None
        bits = Bits()  # 6.2.3
        for size, value in ((10, at), (3, TYPE[kind]), (16, 0xFFFF), (4 * TYPE[kind] - 4, 0x77 >> (12 - 4 * TYPE[kind])), (1, 0)):
            bits.u(value, size)
        self.unit(0x00, bits)
        bits = Bits()  # 6.2.3.1
        bits.u(8, 4)
        for direction in range(4):
            bits.u(1 if direction < 2 * (TYPE[kind] - 1) else 15, 4)
        bits.u(precision, 2)
        bits.u(structure, 2)
        progressive = structure == FRAME and (self.progressive or repeat)
        bits.flags(top_first, structure == FRAME, 0, 0, intra_vlc, 0, repeat, progressive, progressive, 0)
        self.unit(0xB5, bits)
        if matrices:
            bits = Bits()  # 6.2.3.2
            bits.u(3, 4)
            self.matrices(bits, matrices)
            bits.u(0, 2)
            self.unit(0xB5, bits)
        for parity in (TOP, BOTTOM):
            if structure & parity:
                frame.rows[parity] = tuple([bytearray(16 * self.width // part) for _ in range(8 * self.height // part)]
                                           for part in (1, 2, 2))
        references = [[], []]
        if kind != "I":
            forward = self.forward if kind == "P" or not (is_leading and self.closed) else None
            references = [self.reference_views(forward, frame, structure, kind, second), []]
        if kind == "B":
            references[1] = self.reference_views(self.backward, frame, structure, kind, second)
        if not unknown:
            named = [] if kind == "I" else [self.forward] if kind == "P" else [self.forward or self.backward, self.backward]
            numbers = list(dict.fromkeys(str(each.number) for each in named if each is not None))
            self.log.append(" ".join(["decode", str(frame.number), *["second", "field"] * second, "refers", "to", *numbers]))
        for row in range(self.height >> (structure != FRAME)):
            self.slice(row, kind, structure, frame, references, precision, intra_vlc, skipped)
        return frame

    @staticmethod
    def reference_views(reference, frame, structure, kind, second):
        """7.6.2.1: by motion_vertical_field_select, or one for frames."""
        if structure == FRAME:
            return [reference.view(FRAME)] if reference is not None and len(reference.rows) == 2 else []
        views = []
        for parity in (TOP, BOTTOM):
            source = frame if second and kind == "P" and parity != structure else reference
            views.append(source.rows.get(parity) if source is not None else None)
        return views if any(views) else []

    def slice(self, row, kind, structure, frame, references, precision, intra_vlc, skipped):
        """6.2.4 to 6.2.6; predictors are reset at its start."""
        bits = Bits()
        bits.u(8, 5)
        bits.u(0, 1)
        view, increment, last = frame.view(structure), 1, None
        predictors = 3 * [128 << precision]
        usable = [[index for index, each in enumerate(views) if each] for views in references]
        # Of skipped ones: the direction of the macroblock before, the field of the own parity (7.6.6).
        own = 0 if structure == FRAME else structure - 1
        for column in range(self.width):
            x, y = 16 * column, 16 * row
            inner = 0 < column < self.width - 1
            directions = [0] if kind == "P" else last
            can_skip = kind != "I" and inner and bool(directions) and all(own in usable[each] for each in directions)
            if can_skip and (skipped or self.random.random() < 0.3):
                blocks = [copy_of(references[each][own], x, y, 0) for each in directions]
                paste(view, x, y, blocks[0] if len(blocks) == 1 else average(*blocks))
                increment += 1
                predictors = 3 * [128 << precision]
                continue
            bits.append(INCREMENT[increment])
            increment = 1
            choices = [[each] for each in (0, 1) if usable[each]]
            if not choices or not skipped and self.random.random() < 0.2:
                bits.append(INTRA[kind])
                self.intra(bits, view, x, y, predictors, precision, intra_vlc)
                last = None
                continue
            predictors = 3 * [128 << precision]
            last = self.random.choice(choices + [[0, 1]] if len(choices) == 2 else choices)
            bits.append("001" if kind == "P" else BOTH if len(last) == 2 else (FORWARD, BACKWARD)[last[0]])
            if structure != FRAME:
                bits.u(1, 2)  # field_motion_type
            blocks = []
            for direction in last:
                index = self.random.choice(usable[direction])
                if structure != FRAME:
                    bits.flag(index)  # motion_vertical_field_select
                bits.u(3, 2)  # motion_code 0, twice
                blocks.append(copy_of(references[direction][index], x, y, 0))
            paste(view, x, y, blocks[0] if len(blocks) == 1 else average(*blocks))
        self.unit(1 + row, bits)

    def intra(self, bits, view, x, y, predictors, precision, intra_vlc):
        """7.2.1, 7.4.1: six blocks of one value each."""
        for number in range(6):
            value = self.random.randint(16, 235)
            component = max(number - 3, 0)
            difference = (value << precision) - predictors[component]
            predictors[component] = value << precision
            size = abs(difference).bit_length()
            bits.append(DC_SIZE[component > 0][size])
            if size:
                bits.u(difference if difference > 0 else difference + (1 << size) - 1, size)
            bits.append("0110" if intra_vlc else "10")  # end of block
            left, upper = (x + 8 * (number % 2), y + 8 * (number // 2)) if component == 0 else (x // 2, y // 2)
            for line in view[component][upper:upper + 8]:
                line[left:left + 8] = bytes(8 * [value])

    def expected(self):
        """The log, and of each frame in output order its number and the MD5s of its top and its bottom field, '-' for what is not
        coded."""
        def digest(planes):
            return hashlib.md5(b"".join(row for plane in planes for row in plane)).hexdigest()

        self.show(None)
        lines = list(self.log)
        for frame in self.output:
            fields = (digest(frame.rows[parity]) if parity in frame.rows else "-" for parity in (TOP, BOTTOM))
            lines.append(f"output {frame.number} {' '.join(fields)}")
        return "\n".join(lines) + "\n"


def pair(stream, kinds, at, order=(TOP, BOTTOM), **options):
    for structure, kind in zip(order, kinds):
        stream.code(structure, kind, at, **options)


def fields(stream, order=(TOP, BOTTOM)):
    """Field pictures: P after I in one frame, B fields, among frame pictures."""
    stream.sequence()
    for _ in range(3):
        stream.group(closed=True)
        pair(stream, "IP", 0, order)
        pair(stream, "PP", 2, order)
        pair(stream, "BB", 1, order)
        stream.code(FRAME, "P", 5)
        stream.code(FRAME, "B", 3)
        pair(stream, "BB", 4, order)
        pair(stream, "PP", 6, order, skipped=True)
        pair(stream, "II", 7, order)
        stream.code(FRAME, "P", 8)


def bottom_fields(stream):
    fields(stream, (BOTTOM, TOP))


def unpaired(stream):
    """Fields whose other field was lost."""
    stream.sequence()
    for parity in (TOP, BOTTOM):
        stream.group(closed=True)
        pair(stream, "IP", 0)
        stream.code(parity, "P", 1)  # a frame comes next
        stream.code(FRAME, "I", 2)
        stream.code(parity, "P", 3)  # the same parity comes next
        stream.code(parity, "P", 4)
        pair(stream, "PP", 5, (parity, 3 - parity))
        pair(stream, "PP", 8)
        stream.code(parity, "B", 6)
        stream.code(parity, "B", 7)
        stream.code(FRAME, "P", 9)
        stream.code(parity, "I", 10)  # a group comes next


def groups(stream, links=((False, False), (False, False), (True, False), (False, False))):
    """Leading B pictures: at the start of all, in open groups, in a closed one."""
    stream.sequence()
    for closed, broken in links:
        stream.group(closed, broken)
        stream.code(FRAME, "I", 2)
        stream.code(FRAME, "B", 0)
        pair(stream, "BB", 1)
        pair(stream, "PP", 4)
        stream.code(FRAME, "B", 3)


def broken_links(stream):
    groups(stream, ((True, False), (False, True), (False, False), (True, True), (False, True)))


def own_matrices(stream):
    """Of the sequence, of pictures; they stay until a sequence header (6.3.11)."""
    ramp, flat = [8, *range(9, 72)], 64 * [24]
    for of_sequence in ((None, None), (ramp, None), (None, flat), (ramp, flat)):
        stream.sequence(matrices=of_sequence)
        stream.group(closed=True)
        stream.code(FRAME, "I", 0, precision=2, intra_vlc=True)
        stream.code(FRAME, "P", 1, matrices=(flat, None), precision=1)
        pair(stream, "PP", 2, matrices=(None, ramp))
        stream.code(FRAME, "P", 3)


def repeats(stream):
    """top_field_first and repeat_first_field in all combinations."""
    stream.sequence()
    stream.group(closed=True)
    for at in range(12):
        stream.code(FRAME, "P" if at else "I", at, top_first=bool(at & 1), repeat=bool(at & 2))
    stream.end()
    stream.sequence(progressive=True)
    stream.group(closed=True)
    for at, (repeat, top_first) in enumerate(3 * ((0, 0), (1, 0), (1, 1))):
        stream.code(FRAME, "P" if at else "I", at, top_first=bool(top_first), repeat=bool(repeat))


def no_delay(stream):
    stream.sequence(low_delay=True)
    stream.group(closed=True)
    pair(stream, "IP", 0)
    for at in range(1, 12):
        if at % 3:
            stream.code(FRAME, "P", at)
        else:
            pair(stream, "PP", at)


def sizes(stream):
    """A sequence of another size behind a sequence_end_code."""
    for width, height in ((3, 4), (5, 2), (2, 6)):
        stream.sequence(width, height)
        stream.group(closed=True)
        pair(stream, "IP", 0)
        pair(stream, "PP", 2)
        stream.code(FRAME, "B", 1)
        stream.end()


def drawn(stream):
    draw = stream.random

    def matrix():
        return draw.choice((None, [8] + [draw.randint(1, 255) for _ in range(63)]))

    def picture(kind, at):
        options = {"precision": draw.randrange(4), "intra_vlc": draw.random() < 0.3, "skipped": draw.random() < 0.2}
        if draw.random() < 0.2:
            options["matrices"] = matrix(), matrix()
        if draw.random() < 0.5:
            stream.code(FRAME, kind, at, top_first=draw.random() < 0.5, repeat=draw.random() < 0.3, **options)
        else:
            pair(stream, draw.choice(("II", "IP")) if kind == "I" else 2 * kind, at, draw.choice(((TOP, BOTTOM), (BOTTOM, TOP))), **options)

    for _ in range(3):
        stream.sequence(matrices=(matrix(), matrix()))
        for number in range(2):
            stream.group(closed=number == 0 or draw.random() < 0.3)
            first = 0
            for reference in range(5):
                between = draw.randint(0, 2)
                picture(draw.choice("IPPP") if reference else "I", first + between)
                for at in range(first, first + between):
                    picture("B", at)
                first += between + 1


def main():
    name, out, expected = sys.argv[1:]
    stream = Stream(random.Random(name))
    globals()[name.rstrip("-0123456789").replace("-", "_")](stream)
    Path(out).write_bytes(stream.data)
    Path(expected).write_text(stream.expected())


main()
