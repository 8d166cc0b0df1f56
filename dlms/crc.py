"""CRC-16/X-25, the check sequence of HDLC (ISO/IEC 13239, 4.2.5.2), at the speed of C without a dependency.

``binascii.crc_hqx`` computes the same polynomial (0x1021) most significant bit first; HDLC sends least significant bit
first. So the bits of every byte are turned round, and those of the result turned back.
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
