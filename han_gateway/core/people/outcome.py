"""Whether a command has worked, as the charger itself shows it: one state machine as a table, and what the signs are.

A restart shows by an uptime that falls, or by reports that stop for longer than they use to and come again. A pause shows by a current
that ends. Who says nothing of itself cannot be seen to do anything, and nothing is claimed of it. What only changes our own mind (``resume``,
``boost``) is done when it is said, or when the rest after a pause is over. Pure functions; a missing key is a bug. This file must not choose
limits nor send anything.
"""

from enum import Enum

from han_gateway.core.draw import NOT_DRAWING
from han_gateway.core.echo import TOLERANCE_MA, allowed_ma
from han_gateway.core.effects import ShowOutcome, Stage
from han_gateway.core.events import Ask, ChargerSaid, ChargerStatus
from han_gateway.core.people.wish import Request
from han_gateway.core.state import ChargerView
from han_gateway.core.units import NEVER, Instant
from han_gateway.core.usage import FLOWS_MA

TIME_MS = {Ask.RESTART: 180_000, Ask.PAUSE: 90_000}
"""How long each command is watched: chargers boot within two minutes, and some report every 30 s."""
SHORTEST_AWAY_MS = 5_000
LONGEST_AWAY_MS = 60_000
"""Silence that is more than a lost report, at least; and where nobody knows yet how often the charger reports."""
GAPS, FEW_GAPS = 8, 3
"""So many pauses between reports are remembered, and so many must be known."""
BURST_MS = 500
"""Reports closer than this are one."""


class Sign(Enum):
    """What a report, or its absence, says about a command."""

    PROOF = "it shows what was asked"
    STILL = "it reports, and does not show it"
    SILENT = "silent for longer than it uses to be"
    OVERDUE = "the time is up"
    BLIND = "the broker is lost, and its silence with it"


OPEN = (Stage.ACCEPTED, Stage.HEARD, Stage.AWAY, Stage.ABSENT)

LIFE: dict[tuple[Stage, Sign], Stage] = {
    (Stage.ACCEPTED, Sign.PROOF): Stage.DONE,
    (Stage.ACCEPTED, Sign.STILL): Stage.HEARD,
    (Stage.ACCEPTED, Sign.SILENT): Stage.AWAY,
    (Stage.ACCEPTED, Sign.OVERDUE): Stage.UNCONFIRMED,
    (Stage.ACCEPTED, Sign.BLIND): Stage.UNCONFIRMED,
    (Stage.HEARD, Sign.PROOF): Stage.DONE,
    (Stage.HEARD, Sign.STILL): Stage.HEARD,
    (Stage.HEARD, Sign.SILENT): Stage.AWAY,
    (Stage.HEARD, Sign.OVERDUE): Stage.FAILED,
    (Stage.HEARD, Sign.BLIND): Stage.UNCONFIRMED,
    (Stage.AWAY, Sign.PROOF): Stage.DONE,
    (Stage.AWAY, Sign.STILL): Stage.DONE,
    (Stage.AWAY, Sign.SILENT): Stage.AWAY,
    (Stage.AWAY, Sign.OVERDUE): Stage.FAILED,
    (Stage.AWAY, Sign.BLIND): Stage.UNCONFIRMED,
    (Stage.ABSENT, Sign.PROOF): Stage.DONE,
    (Stage.ABSENT, Sign.STILL): Stage.DONE,
    (Stage.ABSENT, Sign.SILENT): Stage.ABSENT,
    (Stage.ABSENT, Sign.OVERDUE): Stage.UNCONFIRMED,
    (Stage.ABSENT, Sign.BLIND): Stage.ABSENT,
}

_WORDS: dict[tuple[Ask, Stage], str] = {
    (Ask.RESTART, Stage.ACCEPTED): "told to restart",
    (Ask.RESTART, Stage.AWAY): "went silent",
    (Ask.RESTART, Stage.DONE): "back after {took} s",
    (Ask.PAUSE, Stage.ACCEPTED): "told to draw nothing",
    (Ask.PAUSE, Stage.DONE): "draws nothing",
    (Ask.PAUSE, Stage.FAILED): "still draws after {took} s",
    (Ask.PAUSE, Stage.UNCONFIRMED): "sent; the charger does not say what it draws",
    (Ask.RESUME, Stage.DONE): "its limit follows the room again",
    (Ask.BOOST, Stage.DONE): "first in line",
}
_NO_RESTART = {
    Stage.HEARD: "never seen to go away: it did not restart, or too fast to be seen",
    Stage.AWAY: "did not come back within {took} s",
    Stage.ACCEPTED: "sent; it reports too seldom for a restart to be seen",
    Stage.ABSENT: "sent; the charger says nothing of itself",
}
"""Why a restart was not seen, by where it stood when the time was up."""


