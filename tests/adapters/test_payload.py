"""The bytes of a meter in one MQTT message, however the device wraps them."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.p1 import examine
from dlms.rejects import Rejected
from han_gateway.adapters.dumps.payload import frames_of
from han_gateway.meters import telegram_forms
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_forms import TELEGRAM_FORMS, TelegramForm
from han_gateway.meters.wrapping import FRAME
from tests.invented import information, invent

FRAMES = {
    form.name: write(replace(form, frame=replace(form.frame, wrapping=FRAME)), invent(form, lambda low, high: (low + high) // 3))
    for meter in METERS.values()
    for form in (meter.list1, meter.list2, meter.list3)
    if form is not None
}

WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "binary": lambda frame: frame,
    "a few bytes before it": lambda frame: b"\x08\x9a\x02\x12\x10" + frame,
    "hex": lambda frame: frame.hex().encode(),
    "hex in capitals, a line end": lambda frame: frame.hex().upper().encode() + b"\r\n",
    "hex with spaces": lambda frame: frame.hex(" ").encode(),
    "hex in JSON": lambda frame: json.dumps({"data": frame.hex()}).encode(),
    "hex of hex": lambda frame: frame.hex().encode().hex().encode(),
    "without flags": lambda frame: frame[1:-1],
    "without flags, as hex": lambda frame: frame[1:-1].hex().encode(),
    "without HDLC": information,
    "without HDLC, hex in JSON": lambda frame: json.dumps({"data": information(frame).hex()}).encode(),
    "without HDLC and LLC": lambda frame: information(frame)[3:],
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("form", FRAMES)
def test_every_wrapping_gives_the_same_reading(form: str, wrapping: str) -> None:
    """A list of each meter decodes to the same reading in whatever wrapping it comes, alone in its message."""
    (plain,) = Decoder().feed(FRAMES[form])
    assert isinstance(plain, Reading)

    assert Decoder().feed(frames_of(WRAPPINGS[wrapping](FRAMES[form]))) == [plain]


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_telegrams(form: TelegramForm) -> None:
    """A P1 telegram in a message is found, also when whoever published it cut off what stands around it."""
    wire = telegram_forms.write(form, Reading(manufacturer=form.manufacturer, list=2))
    found = examine(wire, 0)
    assert isinstance(found, bytes)
    for payload in (wire, b"\r\n" + wire, wire.strip(), wire.replace(b"\r", b"")):
        assert examine(frames_of(payload), 0) == (found if b"\r" in payload else found.replace(b"\r", b""))


def test_several_frames_in_one_message() -> None:
    """A message may hold more than one frame, as bytes or as hex."""
    two = 2 * next(iter(FRAMES.values()))
    assert frames_of(two) == two
    assert frames_of(two.hex().encode()) == two


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"Hello",
        b"online",
        b'{"status":{"rssi":-61,"ch":11,"ssid":"home","Build":"1.1.2","Hw":"F","ID":"4022d8ab1234"}}',
        b'{"P":4090,"t":"2026-01-15T17:00:10Z"}',
        b'{"data":{"P":4090}}',
        b"4090",
        b"236.1",
    ],
)
def test_words_and_values_are_no_frames(payload: bytes) -> None:
    """What a device says of itself, and what it has decoded already, gives no bytes."""
    assert frames_of(payload) == b""


@given(st.binary(max_size=4_096) | st.text(max_size=2_000).map(str.encode))
def test_nothing_makes_it_raise(payload: bytes) -> None:
    """Any message gives bytes or nothing, and no more than it held."""
    assert len(frames_of(payload)) <= len(payload) + 16


def test_damage_is_left_to_the_decoder() -> None:
    """A frame with a wrong bit is handed on, so that it is counted as damaged."""
    frame = bytearray(next(iter(FRAMES.values())))
    frame[20] ^= 1
    (item,) = Decoder().feed(frames_of(bytes(frame)))
    assert isinstance(item, Rejected)


@pytest.mark.parametrize("size", [2_000, 2_037, 2_038, 2_039, 2_040, 4_000])
def test_a_message_that_is_too_long_for_a_frame_is_left_as_it_is(size: int) -> None:
    """What looks like a message without HDLC gets a frame as long as one can hold it, and is noise beyond that."""
    message = b"\xe6\xe7\x00\x0f" + b"\0" * (size - 4)
    framed = frames_of(message)
    assert (framed == message) == (size > 2_038)
    assert len(framed) in (size, size + 11)


def test_half_a_byte_too_few_is_no_frame() -> None:
    """Hex in JSON that was cut between two digits is words, and ends nothing."""
    assert frames_of(b'{"data":"7ea"}') == frames_of(b'{"data":"?"}') == b""
