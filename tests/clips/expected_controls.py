"""Lines for what has to be in the controls of a request, as ../shared/tools/control-parity has it (tests/parity/written)."""

import json
from pathlib import Path


def flags_of(**flags):
    return sorted(name for name, is_set in flags.items() if is_set)


def request(codec, frame, controls, arrays="first element", size=0):
    """References are numbers of frames, in order of decoding. `size`: of the bitstream, in bytes."""
    unknown = dict.fromkeys(("decode_mode", "start_code"))
    buffer = {"bytesused": size, "hold": False, "sha256": None, "start_code_size": None, "units": None}
    return json.dumps({"request": frame, "frame": frame, "codec": codec, **unknown, "arrays": arrays,
                                     "buffer": buffer, "controls": controls}, separators=(",", ":"))


def write_expected(path, log, controls):
    """What tests/tools/codec_order prints, and beside it the controls of each request."""
    Path(path).write_text("".join(line + "\n" for line in log))
    Path(f"{path}.jsonl").write_text("".join(line + "\n" for line in controls))
