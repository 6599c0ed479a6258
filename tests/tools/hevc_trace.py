"""The elements of HEVC headers, as libavcodec's trace_headers filter reads them."""

import re
import subprocess
from pathlib import Path

TRACE = "ffmpeg -nostdin -nostats -v debug -ignore_editlist 1 -i {} -map 0:v:0 -c copy -copyinkf -bsf:v trace_headers -f null -"
ELEMENT = re.compile(r"\[trace_headers @ \w+\] (\d+) +(\S+) +([01]*) = (-?\d+)$")
KINDS = {33: "sps", 34: "pps"} | {kind: "slice" for kind in [*range(10), *range(16, 22)]}
# The elements of st_ref_pic_set() (7.3.7).
SET = re.compile(r"inter_ref_pic_set_prediction_flag|delta_idx_minus1|delta_rps_sign|abs_delta_rps_minus1|"
                 r"num_(negative|positive)_pics|(delta_poc_s[01]_minus1|used_by_curr_pic(_s[01])?_flag|use_delta_flag)\[\d+\]")


class Unit:
    """A NAL unit of the trace: its elements in order."""

    def __init__(self):
        self.elements = []  # name, value, bits
        self.last = {}

    def add(self, name, value, bits):
        self.elements.append((name, value, bits))
        self.last[name] = value

    def get(self, name, otherwise=0):
        return self.last.get(name, otherwise)

    def header_size(self):
        """In bytes of the RBSP: the trace goes as far as byte_alignment()."""
        return sum(bits for _, _, bits in self.elements) // 8

    def kind(self):
        return KINDS.get(self.get("nal_unit_type")) if self.get("nuh_layer_id") == 0 else None


def theirs(path):
    container = Path(path).suffix in (".mp4", ".mov")
    command = [word.format(path) for word in TRACE.split() if container or word not in ("-ignore_editlist", "1")]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace")
    units = []
    for line in run.stderr.splitlines():
        if match := ELEMENT.search(line):
            _, name, bits, value = match.groups()
            if name == "forbidden_zero_bit":
                units.append(Unit())
            if units:
                units[-1].add(name, int(value), len(bits))
    return [unit for unit in units if unit.kind()]


def sets_of(sps):
    """The elements of each st_ref_pic_set() of an SPS: it begins with a flag, but for the first, which cannot be predicted."""
    sets = []
    for name, value, _ in sps.elements:
        if SET.fullmatch(name):
            if not sets or name == "inter_ref_pic_set_prediction_flag":
                sets.append({})
            sets[-1][name] = value
    return sets
