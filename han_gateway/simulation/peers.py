"""How others do it: small control laws of our own writing, each after the published behaviour of a system in use.

They are models, kept to what decides over the fuse: the law, its period, its margins and its waiting times. All get the lists of the
meter, with a missing I2 rebuilt as for our own law, which is more than most of them have. This file must not know how a run is judged.
"""

from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import ClassVar

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.events import ChargerSaid, Event, MeterSaid
from han_gateway.core.load import complete
from han_gateway.core.site import Charger, Site
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.simulation.policy import NEVER, Order

Limits = Mapping[str, MilliAmps]


class Peer:
    """What all have in common: the last list, the last report of each charger, the last limit of each.

    With ``period_ms`` it is woken at that period; a law answers in ``listed`` (to a list with currents) or in ``woken``.
    """

    period_ms: ClassVar[int | None] = None

    def __init__(self, site: Site) -> None:
        self.site = site
        self.chargers = site.chargers
        self.fuse_ma = site.root.fuse_ma
        self.load: PerLine[MilliAmps] | None = None
        self.load_at: Instant = -NEVER
        self.reports: dict[str, PerLine[MilliAmps | None]] = {}
        self.limits: dict[str, MilliAmps] = {charger.name: 0 for charger in site.chargers}
        self._said: dict[str, MilliAmps] = {}
        self._due: Instant = 0

    @property
    def due_at(self) -> Instant:
        """When it wakes by itself."""
        return self._due

    def handle(self, event: Event) -> Iterable[Order]:
        """Remember what is said, and answer."""
        if isinstance(event, ChargerSaid):
            self.reports[event.charger] = event.current_ma
            return ()
        if isinstance(event, MeterSaid):
            load = complete(self.site, event.reading)
            if load is None:
                return ()
            self.load, self.load_at = PerLine(*(current or 0 for current in load.current_ma)), event.at
            return self._changed(self.listed(self.load, event.at))
        if event.at < self._due:
            return ()
        self._due = event.at + self.period_ms if self.period_ms else NEVER
        return self._changed(self.woken(event.at))

    def listed(self, _load: PerLine[MilliAmps], _at: Instant) -> Limits:
        """Answer to a list."""
        return {}

    def woken(self, _at: Instant) -> Limits:
        """Answer to the clock."""
        return {}

    def drawn(self, charger: Charger) -> MilliAmps:
        """What a charger draws in its lines: what it says, or, if it says nothing, what it was told."""
        report = self.reports.get(charger.name)
        if report is None:
            return self.limits[charger.name]
        return max(current or 0 for current in report)

    def drawn_on(self, charger: Charger, line: Line) -> MilliAmps:
        """What a charger draws in one line: a car may use fewer lines than its charger has."""
        report = self.reports.get(charger.name)
        current = None if report is None else report[line.index]
        return self.drawn(charger) if current is None else current

    def house(self, load: PerLine[MilliAmps]) -> PerLine[MilliAmps]:
        """The load without what the chargers draw."""
        chargers = self.chargers
        sums = (sum(self.drawn_on(charger, line) for charger in chargers if line in charger.lines) for line in LINES)
        return PerLine(*(max(0, current - drawn) for current, drawn in zip(load, sums, strict=True)))

    def shared(self, room: PerLine[MilliAmps], chargers: Iterable[Charger] | None = None) -> dict[str, MilliAmps]:
        """Fair shares of a room."""
        wants = [
            Want(charger=charger, ceiling_ma=charger.maximum_ma) for charger in (self.chargers if chargers is None else chargers)
        ]
        return {grant.charger: grant.limit_ma for grant in allocate(self.site, Room(room), wants)}

    def _changed(self, limits: Limits) -> list[Order]:
        """Say what has changed, and everything at first."""
        self.limits |= limits
        orders = [Order(name, limit) for name, limit in self.limits.items() if self._said.get(name) != limit]
        self._said |= self.limits
        return orders


class NoControl(Peer):
    """Every charger at its maximum, always."""

    def woken(self, _at: Instant) -> Limits:
        """Say it once."""
        return {charger.name: charger.maximum_ma for charger in self.chargers}


class Evcc(Peer):
    """One charger every 30 s in turn; what it draws plus what the busiest line has left, in full, either way; off below its minimum."""

    period_ms = 30_000

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._turns = cycle(site.chargers)

    def woken(self, _at: Instant) -> Limits:
        """Whose turn it is."""
        charger = next(self._turns)
        if self.load is None:
            return {}
        return {charger.name: whole(charger, self.drawn(charger) + self.fuse_ma - max(self.load))}


class OpenWb(Peer):
    """Every list from scratch: the fuse less the house, minimums first, the rest in equal parts; no hysteresis, no ramp."""

    def listed(self, load: PerLine[MilliAmps], _at: Instant) -> Limits:
        """Share out what the list leaves."""
        return self.shared(PerLine(*(self.fuse_ma - house for house in self.house(load))))


class SmartEvse(Peer):
    """An integrator on the busiest line, one update a list: down by all of the excess, up by a quarter of the room; equal shares.

    Chargers come in one at a time when one minimum more fits. Three lists below the minimum of all that are in stop all of them for
    a minute; so do 11 s without a list.
    """

    period_ms = 1_000
    silence_ms: ClassVar[int] = 11_000
    rest_ms: ClassVar[int] = 60_000

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._in: tuple[Charger, ...] = ()
        self._sum = 0
        self._short = 0
        self._rests_until: Instant = 0

    def listed(self, load: PerLine[MilliAmps], at: Instant) -> Limits:
        """Integrate."""
        worst = max(load)
        room = self.fuse_ma - worst
        base = worst - sum(self.limits.values())
        self._sum = min(self._sum + (room // 4 if room > 0 else room), self.fuse_ma - base)
        lowest = sum(charger.minimum_ma for charger in self._in)
        self._short = 0 if self._sum >= lowest else self._short + (room < 0)
        self._sum = max(self._sum, lowest)
        if self._short > 2 or worst > 2 * self.fuse_ma:
            return self._stop(at)
        out = [charger for charger in self.chargers if charger not in self._in]
        if out and at >= self._rests_until and base + lowest + out[0].minimum_ma <= self.fuse_ma:
            self._in += (out[0],)
            self._sum = max(self._sum, lowest + out[0].minimum_ma)
        return self._parts()

    def woken(self, at: Instant) -> Limits:
        """Miss the meter."""
        return self._stop(at) if at - self.load_at > self.silence_ms and self._in else {}

    def _stop(self, at: Instant) -> Limits:
        self._rests_until = at + self.rest_ms
        self._in, self._sum, self._short = (), 0, 0
        return dict.fromkeys(self.limits, 0)

    def _parts(self) -> Limits:
        """Equal parts in steps of 0.1 A; what one cannot use goes to the others."""
        parts = {}
        left = self._sum = min(self._sum, sum(charger.maximum_ma for charger in self._in))
        ordered = sorted(self._in, key=lambda charger: charger.maximum_ma)
        for place, charger in enumerate(ordered):
            part = min(charger.maximum_ma, left // (len(ordered) - place))
            parts[charger.name] = part // 100 * 100
            left -= part
        return parts


def whole(charger: Charger, limit_ma: MilliAmps) -> MilliAmps:
    """Whole amperes, no more than the maximum, nothing below the minimum."""
    limit = min(charger.maximum_ma, limit_ma) // 1000 * 1000
    return limit if limit >= charger.minimum_ma else 0
