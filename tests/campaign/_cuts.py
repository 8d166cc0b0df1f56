"""How long a list that demands a cut takes to become a lower limit at the charger, measured on the real process, whatever befalls it.

It must not know what that is.
"""

import time
from collections.abc import Callable

from han_gateway.core.units import PerLine
from tests.campaign import _rig as rig

LOWEST_A = 8
"""From here it is raised again: a charger that was paused stays at its minimum for a while."""
OVER_MA = 1_200
LISTS = 3
MOST_S = 1.0
PATIENCE_S = 20.0


def cuts(house: rig.House, seconds: float) -> list[float]:
    """As many cuts as there is time for, one or two amperes each, in seconds; ``MOST_S`` for one that never came."""
    took: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # A report that is late makes a cut larger than it need be, up to a pause, and after a pause a raise waits: no cut to measure.
        if _limit(house) > LOWEST_A or rise(house, until - time.monotonic()):
            took.append(_cut(house))
            time.sleep(2 * house.pace.response_s)  # until the charger has followed
    return took


def rise(house: rig.House, patience_s: float = PATIENCE_S) -> bool:
    """Let the house be quiet until the charger has its maximum."""
    until = time.monotonic() + patience_s
    while _limit(house) < rig.MAXIMUM_MA // 1000 and time.monotonic() < until:
        _say(house, rig.BASE_MA)
        time.sleep(house.pace.list_period_s)
    time.sleep(2 * house.pace.response_s)
    return _limit(house) == rig.MAXIMUM_MA // 1000


def _cut(house: rig.House) -> float:
    """Let the house take so much too much beside the charger that its limit must fall, even if its last report was lost on the way.

    A charger whose reports are late is believed to follow late: then the cut before this one still counts as on its way, and it takes
    another list. What is measured is the way from a list to its limit.
    """
    before = _limit(house)
    for _ in range(LISTS):
        _say(house, rig.FUSE_MA + OVER_MA - round(1000 * before))
        began = time.monotonic()
        if _until(lambda: _limit(house) < before):
            return time.monotonic() - began
    return MOST_S


def _limit(house: rig.House) -> float:
    heard = house.chargers[0].heard
    return float(heard[-1][1]["current_a"]) if heard else 0.0


def _say(house: rig.House, current_ma: int) -> None:
    house.chargers[0].report()
    time.sleep(0.02)
    house.say(PerLine(current_ma, current_ma, current_ma))


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + MOST_S
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True
