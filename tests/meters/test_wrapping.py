"""How a message travels from a meter."""

import random

import pytest

from dlms import hdlc, mbus, p1
from dlms.apdu import LLC
from dlms.sniffer import Sniffer
from han_gateway.meters import forms
from han_gateway.meters.software_meter import message, wrapped, write
from han_gateway.meters.wrapping import FRAME, LONG_TELEGRAMS, TELEGRAMS, Header, Way, Wrapping, wrap
from tests.invented import invent_with

HEADER = Header(b"\x41", b"\x03", 0x13)
MESSAGE = LLC + bytes(range(100))


def frames(stream: bytes) -> list[bytes]:
    """Give the frames of a stream as the sniffer does."""
    return [item for item in Sniffer().feed(stream) if isinstance(item, bytes)]


def test_one_frame() -> None:
    """Unless told otherwise, a message travels in one HDLC frame."""
    assert wrap(MESSAGE, FRAME, HEADER) == hdlc.build(b"\x41", b"\x03", 0x13, MESSAGE)
    assert Wrapping() == FRAME == forms.AIDON_LIST1.frame.wrapping


@pytest.mark.parametrize(("size", "count"), [(200, 1), (103, 1), (102, 2), (52, 2), (51, 3)])
def test_segments(size: int, count: int) -> None:
    """The information fields of segments are the message, and all but the last have the segmentation bit."""
    found = frames(wrap(MESSAGE, Wrapping(Way.SEGMENTS, size), HEADER))

    assert b"".join(frame[hdlc.information_at(frame) : -2] for frame in found) == MESSAGE
    assert [hdlc.is_segmented(frame) for frame in found] == [True] * (count - 1) + [False]


def test_blocks() -> None:
    """Each block is in a frame of its own, and only the first stands behind an LLC."""
    first, second = frames(wrap(MESSAGE, Wrapping(Way.BLOCKS, 64), HEADER))

    assert first[hdlc.information_at(first) :][:10].hex() == "e6e700e0400001000040"
    assert second[hdlc.information_at(second) :][:7].hex() == "e0c00002000024"


@pytest.mark.parametrize(
    ("wrapping", "heads"),
    [
        (TELEGRAMS, ["68fafa6853ff000167", "683c3c6853ff110167"]),
        (LONG_TELEGRAMS, ["6801016853ff000167", "6835356853ff110167"]),
    ],
)
def test_telegrams(wrapping: Wrapping, heads: list[str]) -> None:
    """M-Bus telegrams carry the message without its LLC, cut where real meters cut: at 250 that L counts, or at 257."""
    found = frames(wrap(LLC + bytes(300), wrapping, HEADER))

    assert [frame[: mbus.DATA_AT].hex() for frame in found] == heads
    assert b"".join(mbus.parse(frame).data for frame in found) == bytes(300)


def test_a_p1_telegram() -> None:
    """A P1 port of the Polish kind sends a head line, the message where the lines should be, and a check sequence over both."""
    (found,) = frames(wrap(LLC + b"\x00\x82\x00\x06\x30\x00\x00\x00\x01\x55", Wrapping(Way.PORT, 0, "ABC5DEF"), HEADER))

    assert found.startswith(b"/ABC5DEF\r\n\r\n\x00\x82")
    assert p1.sealed(found) == b"\x00\x82\x00\x06\x30\x00\x00\x00\x01\x55"


def test_two_steps() -> None:
    """A list is written in two steps, between which somebody may encrypt the message."""
    form = forms.AIDON_TN_LIST3
    reading = invent_with(form, random.Random(1))

    assert wrapped(form, message(form, reading)) == write(form, reading)
    assert message(form, reading).startswith(LLC + b"\x0f")
