"""The check sequences: CRC-16/X-25 of HDLC (ISO/IEC 13239, 4.2.5.2) and CRC-16/ARC of P1 telegrams (DSMR P1 5.0.2, 6.2).

X-25 runs at the speed of C without a dependency: ``binascii.crc_hqx`` computes the same polynomial (0x1021) most significant bit
first; HDLC sends least significant bit first. So the bits of every byte are turned round, and those of the result turned back.
"""

from binascii import crc_hqx

REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its eight bits in the opposite order."""

RESIDUE = 0x1D0F
"""What ``crc_hqx`` leaves over reversed data that ends in its own check sequence (0xF0B8 with its bits turned round)."""


def crc16_x25(data: bytes | bytearray) -> bytes:
    """Give the two octets of the check sequence in the order of the wire, low octet first."""
    remainder = crc_hqx(data.translate(REVERSED), 0xFFFF) ^ 0xFFFF
    return remainder.to_bytes(2, "big").translate(REVERSED)


def is_good(data_and_check: bytes | bytearray) -> bool:
    """Tell whether data ends in its own check sequence."""
    return crc_hqx(data_and_check.translate(REVERSED), 0xFFFF) == RESIDUE


def _arc_remainder(octet: int) -> int:
    """Divide one octet by the polynomial x16 + x15 + x2 + 1, least significant bit first (A001)."""
    for _ in range(8):
        octet = octet >> 1 ^ (0xA001 if octet & 1 else 0)
    return octet


_ARC = tuple(map(_arc_remainder, range(256)))


def crc16_arc(data: bytes) -> int:
    """Give the check value of a P1 telegram, from "/" to "!", both included."""
    register = 0
    for octet in data:
        register = register >> 8 ^ _ARC[(register ^ octet) & 0xFF]
    return register
