#!/usr/bin/env python3
"""Makes a VP8 stream of headers that no encoder has:  tests/clips/vp8_streams.py NAME OUT EXPECTED

NAME: a line of FEATURES, or wild-N: all of them by chance; tame-N: in one size. What follows the header in the first partition, and the
others, are bytes by chance: what they show is not known. EXPECTED: what each frame refers to, which are shown in what order, and what
has to be in the control of each (expected_controls.py). Sections are those of RFC 6386.
"""

import copy
import random
import re
import sys
from pathlib import Path

from bool_writer import BoolWriter
from expected_controls import flags_of, request, write_expected
from ivf import ivf

# What is drawn in each; all else is as plain as can be.
FEATURES = {
    "references": "references", "hidden": "references hidden", "copies": "", "versions": "versions restart",
    "scaling": "scaling restart", "resized": "resized restart references", "segmentation": "segmentation",
    "segmentation-resets": "segmentation restart", "loop-filter": "loop-filter", "loop-filter-resets": "loop-filter restart",
    "quantizer": "quantizer", "partitions": "partitions", "probabilities": "probabilities",
    "saved-probabilities": "probabilities saving modes motion", "probabilities-resets": "probabilities saving modes motion restart",
    "modes": "modes skips", "motion": "motion references", "skips": "skips", "clamping": "clamping restart",
}
WILD = sorted(set(" ".join(FEATURES.values()).split()))
KEY_FRAME_MODES = [145, 156, 163, 128], [142, 114, 183]  # 11.2
MODES = [112, 86, 140, 37], [162, 101, 204]  # 16.2, 16.1


def table(name, *sizes):
    """The tables of 13.4, 13.5 and 17.2 are those of the decoder: others read the same streams with theirs (tests/parity/own)."""
    source = (Path(__file__).resolve().parents[2] / "decoder/codec/vp8_tables.cpp").read_text()
    numbers = [int(word) for word in re.findall(r"\d+", re.search(rf"{name}{{(.*?)}};", source, re.DOTALL)[1])]
    for size in sizes[:0:-1]:
        numbers = [numbers[begin:begin + size] for begin in range(0, len(numbers), size)]
    assert len(numbers) == sizes[0]
    return numbers


COEFFICIENTS = table("default_coefficient_probabilities", 4, 8, 3, 11)
COEFFICIENT_UPDATES = table("coefficient_update_probabilities", 4, 8, 3, 11)
MOTION = table("default_motion_probabilities", 2, 19)
MOTION_UPDATES = table("motion_update_probabilities", 2, 19)


