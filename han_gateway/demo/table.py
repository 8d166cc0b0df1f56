"""The demo's live table: per line the load and the room under the fuse, per charger its limit and why, and what happened.

It fits 80 columns. Colours mean something: cyan is the house, green the cars, yellow a line with little room, red over the fuse.
This file must not know anything but the scene.
"""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from han_gateway.core.units import LINES, Line
from han_gateway.demo.scene import LOG_LINES, ChargerNews, Scene
from han_gateway.page.bar import CARS, FUSE, FUSE_CELLS, HOUSE, OVER_CELLS, ROOM, amps, bar, whole

LITTLE_A = 3.0
LOG_WIDTH, LOG_CELLS = 80, 64
"""Columns of what happened, and of its words beside when it was and who did it."""
STATE_STYLE = {"fresh": "bold green", "stale": "bold yellow", "lost": "bold red"}
WHO_STYLE = {"gateway": "cyan", "house": "magenta"}


class LiveTable:
    """The scene, drawn in place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, scene: Scene) -> None:
        """Draw it anew."""
        self._live.update(table(scene), refresh=True)


@contextmanager
def live(width: int) -> Iterator[LiveTable]:
    """Take over the lower part of the terminal; what was drawn last stays when it is over."""
    console = Console()
    console.width = min(width, console.width)
    with Live(console=console, auto_refresh=False) as drawn:
        yield LiveTable(drawn)


def table(scene: Scene) -> RenderableType:
    """Draw the scene."""
    return Group(_head(scene), Text(), _lines(scene), _legend(), Text(), _chargers(scene), Text(), *_log(scene))


def _head(scene: Scene) -> Table:
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right")
    head.add_row(Text("han-gateway demo", style="bold"), Text(f"evening {scene.clock}", style="bold"))
    state = Text("meter ").append(scene.state.upper(), style=STATE_STYLE.get(scene.state, "bold"))
    head.add_row(Text(scene.title, style="dim"), state)
    if scene.page:
        head.add_row(Text(f"page: {scene.page}"), Text())
    return head


def _lines(scene: Scene) -> Table:
    grid = Table.grid(padding=(0, 1))
    for width, justify in ((2, "left"), (FUSE_CELLS + OVER_CELLS + 1, "left"), (11, "right"), (13, "right")):
        grid.add_column(min_width=width, justify=justify)  # type: ignore[arg-type]  # the Literal is lost in the tuple
    for line in LINES:
        load, room = scene.load_a.get(line.value), scene.room_a.get(line.value)
        about = "~" if line.value in scene.estimated else ""
        style = "" if room is None else "bold red" if room < 0 else "yellow" if room < LITTLE_A else "green"
        grid.add_row(
            Text(line.value, style="bold"),
            _bar(scene, line, load),
            f"load{about}{amps(load)}",
            Text(f"room {amps(room)}", style=style),
        )
    return grid


def _bar(scene: Scene, line: Line, load: float | None) -> Text:
    """House, cars and room in cells of one fuse; what is over the fuse stands right of the mark."""
    cells = bar(load, scene.cars_a(line), scene.fuse_a)
    parts = ((HOUSE * cells.house, "cyan"), (CARS * cells.cars, "green"), (ROOM * cells.room, "dim"), (FUSE, "bold"))
    return Text.assemble(*parts, (HOUSE * cells.over, "red"))


def _legend() -> Text:
    parts = (("   █ ", "cyan"), ("house  ", ""), ("▓ ", "green"), ("cars  ", ""), ("░ ", "dim"), ("room  ", ""), ("┃ ", "bold"))
    return Text.assemble(*parts, ("fuse  ", ""), ("█ ", "red"), ("over it  ", ""), ("~ estimated, not measured", "dim"))


def _chargers(scene: Scene) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    for name, justify in (("charger", "left"), ("on", "left"), ("limit", "right"), ("draws", "right")):
        grid.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # the Literal is lost in the tuple
    grid.add_column("why", ratio=1, overflow="ellipsis", no_wrap=True)
    for charger in scene.chargers.values():
        grid.add_row(Text(charger.name, style="bold"), charger.wires, _limit(charger), amps(charger.draws_a), charger.reason)
    return grid


def _limit(charger: ChargerNews) -> Text:
    if charger.limit_a == 0:
        return Text("pause", style="yellow")
    return Text(whole(charger.limit_a), style="bold")


def _log(scene: Scene) -> list[Text]:
    """The latest of what happened, as many as have room in whole; a long sentence goes on below itself."""
    rows: list[Text] = []
    for seconds, who, text in reversed(scene.log):
        begin = Text.assemble((f"{seconds:5.1f} s ", "dim"), (f"{who:<8}", WHO_STYLE.get(who, "")))
        first, *more = textwrap.wrap(text, LOG_CELLS) or [""]
        told = [begin.append(first), *(Text(" " * (LOG_WIDTH - LOG_CELLS) + rest) for rest in more)]
        if len(rows) + len(told) > LOG_LINES:
            break
        rows[:0] = told
    for row in rows:
        row.no_wrap, row.overflow = True, "ellipsis"  # on a terminal that is narrower still
    return rows + [Text()] * (LOG_LINES - len(rows))
