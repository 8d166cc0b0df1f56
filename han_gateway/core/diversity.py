"""Offers that are not taken up: how much of them need not be kept free, because not all cars start at once (diversity).

What a charger was offered it may draw at any second, so it is reserved (``headroom``). Of offers that have been left unused for a minute,
though, the largest on a line is kept free, and not also the others: that two such cars start within the same ten seconds is left to the
next list, which cuts at once. What may come on top is bounded so that a fuse bears it until then. This file must not know the house.
"""

from collections.abc import Iterable, Sequence

from han_gateway.core.draw import Span, in_force, spans
from han_gateway.core.state import ChargerView, Conduct
from han_gateway.core.times import SETTLED_MS
from han_gateway.core.units import Instant, MilliAmps, PerLine

BORNE_PERCENT = 30
"""At 1.3 In, from full load, the fastest breaker that IEC 60898-1 (table 7) allows lets go after half a minute (``simulation/fuse``)."""


def spans_of_all(chargers: Iterable[ChargerView], at: Instant, fresh_ms: int, budget_ma: MilliAmps) -> PerLine[Span]:
    """What all chargers together draw or keep free on each line, of which so much may be used."""
    found: PerLine[list[tuple[Span, MilliAmps]]] = PerLine([], [], [])
    for view in chargers:
        idle = idle_ma(view, at)
        for line, drawn in spans(view, at, fresh_ms).items():
            found[line.index].append((drawn, idle))
    return PerLine(*(_together(line, budget_ma) for line in found))


def _together(drawn: Sequence[tuple[Span, MilliAmps]], budget_ma: MilliAmps) -> Span:
    """The sum of spans, each with the offer that stands: what of it need not be kept free counts as if it were drawn."""
    low = sum(span.low for span, _ in drawn) + lent_ma((idle - span.low for span, idle in drawn), budget_ma)
    high = sum(span.high for span, _ in drawn) + lent_ma((idle - span.high for span, idle in drawn), budget_ma)
    return Span(low, high)


def idle_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """What has been on offer all of the last minute; nothing of a charger that is not heard any more.

    A charger that was paused in this minute, as all are when we start, has left nothing unused: what it was told before is what we suppose.
    """
    commands = in_force(view, at, SETTLED_MS)
    if view.conduct is Conduct.GONE or max(commands[0].at, view.paused_at) > at - SETTLED_MS:
        return 0
    return min(command.limit_ma for command in commands)


def lent_ma(unused: Iterable[MilliAmps], budget_ma: MilliAmps) -> MilliAmps:
    """How much of what chargers leave unused on a line need not be kept free."""
    offers = [max(0, each) for each in unused]
    return min(sum(offers) - max(offers, default=0), budget_ma * BORNE_PERCENT // 100)
