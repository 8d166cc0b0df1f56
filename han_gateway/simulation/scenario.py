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
    [caps]
    power_w = 12000
    [[cap]]
    from = "08:00"
    to = "09:00"
    power_w = 6000
    [[limit]]
    charger = "garage"
    from = "05:15"
    to = "07:00"
    at_least_a = 6
    at_most_a = 12
    [[phases]]
    charger = "garage"
    on = ["L1", "L2", "L3"]
    switches_at_most = 0
    [fuse]
    above_s_at_most = 15
    trips = 0

This file must not know how a scenario is run as a test.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from han_gateway.core.events import CapSaid
from han_gateway.core.site import Cap, CapRule, Charger, Circuit, Grid, Site, modes_of
from han_gateway.core.units import Line
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.house import Draw
from han_gateway.simulation.lab import Case, Run
from han_gateway.simulation.measures import Judge
from han_gateway.simulation.meter import Trouble
from han_gateway.simulation.supply import Pulse, Second, add_up, phasors

Table = Mapping[str, Any]

WORDS = {
    "": {"title", "minutes", "site", "charger", "load", "meter_silent", "caps", "cap", "limit", "phases", "fuse"},
    "site": {"grid", "fuse_a", "margin_a", "meter"},
    "charger": {"name", "phases", "max_a", "takes_a", "plugged", "follows_s", "reports", "deaf", "offline"}
    | {"switches_to", "car_lines"},
    "load": {"what", "phases", "watts", "var", "from", "to"},
    "meter_silent": {"from", "to"},
    "caps": {"power_w", "line_a"},
    "cap": {"from", "to", "power_w", "line_a"},
    "limit": {"charger", "from", "to", "at_least_a", "at_most_a"},
    "phases": {"charger", "from", "to", "on", "switches_at_most"},
    "fuse": {"above_s_at_most", "trips"},
}
"""What may stand in each table; a word that is not here is a misspelling."""


CAPS = {Cap.POWER: ("power_w", 1), Cap.LINE: ("line_a", 1000)}
"""How a cap is written, and how much of ours one of it is."""


class ScenarioError(ValueError):
    """A scenario that cannot be understood: where, and what is wrong with it."""


def build(scenario: Table) -> Case:
    """The case that a scenario tells of. Raises ScenarioError."""
    _check(scenario)
    seconds = 60 * scenario["minutes"]
    site = scenario["site"]
    grid = Grid(site["grid"])
    cars = tuple(_car(charger, seconds, grid) for charger in scenario.get("charger", ()))
    root = Circuit(
        name="main",
        fuse_ma=round(site["fuse_a"] * 1000),
        margin_ma=round(site.get("margin_a", 0) * 1000),
        parts=tuple(each.charger for each in cars),
    )
    silent = tuple(_from_to(spell, seconds) for spell in scenario.get("meter_silent", ()))
    return Case(
        name=scenario["title"],
        site=Site(
            name="home",
            grid=grid,
            root=root,
            power_cap=_rule(scenario, Cap.POWER),
            line_cap=_rule(scenario, Cap.LINE),
        ),
        supply=add_up(grid, seconds, (_pulse(grid, load, seconds) for load in scenario.get("load", ()))),
        cars=cars,
        meter=site["meter"],
        said=tuple(sorted(_settings(scenario), key=lambda said: said.at)),
        trouble=Trouble(outages=silent),
    )


def complaints(scenario: Table, case: Case, run: Run) -> Iterator[str]:
    """What was expected and did not come true, a sentence each."""
    for expected in scenario.get("limit", ()):
        yield from _limit_complaints(expected, case, run)
    for expected in scenario.get("phases", ()):
        yield from _phase_complaints(expected, case, run)
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


def _phase_complaints(expected: Table, case: Case, run: Run) -> Iterator[str]:
    """On which lines the charger was told to charge, and how often that changed."""
    start, end = _from_to(expected, case.supply.seconds)
    trace = run.lines[expected["charger"]]
    during = [lines for at, lines in trace if at <= start * 1000][-1:] + [
        lines for at, lines in trace if start * 1000 < at < end * 1000
    ]
    wanted = frozenset(Line(name) for name in expected["on"]) if "on" in expected else None
    if wanted and any(lines != wanted for lines in during):
        found = ", ".join("-".join(sorted(line.value for line in lines)) for lines in during)
        yield f"{expected['charger']} from {expected.get('from', '00:00')}: on {found}, expected {'-'.join(expected['on'])}"
    most = expected.get("switches_at_most")
    if most is not None and len(during) - 1 > most:
        yield f"{expected['charger']} changes its phases {len(during) - 1} times, expected at most {most}"


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


def _car(told: Table, seconds: int, grid: Grid) -> Car:
    maximum = round(told.get("max_a", 16) * 1000)
    order = tuple(Line(name) for name in told["phases"])
    modes = modes_of(told.get("switches_to"), order, grid)
    charger = Charger(name=told["name"], lines=frozenset(order), maximum_ma=maximum, order=order, modes=modes)
    return Car(
        charger=charger,
        visits=(Visit(second(told.get("plugged", "00:00")), seconds),),
        takes_ma=round(told.get("takes_a", told.get("max_a", 16)) * 1000),
        down_s=told.get("follows_s", 3),
        up_s=told.get("follows_s", 3),
        report_s=10 if told.get("reports", True) else None,
        deaf=((0, seconds),) if told.get("deaf") else (),
        poles=told.get("car_lines", 3),
        offline=tuple(_from_to(spell, seconds) for spell in told.get("offline", ())),
    )


def _rule(scenario: Table, cap: Cap) -> CapRule | None:
    """The configured cap; at run time it may be set to anything."""
    key, scale = CAPS[cap]
    value = scenario.get("caps", {}).get(key)
    return None if value is None else CapRule(default=round(value * scale), least=0, most=1_000_000)


def _settings(scenario: Table) -> Iterator[CapSaid]:
    """What somebody sets, and when it is taken back."""
    for told in scenario.get("cap", ()):
        for cap, (key, scale) in CAPS.items():
            if key in told:
                yield CapSaid(at=second(told["from"]) * 1000, cap=cap, value=round(told[key] * scale))
                if "to" in told:
                    yield CapSaid(at=second(told["to"]) * 1000, cap=cap, value=None)


def _pulse(grid: Grid, load: Table, seconds: int) -> Pulse:
    draw = Draw(frozenset(Line(name) for name in load["phases"]), load["watts"], load.get("var", 0))
    return Pulse(*_from_to(load, seconds), phasors(grid, draw))


def _from_to(spell: Table, seconds: int) -> tuple[Second, Second]:
    return second(spell.get("from", "00:00")), second(spell["to"]) if "to" in spell else seconds
