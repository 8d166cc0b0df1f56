"""Envelopes (``dlms.ciphering``) that stand alone in a stream, with no frame around them, as P1 ports in Luxembourg send them.

    DB 08 | system title, 3 capital letters and 5 octets | 82, two octets of length | 20, 21, 30 or 31 | frame counter | content

Nothing checks such an envelope but its tag and what is in it, so the head must look just so: a maker in the title, a length of 256 to
4,095 in its usual form, the security of a unicast key. Noise does once in 2^43 bytes. This file must not know keys, nor what is inside.
"""

import re

from dlms.ciphering import GENERAL_GLO, extent
from dlms.rejects import Reason, Rejected

START = bytes([GENERAL_GLO])
SECOND = rb"\x08"
"""What follows it: the length of a system title."""
MAX_LENGTH = 4_108
"""The longest envelope that is looked for, in bytes: 4,095 octets, which no P1 telegram needs, and what stands before them."""

_HEAD = re.compile(rb"\xdb\x08[A-Z]{3}.{5}\x82[\x01-\x0f].[\x20\x21\x30\x31]", re.DOTALL)
_EXAMPLE = b"\xdb\x08XYZ.....\x82\x01.\x30"


def examine(buffer: bytes, at: int) -> bytes | Rejected | Reason | None:
    """Judge the DB at ``at``.

    Gives the envelope that begins there; or Rejected when another one began before it ended; or the reason why none begins there; or
    None while there are too few bytes to tell.
    """
    if not _may_begin(buffer[at : at + len(_EXAMPLE)]):
        return Reason.NOISE
    size = extent(buffer, at)
    stop = len(buffer) if size is None else at + size
    if again := _HEAD.search(buffer, at + 1, stop):
        return Rejected(Reason.TRUNCATED, again.start() - at)
    return buffer[at:stop] if size is not None and stop <= len(buffer) else None


def overlap(envelope: bytes) -> int:
    """Count the octets at the end of an envelope that was found which may as well begin the next one: then it lost as many before."""
    return next((size for size in range(len(_EXAMPLE) - 1, 0, -1) if _may_begin(envelope[-size:])), 0)


def _may_begin(head: bytes) -> bool:
    """Tell whether an envelope may begin with these octets, up to as many as a head has."""
    return _HEAD.fullmatch(head + _EXAMPLE[len(head) :]) is not None
