"""Houses and readings for tests of the core: short words for sites, and a run that plays events through ``step``.

Amperes here are whole numbers for the eye; everything below is mA. It must not know how the controller decides.
"""

import random
from collections.abc import Iterable
from datetime import datetime

from han_gateway.core.effects import Effect, Grant, Note, SetLimit, ShowHeadroom
from han_gateway.core.events import ChargerSaid, ChargerStatus, Event, MeterSaid, Tick
from han_gateway.core.gateway import start, step
from han_gateway.core.site import Charger, Circuit, Grid, Policy, Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import LINES, Instant, Line, PerLine
from han_gateway.meters.reading import Reading, clock_octets

L1, L2, L3 = LINES
ALL = frozenset(LINES)
LIST_MS = 10_000


def charger(name: str = "garage", lines: Iterable[Line] = LINES, **figures: object) -> Charger:
    """A charger; figures are fields of ``Charger``."""
    return Charger(name=name, lines=frozenset(lines), **figures)  # type: ignore[arg-type]


def house(*parts: Charger | Circuit, fuse: int = 25, margin: int = 0, grid: Grid = Grid.TN, policy: Policy | None = None) -> Site:
    """A house under one main fuse of so many amperes."""
    root = Circuit(name="main", fuse_ma=fuse * 1000, margin_ma=margin * 1000, parts=parts)
    return Site(name="home", grid=grid, root=root, policy=policy or Policy(hold_minimum=False))


def list2(
    l1: float | None, l2: float | None, l3: float | None, *, clock: datetime | None = None, **fields: int | None
) -> Reading:
    """A list with currents in amperes; three voltages unless told otherwise."""
    currents = [None if value is None else round(value * 1000) for value in (l1, l2, l3)]
    given = {"voltage_l1_mv": 230_000, "voltage_l2_mv": 230_000, "voltage_l3_mv": 230_000, **fields}
    return Reading(
        manufacturer="test",
        list=2,
        clock=clock_octets(clock),
        current_l1_ma=currents[0],
        current_l2_ma=currents[1],
        current_l3_ma=currents[2],
        **given,  # type: ignore[arg-type]
    )


def list1(power_w: int = 1_000) -> Reading:
    """A list with nothing but the total power."""
    return Reading(manufacturer="test", list=1, power_import_w=power_w)


def report(at: Instant, name: str, amps: float | None, lines: Iterable[Line] = LINES, **fields: object) -> ChargerSaid:
    """A charger says that it draws so much on its lines."""
    lines = frozenset(lines)
    drawn = PerLine(*(None if amps is None or line not in lines else round(amps * 1000) for line in LINES))
    return ChargerSaid(at=at, charger=name, current_ma=drawn, **fields)  # type: ignore[arg-type]


