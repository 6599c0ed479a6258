"""IVF, a container of packets alone."""

import struct


def ivf(fourcc, size, packets):
    """25 packets a second"""
    header = struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, fourcc, *size, 25, 1, len(packets), 0)
    return header + b"".join(struct.pack("<IQ", len(packet), number) + packet for number, packet in enumerate(packets))
