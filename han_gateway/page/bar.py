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


def bar(load_a: float | None, cars_a: float, fuse_a: float, fuse_cells: int = FUSE_CELLS) -> Bar:
    """Measure a line; nobody knows a load that is None. Cars are drawn below the fuse, which stands behind ``fuse_cells``."""
    cells = 0 if load_a is None else min(round(load_a / fuse_a * fuse_cells), fuse_cells + OVER_CELLS)
    cars = min(round(cars_a / fuse_a * fuse_cells), cells)
    house = min(cells - cars, fuse_cells)
    inside = min(cells, fuse_cells)
    return Bar(house, inside - house, fuse_cells - inside, max(0, cells - fuse_cells))


def amps(value: float | None) -> str:
    """A current with a tenth, in a fixed width; ``?`` where nothing is known."""
    return "    ? A" if value is None else f"{value:5.1f} A"


def whole(value: float | None) -> str:
    """A limit as short as it is."""
    return "?" if value is None else f"{value:g} A"
