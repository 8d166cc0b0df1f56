"""How a message travels from a meter, as data, and the bytes that it becomes; the inverse of ``dlms.sniffer`` and ``dlms.assembly``.

This file must not know what a message means.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from dlms import blocks, hdlc, mbus
from dlms.apdu import LLC


class Way(Enum):
    """What carries a message, whole or in pieces."""

    FRAME = "one HDLC frame"
    SEGMENTS = "HDLC frames, all but the last with the segmentation bit"
    BLOCKS = "a general-block-transfer, one block in each HDLC frame"
    TELEGRAMS = "M-Bus telegrams"


class Wrapping(NamedTuple):
    """A way, and the most octets of the message in one piece of it."""

    way: Way = Way.FRAME
    size: int = 0


class Header(NamedTuple):
    """The header of an HDLC frame but for its length."""

    destination: bytes
    source: bytes
    control: int


FRAME = Wrapping()
TELEGRAMS = Wrapping(Way.TELEGRAMS, mbus.MOST_DATA)
"""L counts 250 at most (Kaifa)."""
LONG_TELEGRAMS = Wrapping(Way.TELEGRAMS, 252)
"""L counts 257, and says 01 (Sagemcom)."""


def wrap(message: bytes, wrapping: Wrapping, header: Header) -> bytes:
    """Give the bytes on the wire of a message that begins with its LLC."""
    return _WRAP[wrapping.way](message, wrapping.size, header)


def _frame(message: bytes, _size: int, header: Header) -> bytes:
    return hdlc.build(*header, message)


def _segments(message: bytes, size: int, header: Header) -> bytes:
    last = (len(message) - 1) // size
    pieces = (message[number * size : (number + 1) * size] for number in range(last + 1))
    return b"".join(hdlc.build(*header, piece, segmented=number < last) for number, piece in enumerate(pieces))


def _blocks(message: bytes, size: int, header: Header) -> bytes:
    first, *others = blocks.split(message.removeprefix(LLC), size)
    return b"".join(hdlc.build(*header, block) for block in (LLC + first, *others))


def _telegrams(message: bytes, size: int, _header: Header) -> bytes:
    return mbus.split(message.removeprefix(LLC), size)


_WRAP: Mapping[Way, Callable[[bytes, int, Header], bytes]] = MappingProxyType(
    {Way.FRAME: _frame, Way.SEGMENTS: _segments, Way.BLOCKS: _blocks, Way.TELEGRAMS: _telegrams}
)
