"""AV1 sequence headers and metadata, by chance (AV1 specification, sections 5.3 to 5.8)."""

from types import SimpleNamespace

from bit_writer import Bits

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME_HEADER, TILE_GROUP, METADATA, FRAME, REDUNDANT_FRAME_HEADER, PADDING = 1, 2, 3, 4, 5, 6, 7, 15
LEVELS = (0, 1, 4, 5, 8, 9, *range(12, 20))  # seq_level_idx that is defined (A.3)
RESERVED = (0, 9, 10, 11, 12, 13, 14)
SELECT = 2  # SELECT_SCREEN_CONTENT_TOOLS, SELECT_INTEGER_MV


def leb128(value, length=0):
    """4.10.5; more bytes than there need to be are allowed."""
    coded = bytearray()
    while value or len(coded) < max(length, 1):
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded[-1] &= 0x7F
    return bytes(coded)


def obu(kind, payload, layer=None, sized=True, length=0):
    """open_bitstream_unit() (5.3.1). `layer`: temporal_id, for which there is an extension."""
    header = bytes([kind << 3 | (layer is not None) << 2 | sized << 1])
    if layer is not None:
        header += bytes([layer << 5])
    return header + (leb128(len(payload), length) if sized else b"") + payload


def uvlc(bits, value):
    """4.10.3"""
    width = (value + 1).bit_length() - 1
    bits.u(0, width)
    bits.u(value + 1, width + 1)


def su(bits, value, width):
    """4.10.6"""
    bits.u(value & (1 << width) - 1, width)


def ns(bits, value, count):
    """4.10.7: a number below `count`."""
    width = count.bit_length()
    short = (1 << width) - count
    if value < short:
        bits.u(value, width - 1)
    else:
        bits.u(value + short, width)


