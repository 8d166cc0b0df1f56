"""Chargers as the controller knows them, for tests of what may be drawn and what that leaves."""

from dataclasses import replace

from han_gateway.core.events import ChargerStatus
from han_gateway.core.gateway import start
from han_gateway.core.state import ChargerView, Command
from tests.core.houses import L1, charger, house, report


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
