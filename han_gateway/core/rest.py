"""How long a charger that its owner has paused stays off, whoever asks: a contactor is worn by programs, not by people.

A person pauses in the evening and goes on at night. A program that has gone wrong pauses and resumes every second, and each time a contactor
falls and is drawn in again. So a pause of the owner lasts as long as one of the law at least, and whoever was started keeps its turn,
even if it is spent in a pause. The pause itself is never late. This file must not know what was asked.
"""

from han_gateway.core.fairness import TURN_MS
from han_gateway.core.patience import window_ms
from han_gateway.core.site import Policy
from han_gateway.core.state import ChargerView, State
from han_gateway.core.units import Instant


def rest(policy: Policy, state: State, view: ChargerView, at: Instant) -> Instant | None:
    """Until when a charger that is paused now stays off; one that is off already rests no longer than it did."""
    if not view.grant.limit_ma:
        return view.asks.rests_until
    return max(at + window_ms(policy, state), view.started_at + TURN_MS)
