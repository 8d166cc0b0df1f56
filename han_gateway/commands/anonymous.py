"""Bytes of a meter's line without the number of the meter: for whoever helps, and still to be decoded.

Meters send their numbers in digits. In a frame that is whole, long ones are covered and its check is made anew; in a P1 telegram the
values of those lines that hold numbers of meters, the gas meter's too, and messages. Of what is no whole frame little can be known, so short ones are covered there, too, also where a wrong parity has set a bit of theirs. Of an encrypted frame
the number in the system title is covered; nothing else of it can be read. Pure. This file must not know where the bytes come from.
"""

import re
from collections.abc import Iterable, Iterator

from dlms import mbus, p1
from dlms.crc import crc16_x25
from dlms.hdlc import CHECK_SIZE
from dlms.sniffer import Sniffer
from han_gateway.core.units import Instant

COVER = b"X"
"""What stands for a digit: as long, and no digit."""

_NUMBER = re.compile(rb"[0-9]{12,}")
"""In a whole frame: meters and measuring points have 14 digits and more, types of meters up to 9."""
_NAMED = re.compile(rb"(\n(?:[0-9]-[0-9]{1,3}:)?(?:96\.1|96\.13|42\.0|0\.0|C)\.[0-9]{1,3}(?:\*[0-9]{1,3})?\()([^()\r\n]*)")
"""A line of a telegram that names a meter (96.1, 42.0, 0.0, C.1), or holds a message for the house (96.13)."""
_SCRAP = re.compile(rb"[\x30-\x39\xb0-\xb9]{4,}")
_COUNTED = 4
"""Where the octets begin that the sum of an M-Bus telegram counts."""
_TITLE = re.compile(rb"(?<=\xdb\x08[A-Z]{3}).{5}", re.DOTALL)
"""DLMS UA 1000-2 ("Green Book"), 9.2.3.4.3: three letters of the maker, then what tells this meter from all others."""


def anonymous(chunks: Iterable[tuple[Instant, bytes]]) -> Iterator[tuple[Instant, bytes]]:
    """The same chunks, each as long as it was."""
    kept = list(chunks)
    clean = _covered(b"".join(data for _, data in kept))
    at = 0
    for instant, data in kept:
        yield instant, clean[at : at + len(data)]
        at += len(data)


def _covered(line: bytes) -> bytes:
    """All bytes of a line, covered."""
    sniffer = Sniffer()
    frames = [item for item in (*sniffer.feed(line), *sniffer.close()) if isinstance(item, bytes)]
    parts, done = [], 0
    for frame in frames:
        at = line.index(frame, done)
        parts += [_scraps(line[done:at]), _whole(frame)]
        done = at + len(frame)
    return b"".join((*parts, _scraps(line[done:])))


def _whole(frame: bytes) -> bytes:
    if frame.startswith(p1.START):
        return _telegram(frame)
    if frame.startswith(mbus.START):
        content = _over(_TITLE, _over(_NUMBER, frame[: -mbus.TAIL]))
        return content + bytes([sum(content[_COUNTED:]) & 0xFF]) + frame[-1:]
    content = _over(_TITLE, _over(_NUMBER, frame[:-CHECK_SIZE]))
    return content + crc16_x25(content)


def _telegram(frame: bytes) -> bytes:
    if p1.sealed(frame):
        return _over(_TITLE, frame)
    body, end, printed = frame.rpartition(b"!")
    clean = _NAMED.sub(lambda found: found[1] + COVER * len(found[2]), body) + end
    return clean + (p1.check_digits(clean) if printed else b"")


def _scraps(between: bytes) -> bytes:
    return _over(_TITLE, _over(_SCRAP, between))


def _over(digits: re.Pattern[bytes], data: bytes) -> bytes:
    return digits.sub(lambda found: COVER * len(found[0]), data)
