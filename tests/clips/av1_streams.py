#!/usr/bin/env python3
"""Makes an AV1 stream of header elements that no encoder here writes:  tests/clips/av1_streams.py NAME OUT EXPECTED

NAME is one of NAMES, or drawn-N. Tiles are zeros, as many as are enough, which decode to something: what is known is every header, what
frames refer to, and what is shown when. EXPECTED: that in the words of tests/tools/codec_order; and beside it, with .jsonl, each
request's controls as control-parity prints them (tests/parity/written).
"""

import random
import sys
from pathlib import Path
from types import SimpleNamespace

from av1_controls import request
from av1_frame import ALL, INTER, INTRA_ONLY, KEY, SWITCH, FrameWriter
from av1_sequence import (FRAME, FRAME_HEADER, METADATA, PADDING, REDUNDANT_FRAME_HEADER, RESERVED, SEQUENCE_HEADER, TEMPORAL_DELIMITER,
                          TILE_GROUP, SequenceWriter, metadata, obu)
from bit_writer import Bits
from expected_controls import write_expected
from ivf import ivf

# What a stream may have, in words that SequenceWriter, FrameWriter and Stream ask for.
COMMON = ("tools cdf screen filters quantization segments deltas lossless motion grain tiles explicit groups intra resilient switch short "
          "primary existing keys obus superres large timing model points ids colors override few-hints sequences").split()
NAMES = {
    "reduced-still": "reduced tools filters quantization grain tiles screen",
    "still": "still tools filters timing model ids quantization grain screen",
    "short-signaling": "short existing few-hints tools",
    "skip-mode": "tools existing few-hints short resilient",
    "motion": "motion primary tools resilient",
    "frame-ids": "ids intra resilient primary existing",
    "segments": "segments primary lossless deltas",
    "filters": "filters primary lossless screen superres",
    "quantization": "quantization lossless deltas segments",
    "grain": "grain existing keys primary intra",
    "grain-mono": "grain mono deep existing filters quantization",
    "existing": "existing keys intra primary motion segments filters",
    "tiles": "tiles explicit groups obus large-picture",
    "tiles-large": "tiles explicit groups large large-picture superres",
    "wide": "wide tiles explicit groups",
    "model": "timing model points existing obus",
    "dropped-layers": "points dropped timing model obus",
    "switch": "switch resilient intra override",
    "superres": "superres override filters tools",
    "render": "superres override render existing",
    "screen": "screen tools intra override",
    "unordered": "unordered tools existing intra resilient",
    "unsized": "unsized obus groups tiles points",
    "reserved": "reserved obus existing groups",
    "delayed": "delayed existing keys primary tools",
    "tiny": "tiny tools filters superres tiles",
    "mix": "grain filters motion segments superres existing keys primary lossless",
    "sizes": "sizes override render tools superres",
    "sections": "existing tiles groups timing",
}
SIZES = ((176, 144), (200, 120), (64, 64), (66, 130), (129, 257), (320, 180))


