#!/usr/bin/env python3
"""Compares what our H.264 codec would tell a slice-based driver with recordings of another client of the same driver.

    compare_golden.py --order BUILD/tests/tools/h264_order --vectors DIR --golden DIR [PATH...]

A recording is golden/PATH.jsonl.zst, one decode request per line, controls as objects; golden/index.tsv lists them.
PATH is relative to the vectors; without any, all H.264 ones of the index are compared. Prints `ok`, `not ok` or `skip`
per file with the first differences, and the sums. Exit code 1 when any differs.
"""

import argparse
import csv
import itertools
import json
import subprocess
import sys
from pathlib import Path

P, B = 0, 1

# Recordings whose first requests count only: then the other client was fed something else, or failed.
SHORTENED = {
    "fate-frext/FRExt2_Panasonic.avc": (21, "the other client ended with an error, without the last field"),
    "fate-suite/h264/mov-2elist-elist1-ends-bframe.mp4": (20, "the other client seeks by the edit list"),
    "fate-suite/h264/mov-3elist.mp4": (14, "the other client seeks by the edit list"),
    "fate-suite/h264/sample-in-issue-505.mp4": (105, "the other client leaves out what the edit list does"),
    "shaka-packager/bear-640x360-av_frag.mp4": (62, "the other client's demuxer loses the last fragment"),
    "vk-gl-cts/clip-c.h264": (15, "the other client ended with an error"),
    "vk-gl-cts/clip-c.mp4": (15, "the other client ended with an error"),
}


def active_lists(controls: dict) -> tuple[int, int]:
    params = controls["h264_slice_params"]
    kind = params["slice_type"]
    return (
        params["num_ref_idx_l0_active_minus1"] + 1 if kind in (P, B) else 0,
        params["num_ref_idx_l1_active_minus1"] + 1 if kind == B else 0,
    )


def weights(controls: dict, counts: tuple[int, int]) -> dict | None:
    """Explicit weights of active references; null where the slice header has none (7.3.3)."""
    kind, pps = controls["h264_slice_params"]["slice_type"], controls["h264_pps"]
    if not ("WEIGHTED_PRED" in pps["flags"] and kind == P) and not (pps["weighted_bipred_idc"] == 1 and kind == B):
        return None
    table = controls["h264_pred_weights"]
    factors = [
        {member: values[:count] for member, values in sorted(factors.items())}
        for factors, count in zip(table["weight_factors"], counts)
    ]
    return {**table, "weight_factors": factors}


def scaling(controls: dict) -> dict | str:
    """Sending none is sending a flat one; chroma 8x8 lists are those of 4:4:4."""
    matrix = controls.get("h264_scaling_matrix")
    if matrix is None or "SCALING_MATRIX_PRESENT" not in controls["h264_pps"]["flags"]:
        return "flat"
    luma_only = controls["h264_sps"]["chroma_format_idc"] != 3
    matrix = dict(matrix, scaling_list_8x8=matrix["scaling_list_8x8"][: 2 if luma_only else 6])
    return "flat" if all(v == 16 for lists in matrix.values() for one in lists for v in one) else matrix


def canonical(request: dict) -> dict:
    """Without what a driver must not read; references by the frame that they name."""
    controls = request["controls"]
    counts = active_lists(controls)
    params = dict(controls["h264_decode_params"])
    entries = {i: {k: v for k, v in e.items() if k != "reserved"} for i, e in enumerate(params["dpb"]) if e}
    names = {i: f"frame {entry['reference_ts']} ({entry['pic_num']})" for i, entry in entries.items()}
    params["dpb"] = {names[i]: entry for i, entry in entries.items()}
    slice_params = dict(controls["h264_slice_params"])
    for list_name, count in zip(("ref_pic_list0", "ref_pic_list1"), counts):
        active = slice_params[list_name][:count]
        slice_params[list_name] = [(names.get(r["index"], "none"), sorted(r["fields"])) for r in active]
    sps = dict(controls["h264_sps"])
    sps["offset_for_ref_frame"] = sps["offset_for_ref_frame"][: sps["num_ref_frames_in_pic_order_cnt_cycle"]]
    pps = dict(controls["h264_pps"])
    matrix = scaling(controls)
    if matrix == "flat":
        pps["flags"] = [flag for flag in pps["flags"] if flag != "SCALING_MATRIX_PRESENT"]
    result = {
        "frame": request["frame"],
        "decode_params": params,
        "sps": sps,
        "pps": pps,
        "slice_params": slice_params,
        "pred_weights": weights(controls, counts),
        "scaling_matrix": matrix,
    }
    for structure in result.values():
        if isinstance(structure, dict):
            structure.pop("reserved", None)
            for flags in ("flags", "constraint_set_flags"):
                if flags in structure:
                    structure[flags] = sorted(structure[flags])
    for entry in params["dpb"].values():
        entry["flags"], entry["fields"] = sorted(entry["flags"]), sorted(entry["fields"])
    return result


def differences(ours, theirs, path: str = ""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() | theirs.keys():
            yield from differences(ours.get(key, "absent"), theirs.get(key, "absent"), f"{path}.{key}")
    elif ours != theirs:
        yield f"{path[1:]}: ours {ours}, theirs {theirs}"


def golden_requests(path: Path):
    with subprocess.Popen(["zstdcat", path], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)


def compare(order: list[str], vector: Path, golden: Path, limit: int, requests: int | None) -> tuple[str, list[str]]:
    """Compares the first `requests`, or all. Also says what differs."""
    found: list[str] = []
    with subprocess.Popen([*order, "--requests", vector], stdout=subprocess.PIPE, text=True) as process:
        pairs = itertools.zip_longest(process.stdout, golden_requests(golden))
        for number, (ours, theirs) in enumerate(itertools.islice(pairs, requests)):
            if ours is not None and ours.startswith("refused "):
                return "skip", [ours.strip()]
            if ours is None or theirs is None:
                more = sum(1 for _ in pairs) + 1
                found.append(f"request {number}: {'ours' if theirs is None else 'theirs'} has {more} more")
                break
            a, b = canonical(json.loads(ours)), canonical(theirs)
            for line in differences(a, b):
                found.append(f"request {number}: {line}")
            if len(found) > limit:
                break
        process.kill()
    return ("not ok" if found else "ok"), found


def index(golden: Path) -> list[str]:
    with open(golden / "index.tsv") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row["path"] for row in rows if row["codec"] == "h264" and row["status"] == "ok"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--order", required=True)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--golden", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=3, help="differences shown per file")
    parser.add_argument("--edit-lists", action="store_true", help="obey edit lists")
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    sums = {"ok": 0, "not ok": 0, "skip": 0}
    for path in arguments.paths or index(arguments.golden):
        golden = arguments.golden / f"{path}.jsonl.zst"
        command = [arguments.order] + ["--edit-lists"] * arguments.edit_lists
        requests, why = SHORTENED.get(path, (None, ""))
        result, lines = compare(command, arguments.vectors / path, golden, arguments.limit, requests)
        sums[result] += 1
        note = f": {requests} requests, {why}" if requests else f": {lines[0]}" if result == "skip" else ""
        print(f"{result} golden {path}{note}", flush=True)
        for line in lines[: arguments.limit] if result == "not ok" else []:
            print(f"    {line}")
    print(f"{sums['ok']} passed, {sums['not ok']} failed, {sums['skip']} skipped")
    return 1 if sums["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
