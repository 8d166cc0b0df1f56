"""From a reading to the load: how much current each line of the house carries, in magnitudes, and which of them are guesses.

Every rule for a value that the meter did not send is one small named function below. This file must not know about chargers,
fuses or time.
"""

from collections.abc import Callable
from math import isqrt
from typing import NamedTuple

from han_gateway.core.site import Policy, Site
from han_gateway.core.units import LINES, Line, MilliAmps, PerLine
from han_gateway.meters.reading import Reading

Currents = PerLine[MilliAmps | None]


LEAST_PERCENT = 95
"""Without a neutral a line carries two of three loads, so S / U is never less than its current, but for what meters round and where power factors
are far apart. In 4,385 lists of a real house it was 1.006 times as much at least."""


class Load(NamedTuple):
    """The current on each line in mA, never negative; None where it is not known or the line does not exist.

    ``estimated`` names the lines that were worked out rather than measured, ``absent`` those that this supply does not have.
    """

    current_ma: Currents
    estimated: frozenset[Line] = frozenset()
    absent: frozenset[Line] = frozenset()

    def knows(self, lines: frozenset[Line]) -> bool:
        """True if each of these lines is either known or known not to exist."""
        return all(line in self.absent or self.current_ma[line.index] is not None for line in lines)


UNKNOWN = Load(PerLine(None, None, None))
"""What is known of a house of which nothing is known."""


def complete(site: Site, reading: Reading, *, sunny: bool = False) -> Load | None:
    """Return the load of each line, or None for a list that carries no currents.

    In a ``sunny`` house one of the loads may be the sun, without a sign in this list.
    """
    sent = reading.current_ma
    if sent == (None, None, None):
        return None
    currents = PerLine(
        *(None if value is None else _magnitude_ma(reading, line) for line, value in zip(LINES, sent, strict=True))
    )
    missing = [line for line in LINES if sent[line.index] is None]
    if not missing:
        return Load(currents)
    rule = _RULES[site.grid.three_wire, len(missing), _is_one_phase(reading)]
    return rule(site.policy, None if sunny else _apparent_current_ma(reading), currents, missing[0])


def exports(reading: Reading) -> bool:
    """Tell whether power flows out of the house, on the whole or on a line."""
    return bool(reading.power_export_w) or any(value is not None and value < 0 for value in reading.current_ma)


def _magnitude_ma(reading: Reading, line: Line) -> MilliAmps:
    """Give the magnitude of a current as sent; of one in whole amperes, what it is on the average, or what its power proves it to be.

    Some meters cut the decimals off and others round, and none says which: half a step more is the mean of what was cut off, and the
    most that was rounded away. Power over voltage is never more than the current.
    """
    current = abs(reading.current_ma[line.index] or 0)
    if not reading.current_step_ma:
        return current
    power = max(reading.line_power_import_w[line.index] or 0, reading.line_power_export_w[line.index] or 0)
    voltage = reading.voltage_mv[line.index]
    proven = power * 1_000_000 // voltage if voltage else 0
    return max(current + reading.current_step_ma // 2, min(proven, current + reading.current_step_ma))


def _is_one_phase(reading: Reading) -> bool:
    """True for the list of a 1-phase meter: one current, and no voltage on the other lines either."""
    return reading.current_ma[1:] == (None, None) and reading.voltage_mv[1:] == (None, None)


def _stay_unknown(_policy: Policy, _apparent: MilliAmps | None, currents: Currents, _missing: Line) -> Load:
    """With a neutral the lines are independent: what was not measured on one of them cannot be had from the others."""
    return Load(currents)


def _other_lines_do_not_exist(_policy: Policy, _apparent: MilliAmps | None, currents: Currents, _missing: Line) -> Load:
    """Behind a 1-phase meter of a TN net there is one line only."""
    return Load(currents, absent=frozenset({Line.L2, Line.L3}))


def _same_current_returns(_policy: Policy, _apparent: MilliAmps | None, currents: Currents, _missing: Line) -> Load:
    """Behind a 1-phase meter without a neutral, what flows in on L1 returns on the other wire, whatever that one is called."""
    return Load(PerLine(currents.l1, currents.l1, currents.l1), estimated=frozenset({Line.L2, Line.L3}))


def _rebuild_third(policy: Policy, apparent: MilliAmps | None, currents: Currents, missing: Line) -> Load:
    """Three wires whose currents sum to zero: two magnitudes and the power tell the third, within Kirchhoff's bounds.

    ``||Ia| - |Ib|| <= Ic <= |Ia| + |Ib|`` always holds; the estimate keeps the lower bound by itself. With sun it is not valid, and without power
    and voltage (``apparent`` is None) it cannot be made: then the upper bound is the answer, because it is the safe one. So it is where
    all loads together are less than what flows on one line: then one of them is the sun, although the house buys.
    """
    first, second = (value for value in currents if value is not None)
    upper = first + second
    if apparent is None or 100 * apparent < LEAST_PERCENT * max(first, second):
        guess = upper
    else:
        guess = _third_current_ma(first, second, apparent) + policy.estimate_margin_ma
    values = list(currents)
    values[missing.index] = min(guess, upper)
    return Load(PerLine(*values), estimated=frozenset({missing}))


def _apparent_current_ma(reading: Reading) -> MilliAmps | None:
    """S / U in mA, that is the sum of the three line-to-line load currents; None with export or without P, Q and U."""
    volts = [value for value in reading.voltage_mv if value]
    powers = (reading.power_import_w, reading.reactive_import_var, reading.reactive_export_var)
    if exports(reading) or not volts or powers[0] is None or (powers[1] is None and powers[2] is None):
        return None
    reactive = (powers[1] or 0) - (powers[2] or 0)
    apparent_va = isqrt(powers[0] ** 2 + reactive**2)
    return apparent_va * 1_000_000 * len(volts) // sum(volts)


def _third_current_ma(first: MilliAmps, second: MilliAmps, apparent: MilliAmps) -> MilliAmps:
    """Magnitude of the third line current in mA, for loads of like power factor between the three pairs of lines.

    Let a, b, c be the load currents between the missing line and the first, the missing line and the second, and the first and the
    second. With like power factors they stand 120 degrees apart, so that first^2 = a^2 + c^2 + ac, second^2 = b^2 + c^2 + bc,
    third^2 = a^2 + b^2 + ab and a + b + c = S / U. Solved for a: 2a + c = sqrt(4 first^2 - 3 c^2), and the same for b; sum and
    difference of these two roots are both known, which gives c without any search.
    """
    if not apparent:
        return abs(first - second)
    both = 2 * apparent
    root = (both + 4 * (first**2 - second**2) // both) // 2
    between = isqrt(max(0, 4 * first**2 - root**2) // 3)
    between = min(between, first, second)
    a = (isqrt(4 * first**2 - 3 * between**2) - between) // 2
    b = (isqrt(4 * second**2 - 3 * between**2) - between) // 2
    return isqrt(a**2 + b**2 + a * b)


_Rule = Callable[[Policy, MilliAmps | None, Currents, Line], Load]

_RULES: dict[tuple[bool, int, bool], _Rule] = {
    # (three wires, how many lines are missing, 1-phase meter): what to do about the first line that is missing
    (False, 1, False): _stay_unknown,
    (False, 2, False): _stay_unknown,
    (False, 2, True): _other_lines_do_not_exist,
    (True, 1, False): _rebuild_third,
    (True, 2, False): _stay_unknown,
    (True, 2, True): _same_current_returns,
}
