"""Lines for what has to be in the controls of a request, as ../shared/tools/control-parity has it (tests/parity/written)."""

import json


def flags_of(**flags):
    return sorted(name for name, is_set in flags.items() if is_set)


def request(codec, frame, controls):
    """References are numbers of frames, in order of decoding."""
    unknown = dict.fromkeys(("decode_mode", "start_code"))
    buffer = {"bytesused": 0, "hold": False, "sha256": None, "start_code_size": None, "units": None}
    return json.dumps({"request": frame, "frame": frame, "codec": codec, **unknown, "arrays": "first element",
                                     "buffer": buffer, "controls": controls}, separators=(",", ":"))
