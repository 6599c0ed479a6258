#!/usr/bin/env python3
"""Makes a VP9 stream of headers that no encoder has:  tests/clips/vp9_streams.py NAME OUT EXPECTED

NAME: a line of FEATURES, or wild-N: all of them by chance; tame-N: without key frames that change things; wild10-N and tame10-N: of
10 bit. The tiles are bytes by chance: what they show is not known. EXPECTED: what each frame refers to, which are shown in what order,
and what has to be in the controls of each (expected_controls.py). Sections are those of the VP9 specification, version 0.6.
"""

import random
import sys
from pathlib import Path

from bit_writer import Bits
from expected_controls import flags_of, request, write_expected
from ivf import ivf
from vp9_compressed import CompressedHeader

# What is drawn in each; all else is as plain as can be.
FEATURES = {
    "references": "references compound", "hidden": "references hidden", "superframes": "references hidden superframes",
    "show-existing": "references hidden show-existing", "repeated-in-superframes": "references hidden superframes show-existing",
    "intra-only": "references hidden intra-only contexts", "contexts": "references contexts resilient probabilities intra-only hidden",
    "render-size": "render-size restart", "filters": "filters references", "loop-filter": "loop-filter resilient intra-only hidden",
    "quantizer": "quantizer probabilities", "lossless": "lossless quantizer probabilities segmentation",
    "segmentation": "segmentation", "segmentation-resets": "segmentation resilient intra-only hidden restart",
    "probabilities": "probabilities references compound filters", "probabilities-intra": "probabilities intra-only hidden",
    "tiles": "tiles", "wide": "tiles wide", "colors": "colors restart intra-only hidden", "resized": "restart resized references",
    "sizes": "sizes references render-size intra-only hidden superframes", "unscalable": "unscalable references",
}
TAME = ("references compound hidden superframes show-existing intra-only contexts resilient filters loop-filter quantizer lossless"
        " segmentation probabilities").split()
WILD = TAME + "tiles render-size colors restart resized".split()
SYNC_CODE = 0x498342
FEATURE_BITS = (8, 6, 2, 0)  # 6.2.11
FEATURE_LIMITS = (255, 63, 3, 0)  # 7.2.10
FLAGS = {"key": "KEY_FRAME", "shown": "SHOW_FRAME", "resilient": "ERROR_RESILIENT", "intra_only": "INTRA_ONLY",
         "high_precision": "ALLOW_HIGH_PREC_MV", "refresh_context": "REFRESH_FRAME_CTX", "parallel": "PARALLEL_DEC_MODE",
         "full_range": "COLOR_RANGE_FULL_SWING"}


def signed(bits, value, size):
    """su(n)"""
    bits.u(abs(value), size)
    bits.flag(value < 0)


def optional_signed(bits, value, size):
    bits.flag(value is not None)
    if value is not None:
        signed(bits, value, size)


def probability(bits, value):
    """6.2.12: read_prob"""
    bits.flag(value != 255)
    if value != 255:
        bits.u(value, 8)