class Stream:
    def __init__(self, words, source):
        self.words, self.random = words, source
        self.size = source.choice(SIZES)
        if "large-picture" in words:
            self.size = (704, 576)
        if "wide" in words:
            self.size = (4228, 68)
        if "tiny" in words:
            self.size = (17, 9)
        self.units = []  # temporal units
        self.requests, self.log, self.output, self.shown_again = [], [], [], set()
        self.now = 0
        self.clear()

    def on(self, word, probability=0.5):
        return word in self.words and self.random.random() < probability

    def clear(self):
        """What slots hold before the first key frame"""
        self.slots = [SimpleNamespace(valid=False, number=None, frame_type=KEY, frame_id=0, order_hint=0) for _ in range(8)]
        self.last_id = None

    def new_sequence(self):
        self.clear()
        writer = SequenceWriter(self.random, self.words, self.size)
        self.sequence = writer.write()
        self.sequence_header = writer.bits.bytes()

    def obu(self, kind, payload, sized=True):
        self.unit.append(obu(kind, payload, self.layer, sized, self.random.choice((0, 2, 8)) if "obus" in self.words else 0))

    def between(self):
        """What may stand anywhere: padding, metadata, reserved types."""
        while self.on("obus", 0.4):
            kind = self.random.choice((METADATA, PADDING, *(RESERVED if "reserved" in self.words else ())))
            payload = metadata(self.random) if kind == METADATA else self.random.randbytes(self.random.randrange(1, 9)) + b"\x80"
            self.obu(kind, payload)

    def temporal_unit(self, key=False):
        """Hidden frames, and one that is shown (7.5)."""
        self.layer = self.random.randrange(self.sequence.temporal_layers) if "points" in self.words else None
        if key:
            self.layer = 0 if "points" in self.words else None
        self.dropped = "dropped" in self.words and self.layer == self.sequence.temporal_layers - 1
        self.unit = [obu(TEMPORAL_DELIMITER, b"")]
        self.now += 1
        if key:
            self.obu(SEQUENCE_HEADER, self.sequence_header)
            self.between()
            if "delayed" in self.words:
                self.frame(KEY, False)  # a random access point where the key frame is shown later, if at all (7.6.3)
            self.frame(INTER if "delayed" in self.words else KEY, True)
        else:
            if self.on("obus", 0.15):
                self.obu(SEQUENCE_HEADER, self.sequence_header)
            while self.on("existing", 0.4) and not self.dropped:
                kind = KEY if self.on("keys", 0.3) else INTRA_ONLY if self.on("intra", 0.2) else INTER
                self.frame(kind, False)
            self.between()
            showable = [i for i, slot in enumerate(self.slots) if slot.valid and slot.showable and slot.number not in self.shown_again
                        and not self.dropped]
            if showable and self.on("existing", 0.4):
                self.show_existing(self.random.choice(showable))
            else:
                self.frame(INTRA_ONLY if self.on("intra", 0.15) else SWITCH if self.on("switch", 0.15) and not self.dropped else INTER, True)
        self.units.append(b"".join(self.unit))

    def show_existing(self, index):
        """show_existing_frame == 1; a key frame refreshes all slots (7.21)."""
        s, slot, bits = self.sequence, self.slots[index], Bits()
        bits.flag(1)
        bits.u(index, 3)
        if s.decoder_model_info_present_flag and not s.equal_picture_interval:
            width = s.frame_presentation_time_length_minus_1 + 1
            bits.u(self.random.randrange(1 << width), width)
        if s.frame_id_numbers_present_flag:
            bits.u(slot.frame_id, s.id_bits)
        bits.end()
        self.obu(FRAME_HEADER, bits.bytes())
        self.output.append(slot.number)
        self.shown_again.add(slot.number)  # once at most (6.8.2)
        if slot.frame_type == KEY:
            self.slots = [SimpleNamespace(**vars(slot)) for _ in range(8)]
            self.last_id = slot.frame_id
            self.now = slot.order_hint

    def next_id(self):
        """Of no slot, near the last one (6.8.2)."""
        s = self.sequence
        if not s.frame_id_numbers_present_flag:
            return 0
        modulus = 1 << s.id_bits
        if self.last_id is None:
            return self.random.randrange(modulus)
        taken = {slot.frame_id for slot in self.slots} | {self.last_id}
        reach = min(modulus // 2, self.random.choice((4, 16, 1 << 20)), (1 << s.delta_frame_id_length_minus_2 + 2) // 2)
        choices = [self.last_id + step for step in range(1, max(reach, 12)) if (self.last_id + step) % modulus not in taken]
        return self.random.choice(choices) % modulus

    def age(self, current):
        """mark_ref_frames() of 5.9.4: which frame_id the next header can name."""
        s = self.sequence
        reach, modulus = 1 << s.delta_frame_id_length_minus_2 + 2, 1 << s.id_bits
        for slot in self.slots:
            if current > reach:
                slot.valid &= current - reach <= slot.frame_id <= current
            elif slot.frame_id > current:
                slot.valid &= slot.frame_id >= modulus + current - reach

    def frame(self, kind, show):
        s = self.sequence
        plan = SimpleNamespace(showable=self.on("existing", 0.9), current_frame_id=self.next_id())
        ahead = 0 if show else self.random.randrange(1, 5)
        wild = self.on("few-hints", 0.2)
        plan.order_hint = (self.random.randrange(256) if wild else self.now + ahead) % (1 << s.order_hint_bits)
        if s.frame_id_numbers_present_flag:
            self.age(plan.current_frame_id)
        if kind == KEY and show:
            self.clear()
        plan.usable = [i for i, slot in enumerate(self.slots) if slot.valid]
        if kind in (INTER, SWITCH) and not plan.usable:
            kind = INTRA_ONLY
        self.last_id = plan.current_frame_id
        plan.refresh_frame_flags = ALL if kind == SWITCH or kind == KEY and show else self.random.choice((0, 1, 128, self.random.randrange(255)))
        if not show:
            plan.refresh_frame_flags |= 1 << self.random.randrange(8)
            plan.refresh_frame_flags &= ~(kind == INTRA_ONLY and plan.refresh_frame_flags == ALL)
        if self.dropped:
            plan.refresh_frame_flags = 0
        writer = FrameWriter(self, kind, show, self.layer)
        header = writer.write(plan)
        tiles, size = self.write_frame(writer, header)
        if self.dropped:
            return
        number = len(self.requests)
        named = [] if writer.intra else [str(self.slots[i].number) for i in header.ref_frame_idx]
        self.log.append(" ".join([f"decode {number} refers to", *dict.fromkeys(named)]))
        self.requests.append(request(number, s, header, [slot.number for slot in self.slots], tiles, size))
        if show:
            self.output.append(number)
        self.refresh(header, number)

    def refresh(self, h, number):
        """7.20"""
        for i in range(8):
            if h.refresh_frame_flags >> i & 1:
                self.slots[i] = SimpleNamespace(
                    valid=True, number=number, frame_type=h.frame_type, frame_id=h.current_frame_id, order_hint=h.order_hint, size=h.size,
                    gm_params=h.gm_params, ref_deltas=h.ref_deltas, mode_deltas=h.mode_deltas, segments=h.segments, grain=h.grain,
                    showable=h.showable_frame)

    def write_frame(self, writer, header):
        """frame_obu() (5.10), or frame_header_obu() and tile groups (5.11). Where each tile is in what the driver gets."""
        tiles, bits = header.tiles, writer.bits
        groups = [tiles.count]
        if self.on("groups", 0.8):
            cuts = sorted(self.random.sample(range(1, tiles.count), self.random.randrange(min(tiles.count, 4))))
            groups = [end - begin for begin, end in zip([0, *cuts], [*cuts, tiles.count])]
        whole = len(groups) == 1 and self.random.random() < 0.7
        if whole:
            bits.align()
            head = bits.bytes()
        else:
            bits.end()
            self.obu(FRAME_HEADER, bits.bytes())
            head = b""
        entries, offset, first = [], 0, 0
        for number, count in enumerate(groups):
            if number and self.on("groups"):
                self.obu(REDUNDANT_FRAME_HEADER, bits.bytes())
            payload = head + self.tile_group(header, first, count, whole, entries, offset + len(head))
            last = number == len(groups) - 1
            self.obu(FRAME if whole else TILE_GROUP, payload, not (last and header.show_frame and self.on("unsized", 0.7)))
            offset += len(payload)
            first += count
        return entries, offset

    def tile_group(self, header, first, count, whole, entries, offset):
        """tile_group_obu() (5.11.1)"""
        tiles, bits = header.tiles, Bits()
        if tiles.count > 1:
            present = count < tiles.count or not whole and self.random.random() < 0.5
            bits.flag(present)
            if present:
                for number in (first, first + count - 1):
                    bits.u(number, tiles.cols_log2 + tiles.rows_log2)
        bits.align()
        group = bits.bytes()
        unit = 10 if self.sequence.use_128x128_superblock else 8  # so many bytes for a superblock are more than it takes
        for number in range(first, first + count):
            column, row = number % len(tiles.widths), number // len(tiles.widths)
            data = bytes(self.random.randrange(20, 300) + (tiles.widths[column] * tiles.heights[row] << unit))
            if number != first + count - 1:
                group += (len(data) - 1).to_bytes(tiles.size_bytes, "little")
            entries.append({"tile_offset": offset + len(group), "tile_size": len(data), "tile_row": row, "tile_col": column})
            group += data
        return group

    def bytes(self, kind):
        """Section 5 of the specification, or IVF, whose times are ticks of 1/25 s."""
        if kind == ".obu":
            return b"".join(self.units)
        return ivf(b"AV01", self.size, self.units)


def make(stream):
    count = 1 if {"reduced", "still"} & stream.words else 8 if "wide" in stream.words else 24
    for number in range(count):
        key = number == 0 or stream.random.random() < 0.06
        if number == 0 or key and "sequences" in stream.words:
            stream.new_sequence()
        stream.temporal_unit(key)


def main():
    name, out, expected = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    source = random.Random(name)
    words = set(NAMES[name].split()) if name in NAMES else {word for word in COMMON if source.random() < 0.5}
    stream = Stream(words, source)
    make(stream)
    out.write_bytes(stream.bytes(out.suffix))
    write_expected(expected, stream.log + [f"output {number}" for number in stream.output], stream.requests)


if __name__ == "__main__":
    main()
