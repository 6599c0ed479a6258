"""Writes H.264 (ITU-T H.264) of fields and frames, and knows what a decoder has to make of it.

Macroblocks are I_PCM, skipped, or copied from any entry of a reference list (one vector, which is 0; no residual), so that lists,
marking and the order of pictures are seen in the samples. What is decoded is modelled by the letter, and slowly.
"""

import hashlib

from bit_writer import Bits, escape

TOP, BOTTOM, FRAME = "top", "bottom", "frame"
PARITIES = {TOP: (TOP,), BOTTOM: (BOTTOM,), FRAME: (TOP, BOTTOM)}
OTHER = {TOP: BOTTOM, BOTTOM: TOP}
SHORT, LONG = "short", "long"
I_PCM = {"I": 25, "P": 5 + 25, "B": 23 + 25}  # tables 7-11, 7-13, 7-14
SLICE_TYPE = {"P": 0, "B": 1, "I": 2}  # table 7-6
HIGH = (83, 86, 100, 118, 128)  # profile_idc of those with chroma_format_idc (7.3.2.1.1), as far as they are here
PREFIX, EXTENSION = 14, 20  # nal_unit_type of what layers add (table 7-1)


class Frame:
    """A frame, complementary field pair or single field."""

    def __init__(self, frame_num):
        self.frame_num = self.wrap = frame_num
        self.rows = {}  # of its fields, by parity: (luma, Cb, Cr)
        self.count = {}  # TopFieldOrderCnt, BottomFieldOrderCnt
        self.marked = {}  # by parity: SHORT or LONG
        self.long_idx = None
        self.epoch = self.at = 0

    @property
    def exists(self):
        return bool(self.rows)

    def is_marked(self, structure, how):
        return all(self.marked.get(parity) == how for parity in PARITIES[structure])

    def has(self, how):
        return how in self.marked.values()

    def view(self, structure):
        """The rows of a field, or those of both by turns."""
        if structure != FRAME:
            return self.rows[structure]
        return tuple([row for pair in zip(*planes) for row in pair] for planes in zip(self.rows[TOP], self.rows[BOTTOM]))

    def order(self):
        """PicOrderCnt() (8-1)"""
        return min(self.count.values())


