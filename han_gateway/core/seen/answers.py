"""What is remembered of a charger that the meter was asked about, immutable. It must not know who asks (``belief`` does).

A car may use fewer lines than its charger has, and keeps to them. Each answer that shows on some lines while the others stand still speaks for
those, each that shows on others speaks against them, twice as loud; so one chance of the house does not undo what several answers have
told, and two do.
"""

from typing import NamedTuple

from han_gateway.core.units import FIRST, Instant, Line, MilliAmps, PerLine

SURE = 2
"""So many more answers must speak for a few lines than against them."""
AGAINST = 2
"""An answer that speaks against them counts for so many."""
MOST = 4
"""More are not counted: two answers that speak against them are enough at any time."""


class Probe(NamedTuple):
    """A change of a limit whose effect has not been seen yet: when, from what to what, and the currents before it.

    ``beside_ma`` is what other chargers were thought to draw on each line then, ``unknown_ma`` what those were offered of which nobody
    knows. ``late`` once a list has not shown it although the charger has had its time, ``partly`` once one has shown a part of it.
    """

    at: Instant
    from_ma: MilliAmps
    to_ma: MilliAmps
    current_ma: PerLine[MilliAmps | None]
    beside_ma: PerLine[MilliAmps] = PerLine(0, 0, 0)
    unknown_ma: PerLine[MilliAmps] = PerLine(0, 0, 0)
    late: bool = False
    partly: bool = False


class Belief(NamedTuple):
    """What the meter has told of a charger (``belief``): how many changes in a row have shown, and what it has been seen to draw.

    ``probe`` is the question that is open, ``proof`` the currents that answered the last one, ``response_ms`` the time that it was
    seen to need, None while it has not been seen to need more than configured. ``unshown`` counts what did not show since anything did.
    ``told_ms`` is how long after a change that the meter had shown its reports still told what it drew before. ``began_at`` is when the meter
    last showed a start, on all its lines or those that its car is known to use.
    ``lines`` are those on which changes have shown while the others stood still (all of them, where nothing stood still), None where none
    has; ``sure`` is by how many answers.
    """

    answers: int = 0
    drawn_ma: MilliAmps = 0
    probe: Probe | None = None
    proof: PerLine[MilliAmps | None] | None = None
    response_ms: int | None = None
    told_ms: int = 0
    began_at: Instant = FIRST
    unshown: int = 0
    lines: frozenset[Line] | None = None
    sure: int = 0

    @property
    def narrow(self) -> frozenset[Line] | None:
        """The lines that its car is known to use; None where nobody knows."""
        return self.lines if self.sure >= SURE else None

    def seen_on(self, lines: frozenset[Line] | None, new: int = 1) -> "Belief":
        """An answer has shown on these lines and on no other; None where it does not say."""
        if lines is None:
            return self
        if lines == self.lines:
            return self._replace(sure=min(MOST, self.sure + new))
        return self._replace(sure=self.sure - AGAINST) if self.sure > AGAINST else self._replace(lines=lines, sure=1)

    def doubted(self) -> "Belief":
        """Its car may use other lines by now: the next answer will tell."""
        return self._replace(sure=min(1, self.sure))

    def forgotten(self) -> "Belief":
        """Nothing is known of what it draws; how slow it and its reports are stays known, that it has answered before, and on which lines."""
        return Belief(proof=self.proof, response_ms=self.response_ms, told_ms=self.told_ms, lines=self.lines, sure=self.sure)