class Stream:
    def __init__(self, features, draw):
        self.features, self.draw = features, draw
        self.packets, self.log, self.controls = [], [], []
        self.count, self.size, self.version, self.scales = 0, (48, 33), 0, (0, 0)
        self.last = self.golden = self.alternate = None

    def on(self, feature, chance=0.5):
        return feature in self.features and self.draw.random() < chance

    def some(self, feature, values, plain):
        return self.draw.choice(values) if feature in self.features else plain

    def maybe(self, limit):
        """A value with its sign, or None"""
        return self.draw.choice((None, limit, -limit, 0, self.draw.randint(-limit, limit)))

    def reset(self):
        """9.3, 9.6, 9.11: what a key frame starts with"""
        self.quantizers, self.filter_levels, self.absolute = [0] * 4, [0] * 4, False
        self.ref_deltas, self.mode_deltas = [0] * 4, [0] * 4
        self.probabilities = copy.deepcopy({"coeff_probs": COEFFICIENTS, "y_mode_probs": MODES[0], "uv_mode_probs": MODES[1],
                                            "mv_probs": MOTION})

    def frame(self, key=False, shown=True, **given):
        """19.2: frame_header"""
        out = BoolWriter()
        if key:
            self.reset()
            out.bool(0)  # color_space
            out.bool(self.on("clamping"))
        fields = {"segment": self.segmentation(out), "lf": self.loop_filter(out)}
        partitions = self.some("partitions", range(4), 0)
        out.literal(partitions, 2)
        fields["quant"] = self.quantization(out)
        refresh = self.references(out, key, given)
        kept = self.on("saving", 0.6)
        out.bool(not kept)
        before = copy.deepcopy(self.probabilities)
        if not key:
            out.bool(refresh["last"])
        self.coefficients(out)
        skips = not self.on("skips")
        out.bool(skips)
        fields["prob_skip_false"] = self.some("skips", range(1, 256), 200) if skips else 0
        if skips:
            out.literal(fields["prob_skip_false"], 8)
        self.inter(out, key, fields)
        fields["entropy"] = {**copy.deepcopy(self.probabilities), "padding": [0] * 3}
        if key:
            fields["entropy"] |= dict(zip(("y_mode_probs", "uv_mode_probs"), KEY_FRAME_MODES))
        if kept:
            self.probabilities = before
        fields["flags"] = flags_of(KEY_FRAME=key, SHOW_FRAME=shown, MB_NO_SKIP_COEFF=skips, SIGN_BIAS_GOLDEN=refresh["golden_bias"],
                                   SIGN_BIAS_ALT=refresh["alternate_bias"])
        data = self.data(out, key, shown, 1 << partitions, fields)
        self.finish(key, shown, refresh, fields)
        return data

    def segmentation(self, out):
        """9.3. Without an update of data or map what was coded before stays."""
        enabled = self.on("segmentation", 0.8)
        update_map, update_data, tree = enabled and self.on("segmentation"), enabled and self.on("segmentation"), [255] * 3
        out.bool(enabled)
        if enabled:
            out.bool(update_map)
            out.bool(update_data)
        if update_data:
            self.absolute = self.on("segmentation")
            out.bool(self.absolute)
            for values, bits in ((self.quantizers, 7), (self.filter_levels, 6)):
                for number in range(4):
                    value = self.maybe((1 << bits) - 1)
                    value = abs(value) if value is not None and self.absolute else value
                    out.optional(value, lambda value, bits=bits: out.signed(value, bits))
                    values[number] = value or 0
        for number in range(3) if update_map else ():
            value = self.draw.choice((None, self.draw.randrange(1, 256)))
            out.optional(value, lambda value: out.literal(value, 8))
            tree[number] = value or 255
        return {"quant_update": list(self.quantizers), "lf_update": list(self.filter_levels), "segment_probs": tree, "padding": 0,
                "flags": flags_of(ENABLED=enabled, UPDATE_MAP=update_map, UPDATE_FEATURE_DATA=update_data,
                                  DELTA_VALUE_MODE=not self.absolute)}

    def loop_filter(self, out):
        """9.6, and 9.3 for the deltas, which stay"""
        simple, level, sharpness = self.on("loop-filter"), self.some("loop-filter", range(64), 20), self.some("loop-filter", range(8), 0)
        enabled = self.on("loop-filter", 0.7)
        update = enabled and self.on("loop-filter")
        for value, bits in ((simple, 1), (level, 6), (sharpness, 3), (enabled, 1)):
            out.literal(value, bits)
        if enabled:
            out.bool(update)
        for deltas in (self.ref_deltas, self.mode_deltas) if update else ():
            for number in range(4):
                value = self.maybe(63)
                out.optional(value, lambda value: out.signed(value, 6))
                deltas[number] = deltas[number] if value is None else value
        return {"ref_frm_delta": list(self.ref_deltas), "mb_mode_delta": list(self.mode_deltas), "sharpness_level": sharpness,
                "level": level, "padding": 0, "flags": flags_of(ADJ_ENABLE=enabled, DELTA_UPDATE=update, FILTER_TYPE_SIMPLE=simple)}

    def quantization(self, out):
        """9.6; deltas are of one frame."""
        fields = {"y_ac_qi": self.some("quantizer", range(128), 50)}
        out.literal(fields["y_ac_qi"], 7)
        for name in ("y_dc_delta", "y2_dc_delta", "y2_ac_delta", "uv_dc_delta", "uv_ac_delta"):
            value = self.maybe(15) if "quantizer" in self.features else None
            out.optional(value, lambda value: out.signed(value, 4))
            fields[name] = value or 0
        return {**fields, "padding": 0}

    def references(self, out, key, given):
        """9.7"""
        if key:
            return {"golden": True, "alternate": True, "last": True, "golden_copy": 0, "alternate_copy": 0, "golden_bias": False,
                    "alternate_bias": False}
        refresh = {name: self.on("references", 0.4) for name in ("golden", "alternate")} | {"last": not self.on("references", 0.4)} | given
        for name in ("golden", "alternate"):
            out.bool(refresh[name])
        for name in ("golden", "alternate"):
            refresh[f"{name}_copy"] = 0 if refresh[name] else given.get(f"{name}_copy", self.some("references", range(3), 0))
            if not refresh[name]:
                out.literal(refresh[f"{name}_copy"], 2)
        for name in ("golden_bias", "alternate_bias"):
            refresh[name] = self.on("references")
            out.bool(refresh[name])
        return refresh

    def coefficients(self, out):
        """13.4: token_prob_update"""
        chance = self.draw.choice((0, 0.02, 0.3)) if "probabilities" in self.features else 0
        for block, updates in zip(self.probabilities["coeff_probs"], COEFFICIENT_UPDATES):
            for band, of_band in zip(block, updates):
                for context, of_context in zip(band, of_band):
                    for number, probability in enumerate(of_context):
                        updated = self.draw.random() < chance
                        out.bool(updated, probability)
                        if updated:
                            context[number] = self.draw.randrange(1, 256)
                            out.literal(context[number], 8)

    def inter(self, out, key, fields):
        """16.2, 16.1, 17.2: probabilities of inter frames"""
        for name in ("prob_intra", "prob_last", "prob_gf"):
            fields[name] = 0 if key else self.some("modes", range(1, 256), 100)
            if not key:
                out.literal(fields[name], 8)
        if key:
            return
        for name in ("y_mode_probs", "uv_mode_probs"):
            updated = self.on("modes", 0.3)
            out.bool(updated)
            if updated:
                self.probabilities[name] = [self.draw.randrange(1, 256) for _ in self.probabilities[name]]
                for value in self.probabilities[name]:
                    out.literal(value, 8)
        for component, updates in zip(self.probabilities["mv_probs"], MOTION_UPDATES):
            for number, probability in enumerate(updates):
                updated = self.on("motion", 0.2)
                out.bool(updated, probability)
                if updated:
                    value = self.draw.choice((0, 127, self.draw.randrange(128)))
                    out.literal(value, 7)
                    component[number] = 2 * value or 1

    def data(self, out, key, shown, count, fields):
        """9.1, 9.5, and where the boolean decoder stands behind the header (7.3)"""
        above = self.draw.randrange(out.range)
        blocks = ((self.size[0] + 15) // 16) * ((self.size[1] + 15) // 16)
        first = out.bytes(above, self.noise() + bytes(20 * blocks))
        partitions = [self.noise() + bytes(40 * blocks) for _ in range(count)]
        fields |= {"coder_state": {"range": out.range, "value": above, "bit_count": -out.shifted % 8, "padding": 0},
                   "first_part_size": len(first), "first_part_header_bits": out.shifted, "num_dct_parts": count,
                   "dct_part_sizes": [*map(len, partitions), *[0] * (8 - count)], "version": self.version, "width": self.size[0],
                   "height": self.size[1], "horizontal_scale": self.scales[0], "vertical_scale": self.scales[1]}
        data = (len(first) << 5 | shown << 4 | self.version << 1 | (not key)).to_bytes(3, "little")
        if key:
            sizes = (scale << 14 | length for length, scale in zip(self.size, self.scales))
            data += b"\x9d\x01\x2a" + b"".join(each.to_bytes(2, "little") for each in sizes)
        return data + first + b"".join(len(each).to_bytes(3, "little") for each in partitions[:-1]) + b"".join(partitions)

    def noise(self):
        return self.draw.randbytes(self.draw.randrange(1, 40))

    def finish(self, key, shown, refresh, fields):
        """9.7. The alternate frame is copied to first, and what golden is copied from may be that already, as the reference decoder
        has it (20.4, dixie.c); then come those that are refreshed."""
        named = [None] * 3 if key else [self.last, self.golden, self.alternate]
        fields |= dict(zip(("last_frame_ts", "golden_frame_ts", "alt_frame_ts"), named))
        self.log.append(" ".join(["decode", str(self.count), "refers", "to", *([] if key else map(str, dict.fromkeys(named)))]))
        self.controls.append(request("vp8", self.count, {"vp8_frame": fields}))
        self.alternate = (self.alternate, self.last, self.golden)[refresh["alternate_copy"]]
        self.golden = (self.golden, self.last, self.alternate)[refresh["golden_copy"]]
        for name in ("golden", "alternate", "last"):
            if refresh[name]:
                setattr(self, name, self.count)
        if shown:
            self.log.append(f"output {self.count}")
        self.count += 1

    def key_frame(self):
        """What only key frames can change"""
        self.version = self.some("versions", range(4), 0)
        if self.on("resized"):
            self.size = (self.draw.randrange(1, 80), self.draw.randrange(1, 80))
        self.scales = (self.some("scaling", range(4), 0), self.some("scaling", range(4), 0))
        return self.frame(key=True, shown=not self.on("hidden", 0.2))

    def write_copies(self):
        """Each pair of copies, of three frames that differ, and each copy with the other buffer refreshed"""
        self.packets.append(self.key_frame())
        for golden in (0, 1, 2, None):
            for alternate in (0, 1, 2, None):
                self.packets.append(self.frame(golden=True, alternate=False, last=False))
                self.packets.append(self.frame(golden=False, alternate=True, last=False))
                self.packets.append(self.frame(golden=golden is None, golden_copy=golden, alternate=alternate is None,
                                               alternate_copy=alternate, last=True))
        self.packets.append(self.frame())

    def write(self, count=40):
        self.packets.append(self.key_frame())
        while len(self.packets) < count:
            if self.on("restart", 0.15):
                self.packets.append(self.key_frame())
            else:
                self.packets.append(self.frame(shown=not self.on("hidden", 0.3)))


def main():
    name, out, expected = sys.argv[1:]
    draw = random.Random(name)
    features = FEATURES.get(name, "").split()
    if name not in FEATURES:
        features = [each for each in WILD if draw.random() < 0.8 and (each != "resized" or name.startswith("wild-"))]
    stream = Stream(features, draw)
    if "resized" in features:
        stream.size = (draw.randrange(16, 80), draw.randrange(16, 80))
    if name == "copies":
        stream.write_copies()
    else:
        stream.write()
    Path(out).write_bytes(ivf(b"VP80", stream.size, stream.packets))
    write_expected(expected, stream.log, stream.controls)


main()
