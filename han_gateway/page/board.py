"""The board: what people may see of the house now, and what led to it. Fed from the loop by ``see``, read from any thread.

It only remembers, and every value that it keeps is replaced whole, so a reader never sees half of one and the loop never waits.
This file must not know how it is worded (``snapshot.py``), nor who reads it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from han_gateway.core.effects import Effect, Level, Note, ShowCaps, ShowCharger, ShowHeadroom, ShowReading
from han_gateway.core.events import BrokerChanged, ChargerSaid, CircuitSaid, Event, MeterSaid, SourceChanged
from han_gateway.core.power import net_w
from han_gateway.core.site import Charger, Site
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine
from han_gateway.page.hour import Hour, Point

MOST_TOLD = 200


class Told(NamedTuple):
    """A line of the log of decisions; ``number`` grows by one."""

    number: int
    at: Instant
    level: Level
    text: str


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
        self._chargers: dict[str, tuple[Instant, ShowCharger]] = {}
        self._said: dict[str, ChargerSaid] = {}
        self._circuits: dict[str, CircuitSaid] = {}
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

    def circuit(self, name: str) -> CircuitSaid | None:
        """What the meter of a sub-fuse said last."""
        return self._circuits.get(name)

    def draws_ma(self, now: Instant, chargers: Iterable[Charger]) -> PerLine[MilliAmps | None]:
        """What these chargers say that they draw on each line, together; None where one of them does not say."""
        reports = [(charger, self.said(charger.name, now)) for charger in chargers]
        drawn: list[MilliAmps | None] = []
        for index, line in enumerate(LINES):
            said = [report.current_ma[index] if report else None for charger, report in reports if line in charger.lines]
            known = [current for current in said if current is not None]
            drawn.append(sum(known) if len(known) == len(said) else None)
        return PerLine(*drawn)

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Remember an event and what came of it. An outlet: it returns at once."""
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
        elif isinstance(event, CircuitSaid):
            self._circuits[event.circuit] = event
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
            self.headroom = effect
            if isinstance(event, MeterSaid):
                self.hour.add(Point(event.at, effect.load_ma, self.draws_ma(event.at, self.site.chargers)))
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
        self._log.append(Told(self.told, at, level, text))


def _word(connected: bool) -> str:
    return "connected" if connected else "lost"
