"""Drawing for make-demo: colours, a canvas, and lettering of our own (no font is needed)."""

import math
import re

# --- colour -----------------------------------------------------------------


def ycc(red, green, blue):
    """8-bit R'G'B' to BT.709 limited range Y'CbCr."""
    r, g, b = red / 255, green / 255, blue / 255
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - y) / 1.8556, (r - y) / 1.5748
    return (round(16 + 219 * y), round(128 + 224 * cb), round(128 + 224 * cr))


def mix(under, over, share):
    return tuple(round(u + (o - u) * share) for u, o in zip(under, over))


# --- canvas: 4:4:4 with a mask, turned into 4:2:0 when done ---------------------


class Canvas:
    def __init__(self, width, height, colour):
        self.width, self.height = width, height
        self.planes = [bytearray([c]) * (width * height) for c in colour]
        self.mask = bytearray(width * height)

    def copy(self):
        twin = Canvas.__new__(Canvas)
        twin.width, twin.height = self.width, self.height
        twin.planes = [bytearray(p) for p in self.planes]
        twin.mask = bytearray(self.mask)
        return twin

    def put(self, x, y, colour, cover):
        if cover <= 0 or not (0 <= x < self.width and 0 <= y < self.height):
            return
        at = y * self.width + x
        self.mask[at] = 1
        for plane, c in zip(self.planes, colour):
            plane[at] = c if cover >= 1 else round(plane[at] + (c - plane[at]) * cover)

    def paint(self, box, colour, cover):
        """Blends `colour` into box = (x0, y0, x1, y1), by cover(x, y) at pixel centres."""
        x0, y0 = math.floor(box[0]), math.floor(box[1])
        x1, y1 = math.ceil(box[2]), math.ceil(box[3])
        for y in range(max(y0, 0), min(y1, self.height)):
            for x in range(max(x0, 0), min(x1, self.width)):
                self.put(x, y, colour, cover(x + 0.5, y + 0.5))

    def rectangle(self, x0, y0, x1, y1, radius, colour):
        def cover(x, y):
            dx = max(x0 + radius - x, x - x1 + radius, 0)
            dy = max(y0 + radius - y, y - y1 + radius, 0)
            if dx and dy:
                return radius - math.hypot(dx, dy) + 0.5
            return min(1, radius - max(dx, dy) + 0.5)

        self.paint((x0, y0, x1, y1), colour, cover)

    def disc(self, cx, cy, radius, colour):
        box = (cx - radius - 1, cy - radius - 1, cx + radius + 1, cy + radius + 1)
        self.paint(box, colour, lambda x, y: radius - math.hypot(x - cx, y - cy) + 0.5)

    def strokes(self, segments, width, colour):
        """Round-ended lines. Joined ones count once: the best cover of a pixel wins."""
        best = {}
        r = width / 2
        for ax, ay, bx, by in segments:
            dx, dy = bx - ax, by - ay
            length2 = dx * dx + dy * dy or 1e-9
            for y in range(math.floor(min(ay, by) - r - 1), math.ceil(max(ay, by) + r + 1)):
                for x in range(math.floor(min(ax, bx) - r - 1), math.ceil(max(ax, bx) + r + 1)):
                    px, py = x + 0.5 - ax, y + 0.5 - ay
                    t = min(1, max(0, (px * dx + py * dy) / length2))
                    c = r - math.hypot(px - t * dx, py - t * dy) + 0.5
                    if c > best.get((x, y), 0):
                        best[(x, y)] = c
        for (x, y), c in best.items():
            self.put(x, y, colour, c)

    def plane420(self, i):
        """One plane as it is stored: luma whole, chroma as 2x2 means. (bytes, width)"""
        p, w = self.planes[i], self.width
        if i == 0:
            return bytes(p), w
        out = bytearray()
        for y in range(0, self.height, 2):
            a, b = p[y * w : y * w + w], p[y * w + w : y * w + 2 * w]
            if a == b and a.count(a[0]) == w:
                out += a[: w // 2]
                continue
            out += bytes((s + t + u + v + 2) >> 2 for s, t, u, v in zip(a[::2], a[1::2], b[::2], b[1::2]))
        return bytes(out), w // 2

    def runs420(self, i):
        """Per stored row of plane i, the (start, end) runs that anything was painted on."""
        m, w = self.mask, self.width
        rows = [m[y * w : y * w + w] for y in range(self.height)]
        if i:
            rows = [
                bytes(s | t | u | v for s, t, u, v in zip(a[::2], a[1::2], b[::2], b[1::2]))
                for a, b in zip(rows[::2], rows[1::2])
            ]
        return [[found.span() for found in re.finditer(b"\x01+", row)] for row in rows]


# --- lettering: one line width, baseline y = 0, figures 1 high, y up ---------------


def arc(cx, cy, rx, ry, start, end):
    """An elliptical arc from `start` to `end` degrees, as short lines."""
    steps = max(4, int(abs(end - start) / 9))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    points = [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]
    return line(*points)


def line(*points):
    return [(*a, *b) for a, b in zip(points, points[1:])]


def turned(segments, cx, cy):
    """The same, by half a turn."""
    return [(2 * cx - a, 2 * cy - b, 2 * cx - c, 2 * cy - d) for a, b, c, d in segments]


X = 0.70  # height of x
BOWL = (0.31, X / 2, 0.31, X / 2)
SIX = arc(0.3, 0.31, 0.3, 0.31, 0, 360) + line((0.46, 1), (0.04, 0.46))

# Advance without the gap between letters, and the lines.
GLYPHS = {
    "0": (0.6, arc(0.3, 0.68, 0.3, 0.32, 0, 180) + line((0, 0.68), (0, 0.32))
          + arc(0.3, 0.32, 0.3, 0.32, 180, 360) + line((0.6, 0.32), (0.6, 0.68))),
    "1": (0.6, line((0.12, 0.8), (0.36, 1), (0.36, 0))),
    "2": (0.6, arc(0.3, 0.71, 0.28, 0.29, 165, -38) + line((0.52, 0.53), (0.02, 0), (0.6, 0))),
    "3": (0.6, arc(0.29, 0.76, 0.25, 0.24, 155, -90) + arc(0.29, 0.26, 0.3, 0.26, 90, -155)),
    "4": (0.6, line((0.45, 0), (0.45, 1), (0, 0.27), (0.62, 0.27))),
    "5": (0.6, line((0.54, 1), (0.11, 1), (0.06, 0.54)) + arc(0.27, 0.32, 0.32, 0.32, 131, -140)),
    "6": (0.6, SIX),
    "7": (0.6, line((0, 1), (0.6, 1), (0.2, 0))),
    "8": (0.6, arc(0.3, 0.765, 0.245, 0.235, 0, 360) + arc(0.3, 0.265, 0.3, 0.265, 0, 360)),
    "9": (0.6, turned(SIX, 0.3, 0.5)),
    ":": (0.12, line((0.06, 0.16), (0.06, 0.161)) + line((0.06, 0.6), (0.06, 0.601))),
    ".": (0.12, line((0.06, 0.0), (0.06, 0.001))),
    "/": (0.36, line((0, -0.1), (0.36, 1.05))),
    " ": (0.24, []),
    "a": (0.62, arc(*BOWL, 0, 360) + line((0.62, X), (0.62, 0))),
    "b": (0.62, arc(*BOWL, 0, 360) + line((0, 1), (0, 0))),
    "c": (0.56, arc(*BOWL, 42, 318)),
    "d": (0.62, arc(*BOWL, 0, 360) + line((0.62, 1), (0.62, 0))),
    "e": (0.62, arc(*BOWL, 0, 318) + line((0, X / 2), (0.62, X / 2))),
    "f": (0.36, line((0.14, 0), (0.14, 0.82)) + arc(0.32, 0.82, 0.18, 0.18, 180, 70)
          + line((0, X - 0.04), (0.34, X - 0.04))),
    "i": (0.02, line((0, 0), (0, X)) + line((0, 0.97), (0, 0.971))),
    "l": (0.02, line((0, 0), (0, 1))),
    "m": (0.88, line((0, 0), (0, X)) + arc(0.22, 0.47, 0.22, 0.23, 180, 0) + line((0.44, 0.47), (0.44, 0))
          + arc(0.66, 0.47, 0.22, 0.23, 180, 0) + line((0.88, 0.47), (0.88, 0))),
    "n": (0.54, line((0, 0), (0, X)) + arc(0.27, 0.43, 0.27, 0.27, 180, 0) + line((0.54, 0.43), (0.54, 0))),
    "o": (0.62, arc(*BOWL, 0, 360)),
    "p": (0.62, arc(*BOWL, 0, 360) + line((0, X), (0, -0.3))),
    "r": (0.32, line((0, 0), (0, X)) + arc(0.27, 0.43, 0.27, 0.27, 180, 78)),
    "s": (0.46, arc(0.23, 0.525, 0.21, 0.175, 40, 270) + arc(0.23, 0.175, 0.23, 0.175, 90, -145)),
    "t": (0.34, line((0.13, 0.95), (0.13, 0.16)) + arc(0.29, 0.16, 0.16, 0.16, 180, 285)
          + line((0, X - 0.04), (0.32, X - 0.04))),
    "u": (0.54, line((0, X), (0, 0.27)) + arc(0.27, 0.27, 0.27, 0.27, 180, 360) + line((0.54, X), (0.54, 0))),
    "v": (0.56, line((0, X), (0.28, 0), (0.56, X))),
    "x": (0.5, line((0, X), (0.5, 0)) + line((0.5, X), (0, 0))),
    "y": (0.56, line((0, X), (0.285, 0)) + line((0.56, X), (0.17, -0.3))),
}
WEIGHT = 0.105  # of a line, where figures are 1 high


def text_width(text, size, gap=0.2):
    return size * (sum(GLYPHS[c][0] for c in text) + gap * (len(text) - 1))


def write(canvas, text, x, baseline, size, colour, weight=WEIGHT, gap=0.2, narrow=1):
    """Writes with the first letter's centre line at x. Returns where the text ended."""
    for letter in text:
        advance, segments = GLYPHS[letter]
        wide = size * narrow
        placed = [(x + a * wide, baseline - b * size, x + c * wide, baseline - d * size) for a, b, c, d in segments]
        canvas.strokes(placed, weight * size, colour)
        x += wide * advance + size * gap
    return x - size * gap
