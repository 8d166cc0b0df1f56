"""Bytes of a meter's line without the number of the meter: for whoever helps, and still to be decoded.

Meters send their numbers in digits. In a frame that is whole, long ones are covered and the frame check is made anew; of what is no whole
frame, or a part of a message that may cut a number in two, little can be known, so short ones are covered there, too, also where a wrong
parity has set a bit of theirs. Of an encrypted frame the number in the system title is covered; nothing else of it can be read. Pure. This
file must not know where the bytes come from.
"""

import re
from collections.abc import Iterable, Iterator

from dlms import blocks, envelope, mbus, p1
from dlms.apdu import LLC
from dlms.crc import crc16_x25
from dlms.hdlc import CHECK_SIZE, information_at, is_segmented
from dlms.sniffer import Sniffer
from han_gateway.core.units import Instant

COVER = b"X"
"""What stands for a digit: as long, and no digit."""

_NUMBER = re.compile(rb"[0-9]{12,}")
"""In a whole frame: meters and measuring points have 14 digits and more, types of meters up to 9."""
_HEX_NUMBER = re.compile(rb"[0-9A-Fa-f]{12,}(?![WS]\))")
"""In a telegram, where numbers may be digits in hex; a clock has 12 digits and says winter or summer."""
_NAMED = re.compile(rb"(\n(?:[0-9]-[0-9]{1,3}:)?(?:96\.1|96\.13|42\.0|0\.0|C)\.[0-9]{1,3}(?:\*[0-9]{1,3})?\()([^()\r\n]*)")
"""A line of a telegram that names a meter (96.1, 42.0, 0.0, C.1), the gas meter too, or holds a message for the house (96.13)."""
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
    sniffer = Sniffer()
    frames = [item for item in (*sniffer.feed(line), *sniffer.close()) if isinstance(item, bytes)]
    digits = _SCRAP if any(map(_is_part, frames)) else _NUMBER
    parts, done = [], 0
    for frame in frames:
        at = line.index(frame, done)
        parts += [_scraps(line[done:at]), _whole(frame, digits)]
        done = at + len(frame)
    return b"".join((*parts, _scraps(line[done:])))


def _is_part(frame: bytes) -> bool:
    """Tell whether an HDLC frame holds a segment or a block, so that a number may go on in the next one."""
    if frame.startswith((mbus.START, p1.START, envelope.START)):
        return False
    block = bytes([blocks.TAG])
    return is_segmented(frame) or frame.startswith((block, LLC + block), information_at(frame))


def _whole(frame: bytes, digits: re.Pattern[bytes]) -> bytes:
    if frame.startswith(mbus.START):
        telegram = mbus.parse(frame)
        return mbus.build(telegram._replace(data=_scraps(telegram.data)))
    if frame.startswith(p1.START):
        return _telegram(frame)
    if frame.startswith(envelope.START):
        return _over(_TITLE, frame)
    at = information_at(frame)
    content = frame[:at] + _over(_TITLE, _over(digits, frame[at:-CHECK_SIZE]))
    return content + crc16_x25(content)


def _telegram(frame: bytes) -> bytes:
    if p1.sealed(frame):
        return _over(_TITLE, frame)
    end = frame.rindex(b"!") + 1
    head = frame.index(b"\n")
    named = _NAMED.sub(lambda found: found[1] + COVER * len(found[2]), frame[head:end])
    clean = _scraps(frame[:head]) + _over(_HEX_NUMBER, named)
    return clean + (p1.check_digits(clean) if frame[end:] else b"")


def _scraps(between: bytes) -> bytes:
    return _over(_TITLE, _over(_SCRAP, between))


def _over(digits: re.Pattern[bytes], data: bytes) -> bytes:
    return digits.sub(lambda found: COVER * len(found[0]), data)
