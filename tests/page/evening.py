"""An evening for the page: the real controller on a recorded evening with two cars, played in no time, and a board that saw it.

It must not know how a board is worded or drawn.
"""

import json
from collections.abc import Iterable

from han_gateway.core.effects import Effect, SetLimit
from han_gateway.core.events import BrokerChanged, Event
from han_gateway.core.site import CapRule, Charger, Circuit, Grid, Site
from han_gateway.core.units import Instant
from han_gateway.core.words.inbox import Inlet, Refused, understood
from han_gateway.demo.evening import evening
from han_gateway.demo.world import BOXES, FUSE_MA, World
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.page.board import Board
from han_gateway.page.snapshot import Now
from han_gateway.runtime import Gateway
from han_gateway.simulation.charger import report

METER = METERS["kaifa-tn"]
HOUR_MS = 3_600_000
STEP_MS = 1_000
REPORT_MS = 5_000
WALL_MS = 1_780_000_000_000
"""What the wall clock shows at instant 0: an afternoon in May 2026."""


CAP = CapRule(default=17_000, least=2_000, most=17_000)


def site(*chargers: Charger, grid: Grid = Grid.TN, power_cap: CapRule | None = CAP) -> Site:
    """The house of the demo, or one with other chargers; it has a cap that can be set."""
    parts = chargers or tuple(Charger(name=box.name, lines=box.lines) for box in BOXES)
    root = Circuit(name="main", fuse_ma=FUSE_MA, margin_ma=500, parts=parts)
    return Site(name="home", grid=grid, root=root, power_cap=power_cap)


def below_fuses() -> Site:
    """The same house, with a sub-fuse for each charger: the workshop's, which has a meter of its own, and the carport's."""
    garage, carport = site().chargers
    workshop = Circuit(name="workshop", fuse_ma=20_000, metered=True, parts=(garage,))
    shed = Circuit(name="shed", fuse_ma=16_000, parts=(carport,))
    return Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=FUSE_MA, margin_ma=500, parts=(workshop, shed)))


class Evening:
    """``play`` lets it go on; ``at`` is the instant that it has reached."""

    def __init__(self, house: Site | None = None) -> None:
        self.at: Instant = 0
        self.gateway = Gateway(house or site(), Decoder(), 0)
        self.board = Board(lambda: self.gateway.site)
        self._world = World(evening(), METER)
        self._cars = {box.name for box in BOXES}
        self.gateway.attach(self.board.see)
        self.gateway.attach(self._tell)
        self.gateway.handle(BrokerChanged(at=0, connected=True))

    @property
    def now(self) -> Now:
        """The present as a snapshot wants it."""
        return Now(self.at, WALL_MS + self.at)

    def play(self, until: Instant, *, meter: bool = True, reports: Iterable[str] = ("garage", "carport")) -> None:
        """Let it go on until this instant; without ``meter`` the meter says nothing."""
        while self.at < until:
            self.at += STEP_MS
            for frame in self._world.run(self.at, frozenset()):
                if meter:
                    self.gateway.hear(self.at, frame)
            if self.at % REPORT_MS == 0:
                for box, charge in self._world.chargers():
                    if box.name in reports:
                        self.say(box.name, report(box, charge))
            self.gateway.advance(self.at)

    def say(self, charger: str, words: dict[str, object]) -> None:
        """A charger reports."""
        said = understood(self.gateway.site, Inlet("charger", charger), json.dumps(words).encode(), self.at)
        assert not isinstance(said, Refused)
        self.gateway.handle(said)

    def _tell(self, event: Event, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, SetLimit) and effect.grant.charger in self._cars:
                self._world.tell(effect.grant.charger, event.at, effect.grant.limit_ma, effect.valid_for_ms)
