"""Bits, Exp-Golomb codes and NAL units (H.265 7.2, 7.3.1, 9.2; H.264 has the same)."""

import re


class Bits:
    def __init__(self):
        self.text = []
        self.count = 0

    def u(self, value, width):
        assert 0 <= value < 1 << width, f"{value} in {width} bits"
        if width:
            self.append(f"{value:0{width}b}")

    def flag(self, value):
        self.append("1" if value else "0")

    def ue(self, value):
        """9.2"""
        code = f"{value + 1:b}"
        self.append("0" * (len(code) - 1) + code)

    def se(self, value):
        """9.2.2"""
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def flags(self, *values):
        for value in values:
            self.flag(value)

    def ues(self, *values):
        for value in values:
            self.ue(value)

    def ses(self, *values):
        for value in values:
            self.se(value)

    def append(self, text):
        self.text.append(text)
        self.count += len(text)

    def data(self, data):
        self.append("".join(f"{byte:08b}" for byte in data))

    def align(self):
        """Zeros up to the next byte"""
        self.append("0" * (-self.count % 8))

    def end(self):
        """rbsp_trailing_bits() and byte_alignment() (7.3.2.11, 7.3.2.12)"""
        self.append("1")
        self.align()

    def bytes(self):
        text = "".join(self.text)
        assert len(text) % 8 == 0
        return int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:]


def escape(rbsp):
    """emulation_prevention_three_byte (7.3.1.1, 7.4.2)"""
    escaped = re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", rbsp)
    return escaped + b"\3" if escaped.endswith(b"\0") else escaped


def hevc_nal(kind, payload, temporal_id=0):
    """A start code, nal_unit_header() (7.3.1.2) and what is already escaped"""
    return b"\0\0\0\1" + bytes((kind << 1, temporal_id + 1)) + payload
