"""An EV charger with a car on it, in software: it hears limits, follows them after a while, and reports.

It keeps the manners of a real one: below its minimum it pauses, it takes its time to follow, and when nobody has spoken to it for
as long as the last limit was valid, its own failsafe takes over. Time is virtual: every call names the instant.
This file must not know about MQTT, the house, or who decides the limits.
"""

from dataclasses import dataclass, replace
from typing import Any

from han_gateway.core.events import ChargerStatus
from han_gateway.core.units import LINES, Instant, Line, MilliAmps


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a charger and its car are. Currents in mA per line, durations in ms.

    ``car_ma`` is what the car itself can take and ``wants_wh`` when it is full; ``watts_per_amp`` (per ampere in each line) is for
    the energy counter only. A deaf box acknowledges limits and does not obey them.
    """

    name: str
    lines: frozenset[Line]
    car_ma: MilliAmps = 16_000
    minimum_ma: MilliAmps = 6_000
    failsafe_ma: MilliAmps = 6_000
    reaction_ms: int = 3_000
    wants_wh: int = 1_000_000
    watts_per_amp: int = 230
    deaf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """How a charge goes: the limit in force, the current that flows, and the energy so far.

    ``due`` is what the car is about to do, soonest first; ``silent_at`` is when the failsafe takes over unless someone speaks.
    """

    at: Instant
    limit_ma: MilliAmps
    current_ma: MilliAmps = 0
    due: tuple[tuple[Instant, MilliAmps], ...] = ()
    silent_at: Instant | None = None
    energy_uj: int = 0

    @property
    def session_wh(self) -> int:
        """Energy since the car was plugged in."""
        return self.energy_uj // 3_600_000_000


def plugged_in(box: Box, at: Instant) -> Charge:
    """A car arrives at a charger that nobody has spoken to yet: the failsafe current applies."""
    return _follow(box, Charge(at=at, limit_ma=box.failsafe_ma))


def told(box: Box, charge: Charge, at: Instant, limit_ma: MilliAmps, valid_for_ms: int) -> Charge:
    """A limit arrives."""
    charge = replace(passed(box, charge, at), limit_ma=limit_ma, silent_at=at + valid_for_ms)
    return charge if box.deaf else _follow(box, charge)


def passed(box: Box, charge: Charge, at: Instant) -> Charge:
    """Time goes on until ``at``: what was due happens, energy adds up, long silence brings the failsafe, a full car stops."""
    while (moment := _next(charge)) is not None and moment <= at:
        charge = _flowed(box, charge, moment)
        if charge.silent_at == moment:
            charge = _follow(box, replace(charge, limit_ma=box.failsafe_ma, silent_at=None))
        else:
            charge = replace(charge, current_ma=charge.due[0][1], due=charge.due[1:])
    charge = _flowed(box, charge, at)
    return replace(charge, current_ma=0) if is_full(box, charge) else charge


def is_full(box: Box, charge: Charge) -> bool:
    """Tell whether the car has what it came for."""
    return charge.session_wh >= box.wants_wh


def report(box: Box, charge: Charge) -> dict[str, Any]:
    """What the charger says of itself, as the report topic has it: amperes per line, status, limit, energy."""
    status = (
        ChargerStatus.CHARGING if charge.current_ma else ChargerStatus.FULL if is_full(box, charge) else ChargerStatus.CONNECTED
    )
    return {
        "current_a": {line.value: charge.current_ma / 1000 if line in box.lines else 0.0 for line in LINES},
        "status": status.value,
        "limit_a": charge.limit_ma / 1000,
        "session_wh": charge.session_wh,
    }


def _follow(box: Box, charge: Charge) -> Charge:
    """The car will follow the limit in force, after its reaction time."""
    wanted = min(charge.limit_ma, box.car_ma)
    target = wanted if wanted >= box.minimum_ma else 0
    return replace(charge, due=(*charge.due, (charge.at + box.reaction_ms, target)))


def _next(charge: Charge) -> Instant | None:
    """When something happens next by itself."""
    moments = [moment for moment in (charge.silent_at, charge.due[0][0] if charge.due else None) if moment is not None]
    return min(moments, default=None)


def _flowed(box: Box, charge: Charge, at: Instant) -> Charge:
    """The present current flows until ``at``: mA times W per A is mW, times ms is microjoules."""
    energy_uj = charge.current_ma * box.watts_per_amp * (at - charge.at)
    return replace(charge, at=at, energy_uj=charge.energy_uj + energy_uj)
