"""Frames of every kind that a line may carry, invented: HDLC, M-Bus and P1. This file must not know how they are damaged."""

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache

from dlms import ciphering, envelope, mbus, p1
from dlms.hdlc import FLAG
from dlms.sniffer import Sniffer
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.software_meter import write
from han_gateway.meters.wrapping import FRAME, TELEGRAMS
from tests.invented import invent_with

Source = Callable[[random.Random], bytes]
"""Writes a new frame as it is on the wire."""

HDLC_FORMS = tuple(form for form in FORMS if form.frame.wrapping == FRAME)
MBUS_FORMS = tuple(replace(form, frame=replace(form.frame, wrapping=TELEGRAMS)) for form in HDLC_FORMS)
KEYS, TITLE = ciphering.Keys(bytes(range(16)), bytes(range(16, 32))), b"XYZ\x00\x00\x00\x00\x07"
_CODES = ("1.8.0", "2.8.0", "1.7.0", "2.7.0", "32.7.0", "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0")


def on_the_wire(frame: bytes) -> bytes:
    """Give a frame that the sniffer found as it was on the wire."""
    return frame if frame.startswith((mbus.START, p1.START, envelope.START)) else FLAG + frame + FLAG


def content(frame: bytes) -> bytes:
    """Give what of a frame that the sniffer found must be as it was sent; of P1 all up to "!", as digits have two cases."""
    return frame[: frame.rfind(b"!") + 1] if frame.startswith(p1.START) else frame


def as_sent(frame: bytes, sent: Collection[bytes]) -> bool:
    """Tell whether a frame that was found may be believed: it was sent, or it is P1 without a check sequence and all its lines were."""
    if content(frame) in sent:
        return True
    found = p1.parse(frame) if frame.startswith(p1.START) else None
    if not isinstance(found, p1.Telegram):
        return found is not None
    printed = [p1.build(p1.Telegram("", (line,), checked=False))[len(b"/\r\n\r\n") : -len(b"!\r\n")] for line in found.lines]
    return not found.checked and all(any(line in whole for whole in sent) for line in printed)


@lru_cache(maxsize=1_000)
def found_in(stream: bytes) -> tuple[bytes, ...]:
    """Give the frames of an undamaged stream."""
    sniffer = Sniffer()
    return tuple(item for item in sniffer.feed(stream) + sniffer.close() if isinstance(item, bytes))


def hdlc_frame(rng: random.Random) -> bytes:
    """Write a list in an HDLC frame."""
    return of_form(rng.choice(HDLC_FORMS), rng)


def telegram(rng: random.Random) -> bytes:
    """Write a list in M-Bus telegrams, and give one of them."""
    return rng.choice(found_in(of_form(rng.choice(MBUS_FORMS), rng)))


def p1_telegram(rng: random.Random) -> bytes:
    """Write a P1 telegram with its check sequence."""
    lines = (p1.Line(f"1-0:{code}", (p1.Value(f"{rng.randrange(10**6):06}.{rng.randrange(1000):03}", "kW"),)) for code in _CODES)
    return p1.build(p1.Telegram("XYZ5INVENTED", tuple(lines)))


def sealed(message: bytes, counter: int) -> bytes:
    """Put a message in an envelope."""
    return ciphering.build(ciphering.seal(message, KEYS, TITLE, counter), length_size=2)


def alone(rng: random.Random) -> bytes:
    """Write an envelope with a P1 telegram in it and no frame around it."""
    return sealed(p1_telegram(rng), rng.randrange(2**32))


def of_form(form: Form, rng: random.Random) -> bytes:
    """Write a list with invented values."""
    return write(form, invent_with(form, rng))
