"""The decoders that are compared, each as one function from a list of raw frames to what it made of them.

All keep their decoder for as long as they are measured, as a program does that listens to one meter: what any of them learns of
the meter's lists it may use. All check the frame check sequence before they believe a frame.
"""

from collections.abc import Callable, Sequence
from typing import Any

from han.autodecoder import AutoDecoder
from han.hdlc import HdlcFrameReader

from han_gateway.meters.decoder import Decoder

Decode = Callable[[Sequence[bytes]], list[Any]]


def own() -> Decode:
    """Make a decoder of this project; the clock stays as the meter wrote it until somebody asks, which the gateway rarely does."""
    feed = Decoder().feed
    return lambda frames: [item for frame in frames for item in feed(frame)]


def own_with_clock() -> Decode:
    """Make the same, and ask each reading what its clock shows, as amshan tells it unasked."""
    feed = Decoder().feed

    def decode(frames: Sequence[bytes]) -> list[Any]:
        items: list[Any] = [item for frame in frames for item in feed(frame)]
        for item in items:
            item.meter_time  # noqa: B018 - the asking is the work
        return items

    return decode


def amshan() -> Decode:
    """Make a decoder of amshan as its own programs put it together."""
    read = HdlcFrameReader().read
    decode = AutoDecoder().decode_message_payload
    return lambda frames: [
        decode(message.payload) for frame in frames for message in read(frame) if message.is_valid and message.payload
    ]


CONTENDERS: dict[str, Callable[[], Decode]] = {"own": own, "own, clock read": own_with_clock, "amshan": amshan}
