"""How long a charger that its owner has paused stays off, whoever asks: a contactor is worn by programs, not by people.

A person pauses in the evening and goes on at night, or at once, if it was the wrong button. A program that has gone wrong pauses and resumes
every second, and each time a contactor falls and is drawn in again. So a pause of the owner lasts as long as one of the law at least, and a
second one within a quarter of an hour lasts until that is over. The pause itself is never late. This file must not know what was asked.
"""

from han_gateway.core.patience import window_ms
from han_gateway.core.people.wish import Asks
from han_gateway.core.site import Policy
from han_gateway.core.state import ChargerView, State
from han_gateway.core.units import Instant

AGAIN_MS = 900_000
"""So long from a first pause the rest of a second one lasts."""


def rested(policy: Policy, state: State, view: ChargerView, at: Instant) -> Asks:
    """What is asked of a charger that is paused now, with its rest; one that is off already rests no longer than it did."""
    if not view.grant.limit_ma:
        return view.asks
    shortest, before = at + window_ms(policy, state), view.asks.stopped_at
    until = shortest if before is None else max(shortest, before + AGAIN_MS)
    return view.asks._replace(rests_until=until, stopped_at=at)
