"""general-block-transfer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import blocks
from dlms.blocks import Block


def test_a_known_block() -> None:
    """Blocks are written as meters that stream write them."""
    first, last = blocks.split(b"hello", 3)

    assert first.hex(" ") == "e0 40 00 01 00 00 03 68 65 6c"
    assert last.hex(" ") == "e0 c0 00 02 00 00 02 6c 6f"


@given(st.binary(max_size=700), st.integers(1, 700))
def test_any_message_comes_back(message: bytes, size: int) -> None:
    """What was split is read, block by block and all at once: numbered from 1, the last one marked, each no longer than asked."""
    pieces = blocks.split(message, size)
    found = blocks.parse(b"".join(pieces))

    assert found == [block for piece in pieces for block in blocks.parse(piece) or ()]
    assert [block.number for block in found] == list(range(1, len(pieces) + 1))
    assert [block.is_last for block in found] == [False] * (len(pieces) - 1) + [True]
    assert all(len(block.data) <= size for block in found)
    assert b"".join(block.data for block in found) == message


@given(st.binary(min_size=1, max_size=300))
def test_a_block_cut_short_is_none(message: bytes) -> None:
    """A block that is cut anywhere, or has anything behind it, is none."""
    (whole,) = blocks.split(message, 300)

    assert [blocks.parse(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    assert blocks.parse(whole + b"\x00") is None


@pytest.mark.parametrize("length", ["80", "83000001", "ff"])
@pytest.mark.parametrize("size", [0, 1, 128, 300])
def test_lengths_that_nobody_writes(length: str, size: int) -> None:
    """A length of no octets, or of more than two, is none, however many follow."""
    assert blocks.parse(bytes.fromhex("e0c000010000" + length) + bytes(size)) is None


@given(st.binary(max_size=40))
def test_any_octets(octets: bytes) -> None:
    """No octets make it raise, and none give more than they hold."""
    found = blocks.parse(b"\xe0" + octets) or []

    assert sum(len(block.data) for block in found) <= len(octets)


def test_bits_that_say_nothing_here() -> None:
    """Streaming and the window of a block are no matter; the last-block bit is."""
    for control in range(256):
        assert blocks.parse(bytes([0xE0, control, 0, 7, 1, 2, 1, 9])) == [Block(7, control >= 0x80, b"\x09")]
