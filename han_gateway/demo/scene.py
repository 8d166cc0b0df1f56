"""What the demo knows at this moment, as the broker told it, and that in one plain line.

This file must not know how a terminal is drawn (``table.py``), nor where the news comes from.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from han_gateway.core.units import LINES, Line
from han_gateway.page.bar import amps, whole

LOG_LINES = 8


@dataclass(slots=True)
class ChargerNews:
    """One charger: the last limit it was told and the last report it gave. Amperes; None before the first word."""

    name: str
    lines: frozenset[Line]
    limit_a: float | None = None
    reason: str = ""
    draws_a: float | None = None
    status: str = ""

    @property
    def wires(self) -> str:
        """Its lines, as people write them."""
        return " ".join(line.value for line in LINES if line in self.lines)

    def told(self, limit: dict[str, Any]) -> None:
        """A limit was published."""
        self.limit_a, self.reason = limit["current_a"], limit["reason"]

    def reported(self, report: dict[str, Any]) -> None:
        """A report was published."""
        self.draws_a, self.status = max(report["current_a"].values()), report["status"]


@dataclass(slots=True)
class Scene:
    """All that is shown. ``room_a`` and ``load_a`` are per line, None where the gateway does not know."""

    title: str
    fuse_a: float
    chargers: dict[str, ChargerNews]
    seconds: float = 0.0
    clock: str = ""
    page: str = ""
    state: str = "starting"
    load_a: dict[str, float | None] = field(default_factory=dict)
    room_a: dict[str, float | None] = field(default_factory=dict)
    estimated: tuple[str, ...] = ()
    commands: int = 0
    notes: int = 0
    log: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=LOG_LINES))

    def note(self, who: str, text: str) -> None:
        """Something happened: ``who`` is ``gateway``, ``house`` or ``demo``."""
        self.notes += 1
        self.log.append((self.seconds, who, text))

    def headroom(self, news: dict[str, Any]) -> None:
        """The headroom was published."""
        self.state, self.estimated = news["state"], tuple(news["estimated"])
        self.load_a, self.room_a = news["load_a"], news["room_a"]

    def cars_a(self, line: Line) -> float:
        """What the cars say that they draw on this line."""
        return sum(charger.draws_a or 0.0 for charger in self.chargers.values() if line in charger.lines)


def in_words(scene: Scene) -> str:
    """Give the scene for a pipe or a log, the lines of the house and its chargers: no colours, no cursor."""
    loads = "  ".join(f"{line.value}{amps(scene.load_a.get(line.value))}" for line in LINES)
    rooms = "".join(amps(scene.room_a.get(line.value)) for line in LINES)
    chargers = (
        f"{'':7}{charger.name:<8} limit {whole(charger.limit_a):<5} draws{amps(charger.draws_a)}  {charger.reason}".rstrip()
        for charger in scene.chargers.values()
    )
    return "\n".join((f"{scene.seconds:5.1f} s {scene.clock:<8} meter {scene.state:<8} {loads}  room{rooms}", *chargers))
