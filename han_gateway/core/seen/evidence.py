"""What a list shows of a change that was asked for, line by line: was it that, by about as much, and on which lines.

The house is on the same lines and does as it likes. This file must not know what was asked of whom, nor what is made of the answer.
"""

from han_gateway.core.load import Load
from han_gateway.core.units import LINES, Line, MilliAmps, PerLine

WORTH_ASKING_MA: MilliAmps = 1_000
"""A smaller change drowns in what the house does meanwhile."""
Changes = dict[Line, MilliAmps | None]
"""By how much the current of each line has changed; None where nobody knows."""


def changed(before: PerLine[MilliAmps | None], load: Load, line: Line, others: MilliAmps = 0) -> MilliAmps | None:
    """By how much a line has changed, less what others on it did."""
    then, now = before[line.index], load.current_ma[line.index]
    return None if then is None or now is None else now - then - others


def shown_on(changes: Changes, lines: frozenset[Line]) -> MilliAmps | None:
    """By how much these lines have changed: of three lines the one in the middle, as the house seldom disturbs two."""
    known = sorted(change for line in lines if (change := changes[line]) is not None)
    if len(known) == len(LINES):
        return known[1]
    return min(known, key=abs) if len(known) == len(lines) else None


def shows(shown: MilliAmps | None, change: MilliAmps) -> bool:
    """Tell whether a current has changed by about as much as it should have: by 0.4 of that to two and a half times.

    Some cars stay an ampere below their limit and yet take the minimum: from 8 to 6 A that is one ampere of two.
    """
    return shown is not None and abs(20 * shown - 29 * change) <= 21 * abs(change)


def alone(changes: Changes, change: MilliAmps, fewest: int) -> frozenset[Line] | None:
    """The lines on which a change has shown while the others, if there are any, stood still; None in doubt, or where they are too few."""
    showing = frozenset(line for line, shown in changes.items() if shows(shown, change))
    still = [line for line, shown in changes.items() if shown is not None and 3 * abs(shown) <= abs(change)]
    return showing if len(showing) >= fewest and len(showing) + len(still) == len(changes) else None
