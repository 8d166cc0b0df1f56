"""general-block-transfer (Green Book 9.4.6.13 and 9.5): a message cut into numbered blocks, both ways.

    E0 | block-control | block-number 2 | block-number-ack 2 | length | block-data

The high bit of block-control marks the last block, the next one streaming; blocks are numbered from 1. Only the first stands behind an
LLC on a HAN port. This file must not know what carries a block or what the message means.
"""

from typing import NamedTuple

from construct import Const, Int8ub, Int16ub, Struct

from dlms import lengths

TAG = 0xE0

_HEAD = Struct("tag" / Const(bytes([TAG])), "control" / Int8ub, "number" / Int16ub, "acknowledged" / Int16ub)
_HEAD_SIZE = 6
_LAST, _STREAMING = 0x80, 0x40
_WIDEST_LENGTH = 2


class Block(NamedTuple):
    """One block: its number, whether it is the last, and its piece of the message."""

    number: int
    is_last: bool
    data: bytes


def parse(buffer: bytes) -> list[Block] | None:
    """Read the blocks that a buffer is made of; None when it is made of anything else, or of blocks cut short."""
    blocks = []
    at = 0
    while at < len(buffer):
        length = lengths.read(buffer, at + _HEAD_SIZE, _WIDEST_LENGTH)
        if buffer[at] != TAG or length is None:
            return None
        head = _HEAD.parse(buffer[at : at + _HEAD_SIZE])
        size, at = length
        if at + size > len(buffer):
            return None
        blocks.append(Block(head.number, bool(head.control & _LAST), buffer[at : at + size]))
        at += size
    return blocks or None


def split(message: bytes, size: int) -> list[bytes]:
    """Write the blocks of a message, with at most ``size`` octets of it in each, as a meter that streams does."""
    pieces = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    return [_build(number, piece, last=number == len(pieces)) for number, piece in enumerate(pieces, start=1)]


def _build(number: int, data: bytes, *, last: bool) -> bytes:
    head: bytes = _HEAD.build({"control": _STREAMING | _LAST * last, "number": number, "acknowledged": 0})
    return head + lengths.build(len(data)) + data
