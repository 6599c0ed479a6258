"""Whether our controls are those of another client of the same driver (GStreamer on visl), for every vector of a codec.

The recordings of the other client ($V4L2PLAY_GOLDEN) and the programs that record and compare ($V4L2PLAY_PARITY) lie
beside the project. Known differences are in CODEC.differences beside the script: 'vector pattern | field pattern | why',
with the clause of the specification that decides it. In place of a field pattern, N being a number of a request or a range A-B:
  without N...       these requests of the other client are left out; all others are compared
  ours without N...  likewise of ours
  failed             the other client ended with an error (the index of the recordings says so): what it sent is compared
  refused            what the player sends until it refuses the rest is compared
  refused at once    it sends nothing at all
"""

import csv
import fnmatch
import hashlib
import itertools
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labtest import GOLDEN, PLAYER, VECTORS, Checks, chosen, lab, run, scratch
from streams import rows_of

PARITY = Path(os.environ.get("V4L2PLAY_PARITY", "/nonexistent"))
# One lab plays so many: starting it costs half a second, and results are to be seen as they come.
BATCH = 12


def numbers_of(words):
    """'3 7-9' as {3, 7, 8, 9}."""
    ranges = (word.split("-") for word in words.split())
    return {number for first, *last in ranges for number in range(int(first), int((last or [first])[0]) + 1)}


