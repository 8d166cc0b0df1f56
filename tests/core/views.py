"""Chargers as the controller knows them, for tests of what may be drawn and what that leaves."""

from dataclasses import replace

from han_gateway.core.events import ChargerStatus
from han_gateway.core.gateway import start
from han_gateway.core.seen.answers import Belief
from han_gateway.core.state import ChargerView, Command
from han_gateway.core.units import Instant, Line
from tests.core.houses import ALL, L1, charger, house, report

NOW = 1_000_000


def view(*commands: tuple[int, int], raised_at: int = -100_000, lines: tuple[object, ...] = (L1,)) -> ChargerView:
    """A charger (6 s to respond) that was told these limits (seconds, amperes) in turn."""
    fresh = start(house(charger("a", lines)), 0).chargers[0]  # type: ignore[arg-type]
    told = tuple(Command(at * 1000, amps * 1000) for at, amps in commands)
    return fresh._replace(commands=told, grant=replace(fresh.grant, limit_ma=told[-1].limit_ma), raised_at=raised_at)


def says(seen: ChargerView, at: int, amps: float | None, status: ChargerStatus | None = None) -> ChargerView:
    """The same charger after a report."""
    return seen._replace(report=report(at * 1000, "a", amps, [L1], status=status))


def claims(seen: ChargerView, amps: float) -> ChargerView:
    """The same charger, which may obey so much although we did not tell it."""
    return seen._replace(echo=seen.echo._replace(echo_ma=round(amps * 1000)))


def silent(
    amps: float, lines: frozenset[Line] = ALL, answers: int = 0, drawn: float | None = None, since: Instant = 0
) -> ChargerView:
    """A charger at this limit since long ago, or since then, that never reported, and was seen to draw as much if it was seen at all."""
    view = start(house(charger("a", lines)), 0).chargers[0]
    limit = round(amps * 1000)
    believed = Belief(answers=answers, drawn_ma=round(1000 * (drawn or amps)) if answers else 0)
    return view._replace(grant=replace(view.grant, limit_ma=limit), commands=(Command(since, limit),), belief=believed)
