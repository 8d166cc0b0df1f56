"""What a charger may be drawing at an instant: never one figure, always a span.

* It obeys some command that was in force during the last ``response_ms``. After a decrease it may still draw the old limit, after
  an increase it may still draw only the old one.
* A fresh report narrows the span. Current above the limit is never credited to the charger: it counts as house, so that a charger
  which ignores its limit is paid for by nobody's fuse.
* Without a report it may draw nothing at all (no car, a full car) or everything it was offered; the meter itself tells in time
  whether it follows (``belief``).
* What it may obey without our having told it (``echo``) is a *claim*, beyond all that.

This file must not know the house, nor what is made of a span: of its ends one is the safe one for cuts, the other for raises (``headroom``).
"""

from typing import NamedTuple

from han_gateway.core.events import ChargerStatus
from han_gateway.core.seen.belief import believed_ma
from han_gateway.core.seen.lateness import SAME_MOMENT_MS
from han_gateway.core.state import ChargerView, Command
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

NOT_DRAWING = frozenset({ChargerStatus.IDLE, ChargerStatus.CONNECTED, ChargerStatus.FULL})
"""What a charger says when no current flows, even if it has no meter of its own to prove it."""


class Span(NamedTuple):
    """The least and the most a charger may be drawing on a line, in mA."""

    low: MilliAmps
    high: MilliAmps


def settled(view: ChargerView, at: Instant) -> bool:
    """True once the last change of the limit has had time to act."""
    return at - view.commands[-1].at >= view.response_ms


def in_force(view: ChargerView, at: Instant, within_ms: int | None = None) -> tuple[Command, ...]:
    """The commands that the charger may be obeying at this instant, oldest first: all of its last ``response_ms``, or of so long."""
    since = at - (view.response_ms if within_ms is None else within_ms)
    first = 0
    for place, command in enumerate(view.commands):
        if command.at <= since:
            first = place
    return view.commands[first:]


def reported(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps | None:
    """What the charger itself says it draws on this line, or None when it did not say, or too long ago.

    Many chargers report every 30 s, so a report counts for a little longer (``report_fresh_ms``). That is longer than the raise window: a
    car that has stopped since its last report may lend its amperes to a raise, and the next list after it resumes takes them back.
    """
    report = view.report
    if report is None or at - report.at >= fresh_ms:
        return None
    current = report.current_ma[line.index]
    if current is None and report.status in NOT_DRAWING:
        return 0
    return current


def claims_ma(chargers: tuple[ChargerView, ...], at: Instant, fresh_ms: int) -> PerLine[MilliAmps]:
    """What all chargers together may take on each line beyond their limits, and are not seen to take yet."""
    claimers = [view for view in chargers if view.echo.claimed_ma]
    return PerLine(*(sum(claimed_ma(view, line, at, fresh_ms) for view in claimers) for line in LINES))


def claimed_ma(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps:
    """What it may take on this line beyond its limits in force, and is not seen to take yet: the meter shows what it takes."""
    if line not in view.lines or not view.echo.claimed_ma:
        return 0
    return max(0, view.echo.claimed_ma - max(_range(view, at)[1], reported(view, line, at, fresh_ms) or 0))


def beyond_ma(view: ChargerView, line: Line, at: Instant, fresh_ms: int) -> MilliAmps:
    """What it says that it draws on this line, or claims, beyond its limit."""
    if line not in view.lines:
        return 0
    return max(0, view.echo.claimed_ma - view.grant.limit_ma, (reported(view, line, at, fresh_ms) or 0) - view.grant.limit_ma)


def spans(view: ChargerView, at: Instant, fresh_ms: int) -> dict[Line, Span]:
    """The least and the most that this charger may be drawing on each of its own lines."""
    limits = _range(view, at)
    return {line: _span(view, at, reported(view, line, at, fresh_ms), *limits) for line in view.lines}


def _least_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """The least that a charger draws that does not say so: what was seen, and no more than its limits of late: it may not be back up yet."""
    return min(believed_ma(view), *(command.limit_ma for command in in_force(view, at, max(view.response_ms, SHOWN_MS))))


def _span(view: ChargerView, at: Instant, drawn: MilliAmps | None, lowest: MilliAmps, highest: MilliAmps) -> Span:
    """On one line, given what was reported there and the range of the limits in force."""
    if drawn is None or view.report is None:
        believed = believed_ma(view)
        changing = lowest != highest
        return Span(_least_ma(view, at), highest if changing or not believed else min(believed, highest))
    # A report from before a raise could act says nothing about how much is drawn by now, nor one that comes no later than others were late.
    age = view.report.at - view.raised_at
    outdated = age < view.response_ms or age <= view.belief.told_ms
    # And one from before the meter showed a start does not know of that.
    shown = view.belief.drawn_ma if view.report.at + SAME_MOMENT_MS < view.belief.began_at else 0
    return Span(min(drawn, lowest), highest if outdated else min(max(drawn, shown), highest))


def _range(view: ChargerView, at: Instant) -> tuple[MilliAmps, MilliAmps]:
    """The smallest and the largest limit in force."""
    limits = [command.limit_ma for command in in_force(view, at)]
    return min(limits), max(limits)
