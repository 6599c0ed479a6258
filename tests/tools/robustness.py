"""Malformed files of others (kind=robustness of the manifest), and what the player may say of one."""

from pathlib import Path

from labtest import VECTORS, Checks, sample
from streams import rows_of

# Exit codes of a file: played, nothing played, played as far as it went.
PLAYED, NOTHING, SOME = 0, 2, 3
LIMIT = 60  # seconds for one file


def files(checks: Checks) -> list[Path]:
    found = [row["file"] for row in rows_of(VECTORS, kind="robustness")]
    if not found:
        checks.skip("malformed files", "no test streams beside the project")
    return sample(found)


def trouble(path: Path, status: int, said: str) -> str:
    """What is wrong with the end of a run, whose exit status and standard error are given; empty when nothing is."""
    lines = said.strip().splitlines()
    if status not in (PLAYED, NOTHING, SOME):  # a signal, the time limit, a requirement that nobody made
        return f"exit {status}: {said.strip()[-300:]}"
    if len(lines) > 1:
        return f"{len(lines)} lines: {said.strip()[:300]}"
    if status != PLAYED and not (lines and str(path) in lines[0]):
        return f"exit {status} and no line that names the file: {said.strip()[:300]}"
    return ""
