"""The arithmetic encoder of H.265 9.3.4.5 and 9.3.2.2, which undoes what 9.3.4.3 decodes."""

# Table 9-46 (rangeTabLps), Table 9-47 (transIdxLps)
RANGE_LPS = [bytes.fromhex(row) for row in """
    80b0d0f0 80a7c5e3 809ebbd8 7b96b2cd 748ea9c3 6f87a0b9 698098af 647a90a6 5f74899e 5a6e8296 55687b8e 51637587 4d5e6f80 4959697a 45556474
    42505f6e 3e4c5a68 3b485663 3845515e 35414d59 333e4955 303b4550 2e38424c 2b353f48 29323b45 27303841 252d363e 232b333b 21293038 20272e35
    1e252b32 1d232930 1b21272d 1a1f252b 181e2329 171c2127 161b2025 151a1e23 14181d21 13171b1f 12161a1e 1115191c 1014171b 0f131619 0e121518
    0e111417 0d101316 0c0f1215 0c0e1114 0b0e1013 0b0d0f12 0a0c0f11 0a0c0e10 090b0d0f 090b0c0e 080a0c0e 08090b0d 07090b0c 07090a0c 07080a0b
    0608090b 0607090a 06070809 02020202""".split()]
NEXT_LPS = [0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22, 22, 23, 24, 24, 25, 26,
            26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 34, 35, 35, 35, 36, 36, 36, 37, 37, 37, 38, 38, 63]


def initial_context(init_value, qp):
    """9.3.2.2: [pStateIdx, valMps]"""
    slope, offset = (init_value >> 4) * 5 - 45, ((init_value & 15) << 3) - 16
    state = min(max(1, (slope * min(max(0, qp), 51) >> 4) + offset), 126)
    return [state - 64, 1] if state > 63 else [63 - state, 0]


class Encoder:
    """Writes into `bits`; between `finish` and `start` others may."""

    def __init__(self, bits):
        self.bits = bits
        self.start()

    def start(self):
        self.low, self.range, self.outstanding, self.first = 0, 510, 0, True

    def encode(self, context, value):
        state, most = context
        lps = RANGE_LPS[state][self.range >> 6 & 3]
        self.range -= lps
        if value == most:
            context[0] = min(state + 1, 62)
        else:
            self.low += self.range
            self.range = lps
            context[:] = NEXT_LPS[state], most ^ (state == 0)
        self.renormalise()

    def terminate(self, value):
        """end_of_slice_segment_flag, end_of_subset_one_bit and pcm_flag. After a 1 the bits end with one that is set, which serves as
        rbsp_slice_segment_trailing_bits() and byte_alignment(), and with zeros up to the byte."""
        self.range -= 2
        if not value:
            return self.renormalise()
        self.low += self.range
        self.range = 2
        self.renormalise()
        self.put(self.low >> 9 & 1)
        self.bits.u(self.low >> 7 & 3 | 1, 2)
        self.bits.align()

    def renormalise(self):
        while self.range < 256:
            if self.low >= 512:
                self.low -= 512
                self.put(1)
            elif self.low < 256:
                self.put(0)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range <<= 1
            self.low <<= 1

    def put(self, bit):
        if not self.first:
            self.bits.append(str(bit))
        self.first = False
        self.bits.append(str(1 - bit) * self.outstanding)
        self.outstanding = 0
