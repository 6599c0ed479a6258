"""Compressed headers of VP9 by chance (VP9 6.3), and what the interface has of each: deltas after inv_map_table, new probabilities of
motion vectors, 0 for no update."""

from bool_writer import BoolWriter

UPDATE = 252
INV_MAP_TABLE = [7 + 13 * i for i in range(20)] + [value for value in range(1, 254) if value % 13 != 7]  # 6.3.5
ALLOW_32X32, TX_MODE_SELECT = 3, 4
SINGLE, COMPOUND, SELECT = range(3)


def zeros(*sizes):
    """An array of arrays, as the interface has it."""
    return 0 if not sizes else [zeros(*sizes[1:]) for _ in range(sizes[0])]


class CompressedHeader:
    """`chance`: of each update."""

    def __init__(self, draw, chance, header):
        self.draw, self.chance, self.header = draw, chance, header
        self.out = BoolWriter()
        self.out.bool(0)  # marker (9.2.1)
        self.reference_mode = SINGLE
        self.fields = {"tx_mode": 0, "tx8": zeros(2, 1), "tx16": zeros(2, 2), "tx32": zeros(2, 3), "coef": zeros(4, 2, 2, 6, 6, 3),
                       "skip": zeros(3), "inter_mode": zeros(7, 3), "interp_filter": zeros(4, 2), "is_inter": zeros(4),
                       "comp_mode": zeros(5), "single_ref": zeros(5, 2), "comp_ref": zeros(5), "y_mode": zeros(4, 9),
                       "uv_mode": zeros(10, 9), "partition": zeros(16, 3)}
        self.motion = {"joint": zeros(3), "sign": zeros(2), "classes": zeros(2, 10), "class0_bit": zeros(2), "bits": zeros(2, 10),
                       "class0_fr": zeros(2, 2, 3), "fr": zeros(2, 3), "class0_hp": zeros(2), "hp": zeros(2)}
        self.tx_mode()
        self.coefficients()
        self.updates("skip")
        if not header["intra"]:
            self.inter()
        self.fields["mv"] = self.motion

    def update(self):
        """6.3.3: diff_update_prob; 6.3.4: decode_term_subexp"""
        wanted = self.draw.random() < self.chance
        self.out.bool(wanted, UPDATE)
        if not wanted:
            return 0
        index = self.draw.choice((self.draw.randrange(254), self.draw.randrange(64), 0, 15, 16, 31, 32, 63, 64, 128, 129, 253))
        self.out.bool(index >= 16)
        if index >= 16:
            self.out.bool(index >= 32)
        if index >= 32:
            self.out.bool(index >= 64)
        if index < 32:
            self.out.literal(index % 16, 4)
        elif index < 64:
            self.out.literal(index - 32, 5)
        elif index < 129:
            self.out.literal(index - 64, 7)
        else:
            self.out.literal((index + 1) >> 1, 7)
            self.out.bool(index + 1 & 1)
        return INV_MAP_TABLE[index]

    def motion_update(self):
        """6.3.17: update_mv_prob"""
        wanted = self.draw.random() < self.chance
        self.out.bool(wanted, UPDATE)
        if not wanted:
            return 0
        value = self.draw.choice((0, 127, self.draw.randrange(128)))
        self.out.literal(value, 7)
        return 2 * value + 1

    def fill(self, values, update):
        """Each of them, the last dimension first"""
        for number, value in enumerate(values):
            if isinstance(value, list):
                self.fill(value, update)
            else:
                values[number] = update()

    def updates(self, *names):
        for name in names:
            self.fill(self.fields[name], self.update)

    def tx_mode(self):
        """6.3.1, 6.3.2"""
        if self.header["lossless"]:
            return
        mode = self.fields["tx_mode"] = self.header.get("tx_mode", self.draw.randrange(5))
        self.out.literal(min(mode, ALLOW_32X32), 2)
        if mode >= ALLOW_32X32:
            self.out.bool(mode == TX_MODE_SELECT)
        if mode == TX_MODE_SELECT:
            self.updates("tx8", "tx16", "tx32")

    def coefficients(self):
        """6.3.7: read_coef_probs; the first band has three contexts."""
        for size in range(min(self.fields["tx_mode"], ALLOW_32X32) + 1):
            updated = self.draw.random() < 2 * self.chance
            self.out.bool(updated)
            if not updated:
                continue
            for bands in (bands for planes in self.fields["coef"][size] for bands in planes):
                for number, contexts in enumerate(bands):
                    for context in range(3 if number == 0 else 6):
                        contexts[context] = [self.update() for _ in range(3)]

    def inter(self):
        """6.3.9 to 6.3.17"""
        self.updates("inter_mode")
        if self.header["interpolation_filter"] == 4:
            self.updates("interp_filter")
        self.updates("is_inter")
        self.choose_reference_mode()
        if self.reference_mode == SELECT:
            self.updates("comp_mode")
        if self.reference_mode != COMPOUND:
            self.updates("single_ref")
        if self.reference_mode != SINGLE:
            self.updates("comp_ref")
        self.updates("y_mode", "partition")
        self.motion_probabilities()

    def choose_reference_mode(self):
        """6.3.12: frame_reference_mode"""
        bias = self.header["sign_bias"]
        if bias == 3 * bias[:1]:
            return
        self.reference_mode = self.draw.choice((SINGLE, COMPOUND, SELECT))
        self.out.bool(self.reference_mode != SINGLE)
        if self.reference_mode != SINGLE:
            self.out.bool(self.reference_mode == SELECT)

    def motion_probabilities(self):
        """6.3.16: mv_probs"""
        def element(name, component):
            values = self.motion[name]
            if isinstance(values[component], list):
                self.fill(values[component], self.motion_update)
            else:
                values[component] = self.motion_update()

        self.fill(self.motion["joint"], self.motion_update)
        groups = [("sign", "classes", "class0_bit", "bits"), ("class0_fr", "fr")]
        for names in groups + [("class0_hp", "hp")] * self.header["high_precision"]:
            for component in range(2):
                for name in names:
                    element(name, component)

    def bytes(self):
        return self.out.bytes(self.draw.randrange(self.out.range))
