"""Tiles of AV1 (AV1 specification, 5.9.15, 5.9.16), by chance."""

from types import SimpleNamespace

from av1_sequence import ns


def tile_log2(size, target):
    """5.9.16"""
    k = 0
    while size << k < target:
        k += 1
    return k


def write_tile_info(frame):
    """5.9.15"""
    h, s = frame.h, frame.sequence
    shift = 5 if s.use_128x128_superblock else 4
    cols, rows = (mi + (1 << shift) - 1 >> shift for mi in (h.size.mi_cols, h.size.mi_rows))
    widest, area = 4096 >> shift + 2, 4096 * 2304 >> 2 * (shift + 2)
    least_cols = tile_log2(widest, cols)
    least = max(least_cols, tile_log2(area, rows * cols))
    h.tiles = t = SimpleNamespace()
    t.uniform = not frame.on("explicit", 0.6)
    frame.bits.flag(t.uniform)
    if t.uniform:
        t.widths, t.cols_log2 = write_uniform(frame, cols, least_cols)
        t.heights, t.rows_log2 = write_uniform(frame, rows, max(least - t.cols_log2, 0))
    else:
        t.widths, t.cols_log2 = write_explicit(frame, cols, widest)
        highest = rows * cols >> least + 1 if least else rows * cols
        t.heights, t.rows_log2 = write_explicit(frame, rows, max(highest // max(t.widths), 1))
    t.col_starts = [sum(t.widths[:i]) << shift for i in range(len(t.widths))] + [h.size.mi_cols]
    t.row_starts = [sum(t.heights[:i]) << shift for i in range(len(t.heights))] + [h.size.mi_rows]
    t.count = len(t.widths) * len(t.heights)
    t.context_update_tile_id = t.size_bytes = 0
    if t.cols_log2 + t.rows_log2:
        t.context_update_tile_id = frame.random.randrange(t.count)
        frame.bits.u(t.context_update_tile_id, t.cols_log2 + t.rows_log2)
        t.size_bytes = frame.random.randrange(2, 5)
        frame.bits.u(t.size_bytes - 1, 2)


def write_uniform(frame, count, least):
    most = tile_log2(1, min(count, 64))
    chosen = frame.random.randint(least, most) if "tiles" in frame.words else least
    for log2 in range(least, most):
        frame.bits.flag(log2 < chosen)
        if log2 == chosen:
            break
    size = count + (1 << chosen) - 1 >> chosen
    return [min(size, count - start) for start in range(0, count, size)], chosen


def write_explicit(frame, count, most):
    sizes = []
    while sum(sizes) < count:
        limit = min(count - sum(sizes), most)
        sizes.append(frame.random.randint(1, limit))
        ns(frame.bits, sizes[-1] - 1, limit)
    return sizes, tile_log2(1, len(sizes))
