"""What the tests that run the player in the lab share: counting, starting the lab, reading reports and CRCs."""

import importlib.machinery
import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAYER = os.environ.get("V4L2PLAY", str(ROOT / "build/app/v4l2play"))
LAB = os.environ.get("LAB_RUN", str(ROOT / "tests/lab/run"))
CLIPS = Path(os.environ.get("CLIPS", Path.home() / ".cache/v4l2play/clips"))
VECTORS = Path(os.environ.get("V4L2PLAY_VECTORS", ROOT.parent / "shared/vectors"))
GOLDEN = Path(os.environ.get("V4L2PLAY_GOLDEN", ROOT.parent / "shared/golden"))
TOOLS = Path(os.environ.get("TOOLS", ROOT / "build-clang/tests/tools"))


# Every so many of the test streams are taken: for runs that have to end soon.
SAMPLE = int(os.environ.get("V4L2PLAY_SAMPLE", "1"))


def sample(streams):
    return streams[SAMPLE // 2::SAMPLE]


def chosen(streams, words=None, name=str):
    """Those that `words` (of the command line) name by a part of their names, or a sample where there are none."""
    words = sys.argv[1:] if words is None else words
    return [stream for stream in streams if any(word in name(stream) for word in words)] if words else sample(streams)


class Checks:
    """Counts 'ok' and 'not ok' lines; `finish` prints the counts and ends the program."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, good, name, why=""):
        if good:
            self.passed += 1
            print(f"ok {name}")
        else:
            self.failed += 1
            print(f"not ok {name}{': ' if why else ''}{why}")
        sys.stdout.flush()
        return bool(good)

    def skip(self, name, why):
        self.skipped += 1
        print(f"skip {name}: {why}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed else 0)


def run(command, timeout=300, **options):
    """A finished process with text output; a time-out is its own exit status, as of timeout(1)."""
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=timeout, **options)
    except subprocess.TimeoutExpired as over:
        return subprocess.CompletedProcess(command, 124, (over.stdout or b"").decode(errors="replace"),
                                           (over.stderr or b"").decode(errors="replace"))


def lab(command, *options, virtual_time=True, timeout=300):
    time = ["--virtual-time"] if virtual_time else []
    return run([LAB, *time, "--timeout", timeout, *options, "--", *command], timeout=timeout + 30)


def scratch():
    """A directory on the machine's files that a lab sees too; it goes away with the object."""
    return tempfile.TemporaryDirectory(prefix="v4l2play-test-", dir=os.environ.get("TMPDIR", "/tmp"))


def read_report(path):
    return json.loads(Path(path).read_text())


def count_lost(frames):
    """Frames that were to be shown and were not: what --frames leaves decoded is not lost."""
    return sum(count for reason, count in frames["dropped"].items() if reason != "not-wanted")


def wrong(pacing, lead=0):
    """All metrics of a report's pacing that are to be 0 and are not. `lead`: refreshes that the display may turn out to be behind."""
    flat = {key: pacing[key] for key in ("cadence_errors", "order_violations", "content_violations", "starvation_ms", "early_reuse")}
    flat["timeline_moves"] = max(pacing["timeline_moves"] - lead, 0)
    flat |= {key: pacing["missed"][key] for key in ("late", "early")}
    flat |= {f"{kind} {cause}": count for kind in ("repeated", "dropped") for cause, count in pacing[kind].items()}
    return {key: value for key, value in flat.items() if value}


def crc_runs(path):
    """Runs of equal CRCs, one per picture on the screen: [(crc, vblanks)]."""
    runs = []
    for line in Path(path).read_text().splitlines():
        words = line.split()
        if len(words) < 2:
            continue
        if runs and runs[-1][0] == words[1]:
            runs[-1][1] += 1
        else:
            runs.append([words[1], 1])
    return [(crc, count) for crc, count in runs]


# Of the clips that change at every frame, by which pacing is seen.
RATES = {"24": 24.0, "25": 25.0, "30": 30.0, "50": 50.0, "59.94": 60000 / 1001, "60": 60.0}


def rate_clips(directory):
    """A clip of each rate. 59.94 fps is the clip of 60, slower."""
    slower = Path(directory) / "cadence-59.94.mkv"
    run(["ffmpeg", "-v", "error", "-itsscale", "1.001", "-i", CLIPS / "cadence-60.mkv", "-c", "copy", slower])
    return {rate: slower if rate == "59.94" else CLIPS / f"cadence-{rate}.mkv" for rate in RATES}


def keeps_up(delay, rate):
    """Whether visl does, that sleeps up to twice as long as it is told (ms)."""
    return 2 * delay * RATES[rate] < 1000


def is_rotation(holds, word):
    return any(all(hold == word[(i + phase) % len(word)] for i, hold in enumerate(holds)) for phase in range(len(word)))


def write_ivf(source, target, rate=30):
    """An FWHT stream (pathlib.Path) as a file for the player."""
    data = source.read_bytes()
    size = struct.unpack_from(">2I", data, 12)
    frames, at = [], 0
    while at < len(data):
        end = at + 44 + struct.unpack_from(">I", data, at + 40)[0]
        frames.append(data[at:end])
        at = end
    with target.open("wb") as out:
        out.write(struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"FWHT", *size, rate, 1, len(frames), 0))
        for number, frame in enumerate(frames):
            out.write(struct.pack("<IQ", len(frame), number) + frame)


def make_fwht(directory, name="fwht.ivf", options="--frames=60 --gop=15", rate=30):
    """An FWHT clip for the player, by vicodec's encoder in the lab."""
    raw, clip = Path(directory) / "part.fwht", Path(directory) / name
    made = lab(["bash", "-c", f"cd {directory} && {TOOLS}/fwht_encode {options} {raw.name}"])
    if made.returncode != 0:
        raise RuntimeError(f"no FWHT clip: {made.stderr[-300:]}")
    write_ivf(raw, clip, rate)
    return clip


def load_read_bands():
    loader = importlib.machinery.SourceFileLoader("read_bands", str(ROOT / "tests/tools/read-bands"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("read_bands", loader))
    loader.exec_module(module)
    return module


def read_number(path):
    """The frame that all bands of a picture name; None when they differ or cannot be read."""
    reader = load_read_bands()
    bands = reader.read_picture(*reader.read_file(path, None)[0])
    return bands[0][0] if all(len(band) == 1 and band == bands[0] for band in bands) else None
