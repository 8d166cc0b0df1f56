"""What a list tells of the chargers beyond what it leaves for them: who draws, who seems empty, what each has had, and how warm the fuse is.

Everything here is remembered for later decisions. This file must not know limits that are about to change.
"""

from operator import is_not

from han_gateway.core.draw import in_force, settled
from han_gateway.core.fairness import account
from han_gateway.core.headroom import budget_ma
from han_gateway.core.heat import warmed
from han_gateway.core.load import Load
from han_gateway.core.seen.belief import Around, learn
from han_gateway.core.seen.remainder import corrected, remainder
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, State
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine


def learned(site: Site, state: State, load: Load, at: Instant) -> State:
    """What a believed list tells of the chargers, and how it warms the fuse."""
    since = at if state.heard_at is None else state.heard_at
    left = remainder(site, state, load, at)
    most, given = budget_ma(site, state.caps), _given_up(state.chargers, since)
    around = Around(state.chargers, left, most, site.root.parts, site.grid.fewest, given)
    views = tuple(learn(view, state.load, load, at, around) for view in state.chargers)
    if any(map(is_not, views, state.chargers)):
        left = remainder(site, state._replace(chargers=views), load, at)
    views, left = corrected(views, left, at)
    chargers = tuple(account(site.policy, view, since, at, left) for view in views)
    return state._replace(chargers=chargers, heat=warmed(site, state.heat, load, at - since))


def _given_up(chargers: tuple[ChargerView, ...], since: Instant) -> PerLine[MilliAmps]:
    """What chargers that made use of their offers in the last list were told to give up on each line since."""
    told = [view for view in chargers if not settled(view, since)]
    using = [view for view in told if view.drew_at >= since and view.unused_since is None]
    given = [(view.lines, max(command.limit_ma for command in in_force(view, since)) - view.grant.limit_ma) for view in using]
    return PerLine(*(sum(amount for lines, amount in given if line in lines) for line in LINES))
