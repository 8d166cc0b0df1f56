"""What the bytes of a line show: a meter that we read, another language, the wrong parity, noise. A table, the most telling first.

Pure: bytes in, a ``Kind`` out. This file must not know how the bytes came here, nor what people are told about it (``verdicts``).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from dlms import mbus
from dlms.ciphering import Keys
from dlms.rejects import Reason, Rejected
from han_gateway.adapters.telnet import HEAD_BYTES, negotiates
from han_gateway.core.units import Instant
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading

SAMPLE_BYTES = 32_768
"""So much of a line is looked at for other languages than ours; a meter says it in no less than three seconds."""


class Kind(Enum):
    """What was found, the most telling first: of several trials on one port the first in this order is the port's verdict."""

    METER = "meter"
    TELNET = "telnet"
    ENCRYPTED = "encrypted"
    WRONG_KEY = "wrong_key"
    UNKNOWN_METER = "unknown_meter"
    P1 = "p1"
    MBUS = "mbus"
    INVERTED = "inverted"
    DAMAGED = "damaged"
    NO_PARITY = "no_parity"
    SEVEN_BITS = "seven_bits"
    TEXT = "text"
    POLARITY = "polarity"
    NOISE = "noise"
    GARBLED = "garbled"
    GONE = "gone"
    SILENT = "silent"
    BUSY = "busy"
    DENIED = "denied"
    NO_PORT = "no_port"
    UNREACHABLE = "unreachable"
    UNUSABLE = "unusable"
    REFUSED = "refused"


class LineErrors(NamedTuple):
    """What the UART counted: bytes whose stop bit was missing, bytes whose parity was wrong, breaks."""

    frame: int = 0
    parity: int = 0
    breaks: int = 0


class Evidence(NamedTuple):
    """All that is known after listening. ``head`` is the beginning of what came, ``sample`` its end; ``errors`` None where nobody counts."""

    size: int = 0
    sample: bytes = b""
    readings: tuple[tuple[Instant, Reading], ...] = ()
    rejects: Mapping[Reason, int] = {}
    details: Mapping[Reason, str] = {}
    errors: LineErrors | None = None
    head: bytes = b""