def copy_of(view, x, y, chroma_offset):
    """16x16 luma samples at (x, y) and their chroma, with a vertical offset in eighths (8.4.1.4, 8.4.2.2.2)."""
    block = [[row[x:x + 16] for row in view[0][y:y + 16]]]
    whole, part = chroma_offset >> 3, chroma_offset & 7
    for plane in view[1:]:
        rows = [plane[min(max(y // 2 + i + whole, 0), len(plane) - 1)][x // 2:x // 2 + 8] for i in range(9)]
        block.append([bytes(((8 - part) * a + part * b + 4) >> 3 for a, b in zip(*pair)) for pair in zip(rows, rows[1:])])
    return block


def average(a, b):
    return [[bytes((p + q + 1) >> 1 for p, q in zip(*rows)) for rows in zip(*planes)] for planes in zip(a, b)]


def paste(view, x, y, block):
    for shift, plane, rows in zip((0, 1, 1), view, block):
        for i, row in enumerate(rows):
            plane[(y >> shift) + i][x >> shift:(x >> shift) + len(row)] = row


class Stream:
    """One coded video sequence after the other. `random`: what is free in macroblocks is drawn from it."""

    WIDTH, HEIGHT = 3, 4  # of a frame, in macroblocks

    def __init__(self, random):
        self.random = random
        self.data = bytearray()
        self.frames = []  # that are output, in decoding order
        self.log = []  # counts, references and lists of each picture, as tests/tools/codec_order prints them
        self.references = []
        self.open = None  # one field of it so far
        self.epoch = self.clock = 0
        self.prev_ref_frame_num = self.prev_frame_num = self.frame_num_offset = 0
        self.prev_msb = self.prev_lsb = 0
        self.idr_pic_id = 0

    def configure(self, fields=True, mbaff=False, poc_type=0, log2_frame_num=4, log2_poc=6, cycle=(4, 6), offset_non_ref=-2,
                  offset_bottom=1, always_zero=False, refs=4, gaps=False, reorder=None, buffering=16, profile=77, sps_id=0,
                  pps={0: (1, 1)}, bottom_in_frame=True, bottom_first=False, layers=None):
        """Parameter sets; `pps`: default numbers of list entries by pic_parameter_set_id. An IDR picture comes next. `layers`: each
        picture has one more of a class below, whose parameter sets have the odd numbers next to those of the base."""
        self.fields, self.mbaff, self.poc_type, self.cycle, self.refs = fields, mbaff and fields, poc_type, cycle, max(refs, 1)
        self.coded_refs = refs
        self.offset_non_ref, self.offset_bottom, self.always_zero = offset_non_ref, offset_bottom, always_zero
        self.log2_frame_num, self.log2_poc, self.gaps = log2_frame_num, log2_poc, gaps
        self.pps, self.bottom_in_frame, self.bottom_first = pps, bottom_in_frame, bottom_first
        self.layers = layers
        self.write_parameter_sets(7, profile, sps_id, pps, buffering, reorder)
        if layers:
            odd = {number + 1: entries for number, entries in pps.items()}
            self.write_parameter_sets(15, layers.PROFILE, sps_id + 1, odd, buffering, reorder)

    def write_parameter_sets(self, sps_type, profile, sps_id, pps, buffering, reorder):
        fields, poc_type = self.fields, self.poc_type
        sps = Bits()  # 7.3.2.1.1
        sps.u(profile, 8)
        sps.u(0x40 if profile == 66 else 0, 8)
        sps.u(30, 8)
        sps.ue(sps_id)
        if profile in HIGH:
            sps.ues(1, 0, 0)
            sps.flags(0, 0)
        sps.ues(self.log2_frame_num - 4, poc_type)
        if poc_type == 0:
            sps.ue(self.log2_poc - 4)
        elif poc_type == 1:
            sps.flag(self.always_zero)
            sps.ses(self.offset_non_ref, self.offset_bottom)
            sps.ue(len(self.cycle))
            sps.ses(*self.cycle)
        sps.ue(self.coded_refs)
        sps.flag(self.gaps)
        sps.ues(self.WIDTH - 1, (self.HEIGHT >> fields) - 1)
        sps.flag(not fields)
        if fields:
            sps.flag(self.mbaff)
        sps.flags(1, 0, reorder is not None)
        if reorder is not None:  # E.1.1: nothing but bitstream_restriction_flag
            sps.flags(0, 0, 0, 0, 0, 0, 0, 0, 1, 1)
            sps.ues(0, 0, 10, 10, reorder, buffering)
        if sps_type == 15:
            self.layers.extend_sps(sps)
        sps.end()
        self.write(3, sps_type, sps)
        for pps_id, (l0, l1) in pps.items():
            bits = Bits()  # 7.3.2.2
            bits.ues(pps_id, sps_id)
            bits.flags(0, self.bottom_in_frame)
            bits.ues(0, l0 - 1, l1 - 1)
            bits.u(0, 3)
            bits.ses(0, 0, 0)
            bits.flags(1, 0, 0)
            bits.end()
            self.write(3, 8, bits)

    def write(self, ref_idc, unit_type, bits, extension=b""):
        self.data += b"\0\0\0\1" + bytes([ref_idc << 5 | unit_type]) + escape(extension + bits.bytes())

    # Frame numbers and order counts

    def max_frame_num(self):
        return 1 << self.log2_frame_num

    def update_wraps(self, frame_num):
        """(8-27)"""
        for frame in self.references:
            frame.wrap = frame.frame_num - (self.max_frame_num() if frame.frame_num > frame_num else 0)

    def advance_frame_num(self, frame_num, idr):
        """(8-6), (8-11)"""
        if idr:
            self.frame_num_offset = 0
        elif self.prev_frame_num > frame_num:
            self.frame_num_offset += self.max_frame_num()
        self.prev_frame_num = frame_num

    def expected_count(self, frame_num, ref):
        """(8-7) to (8-9)"""
        number = self.frame_num_offset + frame_num if self.cycle else 0
        number -= not ref and number > 0
        count = 0
        if number > 0:
            cycles, rest = divmod(number - 1, len(self.cycle))
            count = cycles * sum(self.cycle) + sum(self.cycle[:rest + 1])
        return count + (0 if ref else self.offset_non_ref)

    def infer_gap(self, first, count):
        """8.2.5.2"""
        for i in range(count):
            frame = Frame((first + i) % self.max_frame_num())
            self.advance_frame_num(frame.frame_num, False)
            self.update_wraps(frame.frame_num)
            self.slide_window(None)
            self.references = [each for each in self.references if each.marked]
            frame.marked = {TOP: SHORT, BOTTOM: SHORT}
            base = self.expected_count(frame.frame_num, True) if self.poc_type == 1 else 2 * (self.frame_num_offset + frame.frame_num)
            frame.count = {TOP: base, BOTTOM: base + (self.offset_bottom if self.poc_type == 1 else 0)}
            self.references.append(frame)
            self.prev_ref_frame_num = frame.frame_num

    def order_counts(self, header, structure, ref, idr, frame_num, at):
        """8.2.1: writes the syntax elements for what is wanted, and returns what is got."""
        wanted = {parity: 2 * at + ((parity == BOTTOM) != self.bottom_first) for parity in (TOP, BOTTOM)}
        second = structure == FRAME and self.bottom_in_frame
        if self.poc_type == 0:
            count = wanted[structure if structure != FRAME else TOP]
            lsb = count & (1 << self.log2_poc) - 1
            header.u(lsb, self.log2_poc)
            if second:
                header.se(wanted[BOTTOM] - wanted[TOP])
            if idr:
                self.prev_msb = self.prev_lsb = 0
            half = 1 << self.log2_poc - 1  # (8-3)
            msb = self.prev_msb
            msb += 2 * half if lsb < self.prev_lsb and self.prev_lsb - lsb >= half else 0
            msb -= 2 * half if lsb > self.prev_lsb and lsb - self.prev_lsb > half else 0
            assert msb + lsb == count, "too far from the picture before"
            if ref:
                self.prev_msb, self.prev_lsb = msb, lsb
            got = {TOP: count, BOTTOM: wanted[BOTTOM] if second or structure == BOTTOM else count}
        elif self.poc_type == 1:
            top = self.expected_count(frame_num, ref)
            bottom = top + self.offset_bottom
            if not self.always_zero:
                delta = wanted[BOTTOM] - bottom if structure == BOTTOM else wanted[TOP] - top
                header.se(delta)
                top, bottom = top + delta, bottom + delta
                if second:
                    header.se(wanted[BOTTOM] - bottom)
                    bottom = wanted[BOTTOM]
            got = {TOP: top, BOTTOM: bottom}
        else:
            count = 0 if idr else 2 * (self.frame_num_offset + frame_num) - (not ref)
            got = {TOP: count, BOTTOM: count}
        return {parity: got[parity] for parity in PARITIES[structure]}

    # Reference lists (8.2.4)

    def pic_num(self, picture, structure):
        """PicNum or LongTermPicNum when `structure` is decoded (8-28 to 8-33)."""
        frame, fields = picture
        number = frame.long_idx if frame.is_marked(fields, LONG) else frame.wrap
        return number if structure == FRAME else 2 * number + (fields == structure)

    def alternate(self, frames, how, structure):
        """8.2.4.2.5, and for frames all of them"""
        if structure == FRAME:
            return [(frame, FRAME) for frame in frames]
        left = {parity: [(frame, parity) for frame in frames if frame.marked.get(parity) == how] for parity in (TOP, BOTTOM)}
        parity, chosen = structure, []
        while left[parity]:
            chosen.append(left[parity].pop(0))
            parity = OTHER[parity]
        return chosen + left[OTHER[parity]]

    def initial_lists(self, kind, structure, order):
        """8.2.4.2.1 to 8.2.4.2.4"""
        def marked(how):
            return [frame for frame in self.references if (frame.is_marked(FRAME, how) if structure == FRAME else frame.has(how))]

        long_term = self.alternate(sorted(marked(LONG), key=lambda frame: frame.long_idx), LONG, structure)
        short_term = marked(SHORT)
        if kind == "P":
            return [self.alternate(sorted(short_term, key=lambda frame: -frame.wrap), SHORT, structure) + long_term]
        short_term = [frame for frame in short_term if frame.exists or self.poc_type != 0]
        before = sorted((frame for frame in short_term if frame.order() <= order), key=lambda frame: -frame.order())
        after = sorted((frame for frame in short_term if frame.order() > order), key=lambda frame: frame.order())
        lists = [self.alternate(frames, SHORT, structure) + long_term for frames in (before + after, after + before)]
        if len(lists[1]) > 1 and lists[0] == lists[1]:
            lists[1][:2] = reversed(lists[1][:2])
        return lists

    def modify(self, header, entries, first, structure, frame_num):
        """8.2.4.3: has `first` stand first, and writes how."""
        header.flag(bool(first))
        if not first:
            return entries
        maximum = self.max_frame_num() << (structure != FRAME)
        current = predicted = frame_num if structure == FRAME else 2 * frame_num + 1
        for position, picture in enumerate(first):
            number = self.pic_num(picture, structure)
            assert picture[0] in self.references and any(picture[0].is_marked(picture[1], how) for how in (SHORT, LONG))
            if picture[0].is_marked(picture[1], LONG):
                header.ues(2, number)
            else:
                difference = (number - predicted) % maximum
                if difference == 0 or (difference > maximum // 2 and self.random.random() < 0.8):
                    header.ues(0, maximum - difference - 1)
                else:
                    header.ues(1, difference - 1)
                predicted = number % maximum
            rest = [entry for entry in entries[position:] if entry != picture]
            entries = (entries[:position] + [picture] + rest)[:len(entries)]
        header.ue(3)
        return entries

    # Marking (8.2.5)

    def slide_window(self, current):
        """8.2.5.3"""
        others = [frame for frame in self.references if frame is not current and frame.marked]
        if len(others) == self.refs:
            min((frame for frame in others if frame.has(SHORT)), key=lambda frame: frame.wrap).marked = {}

    def assign_long_term(self, picture, index):
        frame, structure = picture
        for holder in self.references:
            if holder is not frame and holder.long_idx == index and holder.has(LONG):
                holder.marked = {parity: how for parity, how in holder.marked.items() if how != LONG}
        frame.long_idx = index
        frame.marked.update(dict.fromkeys(PARITIES[structure], LONG))

    def mark(self, operation, current, structure):
        """8.2.5.4"""
        number, *operands = operation
        if number in (1, 2):
            for parity in PARITIES[operands[0][1]]:
                del operands[0][0].marked[parity]
        elif number == 3:
            self.assign_long_term(*operands)
        elif number == 4:
            for frame in self.references:
                if frame.long_idx is not None and frame.long_idx >= operands[0]:
                    frame.marked = {parity: how for parity, how in frame.marked.items() if how != LONG}
        elif number == 5:
            for frame in self.references:
                frame.marked = {}
        else:
            self.assign_long_term((current, structure), operands[0])

    def write_marking(self, header, idr, long_term, mmco, structure, frame_num):
        """7.3.3.3"""
        if idr:
            header.flags(0, long_term)
            return
        header.flag(bool(mmco))
        current = frame_num if structure == FRAME else 2 * frame_num + 1
        for number, *operands in mmco:
            header.ue(number)
            if number in (1, 3):
                header.ue(current - self.pic_num(operands[0], structure) - 1)
            elif number == 2:
                header.ue(self.pic_num(operands[0], structure))
            if number in (3, 4, 6):
                header.ue(operands[-1])
        if mmco:
            header.ue(0)

    # Pictures

    def pairs(self, structure, ref, mmco=()):
        """Whether a field is the second of a complementary pair (clause 3), if its frame_num is that of the first."""
        return (self.open is not None and structure != FRAME and structure not in self.open.rows and ref == self.open_is_reference
                and (5,) not in mmco)

    def next_frame_num(self, structure, ref, idr=False, gap=0, alone=False, mmco=()):
        if idr:
            return 0
        if self.pairs(structure, ref, mmco) and not alone:
            return self.open.frame_num
        return (self.prev_ref_frame_num + 1 + gap) % self.max_frame_num()

    def code(self, structure, kind, ref=True, idr=False, at=None, mmco=(), first=((), ()), active=None, gap=0, slices=1, pps=None,
             alone=False, skipped=False, long_term=False):
        """A picture, and what follows from it. `at`: its place in output order, from the last IDR picture or operation 5 on; `first`:
        what stands first in either list; `active`: numbers of list entries; `gap`: frame numbers left out; `alone`: it does not go
        with the field before; `skipped`: of skipped macroblocks alone. Returns the frame."""
        alone = alone or idr or gap > 0
        second = self.pairs(structure, ref, mmco) and not alone
        frame_num = self.next_frame_num(structure, ref, idr, gap, alone, mmco)
        if idr:
            self.references, self.epoch, self.clock = [], self.epoch + 1, 0
            self.idr_pic_id = (self.idr_pic_id + 1) % 4
        elif gap:
            self.infer_gap((self.prev_ref_frame_num + 1) % self.max_frame_num(), gap)
        frame = self.open if second else Frame(frame_num)
        assert second or self.open is None or structure == FRAME or structure in self.open.rows or self.open.frame_num != frame_num \
            or self.open_is_reference != ref or (5,) in mmco, "it would be a pair"
        if not second:
            frame.at = self.clock if at is None else at
            frame.epoch = self.epoch
            self.frames.append(frame)
        self.clock = max(self.clock, frame.at + 1)
        self.update_wraps(frame_num)
        self.advance_frame_num(frame_num, idr)

        counts = Bits()
        own = self.order_counts(counts, structure, ref, idr, frame_num, frame.at)
        self.log_references(frame.count | own, structure)
        pps = next(iter(self.pps)) if pps is None else pps
        width, height = 16 * self.WIDTH, 16 * self.HEIGHT // 2
        for parity in PARITIES[structure]:
            frame.rows[parity] = tuple([bytearray(width // part) for _ in range(height // part)] for part in (1, 2, 2))
        pairs = self.mbaff and structure == FRAME
        units = self.WIDTH * self.HEIGHT // (1 if structure == FRAME and not pairs else 2)
        borders = [0, *sorted(self.random.sample(range(1, units), slices - 1)), units]
        coded = []
        for begin, end in zip(borders, borders[1:]):
            bits = Bits()  # slice_header() (7.3.3)
            bits.ues(begin, SLICE_TYPE[kind], pps)
            bits.u(frame_num, self.log2_frame_num)
            if self.fields:
                bits.flag(structure != FRAME)
                if structure != FRAME:
                    bits.flag(structure == BOTTOM)
            if idr:
                bits.ue(self.idr_pic_id)
            bits.append("".join(counts.text))
            if kind == "B":
                bits.flag(1)
            lists = []
            if kind != "I":
                sizes = self.pps[pps] if active is None else active
                bits.flag(active is not None)
                if active is not None:
                    bits.ues(*(size - 1 for size in sizes[:1 if kind == "P" else 2]))
                for size, entries, wanted in zip(sizes, self.initial_lists(kind, structure, min(own.values())), first):
                    lists.append(self.modify(bits, (entries + size * [None])[:size], wanted, structure, frame_num))
            self.log.append(" /".join(["lists", *("".join(map(self.name, entries)) for entries in (lists + [[], []])[:2])]))
            if ref:
                self.write_marking(bits, idr, long_term, mmco, structure, frame_num)
            bits.se(0)
            bits.ue(1)
            Macroblocks(self, bits, kind, lists, frame, structure).code(range(begin, end), pairs, skipped)
            bits.end()
            if self.layers:
                self.layers.write_prefix(self, ref, idr)
            self.write(2 * ref, 5 if idr else 1, bits)
            coded.append(bits)
        if self.layers:
            self.layers.write_slices(self, ref, idr, coded)
        frame.count |= own
        self.finish(frame, structure, ref, idr, mmco, second, long_term)
        return frame

    def name(self, picture):
        if picture is None:
            return " -"
        frame, structure = picture
        return f" {self.frames.index(frame) if frame.exists else 'x'}{structure[0]}"

    def log_references(self, counts, structure):
        references = []
        for frame in self.references:
            if structure != FRAME or len(frame.marked) == 2:
                marks = "".join(frame.marked.get(parity, "-")[0] for parity in (TOP, BOTTOM))
                references.append(self.name((frame, " "))[:-1] + marks + (str(frame.long_idx) if "l" in marks else ""))
        self.log.append(f"counts {counts.get(TOP, 0)} {counts.get(BOTTOM, 0)} references{''.join(references)}")

    def finish(self, frame, structure, ref, idr, mmco, second, long_term):
        """What follows the decoding of a picture (8.2.5.1)."""
        self.open = frame if structure != FRAME and not second else None
        self.open_is_reference = ref
        if not ref:
            return
        if idr and long_term:
            self.assign_long_term((frame, structure), 0)
        for operation in mmco:
            self.mark(operation, frame, structure)
        if not idr and not mmco and not (second and frame.has(SHORT)):
            self.slide_window(frame)
        for parity in PARITIES[structure]:
            frame.marked.setdefault(parity, SHORT)
        if frame not in self.references:
            self.references.append(frame)
        self.references = [each for each in self.references if each.marked]
        assert len(self.references) <= self.refs, "too many references"
        self.prev_ref_frame_num = frame.frame_num
        if (5,) in mmco:
            self.reset_counts(frame, structure)

    def reset_counts(self, frame, structure):
        """Operation 5: frame_num 0 is inferred (7.4.3), and order counts begin anew (8.2.1)."""
        self.epoch += 1
        frame.epoch, frame.at, frame.frame_num, self.clock = self.epoch, 0, 0, 1
        lowest = frame.order()
        frame.count = {parity: count - lowest for parity, count in frame.count.items()}
        self.prev_ref_frame_num = self.prev_frame_num = self.frame_num_offset = 0
        self.prev_msb, self.prev_lsb = 0, 0 if structure == BOTTOM else frame.count[TOP]

    def expected(self):
        """The log, and of each frame in output order its number and the MD5s of its top and its bottom field, '-' for what is not
        coded."""
        def digest(planes):
            return hashlib.md5(b"".join(row for plane in planes for row in plane)).hexdigest()

        lines = list(self.log)
        for frame in sorted(self.frames, key=lambda frame: (frame.epoch, frame.order())):
            fields = (digest(frame.rows[parity]) if parity in frame.rows else "-" for parity in (TOP, BOTTOM))
            lines.append(f"output {self.frames.index(frame)} {' '.join(fields)}")
        return "\n".join(lines) + "\n"


class TwoViews:
    """Stereo High profile: a second view that is coded as the first is, and does not refer to it (annex H of the
    editions until 2017, whose sections are named)."""

    PROFILE = 128

    @staticmethod
    def extend_sps(sps):
        """seq_parameter_set_mvc_extension() (H.7.3.2.1.4): views 0 and 1, no view between them, one operation point with both"""
        sps.flag(1)
        sps.ues(1, 0, 1)
        sps.ues(0, 0, 0, 0)
        sps.ue(0)
        sps.u(30, 8)
        sps.ue(0)
        sps.u(0, 3)
        sps.ues(1, 0, 1, 1)
        sps.flags(0, 0)

    @staticmethod
    def header(idr, view):
        """nal_unit_header_mvc_extension() (H.7.3.1.1), with svc_extension_flag before it"""
        bits = Bits()
        bits.flags(0, not idr)
        bits.u(0, 6)
        bits.u(view, 10)
        bits.u(0, 3)
        bits.flags(idr, 0, 1)
        return bits.bytes()

    @classmethod
    def write_prefix(cls, stream, ref, idr):
        stream.write(2 * ref, PREFIX, Bits(), cls.header(idr, 0))

    @classmethod
    def write_slices(cls, stream, ref, idr, coded):
        for bits in coded:
            view = Bits()
            first_mb, slice_type, pps_id, *rest = bits.text
            view.append(first_mb + slice_type)
            view.ue(int(pps_id, 2))  # one more
            assert len(view.text[-1]) == len(pps_id), "samples would not be aligned"
            view.append("".join(rest))
            stream.write(2 * ref, EXTENSION, view, cls.header(idr, 1))


class TwoLayers:
    """Scalable Baseline profile: a layer of quality, of which only the headers of NAL units are what they say; the rest is by chance
    (annex G of the editions until 2017)."""

    PROFILE = 83

    @staticmethod
    def extend_sps(sps):
        """seq_parameter_set_svc_extension() (G.7.3.2.1.4)"""
        sps.flag(1)
        sps.u(0, 2)  # extended_spatial_scalability_idc
        sps.flag(0)
        sps.u(1, 2)  # chroma_phase_y_plus1
        sps.flags(0, 0, 0, 0)

    @staticmethod
    def header(idr, quality):
        """nal_unit_header_svc_extension() (G.7.3.1.1), with svc_extension_flag before it"""
        bits = Bits()
        bits.flags(1, idr)
        bits.u(0, 6)
        bits.flag(1)
        bits.u(0, 3)
        bits.u(quality, 4)
        bits.u(0, 3)
        bits.flags(0, 0, 1, 1, 1)
        return bits.bytes()

    @classmethod
    def write_prefix(cls, stream, ref, idr):
        """prefix_nal_unit_svc() (G.7.3.2.12.1): store_ref_base_pic_flag and additional_prefix_nal_unit_extension_flag are 0"""
        bits = Bits()
        if ref:
            bits.flags(0, 0)
            bits.end()
        stream.write(2 * ref, PREFIX, bits, cls.header(idr, 0))

    @classmethod
    def write_slices(cls, stream, ref, idr, coded):
        for bits in coded:
            layer = Bits()
            layer.append(bits.text[0] + bits.text[1])
            layer.data(stream.random.randbytes(stream.random.randint(20, 60)))
            layer.end()
            stream.write(2 * ref, EXTENSION, layer, cls.header(idr, 1))


class Macroblocks:
    """slice_data() (7.3.4), CAVLC"""

    def __init__(self, stream, bits, kind, lists, frame, structure):
        self.stream, self.random, self.bits, self.kind, self.lists = stream, stream.random, bits, kind, lists
        self.frame, self.structure = frame, structure
        self.skips = 0

    def code(self, units, pairs, skipped):
        """`pairs`: units are macroblock pairs of MBAFF."""
        width = Stream.WIDTH
        for unit in units:
            x, y = 16 * (unit % width), 16 * (unit // width)
            if not pairs:
                self.macroblock(self.structure, x, y, skipped)
                continue
            field = self.random.randrange(2)
            flag = [field]  # where both are skipped it is inferred; they are the same either way
            for number, parity in enumerate((TOP, BOTTOM)):
                if field:
                    self.macroblock(parity, x, y, skipped, flag)
                else:
                    self.macroblock(FRAME, x, 2 * y + 16 * number, skipped, flag)
        if self.skips:
            self.bits.ue(self.skips)

    def macroblock(self, structure, x, y, skipped, flag=None):
        """At (x, y) of the picture, or of a field of the frame. `flag`: its pair's mb_field_decoding_flag, if it is to be written."""
        lists = [self.entries(entries, structure) for entries in self.lists]
        usable = [[index for index, entry in enumerate(entries) if entry is not None and entry[0].exists] for entries in lists]
        can_skip = bool(usable) and all(0 in indices for indices in usable) and (self.kind == "P" or skipped)
        if can_skip and (skipped or self.random.random() < 0.3):
            self.skips += 1
            self.predict(structure, x, y, [entries[0] for entries in lists])
            return
        assert not skipped
        if self.kind != "I":
            self.bits.ue(self.skips)
            self.skips = 0
        if flag:
            self.bits.flag(flag.pop())
        used = [which for which, indices in enumerate(usable) if indices]
        if not used or self.random.random() < 0.15:
            self.pcm(structure, x, y)
            return
        if self.kind == "B":
            used = self.random.choice([[which] for which in used] + [used])
            self.bits.ue(3 if len(used) == 2 else 1 + used[0])  # B_Bi_16x16, B_L0_16x16, B_L1_16x16
        else:
            self.bits.ue(0)  # P_L0_16x16
        indices = [self.random.choice(usable[which]) for which in used]
        for which, index in zip(used, indices):
            self.te(len(lists[which]) - 1, index)
        for _ in used:
            self.bits.ses(0, 0)  # mvd
        self.bits.ue(0)  # coded_block_pattern 0 (table 9-4)
        self.predict(structure, x, y, [lists[which][index] for which, index in zip(used, indices)])

    def entries(self, entries, structure):
        """Of a field macroblock in a frame: the fields of each frame, that of its own parity first (8.4.2.1)."""
        if structure == self.structure:
            return entries
        return [entry and (entry[0], parity) for entry in entries for parity in (structure, OTHER[structure])]

    def te(self, maximum, value):
        if maximum == 1:
            self.bits.flag(not value)
        elif maximum:
            self.bits.ue(value)

    def pcm(self, structure, x, y):
        seeds = [self.random.randrange(220) for _ in range(3)]
        block = [[bytes(16 + (seed + 5 * i + 3 * j) % 220 for j in range(size)) for i in range(size)]
                 for seed, size in zip(seeds, (16, 8, 8))]
        self.bits.ue(I_PCM[self.kind])
        self.bits.align()
        self.bits.data(b"".join(b"".join(plane) for plane in block))
        paste(self.frame.view(structure), x, y, block)

    def predict(self, structure, x, y, references):
        blocks = []
        for frame, fields in references:
            offset = 0 if fields == structure else -2 if fields == BOTTOM else 2  # table 8-9
            blocks.append(copy_of(frame.view(fields), x, y, offset))
        paste(self.frame.view(structure), x, y, blocks[0] if len(blocks) == 1 else average(*blocks))
