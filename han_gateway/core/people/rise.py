"""By how much the house itself rose, without its chargers: what its last lists show of a step. Told to people, never decided by.

A step stands out of the lists of the last half minute: most of the rise came from one list to the next. What drifts is not told, nor what a
car may have done that had more on offer than it was last seen to draw. This file must not know how the draw of a charger is known.
"""

from collections.abc import Sequence
from typing import NamedTuple

from han_gateway.core.effects import Cause, Reason
from han_gateway.core.people.appliances import guess
from han_gateway.core.power import NOMINAL_MV, Watts
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

STEP_MS = 15_000
"""Two lists as far apart as this are neighbours."""
SUDDEN_MA: MilliAmps = 2_000
"""A rise that is worth a word: a kettle is 9 A, a fridge is not."""
SUDDEN_W: Watts = 460
NOISE_MA: MilliAmps = 1_000
"""Less than this may be anything."""
NOISE_W: Watts = 230
A_PAIR = frozenset({1, 2})
ALL_LINES = frozenset({3})

_OF_POWER = (Cause.POWER_CAP, Cause.POWER_ROSE)
_OF_LINES = (Cause.FUSE, Cause.LINE_CAP, Cause.NO_ROOM, Cause.HELD)

Series = Sequence[tuple[Instant, int | None]]
"""What the lists have told of one figure, oldest first; the last is now."""


class Spare(NamedTuple):
    """What a charger may draw on each of these lines beyond what it was last seen to draw."""

    lines: frozenset[Line]
    current_ma: MilliAmps


class Sight(NamedTuple):
    """What one list shows of the house without its chargers; None for what it does not show.

    ``drawn_ma`` is what the chargers draw beside it, ``short`` are the lines on which they were granted more than there is room for.
    """

    at: Instant
    house_ma: PerLine[MilliAmps | None]
    house_w: Watts | None
    drawn_ma: PerLine[MilliAmps]
    volts_mv: int = NOMINAL_MV
    spare: tuple[Spare, ...] = ()
    short: frozenset[Line] = frozenset()


class Rise(NamedTuple):
    """So much more current on the line that a limit is cut for, or so much more power (one of them), and what it may be."""

    current_ma: MilliAmps | None
    watts: Watts | None
    names: tuple[str, ...] = ()


def remembered(sights: tuple[Sight, ...], sight: Sight) -> tuple[Sight, ...]:
    """The sights of the last half minute, oldest first."""
    return (*(each for each in sights if sight.at - each.at <= SHOWN_MS), sight)


def rise(sights: Sequence[Sight], reason: Reason, root: str, *, three_wire: bool) -> Rise | None:
    """What the last of these lists shows of the house that may have led to a cut for this reason; None where it shows nothing."""
    if not sights:
        return None
    of_house = reason.circuit in (root, None)
    if reason.cause in _OF_POWER and of_house:
        return _of_power(sights, three_wire=three_wire)
    if reason.cause in _OF_LINES and of_house and reason.line is not None and reason.line in sights[-1].short:
        return _of_line(sights, reason.line, three_wire=three_wire)
    return None


def _of_line(sights: Sequence[Sight], line: Line, *, three_wire: bool) -> Rise | None:
    """The rise on one line; in watts where its current was not measured."""
    if sights[-1].house_ma[line.index] is None:
        return _of_power(sights, three_wire=three_wire)
    series = [_currents(sights, each, three_wire=three_wire) for each in LINES]
    steps = [_step(each, SUDDEN_MA) for each in series]
    rose = steps[line.index]
    deltas = [_delta(each) for each in series]
    if rose is None or _by_cars_ma(sights[-1], line, deltas) > max(NOISE_MA, rose // 4):
        return None
    alike = [step for step in steps if step is not None and rose <= 2 * step and step <= 2 * rose]
    if three_wire:
        names = _between_lines(sights, rose, len(alike), measured=None not in sights[-1].house_ma)
    else:
        names = guess(sum(alike) * sights[-1].volts_mv // 1_000_000, frozenset({len(alike)}))
    return Rise(rose, None, names)


def _between_lines(sights: Sequence[Sight], rose: MilliAmps, lines: int, *, measured: bool) -> tuple[str, ...]:
    """Guess in a net without neutral: what has one phase elsewhere, or two, is between two lines, and currents are not powers.

    Two lines of which the third was not measured may be such a pair, or all three. The power must go with the current: one voltage for a
    load between two lines (more where the current adds at an angle), the root of three for a balanced one.
    """
    watts = _step([(each.at, each.house_w) for each in sights], SUDDEN_W)
    volt_amps = rose * sights[-1].volts_mv // 1_000_000
    if watts is None or not 4 * volt_amps <= 5 * watts <= 10 * volt_amps:
        return ()
    if lines == len(LINES):
        return guess(watts, ALL_LINES)
    return guess(watts, A_PAIR if measured or lines == 1 else A_PAIR | ALL_LINES)


def _of_power(sights: Sequence[Sight], *, three_wire: bool) -> Rise | None:
    """The rise of the power, on whatever line."""
    watts = _step([(each.at, each.house_w) for each in sights], SUDDEN_W)
    if watts is None:
        return None
    now = sights[-1]
    deltas = [_delta(_currents(sights, line, three_wire=three_wire)) for line in LINES]
    by_cars = sum(_may_ma(spare, deltas) * len(spare.lines) for spare in now.spare) * now.volts_mv // 1_000_000
    return None if by_cars > max(NOISE_W, watts // 4) else Rise(None, watts, guess(watts, A_PAIR | ALL_LINES))


def _currents(sights: Sequence[Sight], line: Line, *, three_wire: bool) -> Series:
    """The house on one line. Without a neutral currents meet at an angle: then only lists with the same draw of cars are alike."""
    now = sights[-1].drawn_ma[line.index]
    alike = (each for each in sights if not three_wire or abs(each.drawn_ma[line.index] - now) <= NOISE_MA)
    return [(each.at, each.house_ma[line.index]) for each in alike]


def _step(series: Series, least: int) -> int | None:
    """By how much the last value stands above the lowest, if most of that came at once, else above its neighbours before; None for less."""
    total = _delta(series)
    if total is None or total < least:
        return None
    known = [(at, value) for at, value in series if value is not None]
    jumps = [max(value - before for then, before in known if then <= at <= then + STEP_MS) for at, value in known]
    if 4 * max(jumps) >= 3 * total:
        return total
    return jumps[-1] if jumps[-1] >= least else None


def _delta(series: Series) -> int | None:
    """By how much the last value stands above the lowest; None where the last is not known, or no other."""
    _, now = series[-1]
    before = [value for _, value in series[:-1] if value is not None]
    return None if now is None or not before else now - min(*before, now)


def _by_cars_ma(now: Sight, line: Line, deltas: Sequence[MilliAmps | None]) -> MilliAmps:
    """What cars may have taken on this line since they were last heard."""
    return sum(_may_ma(spare, deltas) for spare in now.spare if line in spare.lines)


def _may_ma(spare: Spare, deltas: Sequence[MilliAmps | None]) -> MilliAmps:
    """What one car may have taken: no more than it has on offer, nor than the least that any of its lines rose by."""
    rises = (deltas[line.index] for line in spare.lines)
    return min([spare.current_ma, *(each for each in rises if each is not None)])