class Ear:
    """Listens to a line: bytes in, evidence out."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._decoder = Decoder(keys=keys)
        self._size = 0
        self._head = self._sample = b""
        self.readings: list[tuple[Instant, Reading]] = []
        self._rejects: Counter[Reason] = Counter()
        self._details: dict[Reason, str] = {}

    def hear(self, at: Instant, data: bytes) -> None:
        """Bytes came at an instant."""
        self._size += len(data)
        self._head = (self._head + data)[:HEAD_BYTES]
        self._sample = (self._sample + data)[-SAMPLE_BYTES:]
        for item in self._decoder.feed(data):
            if isinstance(item, Rejected):
                self._rejects[item.reason] += 1
                self._details.setdefault(item.reason, item.detail)
            else:
                self.readings.append((at, item))

    def evidence(self, errors: LineErrors | None = None) -> Evidence:
        """What has been heard so far."""
        return Evidence(self._size, self._sample, tuple(self.readings), self._rejects, self._details, errors, self._head)


UNKNOWN = (
    *(Reason.UNKNOWN_LIST, Reason.MALFORMED, Reason.NOT_PUSH, Reason.SEGMENTED),
    *(Reason.UNIT, Reason.OUT_OF_RANGE, Reason.FOREIGN_METER),
)
"""Why a whole frame, its checks good, gave no reading, but for encryption."""

UNOPENED = (Reason.WRONG_KEY, Reason.UNAUTHENTICATED, Reason.REPLAYED)
"""Why an encrypted list gave no reading, although there is a key."""

_FEW_BYTES = 30  # the shortest list of any meter has 41
_P1_HEAD, _P1_LINE = re.compile(rb"/[A-Za-z0-9]{3}\d[^\r\n]{0,80}\r?\n"), re.compile(rb"\d-\d:\d{1,3}\.\d{1,3}\.\d{1,3}\(")
# What the first bytes of a Kamstrup list at 8N1 become in a receiver that expects 8E1: it slips by a bit each time.
_SLIPPED = re.compile(rb"\x7e(\x13\x2b\x48|\x68\x69\x0a\x13|\x68\x2f\x0d\x13)")
_SEVEN_BIT_HEAD = re.compile(rb"\x7e[\x20-\x2f]")  # 7E A. without its highest bit
# What a receiver makes of an inverted line, where idle looks like a break: it takes the stop bit of one byte for the start bit of the
# next, so each comes upside down, behind as many zeros as there are bit times between two bytes, and loses its highest bits.
_LONGEST_GAP = 3
_UPRIGHT = tuple(
    bytes(~value >> gap + 1 & 0x7F >> gap if value & (2 << gap) - 1 == 1 << gap else 0xFF for value in range(256))
    for gap in range(_LONGEST_GAP + 1)
)
_OBIS = re.compile(_P1_LINE.pattern + rb"|\x01\x00.[\x07\x08]\x00", re.DOTALL)  # a code as text, or a register's as octets
_INVERTED_NULLS = b"\x80\xe0\xf2\xfe"  # what a line with longer pauses is rich in
_TEXT_BYTES = bytes(range(32, 127)) + b"\r\n\t"


def _share(sample: bytes, of: bytes) -> float:
    return 1 - len(sample.translate(None, of)) / len(sample) if sample else 0.0


def _mbus(sample: bytes) -> bool:
    """Tell whether a whole M-Bus telegram is in there."""
    at = sample.find(mbus.START)
    while at >= 0:
        if isinstance(mbus.examine(sample, at), bytes):
            return True
        at = sample.find(mbus.START, at + 1)
    return False


def _upside_down(sample: bytes) -> bool:
    """Tell whether OBIS codes are in there when the line is turned round."""
    return any(_OBIS.search(sample.translate(table)) for table in _UPRIGHT)


def _seven(evidence: Evidence) -> bool:
    return max(evidence.sample) < 0x80 and bool(_SEVEN_BIT_HEAD.search(evidence.sample))


_SIGNS: tuple[tuple[Kind, Callable[[Evidence], object]], ...] = (
    (Kind.METER, lambda seen: seen.readings),
    (Kind.TELNET, lambda seen: negotiates(seen.head)),
    (Kind.ENCRYPTED, lambda seen: Reason.ENCRYPTED in seen.rejects),
    (Kind.WRONG_KEY, lambda seen: not seen.rejects.keys().isdisjoint(UNOPENED)),
    (Kind.UNKNOWN_METER, lambda seen: not seen.rejects.keys().isdisjoint(UNKNOWN)),
    (Kind.SILENT, lambda seen: not seen.size),
    (Kind.P1, lambda seen: _P1_HEAD.search(seen.sample) and _P1_LINE.search(seen.sample)),
    (Kind.MBUS, lambda seen: _mbus(seen.sample)),
    (Kind.INVERTED, lambda seen: _upside_down(seen.sample)),
    (Kind.NO_PARITY, lambda seen: _SLIPPED.search(seen.sample)),
    (Kind.DAMAGED, lambda seen: Reason.FRAME_CHECK in seen.rejects),
    (Kind.SEVEN_BITS, _seven),
    (Kind.TEXT, lambda seen: _share(seen.sample, _TEXT_BYTES) > 0.95),
    (Kind.NOISE, lambda seen: seen.size < _FEW_BYTES),
    (Kind.INVERTED, lambda seen: _share(seen.sample, _INVERTED_NULLS) > 0.12 > _share(seen.sample, b"\x00")),
    (Kind.POLARITY, lambda seen: _share(seen.sample, b"\x00\xff") > 0.8),
    (Kind.GARBLED, lambda _: True),
)


def kind_of(evidence: Evidence) -> Kind:
    """Say what the evidence shows."""
    return next(kind for kind, shows in _SIGNS if shows(evidence))