class SequenceWriter:
    def __init__(self, source, words, size):
        self.random, self.words = source, words
        self.size = size
        self.bits = Bits()
        self.s = SimpleNamespace(operating_point_idc=[0], decoder_model_present_for_this_op=[False], order_hint_bits=0,
                                 decoder_model_info_present_flag=False, equal_picture_interval=False, temporal_layers=1, points=1)

    def on(self, word, probability=0.5):
        return word in self.words and self.random.random() < probability

    def flag(self, name, value):
        setattr(self.s, name, bool(value))
        self.bits.flag(value)
        return value

    def number(self, name, value, width):
        setattr(self.s, name, value)
        self.bits.u(value, width)

    def write(self):
        """sequence_header_obu() (5.5.1)"""
        s, bits = self.s, self.bits
        reduced = "reduced" in self.words
        self.number("seq_profile", 0, 3)
        self.flag("still_picture", reduced or "still" in self.words)
        self.flag("reduced_still_picture_header", reduced)
        if reduced:
            bits.u(self.random.choice(LEVELS), 5)
        else:
            if self.flag("timing_info_present_flag", "timing" in self.words):
                self.timing_info()
            self.operating_points()
        self.frame_numbers()
        for name in ("use_128x128_superblock", "enable_filter_intra", "enable_intra_edge_filter"):
            self.flag(name, self.on("large" if name.startswith("use") else "tools", 1 if name.startswith("use") else 0.5))
        self.inter_tools(reduced)
        self.flag("enable_superres", "superres" in self.words)
        self.flag("enable_cdef", self.on("filters", 0.8))
        self.flag("enable_restoration", self.on("filters", 0.8))
        self.color_config()
        self.flag("film_grain_params_present", "grain" in self.words)
        bits.end()
        return s

    def timing_info(self):
        """5.5.3, 5.5.4"""
        bits, draw = self.bits, self.random
        bits.u(draw.randrange(1, 1 << 31), 32)
        bits.u(draw.randrange(1, 1 << 31), 32)
        if self.flag("equal_picture_interval", draw.random() < 0.5):
            uvlc(bits, draw.choice((0, 1, 2, 7, 1000, 1 << 20)))
        if self.flag("decoder_model_info_present_flag", "model" in self.words):
            self.number("buffer_delay_length_minus_1", draw.randrange(32), 5)
            bits.u(draw.randrange(1, 1 << 31), 32)
            self.number("buffer_removal_time_length_minus_1", draw.randrange(32), 5)
            self.number("frame_presentation_time_length_minus_1", draw.randrange(32), 5)

    def operating_points(self):
        """5.5.1, 5.5.5. The first has all temporal layers, or with "dropped" all but the last one."""
        s, bits, draw = self.s, self.bits, self.random
        present = self.on("points")
        bits.flag(present)
        if "points" in self.words:
            s.temporal_layers = draw.choice((2, 3, 8))
            kept = s.temporal_layers - ("dropped" in self.words)
            s.operating_point_idc = [1 << 8 | (1 << count) - 1 for count in range(kept, 0, -1)]
        bits.u(len(s.operating_point_idc) - 1, 5)
        s.decoder_model_present_for_this_op = []
        for idc in s.operating_point_idc:
            bits.u(idc, 12)
            level = draw.choice(LEVELS)
            bits.u(level, 5)
            if level > 7:
                bits.flag(draw.random() < 0.5)  # seq_tier
            modelled = s.decoder_model_info_present_flag and draw.random() < 0.7
            s.decoder_model_present_for_this_op.append(modelled)
            if s.decoder_model_info_present_flag:
                bits.flag(modelled)
            if modelled:
                width = s.buffer_delay_length_minus_1 + 1
                for _ in range(2):
                    bits.u(draw.randrange(1 << width), width)
                bits.flag(draw.random() < 0.5)
            if present:
                delayed = draw.random() < 0.5
                bits.flag(delayed)
                if delayed:
                    bits.u(draw.randrange(10), 4)

    def frame_numbers(self):
        s, draw = self.s, self.random
        width, height = self.size
        for name, value in (("width", width - 1), ("height", height - 1)):
            bits = value.bit_length() + (draw.randrange(17 - value.bit_length()) if "timing" in self.words else 0)
            self.number(f"frame_{name}_bits_minus_1", bits - 1, 4)
        self.number("max_frame_width_minus_1", width - 1, s.frame_width_bits_minus_1 + 1)
        self.number("max_frame_height_minus_1", height - 1, s.frame_height_bits_minus_1 + 1)
        s.frame_id_numbers_present_flag = False
        if not s.reduced_still_picture_header and self.flag("frame_id_numbers_present_flag", "ids" in self.words):
            self.number("delta_frame_id_length_minus_2", draw.randrange(1, 12), 4)
            self.number("additional_frame_id_length_minus_1", draw.randrange(min(8, 14 - s.delta_frame_id_length_minus_2)), 3)
            s.id_bits = s.additional_frame_id_length_minus_1 + s.delta_frame_id_length_minus_2 + 3

    def inter_tools(self, reduced):
        s, bits, draw = self.s, self.bits, self.random
        names = ("enable_interintra_compound", "enable_masked_compound", "enable_warped_motion", "enable_dual_filter", "enable_order_hint",
                 "enable_jnt_comp", "enable_ref_frame_mvs")
        for name in names:
            setattr(s, name, False)
        s.seq_force_screen_content_tools = s.seq_force_integer_mv = SELECT
        if reduced:
            return
        for name in names[:4]:
            self.flag(name, self.on("tools", 0.7))
        if self.flag("enable_order_hint", "unordered" not in self.words):
            self.flag("enable_jnt_comp", self.on("tools"))
            self.flag("enable_ref_frame_mvs", self.on("tools", 0.7))
        s.seq_force_screen_content_tools = draw.choice((0, 1, SELECT, SELECT, SELECT)) if "screen" in self.words else 0
        bits.flag(s.seq_force_screen_content_tools == SELECT)
        if s.seq_force_screen_content_tools != SELECT:
            bits.u(s.seq_force_screen_content_tools, 1)
        if s.seq_force_screen_content_tools:
            s.seq_force_integer_mv = draw.choice((0, 1, SELECT, SELECT, SELECT))
            bits.flag(s.seq_force_integer_mv == SELECT)
            if s.seq_force_integer_mv != SELECT:
                bits.u(s.seq_force_integer_mv, 1)
        if s.enable_order_hint:
            s.order_hint_bits = draw.randrange(1, 9) if "few-hints" in self.words else 7
            bits.u(s.order_hint_bits - 1, 3)

    def color_config(self):
        """5.5.2 of profile 0"""
        s, bits, draw = self.s, self.bits, self.random
        s.bit_depth = 10 if "deep" in self.words else 8
        bits.flag(s.bit_depth == 10)
        self.flag("mono_chrome", "mono" in self.words)
        described = self.on("colors", 0.7)
        bits.flag(described)
        if described:
            for values in ((1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22), (1, 2, 4, 6, 8, 11, 14, 16, 18), (1, 2, 4, 5, 6, 9, 10, 14)):
                bits.u(draw.choice(values), 8)
        self.flag("color_range", self.on("colors"))
        s.separate_uv_delta_q = False
        if not s.mono_chrome:
            bits.u(draw.randrange(3) if "colors" in self.words else 0, 2)  # chroma_sample_position
            self.flag("separate_uv_delta_q", self.on("quantization", 0.7))


def metadata(draw):
    """metadata_obu() (5.8) of a type by chance: content light, mastering display, scalability, ITU-T T.35, timecode."""
    kind = draw.choice((1, 2, 3, 4, 5))
    bits = Bits()
    bits.data(leb128(kind))
    if kind in (1, 2):
        bits.data(bytes(draw.randrange(1, 256) for _ in range(4 if kind == 1 else 16)))
        if kind == 2:
            bits.u(draw.randrange(1 << 8, 10000 << 8), 32)  # luminance_max, of 24.8 bits
            bits.u(draw.randrange(1 << 14), 32)  # luminance_min, of 18.14
    elif kind == 3:
        bits.u(draw.choice((0, 3, 7, 13)), 8)  # scalability_mode_idc
    elif kind == 4:
        bits.data(b"\xb5\x00\x3c\x00\x01" + draw.randbytes(draw.randrange(1, 40)))
    else:
        # counting_type, full_timestamp_flag, discontinuity_flag, cnt_dropped_flag, n_frames, seconds, minutes, hours, no offset
        for value, width in ((draw.randrange(7), 5), (1, 1), (0, 1), (0, 1), (draw.randrange(25), 9), (draw.randrange(60), 6),
                             (draw.randrange(60), 6), (draw.randrange(24), 5), (0, 5)):
            bits.u(value, width)
    bits.end()
    return bits.bytes()
