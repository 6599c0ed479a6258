"""Global motion of AV1 (AV1 specification, 5.9.24 to 5.9.29; 7.11.3.6 for what is valid of it), by chance."""

from av1_sequence import ns

ONE = 1 << 16  # WARPEDMODEL_PREC_BITS
IDENTITY, TRANSLATION, ROTZOOM, AFFINE = range(4)
NO_MOTION = [0, 0, ONE, 0, 0, ONE]


def write_subexp(bits, value, count):
    """The inverse of decode_subexp(), 5.9.28"""
    i = mk = 0
    while True:
        width = 3 + max(i - 1, 0)
        if count <= mk + 3 * (1 << width):
            return ns(bits, value - mk, count - mk)
        more = value >= mk + (1 << width)
        bits.flag(more)
        if not more:
            return bits.u(value - mk, width)
        i, mk = i + 1, mk + (1 << width)


def recenter(r, value):
    """The inverse of inverse_recenter(), 5.9.29"""
    if value > 2 * r:
        return value
    return 2 * (value - r) if value >= r else 2 * (r - value) - 1


def write_signed_subexp_with_ref(bits, value, low, high, r):
    """5.9.26, 5.9.27"""
    value, count, r = value - low, high - low, r - low
    coded = recenter(r, value) if 2 * r <= count else recenter(count - 1 - r, count - 1 - value)
    write_subexp(bits, coded, count)


def write_param(frame, kind, params, previous, index):
    """read_global_param(), 5.9.25"""
    absolute, precision = 12, 15
    if index < 2:
        precise = frame.h.allow_high_precision_mv
        absolute, precision = (9 - (not precise), 3 - (not precise)) if kind == TRANSLATION else (12, 6)
    diagonal = index in (2, 5)
    offset = 1 << precision if diagonal else 0
    reach = 1 << absolute
    near = frame.random.random() < 0.6
    old = (previous[index] >> 16 - precision) - offset
    value = max(-reach, min(reach, old + frame.random.randint(-9, 9))) if near else frame.random.randint(-reach, reach)
    if frame.random.random() < 0.05:
        value = frame.random.choice((-reach, reach))
    write_signed_subexp_with_ref(frame.bits, value, -reach, reach + 1, old)
    params[index] = (value << 16 - precision) + (ONE if diagonal else 0)


def round2_signed(value, shift):
    """4.7"""
    if not shift:
        return value
    rounded = (abs(value) + (1 << shift - 1)) >> shift
    return rounded if value >= 0 else -rounded


def is_valid(p):
    """warpValid of 7.11.3.6, with resolve_divisor() of 7.11.3.7: Div_Lut has 2^22 / (256 + i)."""
    def reduced(value):
        return round2_signed(max(-32768, min(32767, value)), 6) << 6

    n = p[2].bit_length() - 1
    e = p[2] - (1 << n)
    f = round2_signed(e, n - 8) if n > 8 else e << 8 - n
    shift, factor = n + 14, ((1 << 23) // (256 + f) + 1) // 2
    alpha, beta = reduced(p[2] - ONE), reduced(p[3])
    gamma = reduced(round2_signed((p[4] << 16) * factor, shift))
    delta = reduced(p[5] - round2_signed(p[3] * p[4] * factor, shift) - ONE)
    return 4 * abs(alpha) + 7 * abs(beta) < ONE and 4 * abs(gamma) + 4 * abs(delta) < ONE


def write_global_motion(frame):
    """global_motion_params(), 5.9.24; element 0 is of the intra frame."""
    h, bits = frame.h, frame.bits
    h.gm_type, h.gm_params = [IDENTITY] * 8, [list(NO_MOTION) for _ in range(8)]
    if frame.intra:
        return
    for ref in range(1, 8):
        kind = h.gm_type[ref] = frame.random.randrange(4) if frame.on("motion", 0.7) else IDENTITY
        params, previous = h.gm_params[ref], h.previous.gm_params[ref] if h.previous else NO_MOTION
        bits.append({IDENTITY: "0", ROTZOOM: "11", TRANSLATION: "101", AFFINE: "100"}[kind])
        if kind >= ROTZOOM:
            write_param(frame, kind, params, previous, 2)
            write_param(frame, kind, params, previous, 3)
            params[4], params[5] = -params[3], params[2]
        if kind == AFFINE:
            write_param(frame, kind, params, previous, 4)
            write_param(frame, kind, params, previous, 5)
        if kind >= TRANSLATION:
            write_param(frame, kind, params, previous, 0)
            write_param(frame, kind, params, previous, 1)
