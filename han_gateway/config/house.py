"""From the tables of the configuration to the records of the core: what an electrician wrote, in integers and sets of lines.

This file must not know files, nor judge whether a figure makes sense.
"""

from han_gateway.config.charger import ChargerSettings
from han_gateway.config.settings import PolicySettings
from han_gateway.core.site import Charger, Grid, Policy, Site, modes_of
from han_gateway.core.units import Line
from han_gateway.devices.link import Link


def charger_of(settings: ChargerSettings, grid: Grid) -> Charger:
    """A charger in a house on this net."""
    order = tuple(Line(phase) for phase in settings.phases)
    return Charger(
        name=settings.name,
        lines=frozenset(order),
        minimum_ma=milli(settings.min_a),
        maximum_ma=milli(settings.max_a),
        step_ma=milli(settings.step_a),
        fallback_ma=milli(settings.fallback),
        response_ms=settings.response_ms,
        priority=settings.priority,
        weight=settings.weight,
        has_failsafe=settings.has_failsafe,
        failsafe_ma=settings.failsafe_ma,
        order=order,
        counts_own=settings.report_phases == "charger" or settings.device is not None,
        modes=modes_of(settings.switches_to, order, grid),
        restarts=settings.restarts,
    )


def link_of(settings: ChargerSettings, site: Site, prefix: str) -> Link | None:
    """How this charger of this house is spoken to; None for one that knows our own topics."""
    make = settings.make
    if make is None:
        return None
    return Link(
        charger=next(charger for charger in site.chargers if charger.name == settings.name),
        device=make,
        base=f"{prefix}/{site.name}/chargers/{settings.name}",
        identity=settings.device_id or "",
        three_wire=site.grid.three_wire,
        guarded=settings.last_will and not settings.has_failsafe,
    )


def policy_of(policy: PolicySettings) -> Policy:
    """The safety policy."""
    return Policy(
        list_period_ms=milli(policy.list_period_s),
        stale_after_ms=milli(policy.stale_s),
        lost_after_ms=milli(policy.lost_after_s),
        raise_window_ms=milli(policy.raise_window_s),
        longest_window_ms=milli(policy.longest_window_s),
        raise_deadband_ma=milli(policy.raise_deadband_a),
        report_fresh_ms=milli(policy.report_fresh_s),
        foresee_above_percent=policy.foresee_above_percent,
        hold_minimum=policy.hold_minimum,
        estimate_margin_ma=milli(policy.estimate_margin_a),
        valid_for_ms=milli(policy.valid_for_s),
        republish_ms=milli(policy.republish_s),
    )


def milli(value: float) -> int:
    """Thousandths."""
    return round(value * 1000)
