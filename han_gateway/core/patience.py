"""How long a house must have room before a limit rises: as long as raises there use to be undone, and no longer.

An oven that cycles takes back at once what was given between two of its heats. Each raise that a cut undoes soon makes the window of the
next one longer. One that has stood for longer than half a minute (a minute, where the cut is a pause: a contactor is worth more than an ampere)
makes it shorter by as much: it has cost no more seconds above the fuse than a raise that was given sooner would have, and delivered less. So do
quiet minutes. This file must not know what is raised or cut, nor by how much.
"""

from collections.abc import Mapping

from han_gateway.core.effects import Grant
from han_gateway.core.site import Policy
from han_gateway.core.state import State
from han_gateway.core.times import QUIET_MS, SETTLED_MS, SHOWN_MS
from han_gateway.core.units import Instant


def window_ms(policy: Policy, state: State) -> int:
    """The raise window as it is now."""
    return max(policy.raise_window_ms, state.patience_ms)


def restless(state: State, at: Instant) -> bool:
    """Tell whether the house has forced a cut not long ago."""
    return at - state.cut_at < QUIET_MS


def learn_patience(policy: Policy, state: State, grants: Mapping[str, Grant], at: Instant) -> State:
    """Take what was just decided as a lesson: 1.7 times the window for a raise undone, as much less for one that stood, 3 % less for each quiet list."""
    now = window_ms(policy, state)
    cuts = [view for view in state.chargers if (grant := grants.get(view.charger.name)) and grant.limit_ma < view.grant.limit_ma]
    if any(at - view.raised_at <= (SHOWN_MS if grants[view.charger.name].limit_ma else SETTLED_MS) for view in cuts):
        return state._replace(patience_ms=min(policy.longest_window_ms, now * 17 // 10), cut_at=at)
    if cuts:
        return state._replace(patience_ms=now * 10 // 17, cut_at=at)
    if now > policy.raise_window_ms and not restless(state, at):
        return state._replace(patience_ms=now * 97 // 100)
    return state
