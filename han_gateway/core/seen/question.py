"""When a charger that reports nothing is asked on purpose, and by how much: a limit that stands still tells nothing (``belief``).

This file must not know what the meter answers.
"""

from han_gateway.core.allocation import highest_ma, lowest_ma
from han_gateway.core.seen.belief import ENOUGH
from han_gateway.core.seen.evidence import WORTH_ASKING_MA
from han_gateway.core.state import ChargerView
from han_gateway.core.times import QUIET_MS, SHOWN_MS
from han_gateway.core.units import Instant, MilliAmps

QUESTION_MA: MilliAmps = 2_000
"""By how much a limit is lowered only to see whether it shows."""


def question(view: ChargerView, spare_ma: MilliAmps, at: Instant) -> MilliAmps | None:
    """A lower limit, as a question to a charger that could have much more if it were known to follow; None for no question.

    ``spare_ma`` is what it could have while its own current counts as house. A few amperes less for some seconds, seldom, are
    what the answer costs.
    """
    limit, lowest = view.grant.limit_ma, lowest_ma(view.charger)
    if view.belief.answers >= ENOUGH or limit <= lowest or at - view.commands[-1].at < _rest_ms(view):
        return None
    if min(spare_ma, highest_ma(view.charger) - limit) < WORTH_ASKING_MA:
        return None
    return max(lowest, limit - QUESTION_MA)


def higher(view: ChargerView, at: Instant) -> MilliAmps | None:
    """A higher limit, as a question to a charger at its minimum, which cannot be asked by less; None for no question."""
    limit, since = view.grant.limit_ma, at - view.commands[-1].at
    if view.belief.answers >= ENOUGH or limit != lowest_ma(view.charger) or since < _rest_ms(view):
        return None
    return min(highest_ma(view.charger), limit + QUESTION_MA)


def offer_ma(view: ChargerView, at: Instant) -> MilliAmps:
    """The most to offer, where others share, to one that is not seen to draw: the minimum, and now and then a question more."""
    lowest, since = lowest_ma(view.charger), at - view.commands[-1].at
    if since < SHOWN_MS:
        return max(lowest, view.grant.limit_ma)
    return lowest + (QUESTION_MA if since >= _rest_ms(view) else 0)


def _rest_ms(view: ChargerView) -> int:
    """How long its limit rests before it is asked: who has answered before, and not failed to since, soon again."""
    belief = view.belief
    return SHOWN_MS if belief.answers or (belief.proof and belief.unshown < ENOUGH) else QUIET_MS
