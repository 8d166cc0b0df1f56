"""What a charger says that it obeys, beside what we told it; and who else tells it.

An echo above the command: the charger is told again, at once and then less and less often, until the ordinary repetition takes over;
people are told when it still names more long after. An echo below is the charger's own business (a smaller maximum, its temperature) and
changes nothing, as does one by less than an ampere, its minimum during a pause, and whatever it says without a car. An echo that turns
twice to what nobody here has ever told it, or a limit that somebody else publishes on our topic, is a second controller: it is named, and
never shouted down. Whatever a charger may obey beyond its limit is claimed, and ``headroom`` reserves it for as long.

A charger that used to report and went silent may not hear us either: it claims its failsafe, or what it was told last.
This file must not know how room is shared out, nor what a report says about currents (``supervision`` does).
"""

from enum import Enum

from han_gateway.core.accord import Accord, Echo
from han_gateway.core.allocation import highest_ma
from han_gateway.core.draw import in_force
from han_gateway.core.effects import Effect
from han_gateway.core.events import ChargerSaid, ChargerStatus, Overheard
from han_gateway.core.people import notes
from han_gateway.core.site import Policy
from han_gateway.core.state import ChargerView
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS
from han_gateway.core.units import NEVER, Instant, MilliAmps

TOLERANCE_MA: MilliAmps = 1_000
"""How far a charger may miss its limit: cars regulate to about half an ampere, chargers report in whole ones, up or down."""
AGAIN_MS = (0, 2_000, 4_000, 8_000)
"""How long after the last message a charger that names more is told again, each time; then as often as everybody."""
SIGNS = 2
"""So many echoes that nobody here has told mean somebody else."""
PAST = 4
"""So many of our own limits a slow charger may still be naming."""


class Verdict(Enum):
    """What an echo, somebody else's message or the passing of time says."""

    NOTHING = "nothing"
    FOLLOWS = "its limit, or less"
    ABOVE = "more than its limit"
    ANOTHER = "somebody else"
    CALM = "nobody else for long"


ACCORD: dict[tuple[Accord, Verdict], Accord] = {
    (Accord.AGREES, Verdict.NOTHING): Accord.AGREES,
    (Accord.AGREES, Verdict.FOLLOWS): Accord.AGREES,
    (Accord.AGREES, Verdict.ABOVE): Accord.DOUBTED,
    (Accord.AGREES, Verdict.ANOTHER): Accord.SHARED,
    (Accord.AGREES, Verdict.CALM): Accord.AGREES,
    (Accord.DOUBTED, Verdict.NOTHING): Accord.DOUBTED,
    (Accord.DOUBTED, Verdict.FOLLOWS): Accord.AGREES,
    (Accord.DOUBTED, Verdict.ABOVE): Accord.DISPUTED,
    (Accord.DOUBTED, Verdict.ANOTHER): Accord.SHARED,
    (Accord.DOUBTED, Verdict.CALM): Accord.DOUBTED,
    (Accord.DISPUTED, Verdict.NOTHING): Accord.DISPUTED,
    (Accord.DISPUTED, Verdict.FOLLOWS): Accord.AGREES,
    (Accord.DISPUTED, Verdict.ABOVE): Accord.DISPUTED,
    (Accord.DISPUTED, Verdict.ANOTHER): Accord.SHARED,
    (Accord.DISPUTED, Verdict.CALM): Accord.DISPUTED,
    (Accord.SHARED, Verdict.NOTHING): Accord.SHARED,
    (Accord.SHARED, Verdict.FOLLOWS): Accord.SHARED,
    (Accord.SHARED, Verdict.ABOVE): Accord.SHARED,
    (Accord.SHARED, Verdict.ANOTHER): Accord.SHARED,
    (Accord.SHARED, Verdict.CALM): Accord.AGREES,
}


def echoed(policy: Policy, view: ChargerView, report: ChargerSaid) -> tuple[ChargerView, tuple[Effect, ...]]:
    """Compare what a report names with what was told. ``view`` is as it was before the report."""
    at = report.at
    view, effects = passed(policy, view, at)
    echo = view.echo._replace(alone_ma=0, unanswered_ma=max(command.limit_ma for command in in_force(view, at)))
    if report.status is ChargerStatus.IDLE:  # without a car it may name what it likes: some forget their limit with every car
        return view._replace(echo=echo._replace(echo_ma=0)), effects
    said = report.limit_ma
    if said is None:
        return view._replace(echo=echo), effects
    above = said > max(allowed_ma(view, at), view.charger.minimum_ma) + TOLERANCE_MA
    strange = _strange(view, said, above=above)
    echo = _wrong(echo, at) if above else echo
    echo = echo._replace(echo_ma=said if above else 0, others_at=_signs(echo, at) if strange else echo.others_at)
    verdict = _verdict(view, at, above=above, another=strange and len(echo.others_at) >= SIGNS)
    view, more = _judged(view._replace(echo=echo), verdict, at, said)
    return view, (*effects, *more)


def overheard(view: ChargerView, event: Overheard) -> tuple[ChargerView, tuple[Effect, ...]]:
    """Somebody else told this charger a limit. It may obey that one until it has had time to hear ours again."""
    at, told = event.at, highest_ma(view.charger) if event.limit_ma is None else event.limit_ma
    echo = view.echo._replace(others_at=_signs(view.echo, at))
    if told > view.grant.limit_ma:
        echo = _wrong(echo, at)._replace(other_ma=max(echo.other_ma, told))
    return _judged(view._replace(echo=echo), Verdict.ANOTHER, at, event.limit_ma)


