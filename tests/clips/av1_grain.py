"""Film grain of AV1 (AV1 specification, 5.9.30), by chance."""

INTER = 1
NO_GRAIN = {"apply_grain": False}


def write_film_grain(frame):
    """5.9.30; load_grain_params() takes over all but the seed."""
    h, draw = frame.h, frame.random
    h.grain = NO_GRAIN
    if not frame.sequence.film_grain_params_present or not (h.show_frame or h.showable_frame):
        return
    applied = draw.random() < 0.8
    frame.bits.flag(applied)
    if not applied:
        return
    seed = draw.randrange(1 << 16)
    frame.bits.u(seed, 16)
    updated = h.frame_type != INTER or draw.random() < 0.5
    if h.frame_type == INTER:
        frame.bits.flag(updated)
    if updated:
        h.grain = {"apply_grain": True, "grain_seed": seed, **write_grain(frame)}
    else:
        index = draw.choice(h.ref_frame_idx)
        frame.bits.u(index, 3)
        h.grain = {**frame.slots[index].grain, "grain_seed": seed}


def write_points(frame, most):
    count = frame.random.choice((0, 1, 2, most))
    frame.bits.u(count, 4)
    points = list(zip(sorted(frame.random.sample(range(256), count)), frame.random.choices(range(256), k=count)))
    for point in points:
        for value in point:
            frame.bits.u(value, 8)
    return points


def write_grain(frame):
    g, bits, draw, mono = {}, frame.bits, frame.random, frame.planes == 1

    def number(name, width):
        g[name] = draw.randrange(1 << width)
        bits.u(g[name], width)

    g["point_y"], g["point_cb"], g["point_cr"] = write_points(frame, 14), [], []
    g["chroma_scaling_from_luma"] = not mono and draw.random() < 0.4
    if not mono:
        bits.flag(g["chroma_scaling_from_luma"])
    if not mono and not g["chroma_scaling_from_luma"] and g["point_y"]:
        write_chroma_points(frame, g)
    number("grain_scaling_minus_8", 2)
    number("ar_coeff_lag", 2)
    luma = 2 * g["ar_coeff_lag"] * (g["ar_coeff_lag"] + 1)
    for plane, count in (("y", luma), ("cb", luma + bool(g["point_y"])), ("cr", luma + bool(g["point_y"]))):
        coded = g[f"point_{plane}"] or plane != "y" and g["chroma_scaling_from_luma"]
        g[f"ar_coeffs_{plane}"] = [draw.randrange(256) for _ in range(count if coded else 0)]
        bits.data(g[f"ar_coeffs_{plane}"])
    number("ar_coeff_shift_minus_6", 2)
    number("grain_scale_shift", 2)
    for plane in ("cb", "cr"):
        if g[f"point_{plane}"]:
            number(f"{plane}_mult", 8)
            number(f"{plane}_luma_mult", 8)
            number(f"{plane}_offset", 9)
    for name in ("overlap_flag", "clip_to_restricted_range"):
        number(name, 1)
    return g


def write_chroma_points(frame, g):
    """Both planes of 4:2:0 have some, or neither."""
    g["point_cb"] = write_points(frame, 10)
    if not g["point_cb"]:
        frame.bits.u(0, 4)
        return
    count = frame.random.randint(1, 10)
    frame.bits.u(count, 4)
    g["point_cr"] = list(zip(sorted(frame.random.sample(range(256), count)), frame.random.choices(range(256), k=count)))
    for point in g["point_cr"]:
        frame.bits.data(point)
