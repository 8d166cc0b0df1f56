"""What the metrics say of one charger: what it was told and why, what it says, and what we think of it.

It must not know where the figures come from, nor what a limit is good for.
"""

from collections.abc import Iterator

from han_gateway.adapters.figures import ChargerFigures
from han_gateway.adapters.samples import Sample, of_commands, phases
from han_gateway.core.effects import ChargerState
from han_gateway.core.units import LINES, Instant, thousandths

TROUBLE = ("ignoring", "gone", "disputed", "shared")


def of_charger(name: str, figures: ChargerFigures, now: Instant | None, silent_after_ms: int) -> Iterator[Sample]:
    """All samples of a charger but for instants, which are the clock's business. One that was silent for ``silent_after_ms`` is not up."""
    said, shown = figures.said, figures.shown
    yield from _of_limit(name, figures)
    if said is not None:
        yield "han_charger_reported_limit_amperes", (name,), thousandths(said.limit_ma)
        yield from phases("han_charger_current_amperes", name, said.current_ma, 1000)
    yield "han_charger_waiting", (name,), None if shown is None else shown.state is ChargerState.WAITING
    yield "han_charger_up", (name,), said is not None and (now or said.at) - said.at <= silent_after_ms
    for kind in TROUBLE:
        yield "han_charger_trouble", (name, kind), None if shown is None else kind in (shown.conduct, shown.accord)
    yield "han_charger_foreign_limits_total", (name,), figures.foreign
    yield from of_commands(name, figures)
    yield "han_charger_commands_total", (name, "issued"), figures.issued
    yield "han_charger_commands_total", (name, "confirmed"), figures.confirmed


def _of_limit(name: str, figures: ChargerFigures) -> Iterator[Sample]:
    told = figures.told
    if told is not None:
        limits = [told.grant.limit_ma if line in told.lines else None for line in LINES]
        yield from phases("han_charger_limit_amperes", name, limits, 1000)
        yield "han_charger_limit_cause", (name, told.grant.reason.cause.name.lower()), 1
    yield "han_charger_limit_changes_total", (name, "raised"), figures.raised
    yield "han_charger_limit_changes_total", (name, "lowered"), figures.lowered
