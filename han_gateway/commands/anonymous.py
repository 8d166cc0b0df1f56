"""Bytes of a meter's line without the number of the meter: for whoever helps, and still to be decoded.

Meters send their numbers in digits. In a frame that is whole, long ones are covered and the frame check is made anew; of what is no whole
frame little can be known, so short ones are covered there, too, also where a wrong parity has set a bit of theirs. Of an encrypted frame
the number in the system title is covered; nothing else of it can be read. Pure. This file must not know where the bytes come from.
"""

import re
from collections.abc import Iterable, Iterator

from dlms.crc import crc16_x25
from dlms.hdlc import CHECK_SIZE, Deframer
from han_gateway.core.units import Instant

COVER = b"X"
"""What stands for a digit: as long, and no digit."""

_NUMBER = re.compile(rb"[0-9]{12,}")
"""In a whole frame: meters and measuring points have 14 digits and more, types of meters up to 9."""
_SCRAP = re.compile(rb"[\x30-\x39\xb0-\xb9]{4,}")
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
    deframer = Deframer()
    frames = [item for item in (*deframer.feed(line), *deframer.close()) if isinstance(item, bytes)]
    parts, done = [], 0
    for frame in frames:
        at = line.index(frame, done)
        parts += [_scraps(line[done:at]), _whole(frame)]
        done = at + len(frame)
    return b"".join((*parts, _scraps(line[done:])))


def _whole(frame: bytes) -> bytes:
    content = _over(_TITLE, _over(_NUMBER, frame[:-CHECK_SIZE]))
    return content + crc16_x25(content)


def _scraps(between: bytes) -> bytes:
    return _over(_TITLE, _over(_SCRAP, between))


def _over(digits: re.Pattern[bytes], data: bytes) -> bytes:
    return digits.sub(lambda found: COVER * len(found[0]), data)
