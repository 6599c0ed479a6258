"""Whether our controls are those of another client of the same driver (GStreamer on visl), for every vector of a codec.

The recordings of the other client ($V4L2PLAY_GOLDEN) and the programs that record and compare ($V4L2PLAY_PARITY) lie
beside the project. Known differences are in CODEC.differences beside the script: 'vector pattern | field pattern | why',
with the clause of the specification that decides it; a field pattern 'first N' compares the first N requests only,
'without N...' leaves those requests of the other client out, and 'refused' compares what the player sends until it refuses the rest.
"""

import csv
import fnmatch
import itertools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labtest import GOLDEN, PLAYER, VECTORS, Checks, lab, run, sample, scratch

PARITY = Path(os.environ.get("V4L2PLAY_PARITY", "/nonexistent"))
# One lab plays so many: starting it costs half a second, and results are to be seen as they come.
BATCH = 12


def leave_out(recording, numbers):
    """Takes requests, each a frame of its own, out of a normalised recording: later ones and their frames move up."""
    requests = [json.loads(line) for line in recording.read_text().splitlines()]
    gone = {requests[number]["frame"] for number in numbers}

    def renumber(value, key=""):
        if isinstance(value, dict):
            return {name: renumber(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [renumber(member, key) for member in value]
        names_a_frame = (key == "frame" or key.endswith("_ts")) and value is not None
        return value - sum(frame < value for frame in gone) if names_a_frame else value

    kept = [renumber(request) for number, request in enumerate(requests) if number not in numbers]
    lines = (json.dumps({**request, "request": number}) + "\n" for number, request in enumerate(kept))
    recording.write_text("".join(lines))


class Parity:
    """`mode`: words for --decode-mode and --start-code, or empty. `arrays`: the codec has array controls, of which visl
    traces the first element alone; strace tells the others."""

    def __init__(self, codec, script, arrays=False):
        self.codec = codec
        self.arrays = arrays
        self.checks = Checks()
        lines = (line.split("#")[0].strip() for line in Path(script).with_suffix(".differences").read_text().splitlines())
        self.known = [[part.strip() for part in line.split("|")] for line in lines if line]

    def vectors(self, without=frozenset()):
        """Vectors of the codec that the other client played, less those with one of the tags."""
        if not (PARITY / "control-parity").exists() or not (VECTORS / "manifest.tsv").exists() or not GOLDEN.exists():
            self.checks.skip(self.codec, "the vectors, the recordings or control-parity are not beside the project")
            self.checks.finish()
        with (GOLDEN / "index.tsv").open() as index:
            golden = {row["path"] for row in csv.DictReader(index, delimiter="\t") if row["status"] == "ok"}
        with (VECTORS / "manifest.tsv").open() as manifest:
            rows = [row for row in csv.DictReader(manifest, delimiter="\t") if row["codec"] == self.codec]
        paths = sorted(row["path"] for row in rows if row["kind"] == "vector" and row["path"] in golden
                       and not without & set(row["tags"].split(",")))
        if not sys.argv[1:]:
            return sample(paths)
        return [path for path in paths if any(word in path for word in sys.argv[1:])]

    def check(self, paths, decode="", start=""):
        """One check per vector: plays it on visl and compares."""
        batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch, results in zip(batches, pool.map(lambda batch: self._batch(batch, decode, start), batches)):
                for path, why in zip(batch, results):
                    self.checks.check(not why, " ".join(filter(None, [self.codec, decode, start, path])), why)

    def finish(self):
        self.checks.finish()

    def _batch(self, paths, decode, start):
        with scratch() as directory:
            options = f"--decode-mode={decode} --start-code={start}" if decode else ""
            # The trace buffer is allocated anew for every recording: as small as the longest clip allows.
            lines = ["export VISL_RECORD_KB=32768"]
            for number, path in enumerate(paths):
                lines.append(
                    f"{PARITY}/visl-record {'' if self.arrays else '--no-ioctls'} {directory}/{number}.trace -- {PLAYER}"
                    f" --quiet --output=null --decoder=request {options} '{VECTORS}/{path}' 2>{directory}/{number}.err;"
                    f" echo $? >{directory}/{number}.status")
            job = Path(directory) / "job"
            job.write_text("\n".join(lines))
            ran = lab(["bash", job], virtual_time=True, timeout=900)
            if ran.returncode not in (0, 1):
                return [f"the lab: {ran.returncode}: {ran.stderr[-300:]}"] * len(paths)
            return [self._one(directory, number, path, decode == "frame") for number, path in enumerate(paths)]

    def _one(self, directory, number, path, by_frame):
        """Empty when equal, else what differs."""
        status = Path(f"{directory}/{number}.status")
        error = Path(f"{directory}/{number}.err")
        # A file that is cut off plays to its end, and then the player fails: there is something to compare all the same.
        cut_off = error.exists() and "the file ends too early" in error.read_text(errors="replace")
        refused = any(fnmatch.fnmatch(path, vector) and field == "refused" for vector, field, _ in self.known)
        if not status.exists() or (status.read_text().strip() != "0" and not (cut_off or refused)):
            return f"the player ended with {status.read_text().strip() if status.exists() else '?'}: " + (
                " ".join(error.read_text(errors="replace").split())[-300:] if error.exists() else "")
        ours = Path(f"{directory}/{number}.jsonl")
        with ours.open("w") as out:
            normalised = subprocess.run([PARITY / "control-parity", "normalise", f"{directory}/{number}.trace"], stdout=out,
                                        stderr=subprocess.PIPE, text=True)
        if normalised.returncode:
            return f"normalise: {normalised.stderr.strip()[-300:]}"
        return self._compare(Path(directory), number, path, ours, by_frame)

    def _compare(self, directory, number, path, ours, by_frame):
        golden = directory / f"{number}.golden.jsonl"
        with golden.open("w") as out:
            subprocess.run(["zstdcat", GOLDEN / f"{path}.jsonl.zst"], stdout=out, check=True)
        fields = [field for vector, field, _ in self.known if fnmatch.fnmatch(path, vector)]
        for field in (field for field in fields if field.startswith("without ")):
            leave_out(golden, {int(number) for number in field.split()[1:]})
        for first in (int(field.split()[1]) for field in fields if field.startswith("first ")):
            for file in (ours, golden):
                with file.open() as lines:
                    head = list(itertools.islice(lines, first))
                file.write_text("".join(head))
        ignore = directory / f"{number}.ignore"
        # The recordings have the mode that visl starts in.
        patterns = [field for field in fields if not field.startswith(("first ", "without ")) and field != "refused"]
        ignore.write_text("\n".join(patterns + ["start_code", "decode_mode"]))
        result = run([PARITY / "control-parity", "compare", ours, golden, "--payload", "none", "--ignore", ignore,
                      *["--by-frame"] * by_frame])
        return "" if result.returncode == 0 else " / ".join((result.stdout + result.stderr).strip().splitlines()[:6])
