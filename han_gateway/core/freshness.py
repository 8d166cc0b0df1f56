"""Whether a list tells of now: meters, adapters and bridges repeat lists, hold them back, and send them out of order.

A list that is doubted may lower a limit, renews nothing and raises nothing. The meter's clock decides where a list has one; it may be
wrong by any amount and may be set, as only its course counts. Where there is none, what was measured has to change, for a meter whose
lists used to. Limits do not wait for the hourly list: when it stays away that is only said. This file must not know amperes.
"""

from datetime import datetime, timedelta

from dlms.cosem import wall_clock
from han_gateway.core.course import Course
from han_gateway.core.effects import Doubt, MeterState, Note
from han_gateway.core.people import notes
from han_gateway.core.site import Policy
from han_gateway.core.state import State
from han_gateway.core.supervision import clock_stands
from han_gateway.core.times import QUIET_MS
from han_gateway.core.units import Instant
from han_gateway.meters.reading import Reading

LIVELY = 60
"""So many lists in a row, each different from the one before it, show that a meter does not repeat itself: ten minutes of them. In 5,400 lists of three
real meters no two in a row were the same."""
HOURLY_MS = 7_200_000
"""When the hourly list has not come for so long, one was lost and the next one as well."""

_HOUR_MS = 3_600_000
_TICK_MS = 1_000  # such clocks show whole seconds
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  a meter's clock has no zone, and only differences count
_MILLISECOND = timedelta(milliseconds=1)
_MEASURED = Reading._fields.index("clock") + 1  # what stands behind the clock is measured


def judge(policy: Policy, state: State, reading: Reading, at: Instant) -> tuple[State, Doubt | None, tuple[Note, ...]]:
    """Compare a list with those before it: why it is doubted, if it is, and what people should know."""
    course = _hourly(_sameness(state.course, reading, at), state.meter, reading, at)
    doubt = _doubt(policy, state._replace(course=course), reading, at)
    course = course._replace(set_back=_set_back(course, reading, doubt, at))
    told: list[Note] = []
    same_ms, waited_ms = at - course.same_since, at - (at if course.hourly_at is None else course.hourly_at)
    if course.changes is not None and same_ms >= QUIET_MS and not course.same_told:
        told.append(notes.same_list(same_ms))
        course = course._replace(same_told=True)
    if course.hourly and waited_ms >= HOURLY_MS and not course.hourly_told:
        told.append(notes.no_hourly(waited_ms))
        course = course._replace(hourly_told=True)
    state = state._replace(course=course, doubt=doubt if reading.has_currents else state.doubt)
    if reading.clock is not None and reading.clock != state.clock and doubt is not Doubt.LATE:
        state = state._replace(clock=reading.clock, clock_at=at)
    return state, doubt, tuple(told)


def _doubt(policy: Policy, state: State, reading: Reading, at: Instant) -> Doubt | None:
    if reading.clock is None:
        course = state.course
        alive = course.changes is None or course.changes < LIVELY or at - course.same_since < QUIET_MS
        return Doubt.REPEATED if reading.has_currents and not alive else None
    if clock_stands(policy, state.clock, state.clock_at, reading.clock, at):
        return Doubt.CLOCK_STANDS
    return Doubt.LATE if _late(policy, state, reading.clock, at) else None


def _late(policy: Policy, state: State, clock: bytes, at: Instant) -> bool:
    """Tell whether a list is older than one that came before it, or was held back for longer than a fresh list may be old.

    A clock that goes back by whole hours and runs on was changed to another time, and one that was set back runs on from there: after a
    tenth of ``stale_after_ms`` it is believed. A buffer that is sent again comes at once.
    """
    shown, newest = _ms(clock), None if state.clock is None else _ms(state.clock)
    if shown is None or newest is None or shown == newest:
        return False
    progress = shown - newest
    lag = at - state.clock_at - progress
    hours = (lag + _HOUR_MS // 2) // _HOUR_MS
    if hours > 0 and abs(lag - hours * _HOUR_MS) <= policy.stale_after_ms // 5 + _TICK_MS:
        return False
    if progress > 0 and lag <= policy.stale_after_ms + _TICK_MS:
        return False
    since, then = state.course.set_back or (at, shown)
    return shown <= then or at - since < policy.stale_after_ms // 10


def _set_back(course: Course, reading: Reading, doubt: Doubt | None, at: Instant) -> tuple[Instant, int] | None:
    """Where a clock that may have been set back went on from."""
    shown = None if reading.clock is None else _ms(reading.clock)
    if shown is None:
        return course.set_back
    if doubt is not Doubt.LATE:
        return None
    return course.set_back if course.set_back and shown > course.set_back[1] else (at, shown)


def _sameness(course: Course, reading: Reading, at: Instant) -> Course:
    """Count the changes from list to list; only those with currents and a voltage, which always moves, and without a clock, need them."""
    if reading.clock is not None or not reading.has_currents:
        return course
    if not any(reading.voltage_mv):
        return course._replace(measured=(), changes=None)
    measured = reading[_MEASURED:]
    if measured == course.measured:
        return course if (course.changes or 0) >= LIVELY else course._replace(changes=0)
    changes = 0 if course.changes is None else min(course.changes + 1, LIVELY)
    return course._replace(measured=measured, changes=changes, same_since=at, same_told=False)


def _hourly(course: Course, meter: MeterState, reading: Reading, at: Instant) -> Course:
    """Wait for the hourly list: of a meter that sends it, from its last one or from when the meter was heard again.

    A rule for the clock of its maker's lists means that such a list was captured.
    """
    if reading.list == 3:
        return course._replace(hourly=True, hourly_at=at, hourly_told=False)
    anew = course.hourly_at is None or meter in (MeterState.WAITING, MeterState.LOST)
    hourly = course.hourly or reading.clock_rule is not None
    return course._replace(hourly=hourly, hourly_at=at if anew else course.hourly_at)


def _ms(clock: bytes) -> int | None:
    shown = wall_clock(clock)
    return None if shown is None else (shown - _EPOCH) // _MILLISECOND
