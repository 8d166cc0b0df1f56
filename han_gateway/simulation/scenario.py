"""Scenarios that an electrician can read: a house, what happens in it, and what is expected of the control law.

A scenario is a TOML file. Times are ``mm:ss`` or ``hh:mm:ss`` from its beginning::

    title = "An oven comes on while a car charges"
    minutes = 10
    [site]
    grid = "TN"
    fuse_a = 25
    meter = "kaifa-tn"
    [[charger]]
    name = "garage"
    phases = ["L1", "L2", "L3"]
    [[load]]
    what = "oven"
    phases = ["L2"]
    watts = 3000
    from = "05:00"
    [[meter_silent]]
    from = "07:00"
    to = "07:30"
    [[limit]]
    charger = "garage"
    from = "05:15"
    to = "07:00"
    at_least_a = 6
    at_most_a = 12
    [fuse]
    above_s_at_most = 15
    trips = 0

This file must not know how a scenario is run as a test.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import Line
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.house import Draw
from han_gateway.simulation.lab import Case, Run
from han_gateway.simulation.measures import Judge
from han_gateway.simulation.meter import Trouble
from han_gateway.simulation.supply import Pulse, Second, add_up, phasors

Table = Mapping[str, Any]

WORDS = {
    "": {"title", "minutes", "site", "charger", "load", "meter_silent", "limit", "fuse"},
    "site": {"grid", "fuse_a", "margin_a", "meter"},
    "charger": {"name", "phases", "max_a", "takes_a", "plugged", "follows_s", "reports", "deaf", "offline"},
    "load": {"what", "phases", "watts", "var", "from", "to"},
    "meter_silent": {"from", "to"},
    "limit": {"charger", "from", "to", "at_least_a", "at_most_a"},
    "fuse": {"above_s_at_most", "trips"},
}
"""What may stand in each table; a word that is not here is a misspelling."""


class ScenarioError(ValueError):
    """A scenario that cannot be understood: where, and what is wrong with it."""


def build(scenario: Table) -> Case:
    """The case that a scenario tells of. Raises ScenarioError."""
    _check(scenario)
    seconds = 60 * scenario["minutes"]
    site = scenario["site"]
    grid = Grid(site["grid"])
    cars = tuple(_car(charger, seconds) for charger in scenario.get("charger", ()))
    root = Circuit(
        name="main",
        fuse_ma=round(site["fuse_a"] * 1000),
        margin_ma=round(site.get("margin_a", 0) * 1000),
        parts=tuple(each.charger for each in cars),
    )
    silent = tuple(_from_to(spell, seconds) for spell in scenario.get("meter_silent", ()))
    return Case(
        name=scenario["title"],
        site=Site(name="home", grid=grid, root=root),
        supply=add_up(grid, seconds, (_pulse(grid, load, seconds) for load in scenario.get("load", ()))),
        cars=cars,
        meter=site["meter"],
        trouble=Trouble(outages=silent),
    )


def complaints(scenario: Table, case: Case, run: Run) -> Iterator[str]:
    """What was expected and did not come true, a sentence each."""
    for expected in scenario.get("limit", ()):
        yield from _limit_complaints(expected, case, run)
    fuse = scenario.get("fuse", {})
    judged = Judge(case).measure(run)
    most = fuse.get("above_s_at_most")
    if most is not None and judged.above_s[0] > most:
        yield f"above the fuse for {judged.above_s[0]:g} s because of cars, expected at most {most} s"
    if judged.edge_trips > fuse.get("trips", 0):
        yield f"the worst-case breaker trips {judged.edge_trips} times"


def second(text: str) -> Second:
    """``mm:ss`` or ``hh:mm:ss`` in seconds. Raises ScenarioError."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        raise ScenarioError(f"{text!r} is not a time: write mm:ss or hh:mm:ss")
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _limit_complaints(expected: Table, case: Case, run: Run) -> Iterator[str]:
    start, end = _from_to(expected, case.supply.seconds)
    trace = run.limits[expected["charger"]]
    before = [limit for at, limit in trace if at <= start * 1000][-1:]
    during = before + [limit for at, limit in trace if start * 1000 < at < end * 1000]
    low, high = expected.get("at_least_a", 0), expected.get("at_most_a", 1_000)
    wrong = sorted({limit / 1000 for limit in during if not low * 1000 <= limit <= high * 1000})
    if wrong or not during:
        found = ", ".join(f"{limit:g} A" for limit in wrong) or "no limit"
        yield f"{expected['charger']} from {expected['from']}: {found}, expected {low} to {high} A"


def _check(scenario: Table) -> None:
    """Every word is one that we know. Raises ScenarioError."""
    for name, words in WORDS.items():
        tables = [scenario] if not name else scenario.get(name, [])
        for table in tables if isinstance(tables, list) else [tables]:
            strange = set(table) - words
            if strange:
                raise ScenarioError(f"[{name or 'top'}] does not know {', '.join(sorted(strange))}")
    for name in ("title", "minutes", "site"):
        if name not in scenario:
            raise ScenarioError(f"{name} is missing")


def _car(told: Table, seconds: int) -> Car:
    maximum = round(told.get("max_a", 16) * 1000)
    charger = Charger(name=told["name"], lines=frozenset(Line(name) for name in told["phases"]), maximum_ma=maximum)
    return Car(
        charger=charger,
        visits=(Visit(second(told.get("plugged", "00:00")), seconds),),
        takes_ma=round(told.get("takes_a", told.get("max_a", 16)) * 1000),
        down_s=told.get("follows_s", 3),
        up_s=told.get("follows_s", 3),
        report_s=10 if told.get("reports", True) else None,
        deaf=((0, seconds),) if told.get("deaf") else (),
        offline=tuple(_from_to(spell, seconds) for spell in told.get("offline", ())),
    )


def _pulse(grid: Grid, load: Table, seconds: int) -> Pulse:
    draw = Draw(frozenset(Line(name) for name in load["phases"]), load["watts"], load.get("var", 0))
    return Pulse(*_from_to(load, seconds), phasors(grid, draw))


def _from_to(spell: Table, seconds: int) -> tuple[Second, Second]:
    return second(spell.get("from", "00:00")), second(spell["to"]) if "to" in spell else seconds
