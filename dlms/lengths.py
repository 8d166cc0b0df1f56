"""The length field of A-XDR (IEC 61334-6, 6.10; the same as in BER), both ways: below 128 one octet, else 80 + how many octets hold it.

This file must not know what has that length.
"""


def read(buffer: bytes, at: int, widest: int) -> tuple[int, int] | None:
    """Read a length and the place behind it, minimal or not; None where it is cut off or held by more than ``widest`` octets."""
    if at >= len(buffer):
        return None
    first = buffer[at]
    if first < 0x80:
        return first, at + 1
    width = first & 0x7F
    octets = buffer[at + 1 : at + 1 + width]
    if not 1 <= width <= widest or len(octets) < width:
        return None
    return int.from_bytes(octets, "big"), at + 1 + width


def build(size: int, width: int = 0) -> bytes:
    """Write a length in the least octets, or in ``width`` of them behind the first."""
    width = width or (0 if size < 0x80 else (size.bit_length() + 7) // 8)
    return bytes([0x80 | width]) + size.to_bytes(width, "big") if width else bytes([size])
