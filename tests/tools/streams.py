"""The streams that tests take: our own (tests/clips/make-streams), and those of others where they lie beside the project.

Either directory has a manifest.tsv, whose columns are named in its first line: path, codec, kind, pix_fmt, profile, tags.
"""

import csv
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labtest import CLIPS, TOOLS, VECTORS, Checks, chosen

OWN = Path(os.environ.get("STREAMS", CLIPS.parent / "streams"))


def rows_of(directory, codec="", kind="vector"):
    """Rows of its manifest, each with the path of the file under "file"; none when there is no manifest."""
    manifest = directory / "manifest.tsv"
    if not manifest.is_file():
        return []
    with manifest.open() as lines:
        return [{**row, "file": directory / row["path"]} for row in csv.DictReader(lines, delimiter="\t")
                if row["kind"] == kind and row["codec"] == (codec or row["codec"])]


def streams(codec="", words=None):
    """Rows of our streams and of others', those that `words` (of the command line) name by a part of their paths, or a sample."""
    if not rows_of(OWN):
        sys.exit(f"there are no streams in {OWN}: tests/clips/make-streams makes them")
    return [row for directory in (OWN, VECTORS) for row in chosen(rows_of(directory, codec), words, lambda row: row["path"])]


def is_written(row):
    """Whether it is beside the stream what it shows: tests/integration/written compares with that."""
    return row["file"].is_relative_to(OWN) and (OWN / "expected" / row["path"]).exists()


def expected_controls(name):
    """The controls of each request of a written stream, as control-parity has them; of some codecs alone."""
    return OWN / "expected" / f"{name}.jsonl"


def has_controls(row):
    return is_written(row) and expected_controls(row["path"]).exists()


def say_what_is_missing(checks):
    if not rows_of(VECTORS):
        checks.skip("streams of others", "V4L2PLAY_VECTORS names no directory with manifest.tsv")


def check_headers(tool, rows, compare):
    """compare(path) for the file of each row: what differs ("" for nothing), and a summary of what was compared."""
    checks = Checks()
    say_what_is_missing(checks)
    if not os.access(TOOLS / tool, os.X_OK):
        checks.check(False, tool, f"{TOOLS / tool} is not built")
        checks.finish()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, (why, summary) in zip(rows, pool.map(lambda row: compare(row["file"]), rows)):
            checks.check(not why, f"{row['path']}: {summary}" if summary else row["path"], why)
    checks.finish()
