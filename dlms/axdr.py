"""A-XDR: the encoding of DLMS Data (IEC 61334-6; types of IEC 62056-5-3, as used on HAN ports), both ways.

``parse`` is a total function with caps on depth and count; each value remembers where it stood, so that the next message of the
same layout can be read at the same places. This file must not know what any value means.
"""

from enum import IntEnum
from typing import NamedTuple

from dlms import lengths
from dlms.rejects import Reason, Rejected

MAX_DEPTH = 8
"""Real lists nest three deep; a recursion that an attacker can steer must end."""
MAX_VALUES = 512
"""The longest real list (Aidon, Sweden) has 190 values."""


class Tag(IntEnum):
    """The type tags (Green Book 9.5, CHOICE Data) that occur on HAN ports or are as simple as those."""

    NULL = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    INT32 = 5
    UINT32 = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    INT8 = 15
    INT16 = 16
    UINT8 = 17
    UINT16 = 18
    INT64 = 20
    UINT64 = 21
    ENUM = 22


class Data(NamedTuple):
    """One value: an int for numbers, bytes for strings, a tuple of Data for arrays and structures, None for null-data.

    ``at`` is the offset of the content in the parsed bytes (after tag and length); it says nothing in Data that is to be built.
    """

    tag: Tag
    value: "int | bytes | tuple[Data, ...] | None"
    at: int = -1

    @property
    def items(self) -> "tuple[Data, ...]":
        """The elements of an array or a structure; nothing for any other type."""
        return self.value if isinstance(self.value, tuple) else ()


INTEGERS: dict[Tag, tuple[int, bool]] = {
    Tag.BOOLEAN: (1, False),
    Tag.INT32: (4, True),
    Tag.UINT32: (4, False),
    Tag.INT8: (1, True),
    Tag.INT16: (2, True),
    Tag.UINT8: (1, False),
    Tag.UINT16: (2, False),
    Tag.INT64: (8, True),
    Tag.UINT64: (8, False),
    Tag.ENUM: (1, False),
}
"""Number types: width in bytes, signed or not; big-endian."""

_STRINGS = frozenset({Tag.OCTET_STRING, Tag.VISIBLE_STRING})
_GROUPS = frozenset({Tag.ARRAY, Tag.STRUCTURE})
_TAGS = {tag.value: tag for tag in Tag}


def parse(buffer: bytes, at: int = 0) -> Data | Rejected:
    """Read one value that begins at ``at`` and ends with the buffer; anything else is Rejected(MALFORMED)."""
    try:
        data, end, _ = _value(buffer, at, MAX_DEPTH, MAX_VALUES)
    except _MalformedError as error:
        return Rejected(Reason.MALFORMED, len(buffer), str(error))
    if end != len(buffer):
        return Rejected(Reason.MALFORMED, len(buffer), f"{len(buffer) - end} bytes after the end")
    return data


def build(data: Data) -> bytes:
    """Write a value; the inverse of ``parse``."""
    tag, value = data.tag, data.value
    if isinstance(value, tuple):
        return bytes([tag]) + lengths.build(len(value)) + b"".join(build(item) for item in value)
    if isinstance(value, bytes):
        return bytes([tag]) + lengths.build(len(value)) + value
    if value is None:
        return bytes([Tag.NULL])
    width, signed = INTEGERS[tag]
    return bytes([tag]) + value.to_bytes(width, "big", signed=signed)


class _MalformedError(ValueError):
    """Bytes that break the encoding; never leaves this file."""


def _value(buffer: bytes, at: int, depth: int, left: int) -> tuple[Data, int, int]:
    """Read one value; give it, the place after it, and how many more values are allowed."""
    if left == 0:
        msg = f"more than {MAX_VALUES} values"
        raise _MalformedError(msg)
    octet = _octet(buffer, at)
    tag = _TAGS.get(octet)
    if tag is None:
        msg = f"unknown tag {octet:#04x} at byte {at}"
        raise _MalformedError(msg)
    if tag is Tag.NULL:
        return Data(tag, None, at + 1), at + 1, left - 1
    if tag in _GROUPS:
        return _group(buffer, tag, at + 1, depth, left - 1)
    if tag in _STRINGS:
        size, at = _read_length(buffer, at + 1)
        return Data(tag, _take(buffer, at, size), at), at + size, left - 1
    width, signed = INTEGERS[tag]
    content = _take(buffer, at + 1, width)
    return Data(tag, int.from_bytes(content, "big", signed=signed), at + 1), at + 1 + width, left - 1


def _group(buffer: bytes, tag: Tag, at: int, depth: int, left: int) -> tuple[Data, int, int]:
    if depth == 0:
        msg = f"nested deeper than {MAX_DEPTH}"
        raise _MalformedError(msg)
    count, at = _read_length(buffer, at)
    start = at
    items = []
    for _ in range(count):
        item, at, left = _value(buffer, at, depth - 1, left)
        items.append(item)
    return Data(tag, tuple(items), start), at, left


def _octet(buffer: bytes, at: int) -> int:
    if at >= len(buffer):
        msg = f"ends at byte {at} inside a value"
        raise _MalformedError(msg)
    return buffer[at]


def _take(buffer: bytes, at: int, size: int) -> bytes:
    content = buffer[at : at + size]
    if len(content) < size:
        msg = f"ends at byte {len(buffer)} inside a value that should have {size} bytes"
        raise _MalformedError(msg)
    return content


def _read_length(buffer: bytes, at: int) -> tuple[int, int]:
    """Read a length: one byte below 128, else 80 + the number of bytes that hold it (at most two are believed)."""
    first = _octet(buffer, at)
    if first < 0x80:
        return first, at + 1
    width = first & 0x7F
    if not 1 <= width <= 2:
        msg = f"a length of {width} bytes at byte {at}"
        raise _MalformedError(msg)
    return int.from_bytes(_take(buffer, at + 1, width), "big"), at + 1 + width
