"""AV1 streams in the framings that files have, and with another sequence header: made of a Section 5 stream (.obu)."""

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME_HEADER, TILE_GROUP, FRAME, REDUNDANT_FRAME_HEADER = 1, 2, 3, 4, 6, 7
OF_A_FRAME = (FRAME_HEADER, TILE_GROUP, FRAME, REDUNDANT_FRAME_HEADER)


def leb128(value):
    """leb128() of section 4.10.5"""
    coded = bytearray()
    while True:
        coded.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(coded)


def take_leb128(data, at):
    value = 0
    for i in range(8):
        value |= (data[at + i] & 0x7F) << 7 * i
        if not data[at + i] & 0x80:
            return value, at + i + 1
    raise ValueError("leb128 without an end")


def units_of(stream):
    """Type, header without has_size_field and payload of each OBU of a low-overhead stream (section 5.2)."""
    at = 0
    while at < len(stream):
        header = bytearray(stream[at:at + (2 if stream[at] & 4 else 1)])
        size, at = take_leb128(stream, at + len(header))
        header[0] &= ~2
        yield header[0] >> 3 & 15, bytes(header), stream[at:at + size]
        at += size


def temporal_units_of(stream):
    """Lists of units, each of which begins with a temporal delimiter (7.5)."""
    temporal_unit = []
    for unit in units_of(stream):
        if unit[0] == TEMPORAL_DELIMITER and temporal_unit:
            yield temporal_unit
            temporal_unit = []
        temporal_unit.append(unit)
    yield temporal_unit


def frame_units_of(temporal_unit):
    """Lists of units, one for each frame, with what comes before it: frame_unit() of B.3."""
    frame_unit, any_frame = [], False
    for unit in temporal_unit:
        begins_frame = unit[0] in (FRAME_HEADER, FRAME) or unit[0] not in OF_A_FRAME
        if any_frame and begins_frame:
            yield frame_unit
            frame_unit, any_frame = [], False
        frame_unit.append(unit)
        any_frame |= unit[0] in (FRAME_HEADER, FRAME)
    yield frame_unit


def in_section_5(stream_units):
    return b"".join(bytes([header[0] | 2]) + header[1:] + leb128(len(payload)) + payload for _, header, payload in stream_units)


def in_annex_b(stream, sized=False):
    """The length-delimited format: temporal_unit(), frame_unit() and obu_length of B.2 and B.3. `sized`: units have their own size
    besides, which is allowed."""
    def with_length(data):
        return leb128(len(data)) + data

    def unit_bytes(header, payload):
        return bytes([header[0] | 2]) + header[1:] + leb128(len(payload)) + payload if sized else header + payload

    def frame_bytes(frame_unit):
        return with_length(b"".join(with_length(unit_bytes(header, payload)) for _, header, payload in frame_unit))

    return b"".join(with_length(b"".join(map(frame_bytes, frame_units_of(temporal_unit)))) for temporal_unit in temporal_units_of(stream))


def with_operating_points(stream, count):
    """As many times the one operating point that each sequence header has (5.5.1): the first bits are seq_profile (3), still_picture,
    reduced_still_picture_header, timing_info_present_flag, initial_display_delay_present_flag, operating_points_cnt_minus_1 (5), then
    operating_point_idc (12), seq_level_idx (5) and, above level 3.3, seq_tier."""
    def rewritten(payload):
        bits = "".join(f"{byte:08b}" for byte in payload)
        if bits[4:12] != "00000000":
            raise ValueError("not the kind of sequence header that is understood here")
        point = bits[12:30 if int(bits[24:29], 2) > 7 else 29]
        syntax = bits[12 + len(point):].rstrip("0")[:-1]  # without trailing_one_bit
        bits = f"{bits[:7]}{count - 1:05b}{point * count}{syntax}1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")

    return in_section_5((kind, header, rewritten(payload) if kind == SEQUENCE_HEADER else payload) for kind, header, payload in units_of(stream))
