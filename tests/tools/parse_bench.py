"""What parsing costs, codec by codec and without any device: our half beside libavcodec's, for tests/bench."""

import itertools
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labtest import CLIPS, ROOT, run

BUILD = ROOT / "build-bench"
PROGRAM = os.environ.get("PARSE_COST")
ROUNDS = 2
OURS, PARSER = "ours", "parser"
# Codec: (clip, who of libavcodec reads all headers of it).
CODECS = {
    "H.264": (CLIPS / "cost-120.mkv", "h264_metadata"),
    "H.264, interlaced": (CLIPS / "interlaced.mkv", "h264_metadata"),
    "H.264, 4 slices": (CLIPS / "multislice.mkv", "h264_metadata"),
    "HEVC": (CLIPS / "hevc.mkv", "hevc_metadata"),
    "VP8": (CLIPS / "vp8.webm", "skip"),
    "VP9": (CLIPS / "vp9.webm", "vp9_metadata"),
    "AV1": (CLIPS / "av1.mkv", "av1_metadata"),
    "MPEG-2": (CLIPS / "mpeg2.mkv", "mpeg2_metadata"),
    "FWHT (made up)": ("fwht", None),
}
LEGEND = """\
  v4l2play  headers, references and output order, and the kernel's controls filled for every request
  parser    libavcodec's parser, what a demuxer runs: up to the picture type and order of H.264 and HEVC, a few bytes of
            VP8, VP9 and MPEG-2, all headers of AV1; no references, nothing kept for a decoder
  headers   libavcodec's bitstream filter h264_metadata (hevc_, ...) without options: all headers into structures (of VP9
            not the compressed one), and written again; VP8: its decoder with skip_frame=all, which ends behind them"""


def build():
    """The release build of the program; what the build said when it failed."""
    if PROGRAM:
        return ""
    if not (BUILD / "build.ninja").is_file():
        ran = run(["meson", "setup", BUILD, ROOT, "-Dbuildtype=release", "-Dunit=false"])
        if ran.returncode != 0:
            return ran.stdout[-1000:]
    ran = run(["ninja", "-C", BUILD, "tests/tools/parse_cost"], timeout=900)
    return ran.stdout[-1000:] if ran.returncode != 0 else ""


def count(directory, number, who, path):
    """(units of a round, bytes of a round, instructions of a round)"""
    out = Path(directory) / f"parse.{number}.{who}"
    ran = run(["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
               f"--callgrind-out-file={out}", PROGRAM or BUILD / "tests/tools/parse_cost", who, ROUNDS, path])
    said = re.match(r"(\d+) units, (\d+) bytes; (\d+)", ran.stdout)
    total = re.search(r"^summary: (\d+)$", out.read_text(errors="replace"), re.MULTILINE) if out.is_file() else None
    # A filter or decoder that gives nothing out may have skipped the work; the skipping decoder is asked to.
    idle = said and int(said[3]) < ROUNDS * int(said[1]) and who != "skip"
    if ran.returncode != 0 or not said or not total or int(total[1]) == 0 or idle:
        raise ValueError(f"{who}, {path}: exit {ran.returncode}: {ran.stdout}{ran.stderr}")
    return int(said[1]), int(said[2]), int(total[1]) / ROUNDS


def cells(counted):
    """Instructions a frame and a byte."""
    if counted is None:
        return f"{'':>11}{'':>8}"
    units, size, instructions = counted
    return f"{instructions / units:>11,.0f}{instructions / size:>8.2f}"


def print_costs(checks, directory):
    failed = build()
    if not checks.check(not failed, "parse_cost is built", failed):
        return
    jobs = [(name, who) for name, (_, headers) in CODECS.items()
            for who in ((OURS, PARSER, headers) if headers else (OURS,))]
    with ThreadPoolExecutor(2) as pool:
        futures = {job: pool.submit(count, directory, number, job[1], CODECS[job[0]][0])
                   for number, job in zip(itertools.count(), jobs)}
    counted = {}
    for job, future in futures.items():
        try:
            counted[job] = future.result()
            checks.passed += 1
        except (OSError, ValueError) as error:
            checks.check(False, f"parse cost of {job[0]}, {job[1]}", f"not measured: {error}")
    print(f"\n{'a frame parsed: instructions':32}{'v4l2play':>11}{'a byte':>8}{'parser':>11}{'a byte':>8}{'headers':>11}"
          f"{'a byte':>8}")
    for name, (_, headers) in CODECS.items():
        if (name, OURS) in counted:
            units, size, _ = counted[name, OURS]
            title = f"{name}, {size / units:,.0f} bytes"
            print(f"{title:32}{''.join(cells(counted.get((name, who))) for who in (OURS, PARSER, headers))}")
    print(LEGEND)
