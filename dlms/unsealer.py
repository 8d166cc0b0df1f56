"""The receiving end of one line whose messages are encrypted: opens them, and notices an old one that comes again.

A frame counter rises with every message. One that is not above the last believed one of the same sender is refused, so that nobody can
keep a lost house at yesterday's load by sending yesterday's messages. Two things must not blind a house for ever, though: another meter
has another system title and so a course of its own; and a meter that was reset counts from the beginning. Its messages are believed
again when 30 in a row were refused that each rose above the one before, with none of the old course between: five minutes of a meter
that sends every 10 s, in which the meter counts as lost. Who can add to a line but not silence the meter never gets there.

All is in memory: after a restart the first message is believed. This file must not know a clock, nor where the messages came from.
"""

from typing import NamedTuple

from dlms import ciphering
from dlms.ciphering import Keys, Sealed
from dlms.rejects import Reason, Rejected

IN_A_ROW = 30
"""So many rising counters in a row show that a meter counts anew."""

_SENDERS_KEPT = 8  # a line has one, and after an exchange another


class _Course(NamedTuple):
    """How the counter of one sender went: the last one believed, the last one refused since then, and how many of those in a row."""

    believed: int
    refused: int = -1
    in_a_row: int = 0


class Unsealer:
    """Opens the messages of one line."""

    def __init__(self, keys: Keys) -> None:
        """Start without having heard anybody."""
        self._keys = keys
        self._courses: dict[bytes, _Course] = {}

    def message(self, message: bytes, at: int = 0) -> bytes | Rejected:
        """Give the message in the envelope, with or without a title, that begins at ``at`` (after the LLC) and ends with the buffer.

        A message without an envelope is given as it is, unless there is an authentication key: then nothing proves who sent it.
        """
        untitled = message.startswith(ciphering.UNTITLED, at)
        if not (untitled or ciphering.is_sealed(message, at)):
            proven = self._keys.authentication is None
            return message[at:] if proven else Rejected(Reason.UNAUTHENTICATED, len(message), ciphering.UNPROVEN)
        sealed = ciphering.parse_untitled(message, at) if untitled else ciphering.parse(message, at)
        return sealed if isinstance(sealed, Rejected) else self.sealed(sealed)

    def sealed(self, sealed: Sealed) -> bytes | Rejected:
        """Open an envelope; what opens and is old is Rejected(REPLAYED)."""
        plain = ciphering.unseal(sealed, self._keys)
        if isinstance(plain, Rejected):
            return plain
        title, counter = sealed.system_title, sealed.counter
        course = self._courses.get(title)
        if course is None or counter > course.believed or self._begins_anew(title, course, counter):
            if course is None and len(self._courses) >= _SENDERS_KEPT:
                self._courses.clear()
            self._courses[title] = _Course(counter)
            return plain
        return Rejected(Reason.REPLAYED, len(sealed.content), f"frame counter {counter} after {course.believed}")

    def _begins_anew(self, title: bytes, course: _Course, counter: int) -> bool:
        """Count an old counter, and tell whether there were enough of them; one that only repeats the one before does not count."""
        if counter in (course.refused, course.believed):
            return False
        in_a_row = course.in_a_row + 1 if counter > course.refused else 1
        self._courses[title] = course._replace(refused=counter, in_a_row=in_a_row)
        return in_a_row > IN_A_ROW
