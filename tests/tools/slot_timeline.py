"""Draws what became of each slot, from the player's ledger (--ledger): a lane for each slot, time from left to right."""

import csv
import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "assets"))
from drawing import BOWL, GLYPHS, X, Canvas, arc, line, text_width, write

# Letters that the clips do without.
LETTERS = {
    **GLYPHS,
    "g": (0.62, arc(*BOWL, 0, 360) + line((0.62, X), (0.62, -0.05)) + arc(0.31, -0.05, 0.31, 0.27, 0, -140)),
    "h": (0.54, line((0, 0), (0, 1)) + arc(0.27, 0.43, 0.27, 0.27, 180, 0) + line((0.54, 0.43), (0.54, 0))),
    "k": (0.5, line((0, 0), (0, 1)) + line((0.46, X), (0, 0.26)) + line((0.16, 0.4), (0.5, 0))),
    "w": (0.8, line((0, X), (0.2, 0), (0.4, X), (0.6, 0), (0.8, X))),
    "-": (0.4, line((0.02, 0.36), (0.38, 0.36))),
    "=": (0.5, line((0.02, 0.25), (0.48, 0.25)) + line((0.02, 0.5), (0.48, 0.5))),
    ",": (0.12, line((0.08, 0.02), (0.0, -0.18))),
}

PAPER, INK, FAINT, RAIL = (16, 20, 26), (222, 228, 236), (130, 140, 154), (34, 41, 51)
STATES = {
    "decoded": (62, 98, 158),
    "held by the display": (176, 134, 44),
    "on screen": (52, 158, 96),
    "overwritten while held": (222, 52, 62),
}
WIDTH, MARGIN, LANE, GAP, TOP, FOOT = 1280, 84, 24, 7, 96, 44


def read_ledger(path):
    """The ledger's rows, numbers as numbers; `end`: when the next frame took its place on the screen."""
    with open(path, newline="") as file:
        rows = [{key: int(value) if value.lstrip("-").isdigit() else value for key, value in row.items()}
                for row in csv.DictReader(file)]
    seen = [row for row in rows if row["shown"]]
    for row, after in zip(seen, seen[1:] + [None]):
        row["end"] = after["shown"] if after else row["shown"]
    return rows


def spans(row):
    """(state, from, to) of one frame in its slot."""
    yield "decoded", row["acquired"], row["presented"]
    gone = row["released"] or row["presented"]
    if row["shown"]:
        yield "held by the display", row["presented"], row["shown"]
        yield "on screen", row["shown"], row["end"]
        yield "held by the display", row["end"], max(gone, row["end"])
    else:
        yield "held by the display", row["presented"], gone
    if row["reused"] and row["reused"] < gone:
        yield "overwritten while held", row["reused"], gone


def overwritten(rows):
    """Frames whose slot was decoded into before the display had let go of it."""
    return [row for row in rows if row["reused"] and (not row["released"] or row["reused"] < row["released"])]


def most_displaced(shown):
    """How far a frame that was shown stood from its place in time, counted from the first one, at most; ns."""
    shifts = [row["shown"] - row["pts"] for row in shown]
    return max((abs(shift - shifts[0]) for shift in shifts), default=0)


class Timeline:
    def __init__(self, rows, begin, end):
        self.slots = sorted({(row["generation"], row["slot"]) for row in rows})
        self.begin, self.end = begin, end
        self.canvas = Canvas(WIDTH, TOP + len(self.slots) * (LANE + GAP) + FOOT, PAPER)

    def x(self, time):
        share = (time - self.begin) / (self.end - self.begin)
        return round(MARGIN + min(max(share, 0), 1) * (WIDTH - MARGIN - 24))

    def top(self, row):
        return TOP + self.slots.index((row["generation"], row["slot"])) * (LANE + GAP)

    def box(self, x0, y0, x1, y1, colour):
        for plane, value in zip(self.canvas.planes, colour):
            for y in range(y0, y1):
                plane[y * WIDTH + x0:y * WIDTH + x1] = bytes([value]) * (x1 - x0)

    def text(self, text, x, baseline, size, colour, weight=0.11):
        return write(self.canvas, text, x, baseline, size, colour, weight)

    def draw(self, title, rows):
        self.text(title, 26, 38, 17, INK, 0.13)
        at = 26
        for state, colour in STATES.items():
            self.box(round(at), 60, round(at) + 14, 74, colour)
            at = self.text(state, at + 24, 73, 12, FAINT) + 34
        for i in range(len(self.slots)):
            y = TOP + i * (LANE + GAP)
            self.box(MARGIN, y, WIDTH - 24, y + LANE, RAIL)
            self.text(f"slot {i}", 20, y + 17, 11, FAINT)
        for order in (set(STATES) - {"overwritten while held"}, {"overwritten while held"}):
            for row in rows:
                self.lane(row, order)
        self.axis()

    def lane(self, row, order):
        y = self.top(row)
        for state, begin, end in spans(row):
            x0, x1 = self.x(begin), self.x(end)
            if state not in order or x1 <= x0:
                continue
            red = state == "overwritten while held"
            self.box(x0, y, max(x1 - 1, x0 + 1), y + LANE, STATES[state])
            label = str(row["number"] - 1)
            if (red or state == "on screen") and x1 - x0 > text_width(label, 10) + 8:
                self.text(label, x0 + 5, y + 16, 10, (255, 255, 255), 0.14)

    def axis(self):
        bottom = self.canvas.height - FOOT
        step = 100_000_000
        for i in range(int((self.end - self.begin) // step) + 1):
            x = self.x(self.begin + i * step)
            self.box(x, bottom, x + 1, bottom + 7, FAINT)
            label = f"{i / 10:.1f} s"
            self.text(label, min(x, WIDTH - 24 - text_width(label, 11)), bottom + 24, 11, FAINT)

    def write(self, path):
        r, g, b = self.canvas.planes
        raw = bytearray()
        for y in range(self.canvas.height):
            line_ = bytearray(3 * WIDTH)
            at = slice(y * WIDTH, (y + 1) * WIDTH)
            line_[0::3], line_[1::3], line_[2::3] = r[at], g[at], b[at]
            raw += b"\0" + line_
        Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, self.canvas.height, 8, 2, 0, 0, 0)) +
                               chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + chunk(b"IEND", b""))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def draw_timeline(path, title, rows, begin, end):
    """A PNG of what the slots did between two times of the ledger. `title`: small letters, figures, some signs."""
    GLYPHS.update(LETTERS)
    inside = [row for row in rows if row["acquired"] < end and max(row["released"], row["end"] if row["shown"] else 0) > begin]
    timeline = Timeline(inside, begin, end)
    timeline.draw(title, inside)
    timeline.write(path)