def words(ask: Ask, before: Stage, now: Stage, took_ms: int, sign: Sign | None = None) -> str:
    """Why a command stands where it stands, for people; ``before`` is where it stood, ``sign`` what moved it."""
    if sign is Sign.BLIND:
        return "sent; the broker was lost before anything was seen"
    unseen = ask is Ask.RESTART and now in (Stage.FAILED, Stage.UNCONFIRMED)
    text = _NO_RESTART[before] if unseen else _WORDS[ask, now]
    return text.format(took=(took_ms + 500) // 1000)


def said(view: ChargerView, request: Request, stage: Stage, at: Instant, why: str | None = None) -> ShowOutcome:
    """What is told of a command; ``why`` in other words than the usual ones."""
    took_ms = at - request.at
    reason = why or words(request.ask, request.stage, stage, took_ms)
    return ShowOutcome(
        charger=view.charger.name, ask=request.ask, stage=stage, reason=reason, id=request.id, took_ms=took_ms or None
    )


def waits(seconds: int) -> str:
    """Why a charger does not go on at once, for people."""
    return f"will start in {seconds} s, if there is room then: its contactor rests"


def sign_of(view: ChargerView, request: Request, report: ChargerSaid) -> Sign | None:
    """What a report says about a command; None where nothing. ``view`` is as it was before the report."""
    if request.ask not in TIME_MS:
        return None
    if request.ask is Ask.RESTART:
        young = None not in (report.uptime_s, view.asks.uptime_s) and (report.uptime_s or 0) < (view.asks.uptime_s or 0)
        if young:
            return Sign.PROOF
        telling = request.stage in (Stage.AWAY, Stage.ABSENT) or away_ms(view) < TIME_MS[Ask.RESTART]
        return Sign.STILL if telling else None
    drawn = [current for line in view.charger.lines if (current := report.current_ma[line.index]) is not None]
    if drawn:
        return Sign.STILL if max(drawn) >= FLOWS_MA else Sign.PROOF
    if report.status in NOT_DRAWING or report.limit_ma == 0:
        return Sign.PROOF
    return None if report.status is None else Sign.STILL


def sign_at(view: ChargerView, request: Request, at: Instant) -> Sign | None:
    """What the passing of time says about a command."""
    if request.ask not in TIME_MS:
        return None
    if at >= request.at + TIME_MS[request.ask]:
        return Sign.OVERDUE
    return Sign.SILENT if at >= _silence(view, request) else None


def border(view: ChargerView) -> Instant | None:
    """The instant at which the mere passing of time will tell something of what was asked, if it will."""
    asks = view.asks
    ends = [] if asks.wish is None or asks.wish.until is None else [asks.wish.until]
    ends += [] if asks.rests_until is None else [asks.rests_until]
    ends += [min(request.at + TIME_MS[request.ask], _silence(view, request)) for request in asks.open if request.ask in TIME_MS]
    return min(ends, default=None)


def first_stage(view: ChargerView, ask: Ask, at: Instant) -> Stage:
    """Where a command begins: a charger that is silent already cannot be seen to go away, only to come back."""
    if ask is not Ask.RESTART:
        return Stage.ACCEPTED
    if view.report is None:
        return Stage.ABSENT
    return Stage.AWAY if at >= view.report.at + away_ms(view) else Stage.ACCEPTED


def away_ms(view: ChargerView) -> int:
    """How long a charger must be silent to be away: twice as long as it was lately, and some seconds."""
    gaps = view.asks.gaps_ms
    return 2 * max(gaps) + SHORTEST_AWAY_MS if len(gaps) >= FEW_GAPS else LONGEST_AWAY_MS


def habit(view: ChargerView, report: ChargerSaid) -> tuple[int, ...]:
    """The last pauses between its reports, with the one that this report ends."""
    gap = 0 if view.report is None else report.at - view.report.at
    return view.asks.gaps_ms if gap <= BURST_MS else (*view.asks.gaps_ms, gap)[-GAPS:]


def reborn(view: ChargerView, report: ChargerSaid) -> ChargerView:
    """What is kept free for a charger that was restarted, until it names its limit, or has had the time to follow it."""
    if not view.echo.reborn_ma or any(request.ask is Ask.RESTART for request in view.asks.open):
        return view
    back_at = report.at if view.asks.back_at is None else view.asks.back_at
    if report.limit_ma is None or report.status is ChargerStatus.IDLE:  # without a car it may name what it likes
        follows = report.at - back_at >= 2 * view.response_ms
    else:
        follows = report.limit_ma <= max(allowed_ma(view, report.at), view.charger.minimum_ma) + TOLERANCE_MA
    echo = view.echo._replace(reborn_ma=0) if follows else view.echo
    return view._replace(echo=echo, asks=view.asks._replace(back_at=back_at))


def _silence(view: ChargerView, request: Request) -> Instant:
    """When a charger that is told to restart will have been silent for too long; never where that is nothing new."""
    watched = request.ask is Ask.RESTART and request.stage in (Stage.ACCEPTED, Stage.HEARD) and view.report is not None
    return view.report.at + away_ms(view) if watched and view.report else NEVER
