"""The last hour in a few hundred points: the highest current of each line, and what the chargers said that they draw of it.

However often a meter speaks, there are at most ``MOST`` points: where there would be more, neighbours become one, and the higher
current stays. This file must not know who draws the picture.
"""

from typing import NamedTuple

from han_gateway.core.units import Instant, MilliAmps, PerLine

SPAN_MS = 3_600_000
MOST = 400
"""A list each 10 s makes 360 of an hour; a little more, for a meter that is a little faster."""
FINEST_MS = 1_000


class Point(NamedTuple):
    """The highest load of each line from ``at`` on, and the draw of the chargers with it; None where nobody knew."""

    at: Instant
    load_ma: PerLine[MilliAmps | None]
    chargers_ma: PerLine[MilliAmps | None]


class Hour:
    """Grows by ``add``; ``points`` may be asked from another thread."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._step_ms = FINEST_MS

    @property
    def points(self) -> tuple[Point, ...]:
        """The oldest first."""
        return tuple(self._points)

    def add(self, point: Point) -> None:
        """A list with currents came. What is older than an hour goes."""
        kept = [old for old in self._points if point.at - old.at <= SPAN_MS]
        _put(kept, point, self._step_ms)
        while len(kept) > MOST:
            self._step_ms *= 2
            kept = _thinned(kept, self._step_ms)
        self._points = kept


def _thinned(points: list[Point], step_ms: int) -> list[Point]:
    fewer: list[Point] = []
    for point in points:
        _put(fewer, point, step_ms)
    return fewer


def _put(points: list[Point], point: Point, step_ms: int) -> None:
    """Append a point, or let the last one take it in."""
    if not points or point.at - points[-1].at >= step_ms:
        points.append(point)
        return
    last = points[-1]
    pairs = zip(last.load_ma, point.load_ma, last.chargers_ma, point.chargers_ma, strict=True)
    higher = [(old, cars) if new is None or (old or 0) > new else (new, more) for old, new, cars, more in pairs]
    points[-1] = Point(last.at, PerLine(*(load for load, _ in higher)), PerLine(*(cars for _, cars in higher)))
