"""One line of the house as cells of text: house, cars, room, and what is over the fuse. The terminal views draw with it.

This file must not know colours, nor where the numbers come from.
"""

from typing import NamedTuple

FUSE_CELLS = 36
OVER_CELLS = 6
HOUSE, CARS, ROOM, FUSE = "█▓░┃"


class Bar(NamedTuple):
    """So many cells of each kind; ``over`` stands right of the mark of the fuse."""

    house: int
    cars: int
    room: int
    over: int

    def __str__(self) -> str:
        """In one colour, with the mark of the fuse, always as wide."""
        inside = HOUSE * self.house + CARS * self.cars + ROOM * self.room
        return f"{inside}{FUSE}{HOUSE * self.over:<{OVER_CELLS}}"


def bar(load_a: float | None, cars_a: float, fuse_a: float) -> Bar:
    """Measure a line; nobody knows a load that is None. Cars are drawn below the fuse."""
    cells = 0 if load_a is None else min(round(load_a / fuse_a * FUSE_CELLS), FUSE_CELLS + OVER_CELLS)
    cars = min(round(cars_a / fuse_a * FUSE_CELLS), cells)
    house = min(cells - cars, FUSE_CELLS)
    inside = min(cells, FUSE_CELLS)
    return Bar(house, inside - house, FUSE_CELLS - inside, max(0, cells - FUSE_CELLS))


def amps(value: float | None) -> str:
    """A current with a tenth, in a fixed width; ``?`` where nothing is known."""
    return "    ? A" if value is None else f"{value:5.1f} A"


def whole(value: float | None) -> str:
    """A limit as short as it is."""
    return "?" if value is None else f"{value:g} A"
