"""How far the meter and each charger can be trusted: two state machines as tables, and the safety policy beside them.

Pure functions of instants. A missing key is a bug, not a default. What a charger says that it obeys is judged in ``echo``. This file
must not know amperes, except the one by which a charger may miss its limit.
"""

from enum import Enum
from typing import NamedTuple

from han_gateway.core.draw import in_force
from han_gateway.core.echo import TOLERANCE_MA, allowed_ma
from han_gateway.core.effects import Cause, MeterState
from han_gateway.core.events import ChargerSaid
from han_gateway.core.site import Policy
from han_gateway.core.state import ChargerView, Conduct
from han_gateway.core.units import Instant


class Sign(Enum):
    """What is known about the meter's lists with currents at an instant."""

    HEARD = "heard"  # one came just now
    IN_TIME = "in time"  # the last is younger than stale_after_ms
    LATE = "late"  # the last is stale_after_ms old or more
    SILENT = "silent"  # the last is lost_after_ms old or more


class Basis(Enum):
    """Which limit stands while the meter is in a state."""

    FALLBACK = "fallback"
    COMPUTED = "computed"
    LAST = "last"
    SMALLER = "the smaller of last and fallback"


class Rule(NamedTuple):
    """One row of the safety policy."""

    may_lower: bool
    may_raise: bool
    limit: Basis


POLICY: dict[MeterState, Rule] = {
    MeterState.WAITING: Rule(may_lower=False, may_raise=False, limit=Basis.FALLBACK),
    MeterState.FRESH: Rule(may_lower=True, may_raise=True, limit=Basis.COMPUTED),
    MeterState.STALE: Rule(may_lower=True, may_raise=False, limit=Basis.LAST),
    MeterState.LOST: Rule(may_lower=True, may_raise=False, limit=Basis.SMALLER),
}

METER: dict[tuple[MeterState, Sign], MeterState] = {
    (MeterState.WAITING, Sign.HEARD): MeterState.FRESH,
    (MeterState.WAITING, Sign.IN_TIME): MeterState.WAITING,
    (MeterState.WAITING, Sign.LATE): MeterState.WAITING,
    (MeterState.WAITING, Sign.SILENT): MeterState.WAITING,
    (MeterState.FRESH, Sign.HEARD): MeterState.FRESH,
    (MeterState.FRESH, Sign.IN_TIME): MeterState.FRESH,
    (MeterState.FRESH, Sign.LATE): MeterState.STALE,
    (MeterState.FRESH, Sign.SILENT): MeterState.LOST,
    (MeterState.STALE, Sign.HEARD): MeterState.FRESH,
    (MeterState.STALE, Sign.IN_TIME): MeterState.STALE,
    (MeterState.STALE, Sign.LATE): MeterState.STALE,
    (MeterState.STALE, Sign.SILENT): MeterState.LOST,
    (MeterState.LOST, Sign.HEARD): MeterState.FRESH,
    (MeterState.LOST, Sign.IN_TIME): MeterState.LOST,
    (MeterState.LOST, Sign.LATE): MeterState.LOST,
    (MeterState.LOST, Sign.SILENT): MeterState.LOST,
}


STANDS: dict[MeterState, Cause] = {
    MeterState.WAITING: Cause.METER_WAITING,
    MeterState.FRESH: Cause.RAISE_PENDING,
    MeterState.STALE: Cause.METER_STALE,
    MeterState.LOST: Cause.METER_LOST,
}
"""Why a charger that could have more does not have it yet."""


class Behaviour(Enum):
    """What a charger's report, or its absence, says about it."""

    WITHIN = "within its limit"
    ABOVE = "above its limit"
    SILENT = "silent"


CHARGER: dict[tuple[Conduct, Behaviour], Conduct] = {
    (Conduct.UNKNOWN, Behaviour.WITHIN): Conduct.OBEYING,
    (Conduct.UNKNOWN, Behaviour.ABOVE): Conduct.IGNORING,
    (Conduct.UNKNOWN, Behaviour.SILENT): Conduct.UNKNOWN,
    (Conduct.OBEYING, Behaviour.WITHIN): Conduct.OBEYING,
    (Conduct.OBEYING, Behaviour.ABOVE): Conduct.IGNORING,
    (Conduct.OBEYING, Behaviour.SILENT): Conduct.GONE,
    (Conduct.IGNORING, Behaviour.WITHIN): Conduct.OBEYING,
    (Conduct.IGNORING, Behaviour.ABOVE): Conduct.IGNORING,
    (Conduct.IGNORING, Behaviour.SILENT): Conduct.GONE,
    (Conduct.GONE, Behaviour.WITHIN): Conduct.OBEYING,
    (Conduct.GONE, Behaviour.ABOVE): Conduct.IGNORING,
    (Conduct.GONE, Behaviour.SILENT): Conduct.GONE,
}


def sign(policy: Policy, heard_at: Instant | None, at: Instant) -> Sign:
    """Tell how old the last list with currents is; never having heard one is silence."""
    if heard_at is None or at - heard_at >= policy.lost_after_ms:
        return Sign.SILENT
    return Sign.LATE if at - heard_at >= policy.stale_after_ms else Sign.IN_TIME


def meter_border(policy: Policy, state: MeterState, heard_at: Instant | None) -> Instant | None:
    """The instant at which the mere passing of time will change the state of the meter, if it will."""
    if heard_at is None or state in (MeterState.WAITING, MeterState.LOST):
        return None
    return heard_at + (policy.stale_after_ms if state is MeterState.FRESH else policy.lost_after_ms)


def clock_stands(policy: Policy, before: bytes | None, since: Instant, now: bytes | None, at: Instant) -> bool:
    """True for a list whose own clock has not moved for so long that the meter must be repeating itself.

    Such a list renews nothing. The clock may stand for lost minus stale: together with the time that a meter takes to become stale,
    a frozen meter is then STALE when its clock has stood for ``lost_after_ms``.
    """
    return now is not None and now == before and at - since > policy.lost_after_ms - policy.stale_after_ms


def behaviour(view: ChargerView, report: ChargerSaid) -> Behaviour:
    """Compare the current in a report with the largest limit that the charger may still be obeying."""
    allowed = allowed_ma(view, report.at) + TOLERANCE_MA
    drawn = [report.current_ma[line.index] for line in view.lines]
    above = any(current is not None and current > allowed for current in drawn)
    return Behaviour.ABOVE if above else Behaviour.WITHIN


def stubborn(policy: Policy, view: ChargerView, at: Instant) -> bool:
    """Tell whether a lower limit may free nothing: the charger draws or claims more than it was told, or has stopped reporting.

    So it is with one whose last cut the meter has not shown in time, as long as it does not say itself that it followed.

    Its last report is enough, if it came when the last limit had had its time: not for a bad name, but to ask others for the room.
    """
    report, probe = view.report, view.belief.probe
    unseen = probe is not None and probe.late and (report is None or report.at <= probe.at)
    if unseen or view.conduct is Conduct.IGNORING or view.echo.claimed_ma > view.grant.limit_ma:
        return True
    if report is None:
        return False
    most = max(command.limit_ma for command in in_force(view, report.at)) + TOLERANCE_MA
    above = any((report.current_ma[line.index] or 0) >= most for line in view.lines)
    return above or at - report.at >= policy.report_fresh_ms


def charger_border(policy: Policy, view: ChargerView) -> Instant | None:
    """The instant at which a charger that used to report counts as gone, if it ever reported."""
    if view.report is None or view.conduct is Conduct.GONE:
        return None
    return view.report.at + policy.lost_after_ms
