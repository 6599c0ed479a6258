"""The boolean entropy coder of VP8 and VP9 (RFC 6386 section 7, VP9 9.2)."""


class BoolWriter:
    """What any value from `low` up to, but not including, `low + range` is decoded to: a number of 8 + `shifted` bits."""

    def __init__(self):
        self.low, self.range, self.shifted = 0, 255, 0

    def bool(self, value, probability=128):
        """B(p)"""
        split = 1 + ((self.range - 1) * probability >> 8)
        if value:
            self.low += split
        self.range = self.range - split if value else split
        shift = 8 - self.range.bit_length()
        self.low <<= shift
        self.range <<= shift
        self.shifted += shift

    def literal(self, value, bits):
        """L(n)"""
        assert 0 <= value < 1 << bits, f"{value} in {bits} bits"
        for bit in range(bits)[::-1]:
            self.bool(value >> bit & 1)

    def optional(self, value, write):
        """Whether it is there, and it; None: it is not."""
        self.bool(value is not None)
        if value is not None:
            write(value)

    def signed(self, value, bits):
        """Magnitude and sign"""
        self.literal(abs(value), bits)
        self.bool(value < 0)

    def bytes(self, above=0, tail=b""):
        """What is decoded to all that was written, with `above` left in the decoder, and to what `tail` happens to mean. Without a
        tail zeros fill the last byte (VP9 9.2.3)."""
        assert 0 <= above < self.range
        bits = 8 + self.shifted
        value, padding = self.low + above, -bits % 8
        if tail:
            value, padding = value << padding | tail[0] >> (8 - padding), 0
            bits += -bits % 8
        return (value << padding).to_bytes((bits + padding) // 8, "big") + tail[1:]
