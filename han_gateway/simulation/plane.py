"""Marks on a plane as SVG: across on a plain scale, upward on a logarithmic one, and a third quantity as the area of the mark.

Names find a place where they cover nothing. Colours are such that the picture can be read on white paper and on a dark screen; it has no
background of its own. This file must not know what the marks are.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from han_gateway.simulation.plot import FAINT, INK, WIDTH, line, text, ticks

HEIGHT = 620
LEFT, RIGHT, TOP, BOTTOM = 76, 28, 84, 78
LETTER = 0.55, 0.65
"""How wide a letter is on average, plain and bold, as a share of the size of the letters."""
AREA = 6.0
LEAST_RADIUS = 3.5


class Mark(NamedTuple):
    """A named point with a size; a quiet one is small print."""

    name: str
    x: float
    y: float
    size: float
    colour: str
    quiet: bool = False


class Box(NamedTuple):
    """A rectangle on the page."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Tell whether two have a point in common."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A chart. ``path`` joins points; ``aim`` is a corner: everything to its right and below it is shaded.

    What is below ``floor`` is drawn on it, as a logarithm has no zero.
    """

    title: str
    subtitle: str
    across: str
    upward: str
    sized: str
    left: float
    right: float
    floor: float
    top: float
    marks: tuple[Mark, ...]
    path: tuple[tuple[float, float], ...] = ()
    path_name: str = ""
    path_colour: str = INK
    aim: tuple[float, float] | None = None

    @property
    def height(self) -> int:
        """All planes are of one height."""
        return HEIGHT

    def draw(self) -> list[str]:
        """The elements of the chart."""
        return [*self._frame(), *self._shade(), *self._joined(), *self._marked(), *self._key()]

    def _x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.left) / (self.right - self.left)

    def _y(self, value: float) -> float:
        share = math.log(max(value, self.floor) / self.floor) / math.log(self.top / self.floor)
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

    def _frame(self) -> Iterator[str]:
        """Titles, scales and what they mean."""
        base = HEIGHT - BOTTOM
        yield text(LEFT, 30, self.title, size=18, bold=True)
        yield text(LEFT, 52, self.subtitle)
        yield text(WIDTH - RIGHT, base + 44, f"{self.across} \u2192", anchor="end")
        yield text(LEFT - 60, TOP - 14, f"\u2191 {self.upward}")
        for value in ticks(self.left, self.right):
            x = self._x(value)
            yield line(x, TOP, x, base, FAINT, 0.4) + text(x, base + 20, f"{value:g}", anchor="middle")
        for value, strong in decades(self.floor, self.top):
            y = self._y(value)
            yield line(LEFT, y, WIDTH - RIGHT, y, FAINT, 0.4 if strong else 0.18)
            if strong:
                below = "\u2264" if value == self.floor else ""
                yield text(LEFT - 8, y + 4, f"{below}{value:g}", anchor="end")

    def _shade(self) -> Iterator[str]:
        """What is aimed at."""
        if self.aim is None:
            return
        x, y = self._x(self.aim[0]), self._y(self.aim[1])
        right, base = WIDTH - RIGHT, HEIGHT - BOTTOM
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{right - x:.1f}" height="{base - y:.1f}" fill="#2f9e44" fill-opacity="0.12" '
            f'stroke="#2f9e44" stroke-opacity="0.5" stroke-dasharray="4 4"/>'
        )
        yield text(right - 8, base - 10, "target", anchor="end", colour="#2f9e44")

    def _joined(self) -> Iterator[str]:
        """The path."""
        if self.path:
            points = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in self.path)
            yield f'<polyline points="{points}" fill="none" stroke="{self.path_colour}" stroke-width="2" stroke-opacity="0.7"/>'

    def _marked(self) -> Iterator[str]:
        """The marks, large ones first so that small ones stay visible, then their names, important ones first."""
        spots = {mark: (self._x(mark.x), self._y(mark.y), radius(mark.size)) for mark in self.marks}
        for mark, (x, y, r) in sorted(spots.items(), key=lambda spot: -spot[1][2]):
            yield (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{mark.colour}" fill-opacity="0.45" stroke="{mark.colour}" '
                f'stroke-width="1.5"/>'
            )
        taken = [Box(x - r, y - r, x + r, y + r) for x, y, r in spots.values()]
        for mark in sorted(self.marks, key=lambda mark: mark.quiet):
            size = 11 if mark.quiet else 14
            box = _free(spots[mark], len(mark.name) * LETTER[not mark.quiet] * size, size, taken)
            taken.append(box)
            yield text(box.left, box.bottom - 3, mark.name, colour=mark.colour, size=size, bold=not mark.quiet)

    def _key(self) -> Iterator[str]:
        """What the area of a mark means, and what the path is."""
        y, x = HEIGHT - 20.0, float(LEFT)
        yield text(x, y + 4, f"area: {self.sized}")
        x += len(self.sized + "area: ") * LETTER[0] * 12 + 26
        for size in (5, 20, 50):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius(size):.1f}" fill="none" stroke="{INK}"/>'
            yield text(x + radius(size) + 5, y + 4, f"{size}")
            x += radius(size) + 52
        if self.path:
            yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + 30:.1f}" y2="{y:.1f}" stroke="{self.path_colour}" stroke-width="2"/>'
            yield text(x + 38, y + 4, self.path_name, colour=self.path_colour)


def decades(first: float, last: float) -> Iterator[tuple[float, bool]]:
    """The lines of a logarithmic scale: powers of ten, which are strong, and 2 and 5 times them."""
    for power in range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1):
        for factor in (1, 2, 5):
            value = factor * 10.0**power
            if first <= value <= last:
                yield value, factor == 1


def radius(size: float) -> float:
    """The radius of a mark: its area grows with the size."""
    return math.sqrt(LEAST_RADIUS**2 + AREA * max(size, 0.0) / math.pi)


def _free(spot: tuple[float, float, float], width: float, height: float, taken: Sequence[Box]) -> Box:
    """Where a name covers nothing: right, left, below, above, then farther off; on the right if there is no such place."""
    x, y, r = spot
    places = []
    for away in range(5):
        gap, side = r + 5 + 9 * away, 9 * away
        for dy in (0, side, -side):
            places += [(x + r + 5, y - height / 2 + dy), (x - r - 5 - width, y - height / 2 + dy)]
        places += [(x - width / 2, y + gap - 2), (x - width / 2, y - gap - height + 2)]
    boxes = [Box(left, top, left + width, top + height) for left, top in places]
    inside = [box for box in boxes if box.left > LEFT and box.right < WIDTH - RIGHT / 2 and box.bottom < HEIGHT - BOTTOM + 4]
    return next((box for box in inside if not any(box.meets(other) for other in taken)), boxes[0])