def silent(view: ChargerView) -> ChargerView:
    """It has stopped reporting: whether it hears us, nobody knows. It may still obey any limit since its last report, or its failsafe."""
    return view._replace(echo=view.echo._replace(alone_ma=max(failsafe_ma(view), view.echo.unanswered_ma)))


def told(echo: Echo, limit_ma: MilliAmps) -> Echo:
    """Another limit is on its way; one that does not report may be the only one who knows whether it arrives."""
    return echo._replace(
        told_ma=(*echo.told_ma, limit_ma)[-PAST:],
        unanswered_ma=max(echo.unanswered_ma, limit_ma),
        alone_ma=max(echo.alone_ma, limit_ma) if echo.alone_ma else 0,
    )


def wrong(echo: Echo) -> bool:
    """Tell whether the charger must hear its limit again sooner than usual."""
    return bool(echo.echo_ma or echo.other_ma)


def again_ms(policy: Policy, echo: Echo) -> int:
    """How long after the last message a limit is published again."""
    hurried = wrong(echo) and echo.tries < len(AGAIN_MS)
    return min(AGAIN_MS[echo.tries], policy.republish_ms) if hurried else policy.republish_ms


def echo_border(policy: Policy, view: ChargerView) -> Instant:
    """The instant at which the mere passing of time will change what it may obey, or what is thought of that."""
    return min(_borders(policy, view))


def passed(policy: Policy, view: ChargerView, at: Instant) -> tuple[ChargerView, tuple[Effect, ...]]:
    """Let time go on."""
    ours_again, expired, calm = _borders(policy, view)
    if at < min(ours_again, expired, calm):
        return view, ()
    echo = view.echo._replace(
        other_ma=0 if at >= ours_again else view.echo.other_ma,
        alone_ma=failsafe_ma(view) if at >= expired else view.echo.alone_ma,
    )
    return _judged(view._replace(echo=echo), Verdict.CALM if at >= calm else Verdict.NOTHING, at, None)


def allowed_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """The largest limit that a charger may still be obeying; it gets twice its response time, or what it was seen to need.

    Within reason: one that hears nothing for a while looks slow, too.
    """
    slowest = max(2 * view.charger.response_ms, min(view.response_ms, SHOWN_MS))
    return max(*(command.limit_ma for command in in_force(view, at, slowest)), view.grant.limit_ma)


def _borders(policy: Policy, view: ChargerView) -> tuple[Instant, Instant, Instant]:
    """When ours has been heard again after somebody else's, its last limit has expired unheard, and nobody else was seen for long."""
    echo, charger = view.echo, view.charger
    other_at = echo.others_at[-1] if echo.others_at else NEVER
    heard_at = NEVER if view.report is None else view.report.at
    alone = charger.has_failsafe and echo.alone_ma > failsafe_ma(view)
    return (
        other_at + policy.republish_ms + 2 * charger.response_ms if echo.other_ma else NEVER,
        heard_at + policy.lost_after_ms + policy.valid_for_ms if alone else NEVER,
        other_at + QUIET_MS if echo.accord is Accord.SHARED else NEVER,
    )


def _verdict(view: ChargerView, at: Instant, *, above: bool, another: bool) -> Verdict:
    """In a word. A charger that was told again has its time to follow."""
    if another:
        return Verdict.ANOTHER
    if not above:
        return Verdict.FOLLOWS
    young = view.echo.accord is Accord.DOUBTED and at - view.echo.since < 2 * view.charger.response_ms
    return Verdict.NOTHING if young else Verdict.ABOVE


def _strange(view: ChargerView, said: MilliAmps, *, above: bool) -> bool:
    """Tell whether an echo has turned to what we never told, while our own limit stands and was followed, or not enough."""
    before = None if view.report is None else view.report.limit_ma
    if before is None or abs(said - before) < TOLERANCE_MA:
        return False
    ours = (view.grant.limit_ma, *view.echo.told_ma, failsafe_ma(view), view.charger.minimum_ma, 0)
    followed = abs(before - view.grant.limit_ma) <= TOLERANCE_MA
    return (above or followed) and all(abs(said - limit) > TOLERANCE_MA for limit in ours)


def failsafe_ma(view: ChargerView) -> MilliAmps:
    """What it takes by itself when it hears nothing; nothing else than its last limit where it has no failsafe."""
    charger = view.charger
    if not charger.has_failsafe:
        return 0
    return charger.minimum_ma if charger.failsafe_ma is None else charger.failsafe_ma


def _signs(echo: Echo, at: Instant) -> tuple[Instant, ...]:
    """The signs of somebody else that still count, and one more."""
    return (*(sign for sign in echo.others_at if at - sign < QUIET_MS), at)[-SIGNS:]


def _wrong(echo: Echo, at: Instant) -> Echo:
    """It has to be told again. After a rest it is worth hurrying once more."""
    return echo._replace(wrong_at=at, tries=0 if at - echo.wrong_at >= SETTLED_MS else echo.tries)


def _judged(view: ChargerView, verdict: Verdict, at: Instant, said: MilliAmps | None) -> tuple[ChargerView, tuple[Effect, ...]]:
    """A new accord is news when it is a bad one that was not told lately, or the end of one that was told."""
    echo, accord = view.echo, ACCORD[view.echo.accord, verdict]
    if accord is echo.accord:
        return view, ()
    warned, warned_at = echo.warned
    changed = echo._replace(accord=accord, since=at)
    if accord is Accord.AGREES:
        news = (notes.agrees(view.charger.name),) if echo.warned == (echo.accord, echo.since) else ()
    elif accord is Accord.DOUBTED or (warned is accord and at - warned_at < QUIET_MS):
        news = ()
    else:
        changed = changed._replace(warned=(accord, at))
        news = (notes.differs(view.charger.name, accord, said, view.grant.limit_ma),)
    return view._replace(echo=changed), news
