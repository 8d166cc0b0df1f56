"""Campaign: a charger without manners does not hurt the fuse, nor the others more than it must.

    python -m tests.campaign.manners [--seed N] [--fast | --count N]

Each case is two hours of a house with three chargers on one fuse, of which one misbehaves in one of the ways of ``MANNERS``; the others obey, and
name the limit that they obey. The very controller that ships runs it, on the true currents of every second. What no limit can change is no
overload of ours: seconds count only while a car that obeys draws on the line that is over, and from the first list that shows it after
every limit has had the time that its charger is known to need. ``--fast`` is 24 houses, without it 400.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from multiprocessing import Pool
from typing import NamedTuple

from han_gateway.core.draw import settled
from han_gateway.core.effects import Note, SetLimit
from han_gateway.core.events import ChargerSaid, Event, MeterSaid, Overheard
from han_gateway.core.gateway import start, step
from han_gateway.core.site import Charger, Circuit, Grid, Policy, Site
from han_gateway.core.state import Conduct
from han_gateway.core.units import LINES, Instant
from han_gateway.core.words import inbox
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.house import Draw
from han_gateway.simulation.lab import Case, Lab, Run, drawn
from han_gateway.simulation.misconduct import Lie, Untruth
from han_gateway.simulation.policy import Order
from han_gateway.simulation.supply import Pulse, Second, Supply, add_up, phasors
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 24, 400
HOURS_S = 7_200
SETTLED_S = 300
"""The first minutes do not count: cars wake up, and whoever was told something before the start still obeys it."""
SOON_S = 15
SLOW_S = 20
"""A charger that is known to need so long is waited for."""
PATIENT_S = SOON_S + 10
"""Beside one that is slow, or that has just gone away: that a cut was not followed is known one list later."""
SELDOM, LONGEST_S = 20, 40
"""One that was deaf looked slow for once, and is waited for the next time, too."""
PATIENT = ("slow", "flaps", "keeps its last limit")
FLAGGED_S = 30
ROUNDED_A = 0.05
BAD = "bad"
GOOD = ("left", "right")

Spells = tuple[tuple[Second, Second], ...]


class Manner(NamedTuple):
    """A way to misbehave: what the car on that charger is, and what its reports, or somebody else, do to the controller."""

    car: Callable[[Car, Spells], Car] = lambda car, _: car
    unreadable: bool = False
    names: Callable[[int], int | None] = lambda limit: limit
    master: bool = False


MANNERS = {
    "silent": Manner(car=lambda car, _: replace(car, report_s=None)),
    "slow": Manner(car=lambda car, _: replace(car, down_s=SLOW_S, up_s=SLOW_S)),
    "ignores": Manner(car=lambda car, spells: replace(car, deaf=spells)),
    "says zero": Manner(car=lambda car, spells: replace(car, lies=_lies(spells, Untruth.NOTHING))),
    "says half": Manner(car=lambda car, spells: replace(car, lies=_lies(spells, Untruth.HALF))),
    "says what was": Manner(car=lambda car, spells: replace(car, lies=_lies(spells, Untruth.STALE))),
    "flaps": Manner(car=lambda car, _: replace(car, offline=tuple((at, at + 70) for at in range(400, HOURS_S, 130)))),
    "keeps its last limit": Manner(car=lambda car, spells: replace(car, offline=spells, failsafe_ma=None)),
    "sends NaN": Manner(unreadable=True),
    "names its maximum": Manner(names=lambda _: 16_000),
    "names ours, ignores it": Manner(car=lambda car, spells: replace(car, deaf=spells)),
    "two masters": Manner(master=True),
}


def _lies(spells: Spells, untruth: Untruth) -> tuple[Lie, ...]:
    return tuple(Lie(start, end, untruth) for start, end in spells)


class Watched:
    """The controller that ships, with what it hears of the bad charger spoiled; keeps when lists came that count, and when it was called ignoring."""

    def __init__(self, lab: Lab, manner: Manner, rng: random.Random) -> None:
        self.lists: list[Instant] = []
        self.ignoring: list[Instant] = []
        self.told: list[tuple[Instant, str]] = []
        self._lab = lab
        self._manner = manner
        self._rng = rng
        self._site = lab.case.site
        self._state = start(self._site, 0)
        self._master_at = 600_000 if manner.master else 1 << 62

    @property
    def due_at(self) -> Instant:
        """When something happens by itself."""
        return self._state.due_at

    def handle(self, event: Event) -> Iterable[Order]:
        """One step, or two when somebody else spoke before."""
        if (
            isinstance(event, MeterSaid)
            and event.reading.list > 1
            and all(settled(view, event.at) for view in self._state.chargers)
        ):
            self.lists.append(event.at)
        orders: list[Order] = []
        if event.at >= self._master_at:
            self._master_at = event.at + 1000 * self._rng.randint(5, 90)
            orders += self._other_master(event.at)
        spoiled = self._spoiled(event) if isinstance(event, ChargerSaid) else event
        return orders if spoiled is None else [*orders, *self._step(spoiled)]

    def _step(self, event: Event) -> Iterator[Order]:
        before = self._conduct()
        self._state, effects = step(self._site, self._state, event)
        if self._conduct() is Conduct.IGNORING and before is not Conduct.IGNORING:
            self.ignoring.append(event.at)
        for effect in effects:
            if isinstance(effect, Note):
                self.told.append((event.at, effect.text))
            elif isinstance(effect, SetLimit):
                yield Order(effect.grant.charger, effect.grant.limit_ma, effect.valid_for_ms, effect.lines)

    def _conduct(self) -> Conduct:
        return next(view.conduct for view in self._state.chargers if view.charger.name == BAD)

    def _other_master(self, at: Instant) -> Iterator[Order]:
        limit = 1000 * self._rng.randint(6, 16)
        self._lab.sockets[BAD].told(at // 1000 + 1, limit, 60)
        if self._rng.random() < 0.5:  # the other half has its own way to the charger
            yield from self._step(Overheard(at=at, charger=BAD, limit_ma=limit))

    def _spoiled(self, event: ChargerSaid) -> Event | None:
        """Every charger names the limit that it obeys; the bad one what it likes, or nothing that can be read."""
        obeyed = self._lab.sockets[event.charger].limit_ma
        if event.charger != BAD:
            return replace(event, limit_ma=obeyed)
        if not self._manner.unreadable:
            return replace(event, limit_ma=self._manner.names(obeyed))
        payload = json.dumps({"current_a": {"L1": float("nan")}, "status": "charging"}).encode()
        heard = inbox.understood(self._site, inbox.Inlet("charger", BAD), payload, event.at)
        return None if isinstance(heard, inbox.Refused) else heard


class Seen(NamedTuple):
    """What became of a case: its manner, the longest overload after the first list that showed it, how late it was flagged, and notes."""

    manner: str
    over_s: Second
    unflagged_s: Second
    notes: int
    number: int


def house(rng: random.Random) -> Supply:
    """A house whose loads come and go on one line each, a minute apart at least, so that one overload is over before the next begins."""
    pulses, at = [], SETTLED_S + 60
    while at < HOURS_S:
        line = rng.choice(LINES)
        amps = phasors(Grid.TN, Draw(frozenset({line}), rng.uniform(500, 3_000), 1.0))
        pulses.append(Pulse(at, min(HOURS_S, at + rng.randint(60, 900)), amps))
        at += rng.randint(60, 240)
    return add_up(Grid.TN, HOURS_S, pulses)


def case(rng: random.Random, manner: Manner) -> Case:
    """Three chargers of 16 A on a fuse for two of them; the bad one misbehaves for some minutes at a time."""
    spells, at = [], 400
    while at < HOURS_S:
        spells.append((at, at + rng.randint(120, 900)))
        at = spells[-1][1] + rng.randint(120, 900)
    cars = []
    for name in (BAD, *GOOD):
        lines = frozenset(LINES) if rng.random() < 0.7 else frozenset({rng.choice(LINES)})
        away = manner.car is MANNERS["keeps its last limit"].car and name == BAD
        charger = Charger(name=name, lines=lines, has_failsafe=not away)
        car = Car(charger=charger, visits=(Visit(0, HOURS_S),), down_s=rng.randint(1, 4), up_s=rng.randint(1, 6))
        cars.append(manner.car(car, tuple(spells)) if name == BAD else car)
    root = Circuit(
        name="main", fuse_ma=rng.choice((25_000, 32_000, 35_000)), margin_ma=500, parts=tuple(car.charger for car in cars)
    )
    site = Site(name="home", grid=Grid.TN, root=root, policy=Policy(hold_minimum=False))
    return Case(name="", site=site, supply=house(rng), cars=tuple(cars), meter="kaifa-tn", seed=rng.randrange(1 << 32))


def tried(task: tuple[str, int]) -> Seen:
    """One case."""
    seed, number = task
    rng = random.Random(f"{seed}/{number}")
    name = list(MANNERS)[number % len(MANNERS)]
    one = case(rng, MANNERS[name])
    watched: list[Watched] = []

    def make(lab: Lab) -> Watched:
        watched.append(Watched(lab, MANNERS[name], rng))
        return watched[0]

    run = Lab(one, make).play()
    return Seen(name, overload_s(one, run, watched[0].lists), unflagged_s(one, run, watched[0]), len(watched[0].told), number)


def overload_s(one: Case, run: Run, lists: list[Instant]) -> Second:
    """How long a line was over its fuse at most after a list had shown it, while a car that obeys drew on that line."""
    everything = one.supply.plus(drawn(one, run)).magnitudes()
    obedient = drawn(replace(one, cars=tuple(car for car in one.cars if car.charger.name != BAD)), run).magnitudes()
    fuse_a, longest = one.site.root.fuse_ma / 1000 + ROUNDED_A, 0
    for all_of_it, theirs in zip(everything, obedient, strict=True):
        over = [second >= SETTLED_S and all_of_it[second] > fuse_a and theirs[second] > 0 for second in range(HOURS_S)]
        for is_over, seconds in groupby(range(HOURS_S), over.__getitem__):
            if is_over:
                spell = list(seconds)
                shown = next((at // 1000 for at in lists if at // 1000 >= spell[0]), spell[-1])
                longest = max(longest, spell[-1] + 1 - shown)
    return longest


def unflagged_s(one: Case, run: Run, watched: Watched) -> Second:
    """How long the bad charger drew more than an ampere above a limit that stood, at most, without being called ignoring."""
    car = next(car for car in one.cars if car.charger.name == BAD)
    if not car.deaf:
        return 0
    current = _by_second(run.currents[BAD])
    limit = _by_second([(-(-at // 1000), limit_ma) for at, limit_ma in run.limits[BAD]])
    ignores = [second >= SETTLED_S and current[second] > limit[second] + 1_000 for second in range(HOURS_S)]
    longest = 0
    for does, seconds in groupby(range(HOURS_S), ignores.__getitem__):
        spell = list(seconds)
        if does:
            flagged = next((at // 1000 for at in watched.ignoring if spell[0] <= at // 1000 <= spell[-1]), spell[-1])
            longest = max(longest, flagged - spell[0])
    return longest


def _by_second(changes: list[tuple[Second, int]]) -> list[int]:
    values, place, value = [], 0, 0
    for second in range(HOURS_S):
        while place < len(changes) and changes[place][0] <= second:
            value = changes[place][1]
            place += 1
        values.append(value)
    return values


def main() -> int:
    """Run the campaign."""
    given = arguments("A charger without manners hurts nobody.", "houses in all", FAST, FULL).parse_args()
    count = wanted(given)
    began = time.perf_counter()
    with Pool(min(2, os.cpu_count() or 1)) as pool:
        seen = list(pool.imap_unordered(tried, [(str(given.seed), number) for number in range(count)]))
    for manner in MANNERS:
        own = [each for each in seen if each.manner == manner]
        if own:
            worst = max(own, key=lambda each: each.over_s)
            notes = sum(each.notes for each in own) // len(own)
            late = max(each.unflagged_s for each in own)
            print(
                f"{manner:24} over {worst.over_s:3} s (house {worst.number})  flagged after {late:3} s  {notes} lines of log a house"
            )
    longer = sum(each.over_s > (PATIENT_S if each.manner in PATIENT else SOON_S) for each in seen)
    longest = max(each.over_s for each in seen)
    late = max(each.unflagged_s for each in seen)
    print(f"{time.perf_counter() - began:.0f} s")
    promise = Promise(
        "R-18",
        "a charger that misbehaves (silent, slow, deaf, lying, flapping, NaN, two masters) hurts no fuse that others can spare",
        f"when all limits have had their time, a list that shows an overload ends it in {SOON_S} s ({PATIENT_S} s beside one that is slow or"
        f" away) while a car that obeys draws there, in all but one house of {SELDOM}, and there in {LONGEST_S} s; a deaf one is flagged in {FLAGGED_S} s",
        f"{count} houses of 2 h, {len(MANNERS)} kinds of misconduct: longer in {longer}, {longest} s at most; flagged in {late} s",
        holds=longer * SELDOM <= count and longest <= LONGEST_S and late <= FLAGGED_S,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
