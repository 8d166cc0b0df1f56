"""The board: what people may see of the house now, and what led to it. Fed from the loop by ``see``, read from any thread.

It only remembers, and every value that it keeps is replaced whole, so a reader never sees half of one and the loop never waits.
This file must not know how it is worded (``snapshot.py``), nor who reads it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from han_gateway.core.effects import Effect, Level, Note, ShowCaps, ShowCharger, ShowHeadroom, ShowReading
from han_gateway.core.events import BrokerChanged, ChargerSaid, Event, MeterSaid, SourceChanged
from han_gateway.core.power import net_w
from han_gateway.core.site import Site
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.page.hour import Hour, Point

MOST_TOLD = 200


SUDDEN_MA: MilliAmps = 2_000
"""A rise from one list to the next that is worth a word: a kettle is 9 A, a fridge is not."""


class Rise(NamedTuple):
    """The line whose load rose most from one list to the next, and by how much."""

    line: Line
    current_ma: MilliAmps


class Told(NamedTuple):
    """A line of the log of decisions; ``number`` grows by one. ``rise`` is what came with the list that led to a cut."""

    number: int
    at: Instant
    level: Level
    text: str
    rise: Rise | None = None


class Board:
    """Remembers what is shown. ``version`` grows with all that people could see, ``told`` is the number of the last line of the log.

    ``site`` gives the house as it is now.
    """

    def __init__(self, site: Callable[[], Site]) -> None:
        self.version = 0
        self.headroom: ShowHeadroom | None = None
        self.caps: ShowCaps | None = None
        self.heard_at: Instant | None = None
        self.power_w: int | None = None
        self.manufacturer: str | None = None
        self.source: bool | None = None
        self.broker: bool | None = None
        self.hour = Hour()
        self._site = site
        self._rise: Rise | None = None
        self._chargers: dict[str, tuple[Instant, ShowCharger]] = {}
        self._said: dict[str, ChargerSaid] = {}
        self._log: deque[Told] = deque(maxlen=MOST_TOLD)
        self.told = 0

    @property
    def site(self) -> Site:
        """The house as it is now."""
        return self._site()

    @property
    def log(self) -> tuple[Told, ...]:
        """The decisions, the oldest first."""
        return tuple(self._log)

    def charger(self, name: str) -> tuple[Instant, ShowCharger] | None:
        """How a charger was shown last, and when."""
        return self._chargers.get(name)

    def said(self, name: str, now: Instant) -> ChargerSaid | None:
        """What a charger reported last, unless that is long ago."""
        said = self._said.get(name)
        return said if said is not None and now - said.at <= self.site.policy.lost_after_ms else None

    def draws_ma(self, now: Instant) -> PerLine[MilliAmps | None]:
        """What the chargers say that they draw on each line, together; None where one of them does not say."""
        reports = [(charger, self.said(charger.name, now)) for charger in self.site.chargers]
        drawn: list[MilliAmps | None] = []
        for index, line in enumerate(LINES):
            said = [report.current_ma[index] if report else None for charger, report in reports if line in charger.lines]
            known = [current for current in said if current is not None]
            drawn.append(sum(known) if len(known) == len(said) else None)
        return PerLine(*drawn)

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Remember an event and what came of it. An outlet: it returns at once."""
        self._rise = None
        news = self._hear(event)
        for effect in effects:
            news = self._show(event, effect) or news
        self.version += news

    def _hear(self, event: Event) -> bool:
        if isinstance(event, MeterSaid):
            self.power_w = net_w(event.reading)
            if event.reading.manufacturer:
                self.manufacturer = event.reading.manufacturer
        elif isinstance(event, ChargerSaid):
            self._said[event.charger] = event
        elif isinstance(event, BrokerChanged):
            self.broker = event.connected
            self._tell(event.at, Level.NOTICE if event.connected else Level.WARNING, f"broker {_word(event.connected)}")
        elif isinstance(event, SourceChanged):
            self.source = event.connected
            self._tell(
                event.at, Level.NOTICE if event.connected else Level.WARNING, f"line to the meter {_word(event.connected)}"
            )
        else:
            return False
        return True

    def _show(self, event: Event, effect: Effect) -> bool:
        if isinstance(effect, ShowHeadroom):
            self._rise = _rise(self.headroom, effect)
            self.headroom = effect
            if isinstance(event, MeterSaid):
                self.hour.add(Point(event.at, effect.load_ma, self.draws_ma(event.at)))
        elif isinstance(effect, ShowReading):
            if effect.doubt is None and effect.reading.current_ma != (None, None, None):
                self.heard_at = event.at
        elif isinstance(effect, ShowCaps):
            self.caps = effect
        elif isinstance(effect, ShowCharger):
            self._chargers[effect.grant.charger] = event.at, effect
        elif isinstance(effect, Note) and effect.level is not Level.DEBUG:
            self._tell(event.at, effect.level, effect.text)
        else:
            return False
        return True

    def _tell(self, at: Instant, level: Level, text: str) -> None:
        self.told += 1
        less = text.startswith(("cut ", "paused "))
        self._log.append(Told(self.told, at, level, text, self._rise if less else None))


def _rise(before: ShowHeadroom | None, now: ShowHeadroom) -> Rise | None:
    """The largest sudden rise; None where there is none, or nobody knows."""
    pairs = zip(LINES, before.load_ma if before else (), now.load_ma, strict=False)
    rises = [Rise(line, new - old) for line, old, new in pairs if old is not None and new is not None and new - old >= SUDDEN_MA]
    return max(rises, key=lambda rise: rise.current_ma, default=None)


def _word(connected: bool) -> str:
    return "connected" if connected else "lost"
