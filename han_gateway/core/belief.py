"""Does a charger that reports nothing draw what it is offered? Every change of its limit is a question, and the meter answers it.

A change that shows on all of its lines, by about as much, is a charger that follows. After two of them, so that one wrong reading proves
nothing, what it is offered counts as drawn. A change that does not show, or a fall of all its lines at once that nobody asked for (the
car is full, or gone), ends that belief. In doubt it draws nothing, which is the safe side for raises. This file must not know what
is made of the belief.
"""

from han_gateway.core.load import Load
from han_gateway.core.state import ChargerView, Probe
from han_gateway.core.units import Instant, Line, MilliAmps

ENOUGH = 2
"""So many changes in a row must have shown."""
WORTH_ASKING_MA: MilliAmps = 1_000
"""A smaller change drowns in what the house does meanwhile."""


def follows(view: ChargerView) -> bool:
    """Tell whether the charger is believed to draw what it is offered."""
    return view.answers >= ENOUGH


def ask(view: ChargerView, limit_ma: MilliAmps, load: Load | None, at: Instant) -> Probe | None:
    """Note a change of the limit, on top of one that was not answered yet."""
    if load is None:
        return None
    before = view.probe or Probe(at, view.grant.limit_ma, 0, load.current_ma)
    return Probe(at, before.from_ma, limit_ma, before.current_ma)


def learn(view: ChargerView, before: Load | None, load: Load, at: Instant) -> ChargerView:
    """Take a list as an answer."""
    probe = view.probe
    if probe is not None:
        if at - probe.at < view.charger.response_ms:
            return view
        change = probe.to_ma - probe.from_ma
        if abs(change) < WORTH_ASKING_MA:
            return view._replace(probe=None)
        shown = [_change(probe.current_ma[line.index], load, line) for line in view.lines]
        as_asked = all(difference is not None and abs(2 * difference - 3 * change) <= 2 * abs(change) for difference in shown)
        if not as_asked:
            return view._replace(probe=None, answers=0)
        new = probe.current_ma is not view.proof  # the list that proved the last change must not be half of the next proof
        return view._replace(probe=None, answers=view.answers + new, proof=load.current_ma if new else view.proof)
    if view.answers and view.grant.limit_ma and before is not None and _fell(view, before, load):
        return view._replace(answers=0)
    return view


def _fell(view: ChargerView, before: Load, load: Load) -> bool:
    """Tell whether all lines of a charger lost most of what it was offered at once."""
    falls = [_change(load.current_ma[line.index], before, line) for line in view.lines]
    return all(fall is None or 10 * fall >= 7 * view.grant.limit_ma for fall in falls)


def _change(before: MilliAmps | None, load: Load, line: Line) -> MilliAmps | None:
    now = load.current_ma[line.index]
    return None if before is None or now is None else now - before
