"""How a message travels from a meter, as data, and the bytes that it becomes; the inverse of ``dlms.sniffer`` and ``dlms.assembly``.

This file must not know what a message means.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from dlms import blocks, hdlc, mbus, p1
from dlms.apdu import LLC


class Way(Enum):
    """What carries a message, whole or in pieces."""

    FRAME = "one HDLC frame"
    SEGMENTS = "HDLC frames, all but the last with the segmentation bit"
    BLOCKS = "a general-block-transfer, one block in each HDLC frame"
    TELEGRAMS = "M-Bus telegrams"
    PORT = "a P1 telegram that holds an encrypted message where its lines should be"


class Wrapping(NamedTuple):
    """A way, the most octets of the message in one piece of it, and what a P1 telegram calls itself."""

    way: Way = Way.FRAME
    size: int = 0
    identification: str = ""


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
    return _WRAP[wrapping.way](message, wrapping, header)


def _frame(message: bytes, _wrapping: Wrapping, header: Header) -> bytes:
    return hdlc.build(*header, message)


def _segments(message: bytes, wrapping: Wrapping, header: Header) -> bytes:
    size = wrapping.size
    last = (len(message) - 1) // size
    pieces = (message[number * size : (number + 1) * size] for number in range(last + 1))
    return b"".join(hdlc.build(*header, piece, segmented=number < last) for number, piece in enumerate(pieces))


def _blocks(message: bytes, wrapping: Wrapping, header: Header) -> bytes:
    first, *others = blocks.split(message.removeprefix(LLC), wrapping.size)
    return b"".join(hdlc.build(*header, block) for block in (LLC + first, *others))


def _telegrams(message: bytes, wrapping: Wrapping, _header: Header) -> bytes:
    return mbus.split(message.removeprefix(LLC), wrapping.size)


def _port(message: bytes, wrapping: Wrapping, _header: Header) -> bytes:
    body = f"/{wrapping.identification}\r\n\r\n".encode("ascii") + message.removeprefix(LLC) + b"!"
    return body + p1.check_digits(body) + b"\r\n"


_WRAP: Mapping[Way, Callable[[bytes, Wrapping, Header], bytes]] = MappingProxyType(
    {Way.FRAME: _frame, Way.SEGMENTS: _segments, Way.BLOCKS: _blocks, Way.TELEGRAMS: _telegrams, Way.PORT: _port}
)