class Stream:
    def __init__(self, features, draw, profile):
        self.features, self.draw, self.profile = features, draw, profile
        self.packets, self.log, self.controls, self.frames = [], [], [], []
        self.slots = [None] * 8  # frame, (width, height)
        self.count = 0
        self.size = (48, 40)
        if "tiles" in features:
            self.size = (4200, 24) if "wide" in features else (1100, 72)
        self.full_range = False
        self.reset()

    def on(self, feature, chance=0.5):
        return feature in self.features and self.draw.random() < chance

    def reset(self):
        """7.2: setup_past_independence"""
        self.ref_deltas, self.mode_deltas = [1, 0, -1, -1], [0, 0]
        self.features_of_segments, self.absolute = [[None] * 4 for _ in range(8)], False

    # One frame

    def frame(self, kind, shown=True, size=None, **given):
        """kind: key, intra or inter"""
        draw, header = self.draw, {}
        header |= {"key": kind == "key", "intra_only": kind == "intra", "intra": kind != "inter", "shown": shown,
                   "resilient": self.on("resilient", 0.3)}
        header["reset_context"] = draw.randrange(4) if "contexts" in self.features else 0
        if header["key"] or header["resilient"]:
            header["reset_context"] = 0
        header["refresh"] = 255 if header["key"] else draw.randrange(256) if "references" in self.features else 1 << draw.randrange(8)
        header["indices"] = [draw.randrange(8) if "references" in self.features else 0 for _ in range(3)]
        header["sign_bias"] = [self.on("compound") for _ in range(3)]
        header["size"] = size or self.size
        header |= {"high_precision": self.on("filters"), "interpolation_filter": draw.randrange(5) if "filters" in self.features else 1,
                   "refresh_context": not header["resilient"] and (draw.random() < 0.5 or "contexts" not in self.features),
                   "parallel": header["resilient"] or self.on("contexts"),
                   "context": draw.randrange(4) if "contexts" in self.features else 0}
        header |= given
        bits = self.start(header)
        if header["intra"] or header["resilient"]:
            self.reset()
            header["sign_bias"] = [False] * 3  # so the reference decoder (vp9_setup_past_independence)
        fields = {"lf": self.loop_filter(bits), "quant": self.quantization(bits)}
        header["lossless"] = not any(value for name, value in fields["quant"].items() if name != "reserved")
        fields |= {"seg": self.segmentation(bits), **self.tiles(bits, header["size"])}
        compressed = CompressedHeader(draw, 0.15 if "probabilities" in self.features else 0, header)
        data = compressed.bytes()
        bits.u(len(data), 16)
        bits.align()
        uncompressed = bits.bytes()
        fields |= self.fields(header, compressed, len(uncompressed), len(data))
        self.log.append(" ".join(["decode", str(self.count), "refers", "to", *map(str, self.named(header))]))
        self.controls.append(request("vp9", self.count, {"vp9_compressed_hdr": compressed.fields, "vp9_frame": fields}))
        if shown:
            self.log.append(f"output {self.count}")
        for slot in range(8):
            if header["refresh"] >> slot & 1:
                self.slots[slot] = (self.count, header["size"])
        self.count += 1
        return uncompressed + data + self.tile_data(1 << fields["tile_cols_log2"] + fields["tile_rows_log2"], header["size"])

    def named(self, header):
        """The frames referred to, each once"""
        return [] if header["intra"] else list(dict.fromkeys(self.slots[index][0] for index in header["indices"]))

    def start(self, header):
        """6.2: up to frame_context_idx"""
        bits = Bits()
        bits.u(2, 2)
        bits.flags(self.profile & 1, self.profile >> 1, 0, not header["key"], header["shown"], header["resilient"])
        if header["key"]:
            bits.u(SYNC_CODE, 24)
            self.color_config(bits, header)
            self.sizes(bits, header)
        else:
            if not header["shown"]:
                bits.flag(header["intra_only"])
            if not header["resilient"]:
                bits.u(header["reset_context"], 2)
            if header["intra_only"]:
                self.start_of_intra_only(bits, header)
            else:
                self.start_of_inter(bits, header)
        header["full_range"] = self.full_range
        if not header["resilient"]:
            bits.flags(header["refresh_context"], header["parallel"])
        bits.u(header["context"], 2)
        return bits

    def start_of_intra_only(self, bits, header):
        bits.u(SYNC_CODE, 24)
        if self.profile:
            self.color_config(bits, header)
        else:
            self.full_range = False
        bits.u(header["refresh"], 8)
        self.sizes(bits, header)

    def start_of_inter(self, bits, header):
        bits.u(header["refresh"], 8)
        for index, bias in zip(header["indices"], header["sign_bias"]):
            bits.u(index, 3)
            bits.flag(bias)
        self.sizes_with_references(bits, header)
        bits.flag(header["high_precision"])
        bits.flag(header["interpolation_filter"] == 4)
        if header["interpolation_filter"] != 4:
            bits.u(header["interpolation_filter"], 2)

    def color_config(self, bits, header):
        """6.2.2"""
        if self.profile >= 2:
            bits.flag(0)  # 10 bit
        bits.u(self.draw.randrange(6) if "colors" in self.features else 2, 3)
        self.full_range = self.on("colors")
        bits.flag(self.full_range)

    def sizes(self, bits, header):
        """6.2.3: frame_size"""
        for length in header["size"]:
            bits.u(length - 1, 16)
        self.render_size(bits, header)

    def render_size(self, bits, header):
        """6.2.4"""
        different = self.on("render-size")
        header["render_size"] = (self.draw.randrange(1, 65537), self.draw.randrange(1, 300)) if different else header["size"]
        bits.flag(different)
        if different:
            for length in header["render_size"]:
                bits.u(length - 1, 16)

    def sizes_with_references(self, bits, header):
        """6.2.5: frame_size_with_refs; the size of a reference may also be said as such."""
        for index in header["indices"]:
            found = self.slots[index][1] == header["size"] and self.draw.random() < 0.6
            bits.flag(found)
            if found:
                return self.render_size(bits, header)
        self.sizes(bits, header)

    def loop_filter(self, bits):
        """6.2.8"""
        on = "loop-filter" in self.features
        level, sharpness = (self.draw.randrange(64), self.draw.randrange(8)) if on else (10, 0)
        enabled = not on or self.draw.random() < 0.7
        update = enabled and self.on("loop-filter")
        bits.u(level, 6)
        bits.u(sharpness, 3)
        bits.flag(enabled)
        if enabled:
            bits.flag(update)
        for deltas in (self.ref_deltas, self.mode_deltas) if update else ():
            for number in range(len(deltas)):
                value = self.draw.choice((None, None, 63, -63, 0, self.draw.randint(-63, 63)))
                optional_signed(bits, value, 6)
                deltas[number] = deltas[number] if value is None else value
        return {"ref_deltas": list(self.ref_deltas), "mode_deltas": list(self.mode_deltas), "level": level, "sharpness": sharpness,
                "flags": flags_of(DELTA_ENABLED=enabled, DELTA_UPDATE=update), "reserved": [0] * 7}

    def quantization(self, bits):
        """6.2.9, 6.2.10"""
        on = "quantizer" in self.features
        base, deltas = self.draw.randrange(256) if on else 60, [None] * 3
        if on:
            deltas = [self.draw.choice((None, 0, 15, -15, self.draw.randint(-15, 15))) for _ in deltas]
        if self.on("lossless", 0.4):
            base, deltas = 0, self.draw.choice(([None] * 3, [0, None, 0], [None, 1, None]))
        bits.u(base, 8)
        for delta in deltas:
            optional_signed(bits, delta, 4)
        names = ("delta_q_y_dc", "delta_q_uv_dc", "delta_q_uv_ac")
        return {"base_q_idx": base, **{name: delta or 0 for name, delta in zip(names, deltas)}, "reserved": [0] * 4}

    def segmentation(self, bits):
        """6.2.11. Features stay, whether segmentation is on or not; probabilities do not."""
        enabled = self.on("segmentation", 0.75)
        tree, prediction, update_map, temporal, update_data = [255] * 7, [255] * 3, False, False, False
        bits.flag(enabled)
        if enabled:
            update_map = self.draw.random() < 0.5
            bits.flag(update_map)
        if update_map:
            tree = [self.draw.choice((255, self.draw.randrange(1, 256))) for _ in tree]
            for value in tree:
                probability(bits, value)
            temporal = self.draw.random() < 0.5
            bits.flag(temporal)
        if temporal:
            prediction = [self.draw.choice((255, self.draw.randrange(1, 256))) for _ in prediction]
            for value in prediction:
                probability(bits, value)
        if enabled:
            update_data = self.draw.random() < 0.5
            bits.flag(update_data)
        if update_data:
            self.segmentation_data(bits)
        return {"feature_data": [[value or 0 for value in segment] for segment in self.features_of_segments],
                "feature_enabled": [sum((value is not None) << j for j, value in enumerate(each)) for each in self.features_of_segments],
                "tree_probs": tree, "pred_probs": prediction,
                "flags": flags_of(ENABLED=enabled, UPDATE_MAP=update_map, TEMPORAL_UPDATE=temporal, UPDATE_DATA=update_data,
                                  ABS_OR_DELTA_UPDATE=enabled and self.absolute), "reserved": [0] * 5}

    def segmentation_data(self, bits):
        self.absolute = self.draw.random() < 0.5
        bits.flag(self.absolute)
        for segment in self.features_of_segments:
            for number, (size, limit) in enumerate(zip(FEATURE_BITS, FEATURE_LIMITS)):
                value = self.draw.choice((None, None, limit, self.draw.randint(0, limit)))
                if value is not None and number < 2 and not self.absolute and self.draw.random() < 0.5:
                    value = -value
                bits.flag(value is not None)
                if value is not None:
                    bits.u(abs(value), size)
                    if number < 2:
                        bits.flag(value < 0)
                segment[number] = value

    def tiles(self, bits, size):
        """6.2.13, 6.2.14"""
        columns = (size[0] + 63) // 64
        least = next(log2 for log2 in range(7) if 64 << log2 >= columns)
        most = max(log2 for log2 in range(7) if log2 == 0 or columns >> log2 >= 4)
        log2_columns, log2_rows = least, 0
        if "tiles" in self.features:
            log2_columns, log2_rows = self.draw.randint(least, max(least, most)), self.draw.randrange(3)
        bits.append("1" * (log2_columns - least) + "0" * (log2_columns < most))
        bits.append(("0", "10", "11")[log2_rows])
        return {"tile_cols_log2": log2_columns, "tile_rows_log2": log2_rows}

    def tile_data(self, count, size):
        """6.4: each but the last behind its size. Bytes by chance behind a marker, and zeros that are enough for all blocks."""
        data = b""
        blocks = ((size[0] + 63) // 64) * ((size[1] + 63) // 64)
        # Few bytes are enough for the probabilities that decoding starts with.
        zeros = 100 + 400 * blocks // count if {"probabilities", "lossless", "tiles", "sizes", "unscalable"} & set(self.features) else 60
        for number in range(count):
            noise = b"" if "unscalable" in self.features else self.draw.randbytes(self.draw.randrange(60))
            tile = bytes([self.draw.randrange(128)] if noise else [0]) + noise + bytes(zeros)
            data += tile if number + 1 == count else len(tile).to_bytes(4, "big") + tile
        return data

    def fields(self, header, compressed, uncompressed_size, compressed_size):
        """v4l2_ctrl_vp9_frame, but for what `frame` has already"""
        references = [None] * 3 if header["intra"] else [self.slots[index][0] for index in header["indices"]]
        flags = {name: bool(header[key]) for key, name in FLAGS.items()}
        if header["intra"]:
            flags["ALLOW_HIGH_PREC_MV"] = False
        # The interface has the regular filter first, and 1 for the smooth one.
        raw = header["interpolation_filter"]
        return {"flags": flags_of(X_SUBSAMPLING=True, Y_SUBSAMPLING=True, **flags), "compressed_header_size": compressed_size,
                "uncompressed_header_size": uncompressed_size,
                "frame_width_minus_1": header["size"][0] - 1, "frame_height_minus_1": header["size"][1] - 1,
                "render_width_minus_1": header["render_size"][0] - 1, "render_height_minus_1": header["render_size"][1] - 1,
                **dict(zip(("last_frame_ts", "golden_frame_ts", "alt_frame_ts"), references)),
                "ref_frame_sign_bias": flags_of(**dict(zip(("LAST", "GOLDEN", "ALT"), header["sign_bias"]))),
                "reset_frame_context": max(header["reset_context"] - 1, 0), "frame_context_idx": header["context"],
                "profile": self.profile, "bit_depth": 10 if self.profile else 8, "interpolation_filter": (1, 0, 2, 3, 4)[raw],
                "reference_mode": compressed.reference_mode, "reserved": [0] * 7}

    # What makes packets

    def repeat(self, slot=None):
        """show_existing_frame"""
        slot = self.draw.randrange(8) if slot is None else slot
        self.log.append(f"output {self.slots[slot][0]}")
        bits = Bits()
        bits.u(2, 2)
        bits.flags(self.profile & 1, self.profile >> 1, 1)
        bits.u(slot, 3)
        return bits.bytes()

    def packet(self, *frames):
        """Annex B: with an index where there are several, and at times for one"""
        data = b"".join(frames)
        if len(frames) > 1 or self.on("superframes", 0.1):
            least = (max(map(len, frames)).bit_length() + 7) // 8
            size = self.draw.randint(least, 4)
            mark = bytes([6 << 5 | size - 1 << 3 | len(frames) - 1])
            data += mark + b"".join(len(frame).to_bytes(size, "little") for frame in frames) + mark
        self.packets.append(data)

    def hidden(self):
        """Frames that are not shown, each with what will show others"""
        frames = [self.frame("intra" if self.on("intra-only", 0.4) else "inter", shown=False, size=self.other_size())
                  for _ in range(self.draw.randint(1, 7))]
        if not self.on("superframes", 0.7):
            for frame in frames:
                self.packet(frame)
            frames = []
        return frames

    def other_size(self):
        """That all references can be scaled to (7.2.5)"""
        return self.size if not self.on("sizes") else (self.draw.randint(33, 64), self.draw.randint(33, 64))

    def write(self, count=40):
        self.packet(self.frame("key"))
        while len(self.packets) < count:
            if self.on("restart", 0.1):
                self.size = (self.draw.randrange(16, 80), self.draw.randrange(16, 80)) if "resized" in self.features else self.size
                self.packet(self.frame("key", shown=not self.on("hidden", 0.2)))
            frames = self.hidden() if self.on("hidden", 0.3) else []
            last = self.repeat() if self.on("show-existing", 0.3) else self.frame("inter", size=self.other_size())
            self.packet(*frames, last)


def write_unscalable(stream):
    """7.2.5, 8.5.2.3: of the references, those that are used can be scaled."""
    stream.packet(stream.frame("key"))
    for width, height in ((100, 80), (16, 12), (400, 300), (24, 20)):
        stream.packet(stream.frame("intra", shown=False, size=(width, height), refresh=2))
        for indices in ((0, 1, 0), (0, 0, 1), (1, 0, 0)):
            stream.packet(stream.frame("inter", size=(48, 40), indices=list(indices), refresh=4))


def main():
    name, out, expected = sys.argv[1:]
    kind, _, number = name.rpartition("-")
    draw = random.Random(name)
    features = FEATURES.get(name, "").split()
    if number.isdigit():
        features = [each for each in (TAME if kind.startswith("tame") else WILD) if draw.random() < 0.8]
    stream = Stream(features, draw, 2 if kind.endswith("10") else 0)
    if name == "unscalable":
        write_unscalable(stream)
    else:
        stream.write()
    Path(out).write_bytes(ivf(b"VP90", stream.size, stream.packets))
    write_expected(expected, stream.log, stream.controls)


main()
