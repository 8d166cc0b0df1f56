"""Two UARTs that need not agree: the bits that a sender puts on a line, and what a receiver at another setting makes of them.

It must not know what the bytes mean.
"""

from typing import NamedTuple

IDLE = 1


class Uart(NamedTuple):
    """A setting: speed in baud, parity ``E``, ``O`` or ``N``, data bits. One stop bit."""

    baud: int = 2400
    parity: str = "E"
    data_bits: int = 8

    def parity_bit(self, value: int) -> int:
        """The bit that follows the data."""
        return value.bit_count() & 1 ^ (self.parity == "O")


def sent(data: bytes, by: Uart, *, gap: int = 0) -> list[int]:
    """The bits of these bytes, one for each bit time, with ``gap`` idle bit times between bytes and idle at both ends."""
    bits = [IDLE] * 20
    for value in data:
        bits += [0, *(value >> place & 1 for place in range(by.data_bits))]
        bits += [] if by.parity == "N" else [by.parity_bit(value & (1 << by.data_bits) - 1)]
        bits += [IDLE] * (1 + gap)
    return bits + [IDLE] * 20


def received(bits: list[int], by: Uart, *, at_baud: int = 2400) -> tuple[bytes, int, int]:
    """What a receiver reads that does not drop bytes with errors: the bytes, its framing errors and its parity errors."""
    step = at_baud / by.baud  # bit times of the sender per bit time of the receiver
    data, framing, parity = bytearray(), 0, 0
    at = 0.0
    while (start := _falls(bits, at)) is not None:
        value = sum(_level(bits, start + (1.5 + place) * step) << place for place in range(by.data_bits))
        stop = start + (1 + by.data_bits) * step
        if by.parity != "N":
            parity += _level(bits, stop + step / 2) != by.parity_bit(value)
            stop += step
        framing += _level(bits, stop + step / 2) != IDLE
        data.append(value)
        at = stop + step / 2
    return bytes(data), framing, parity


def inverted(bits: list[int]) -> list[int]:
    """The same line with its two wires exchanged."""
    return [1 - bit for bit in bits]


def _falls(bits: list[int], at: float) -> float | None:
    """When the next start bit begins: a fall. After a missing stop bit the line must rise first, as UARTs of today want it."""
    try:
        return bits.index(0, bits.index(1, int(at)))
    except ValueError:
        return None


def _level(bits: list[int], at: float) -> int:
    return bits[int(at)] if at < len(bits) else IDLE
