"""Pictures as SVG: curves over a day, without any library, readable on white paper and on a dark screen.

This file must not know what it draws.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import NamedTuple, Protocol

WIDTH, HEIGHT = 1_000, 300
LEFT, TOP, BOTTOM = 60, 34, 34
INK, FAINT = "#7a7a7a", "#999999"
"""Grey reads on white and on black; pictures have no background of their own."""
COLOURS = ("#1f77b4", "#2ca02c", "#9467bd", "#d62728", "#7f7f7f")


class Curve(NamedTuple):
    """A quantity over time, one value per step; drawn as the band between the least and the most in each pixel."""

    name: str
    values: Sequence[float]
    colour: str


class Chart(Protocol):
    """Anything that can be part of a picture: how high it is, and its elements."""

    @property
    def height(self) -> int:
        """In units of which a picture is ``WIDTH`` wide."""

    def draw(self) -> list[str]:
        """The elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart. ``top`` is the largest value of the vertical axis, ``right`` of the horizontal; both begin at 0, or ``left``."""

    title: str
    across: str
    top: float
    right: float
    left: float = 0.0
    curves: tuple[Curve, ...] = ()
    level: tuple[str, float] | None = None

    @property
    def height(self) -> int:
        """All panels are of one height."""
        return HEIGHT

    def _x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * (value - self.left) / (self.right - self.left)

    def _y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / self.top)

    def draw(self) -> list[str]:
        """The elements of the chart."""
        parts = [text(LEFT, 20, self.title, bold=True), text(WIDTH - 20, HEIGHT - 4, self.across, anchor="end")]
        for value in ticks(0, self.top):
            y = self._y(value)
            parts += [line(LEFT, y, WIDTH - 20, y, FAINT, 0.4), text(LEFT - 6, y + 4, f"{value:g}", anchor="end")]
        for value in ticks(self.left, self.right):
            parts.append(text(self._x(value), HEIGHT - 18, f"{value:g}", anchor="middle"))
        for place, curve in enumerate(self.curves):
            parts += [self._band(curve), text(LEFT + 220 + 130 * place, 20, curve.name, colour=curve.colour)]
        if self.level:
            name, value = self.level
            parts += [
                line(LEFT, self._y(value), WIDTH - 20, self._y(value), "#d62728"),
                text(LEFT + 4, self._y(value) - 4, name),
            ]
        return parts

    def _band(self, curve: Curve) -> str:
        """Down one side of the band and back on the other, so that no peak is lost between pixels."""
        pixels = WIDTH - LEFT - 20
        cuts = [len(curve.values) * pixel // pixels for pixel in range(pixels + 1)]
        spans = [(pixel, curve.values[a:b]) for pixel, (a, b) in enumerate(pairwise(cuts)) if a < b]
        upper = [f"{LEFT + pixel},{self._y(max(values)):.1f}" for pixel, values in spans]
        lower = [f"{LEFT + pixel},{self._y(min(values)):.1f}" for pixel, values in reversed(spans)]
        style = f'fill="{curve.colour}" fill-opacity="0.55" stroke="{curve.colour}" stroke-width="0.8"'
        return f'<polygon points="{" ".join(upper + lower)}" {style}/>'


def picture(charts: Iterable[Chart]) -> str:
    """Charts below each other, as one SVG document."""
    groups, top = [], 0
    for chart in charts:
        groups.append(f'<g transform="translate(0,{top})">{"".join(chart.draw())}</g>')
        top += chart.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="12">\n'
        + "\n".join(groups)
        + "\n</svg>\n"
    )


def ticks(first: float, last: float) -> list[float]:
    """Round values for an axis, about six of them."""
    rough = (last - first) / 6
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [round(step * number, 9) for number in range(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9) + 1)]


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: int = 12, bold: bool = False) -> str:
    """Words, standing on ``y``."""
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}"{weight}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, opacity: float = 1.0) -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-opacity="{opacity:g}"/>'