def leave_out(recording, numbers):
    """Takes requests, each a frame of its own, out of a normalised recording and its DPBs: later ones and their frames move
    up. False when one of them is not there."""
    requests = [json.loads(line) for line in recording.read_text().splitlines()]
    if not numbers <= set(range(len(requests))):
        return False
    gone = {requests[number]["frame"] for number in numbers}

    def is_gone(entry):  # of a DPB
        return entry is not None and entry.get("timestamp", entry.get("reference_ts")) in gone

    def renumber(value, key=""):
        if isinstance(value, dict):
            return {name: renumber(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [renumber(None if key == "dpb" and is_gone(member) else member, key) for member in value]
        if value is None or not (key in ("frame", "timestamp") or key.endswith("_ts")):  # what does not name a frame
            return value
        return None if value in gone else value - sum(frame < value for frame in gone)

    kept = [renumber(request) for number, request in enumerate(requests) if number not in numbers]
    lines = (json.dumps({**request, "request": number}) + "\n" for number, request in enumerate(kept))
    recording.write_text("".join(lines))
    return True


def cut(recording, count):
    with recording.open() as lines:
        head = list(itertools.islice(lines, count + 1))
    recording.write_text("".join(head[:count]))
    return len(head) > count


def slices_of(path, muxer, bitstream_filter, is_slice):
    """SHA-256 of every NAL unit (MPEG-2: every start code and what follows) that `is_slice`, without what is behind its last bit."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-c", "copy", "-copyinkf"]
    filters = ["-bsf:v", bitstream_filter] if bitstream_filter else []
    stream = subprocess.run([*command, *filters, "-f", muxer, "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            stdin=subprocess.DEVNULL, check=True).stdout
    units = (unit.rstrip(b"\0") for unit in stream.split(b"\0\0\1")[1:])
    return [hashlib.sha256(unit).hexdigest() for unit in units if is_slice(unit[0])]


def packets_of(path):
    frames = run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-c", "copy", "-f", "framehash", "-hash", "sha256", "-"])
    return [line.split()[-1] for line in frames.stdout.splitlines() if not line.startswith("#")]


SLICES = {
    "h264": lambda path: slices_of(path, "h264", "h264_mp4toannexb" * (path.suffix not in RAW), lambda first: first & 0x1F in (1, 5)),
    "hevc": lambda path: slices_of(path, "hevc", "hevc_mp4toannexb" * (path.suffix not in RAW), lambda first: first >> 1 < 32),
    "mpeg2video": lambda path: slices_of(path, "mpeg2video", "", lambda first: 1 <= first <= 0xAF),
    "vp8": packets_of,
}
RAW = (".264", ".h264", ".avc", ".jsv", ".265", ".h265", ".hevc", ".bit", ".ts")
KEEP_PAYLOADS = [word for argument in ("keep_bitstream_buffers=1", "bitstream_trace_frame_start=0", "bitstream_trace_nframes=1000000")
                 for word in ("--kernel-arg", f"visl.{argument}")]


def picture_of(request):
    """What requests of one picture share: a frame, or one of the two fields that have its time."""
    flags = request["controls"].get("h264_decode_params", {}).get("flags", [])
    return request["frame"], "FIELD_PIC" in flags and "BOTTOM_FIELD" in flags


def join_slices(recording):
    """A recording of one request per slice, as of one per picture: the arrays of its slices one behind the other."""
    requests = [json.loads(line) for line in recording.read_text().splitlines()]
    joined = []
    for number, (_, group) in enumerate(itertools.groupby(requests, picture_of)):
        slices = list(group)
        controls = dict(slices[0]["controls"])
        for name in ("hevc_slice_params", "hevc_entry_point_offsets"):
            if name in controls:
                # Without entry points the array of the request before is still there.
                counted = [request for request in slices if name == "hevc_slice_params"
                           or request["controls"]["hevc_slice_params"][0]["num_entry_point_offsets"]]
                controls[name] = [element for request in counted for element in request["controls"].get(name, ())]
        joined.append({**slices[0], "request": number, "controls": controls, "buffer": slices[-1]["buffer"]})
    recording.write_text("".join(json.dumps(request) + "\n" for request in joined))


# The interface has these for slice-based decoding only: what a recording has of them is of some earlier request.
SLICE_ONLY = ["h264_slice_params*", "h264_pred_weights*"]


def normalise(trace, recording):
    """Empty, or what is wrong with the trace."""
    with recording.open("w") as out:
        ran = subprocess.run([PARITY / "control-parity", "normalise", trace], stdout=out, stderr=subprocess.PIPE, text=True)
    return f"normalise: {ran.stderr.strip()[-300:]}" if ran.returncode else ""


class Parity:
    """`mode`: words for --decode-mode and --start-code, or empty. `arrays`: the codec has array controls, of which visl
    traces the first element alone; strace tells the others."""

    files = VECTORS

    def __init__(self, codec, script, arrays=False, checks=None):
        self.codec = codec
        self.arrays = arrays
        self.checks = checks or Checks()
        self.peer_exits = {}
        lines = (line.split("#")[0].strip() for line in Path(script).with_suffix(".differences").read_text().splitlines())
        self.known = [[part.strip() for part in line.split("|")] for line in lines if line]

    def vectors(self):
        """Vectors of the codec that the other client played."""
        if not (PARITY / "control-parity").exists() or not rows_of(VECTORS) or not GOLDEN.exists():
            self.checks.skip(self.codec, "the vectors, the recordings or control-parity are not beside the project")
            self.checks.finish()
        with (GOLDEN / "index.tsv").open() as index:
            self.peer_exits = {row["path"]: row["gst_exit"] for row in csv.DictReader(index, delimiter="\t") if row["status"] == "ok"}
        return chosen(sorted(row["path"] for row in rows_of(VECTORS, self.codec) if row["path"] in self.peer_exits))

    def check(self, paths, decode="", start=""):
        """One check per vector: plays it on visl and compares."""
        batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch, results in zip(batches, pool.map(lambda batch: self._batch(batch, decode, start), batches)):
                for path, why in zip(batch, results):
                    self.checks.check(not why, " ".join(filter(None, [self.codec, decode, start, path])), why)

    def check_payloads(self, paths, decode="", start=""):
        """The bitstream that the driver gets, for some vectors: every slice of the file, each once and in order. The recordings have
        no bitstream; so it is compared with the file's packets as libavformat gives them."""
        for path in paths:
            with scratch() as directory:
                options = f"--decode-mode={decode} --start-code={start}" if decode else ""
                record = (f"{PARITY}/visl-record --no-ioctls {directory}/0.trace -- {PLAYER} --quiet --output=null --decoder=request"
                          f" {options} '{self.files}/{path}'")
                # visl keeps the payloads of the first stream after boot.
                ran = lab(["bash", "-c", f"export VISL_RECORD_KB=32768; {record}"], *KEEP_PAYLOADS, virtual_time=True)
                ours = run([PARITY / "control-parity", "normalise", f"{directory}/0.trace"])
                got = [unit for line in ours.stdout.splitlines() for unit in json.loads(line)["buffer"]["units"] or ()]
            wanted = SLICES[self.codec](self.files / path)
            name = " ".join(filter(None, [self.codec, decode, start, path]))
            self.checks.check(got == wanted and wanted, f"{name}: {len(wanted)} slices reach the driver",
                              f"{len(got)} of {len(wanted)}, {sum(a == b for a, b in zip(got, wanted))} equal {ran.stderr[-200:]} {ours.stderr[-200:]}")

    def finish(self):
        self.checks.finish()

    def _batch(self, paths, decode, start):
        with scratch() as directory:
            options = f"--decode-mode={decode} --start-code={start}" if decode else ""
            # The trace buffer is allocated anew for every recording: as small as the longest clip allows.
            lines = ["export VISL_RECORD_KB=32768"]
            for number, path in enumerate(paths):
                lines.append(
                    f"{self.recorder()} {directory}/{number}.trace -- {PLAYER}"
                    f" --quiet --output=null --decoder=request {options} '{self.files}/{path}' 2>{directory}/{number}.err;"
                    f" echo $? >{directory}/{number}.status")
                lines += self.peer_lines(f"{directory}/{number}", path)
            job = Path(directory) / "job"
            job.write_text("\n".join(lines))
            ran = lab(["bash", job], virtual_time=True, timeout=900)
            if ran.returncode not in (0, 1):
                return [f"the lab: {ran.returncode}: {ran.stderr[-300:]}"] * len(paths)
            return [self._one(directory, number, path, decode == "frame") for number, path in enumerate(paths)]

    def known_of(self, path):
        return [field for vector, field, _ in self.known if fnmatch.fnmatch(path, vector)]

    def recorder(self):
        return f"{PARITY}/visl-record{'' if self.arrays else ' --no-ioctls'}"

    def peer_lines(self, stem, path):
        """What the lab does to have the other client's recording: nothing, they lie beside the project."""
        return []

    def peer_recording(self, stem, path):
        """The other client's recording, normalised, as a file; and what is wrong with it."""
        golden = Path(f"{stem}.golden.jsonl")
        with golden.open("w") as out:
            subprocess.run(["zstdcat", GOLDEN / f"{path}.jsonl.zst"], stdout=out, check=True)
        return golden, ""

    def _one(self, directory, number, path, by_frame):
        """Empty when equal, else what differs."""
        status = Path(f"{directory}/{number}.status")
        error = Path(f"{directory}/{number}.err")
        # A file that is cut off plays to its end, and then the player fails: there is something to compare all the same.
        cut_off = error.exists() and "the file ends too early" in error.read_text(errors="replace")
        at_once = "refused at once" in self.known_of(path)
        refused = at_once or "refused" in self.known_of(path)
        if refused and status.exists() and status.read_text().strip() == "0":
            return "the player does not refuse it"
        if not status.exists() or (status.read_text().strip() != "0" and not (cut_off or refused)):
            return f"the player ended with {status.read_text().strip() if status.exists() else '?'}: " + (
                " ".join(error.read_text(errors="replace").split())[-300:] if error.exists() else "")
        ours = Path(f"{directory}/{number}.jsonl")
        why = normalise(f"{directory}/{number}.trace", ours)
        if at_once:
            return "" if "no decode request" in why else why or "the player has sent requests"
        return why or self._compare(Path(directory), number, path, ours, by_frame)

    def _compare(self, directory, number, path, ours, by_frame):
        golden, why = self.peer_recording(f"{directory}/{number}", path)
        if why:
            return why
        fields = self.known_of(path)
        for field in fields:
            of_us, _, numbers = field.rpartition("without ")
            if numbers != field and not leave_out(ours if of_us else golden, numbers_of(numbers)):
                return f"there are no such requests: {field}"
        if by_frame:
            join_slices(golden)
        if "failed" in fields:
            if self.peer_exits[path] == "0":
                return "the other client did not fail"
            if not cut(ours, len(golden.read_text().splitlines())):
                return "the other client failed after the last request"
        ignore = directory / f"{number}.ignore"
        # The recordings have the mode that visl starts in.
        patterns = [field for field in fields if "without " not in field and field not in ("failed", "refused")]
        ignore.write_text("\n".join(patterns + ["start_code", "decode_mode"] + SLICE_ONLY * by_frame))
        result = run([PARITY / "control-parity", "compare", ours, golden, "--payload", "none", "--ignore", ignore])
        return "" if result.returncode == 0 else " / ".join((result.stdout + result.stderr).strip().splitlines()[:6])