class Run:
    """Plays events through the controller, with a tick at every whole second in between, and keeps all effects."""

    def __init__(self, site: Site, at: Instant = 0) -> None:
        self.site = site
        self.state = start(site, at)
        self.now = at
        self.effects: list[tuple[Instant, Effect]] = []
        self.tick(at)

    def play(self, event: Event) -> tuple[Effect, ...]:
        """Let this event happen, without any ticks before it."""
        self.state, effects = step(self.site, self.state, event)
        self.now = event.at
        self.effects += [(event.at, effect) for effect in effects]
        return effects

    def tick(self, at: Instant) -> tuple[Effect, ...]:
        """One tick."""
        return self.play(Tick(at=at))

    def until(self, at: Instant) -> tuple[Effect, ...]:
        """Let time pass in whole seconds up to and including ``at``."""
        effects: tuple[Effect, ...] = ()
        for second in range(self.now // 1000 + 1, at // 1000 + 1):
            effects += self.tick(second * 1000)
        return effects

    def hear(self, at: Instant, reading: Reading) -> tuple[Effect, ...]:
        """The meter says something at this instant."""
        self.until(at)
        return self.play(MeterSaid(at=at, reading=reading))

    def lists(self, count: int, *amps: float | None, says: dict[str, float] | None = None) -> tuple[Effect, ...]:
        """So many equal lists with currents, each 10 s after what happened last; chargers report a second before each."""
        effects: tuple[Effect, ...] = ()
        for _ in range(count):
            at = (self.now // LIST_MS + 1) * LIST_MS
            for name, drawn in (says or {}).items():
                effects += self.until(at - 1000) + self.say(at - 1000, name, drawn)
            effects += self.hear(at, list2(*amps))
        return effects

    def say(self, at: Instant, name: str, amps: float | None, status: ChargerStatus | None = None) -> tuple[Effect, ...]:
        """A charger reports what it draws on each of its lines."""
        lines = next((each.lines for each in self.site.chargers if each.name == name), ALL)
        return self.play(report(at, name, amps, lines, status=status))

    def limit(self, name: str = "garage") -> int:
        """The limit of a charger now, in mA."""
        return self.grant(name).limit_ma

    def grant(self, name: str = "garage") -> Grant:
        """The grant of a charger now."""
        return next(view.grant for view in self.state.chargers if view.charger.name == name)

    def limits(self, name: str = "garage") -> list[tuple[Instant, int]]:
        """All limits that were published for a charger, with their instants."""
        return [(at, told.grant.limit_ma) for at, told in self.told() if told.grant.charger == name]

    def told(self) -> list[tuple[Instant, SetLimit]]:
        """All limits that were published."""
        return [(at, effect) for at, effect in self.effects if isinstance(effect, SetLimit)]


class Home(Run):
    """A house with one charger that obeys and reports, a list every 10 s. ``obeys`` is False for one that keeps all its lines."""

    obeys = True
    car_lines = ALL
    status: ChargerStatus | None = None

    @property
    def view(self) -> ChargerView:
        """All that is known of the charger."""
        return self.state.chargers[0]

    def drawn(self) -> PerLine[int | None]:
        """What the charger draws in mA: its whole limit, on the lines that it may use and the car can."""
        lines = (self.view.offered if self.obeys else ALL) & self.car_lines or self.view.offered
        return PerLine(*(self.limit() if line in lines and self.status is not ChargerStatus.IDLE else 0 for line in LINES))

    def report(self, at: int, amps: tuple[float, ...] | None = None, status: ChargerStatus | None = None) -> None:
        """The charger reports, what it draws unless told otherwise."""
        current: PerLine[int | None] = self.drawn() if amps is None else PerLine(*(round(each * 1000) for each in amps))
        status = status or self.status or (ChargerStatus.CHARGING if any(current) else ChargerStatus.CONNECTED)
        self.play(ChargerSaid(at=at, charger="garage", current_ma=current, status=status))

    def minutes(self, minutes: float, *house_a: float) -> None:
        """The house draws so much beside the car for so long."""
        end = self.now + round(minutes * 60_000)
        while (at := (self.now // LIST_MS + 1) * LIST_MS) <= end:
            self.until(at - 1000)
            self.report(at - 1000)
            loads = [each + (current or 0) / 1000 for each, current in zip(house_a, self.drawn(), strict=True)]
            self.hear(at, list2(*loads, power_import_w=round(230 * sum(loads))))

    def modes(self) -> list[frozenset[Line]]:
        """The lines that the charger was told to use, one after the other."""
        told = [effect.lines for _, effect in self.told()]
        return [lines for place, lines in enumerate(told) if not place or lines != told[place - 1]]


def notes(effects: Iterable[Effect]) -> list[str]:
    """The sentences among effects."""
    return [effect.text for effect in effects if isinstance(effect, Note)]


def set_limits(effects: Iterable[Effect]) -> list[SetLimit]:
    """The limits among effects."""
    return [effect for effect in effects if isinstance(effect, SetLimit)]


def headrooms(effects: Iterable[Effect]) -> list[ShowHeadroom]:
    """What was shown of the room, among effects."""
    return [effect for effect in effects if isinstance(effect, ShowHeadroom)]


def random_charger(rng: random.Random, name: str, grid: Grid = Grid.TN) -> Charger:
    """Any charger that a configuration would accept."""
    one = [(line,) for line in LINES] if grid is Grid.TN else [(L1, L2), (L2, L3), (L1, L3)]
    step_ma = rng.choice((1000, 1000, 500, 100, 2000))
    minimum = rng.choice((6000, 6000, 7000, 8000, 6500))
    maximum = minimum + rng.choice((0, 2000, 10_000, 26_000, 300))
    return charger(
        name,
        rng.choice([*one, LINES, LINES]),
        minimum_ma=minimum,
        maximum_ma=maximum,
        step_ma=step_ma,
        fallback_ma=rng.choice((0, 6000, minimum, maximum)),
        response_ms=rng.choice((3000, 6000, 20_000)),
        priority=rng.choice((0, 0, 0, 1, 2)),
        weight=rng.choice((1, 1, 1, 2, 3)),
    )


def random_tree(rng: random.Random, names: list[str], depth: int = 4, grid: Grid = Grid.TN) -> Circuit:
    """A tree of fuses at most ``depth`` deep with a charger for each name somewhere in it."""
    parts: list[Charger | Circuit] = []
    while names:
        if depth > 1 and rng.random() < 0.4:
            count = rng.randint(1, len(names))
            parts.append(random_tree(rng, names[:count], depth - 1, grid))
            names = names[count:]
        else:
            parts.append(random_charger(rng, names[0], grid))
            names = names[1:]
    fuse = rng.choice((16_000, 20_000, 25_000, 35_000, 63_000, rng.randint(1000, 80_000)))
    return Circuit(name=f"fuse{rng.randrange(10**9)}", fuse_ma=fuse, margin_ma=rng.choice((0, 500, 1000)), parts=tuple(parts))
