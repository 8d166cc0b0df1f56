"""Sharing out: integer max-min fair shares over the tree of fuses, each with the reason why it is not more.

For an electrician: every charger first gets its minimum, the higher priority first, for as long as minimums fit. What is left goes to
the highest priority until it can take no more, then to the next one. Within a priority the poorest is always raised first, by one step;
a charger of weight 2 counts as poor up to twice the current. No share is between 0 and the charger's minimum.

The rules are the same at any depth: a charger loads its lines on every fuse on the way to the meter, and, if the site has one, the cap on
its power. This file must not know why there is as much room as there is, nor what was granted before, except as the floors and ceilings it
is handed.
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heapreplace
from itertools import groupby
from math import lcm
from types import MappingProxyType
from typing import NamedTuple

from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.site import Charger, Site
from han_gateway.core.tree import POWER_SCALE, Limit, Load, Tree, tree_of
from han_gateway.core.units import Line, MilliAmps, PerLine

NONE_MEASURED: Mapping[str, PerLine[MilliAmps]] = MappingProxyType({})


class Want(NamedTuple):
    """What one charger asks for: never more than ``ceiling_ma``, and never less than ``floor_ma``, which it holds already.

    ``lines`` are those that it loads; None means all that the charger is wired to. One that is ``first`` goes before every priority, then the
    higher priority; among equals the smaller ``rank``, then the first in the alphabet. One that is ``absent`` has what all others leave. One
    that has nothing yet is given its minimum only where there is room for ``spare_ma`` more.
    """

    charger: Charger
    ceiling_ma: MilliAmps
    floor_ma: MilliAmps = 0
    lines: frozenset[Line] | None = None
    rank: tuple[int, ...] = ()
    first: bool = False
    absent: bool = False
    spare_ma: MilliAmps = 0


class Room(NamedTuple):
    """What all chargers together may have, in mA; negative where the house alone has more than there is.

    ``main`` is for each line of the main fuse. ``power_ma`` is for the whole site, as amperes at one nominal voltage (W / U: 230 V, between
    line and neutral, or between lines where there is no neutral); None is no cap. ``circuits`` are the fuses with a meter of their own, by
    name; each of the others has all of its fuse less its margin.
    """

    main: PerLine[MilliAmps]
    power_ma: MilliAmps | None = None
    circuits: Mapping[str, PerLine[MilliAmps]] = NONE_MEASURED


def precedence(charger: Charger, *, first: bool) -> tuple[bool, int]:
    """Whom minimums and all that is above them are given to before others: the smaller comes first."""
    return not first, -charger.priority


def allocate(site: Site, room: Room, wants: Iterable[Want]) -> tuple[Grant, ...]:
    """Share the room among the chargers that want something.

    Shares are whole multiples of a charger's step, 0 or between its minimum and its maximum. They never exceed any limit, except by
    floors. Grants come in the order of the wants.
    """
    wants = tuple(wants)
    tree = tree_of(site)
    left = _left(tree, room)
    common = lcm(*(want.charger.weight for want in wants))
    ordered = sorted(wants, key=lambda want: (precedence(want.charger, first=want.first), want.rank, want.charger.name))
    shares = [
        _Share(order, want, tree.loads(want.charger, want.lines, power=room.power_ma is not None), common)
        for order, want in enumerate(ordered)
    ]
    for share in shares:
        if share.want.floor_ma:
            share.take(min(share.want.floor_ma, share.want.ceiling_ma), left)
    for absent in (False, True):
        _share([share for share in shares if share.want.absent is absent], left)
    grants = {share.want.charger.name: _grant(share, tree.limits) for share in shares}
    return tuple(grants[want.charger.name] for want in wants)


def lowest_ma(charger: Charger) -> MilliAmps:
    """The smallest limit above 0 that this charger can be told: its minimum, rounded up to a whole step."""
    return -(-charger.minimum_ma // charger.step_ma) * charger.step_ma


def highest_ma(charger: Charger) -> MilliAmps:
    """The largest limit that this charger can be told: its maximum, rounded down to a whole step."""
    return charger.maximum_ma // charger.step_ma * charger.step_ma


class _Share:
    """A charger on its way through the allocation: what it has so far, and what each ampere of it costs.

    ``pace`` is by how much its ``level`` rises with each mA. Levels are what must be equal to be fair: current by weight, times a common
    multiple of all weights, so that they are integers. ``refused`` is the number of the limit that refused it more, or None.
    """

    __slots__ = ("has", "loads", "order", "pace", "refused", "step", "top", "want")

    def __init__(self, order: int, want: Want, loads: tuple[Load, ...], common: int) -> None:
        self.order = order
        self.want = want
        self.loads = loads
        self.pace = common // want.charger.weight
        self.step = want.charger.step_ma
        self.top = min(want.ceiling_ma, want.charger.maximum_ma)
        self.has = 0
        self.refused: int | None = None

    @property
    def level(self) -> int:
        """How rich it is."""
        return self.has * self.pace

    def fits(self, amount: MilliAmps, left: Sequence[int]) -> bool:
        """Whether it may take so much more. If not, a limit has refused it, or nothing but its top."""
        return self.has + amount <= self.top and self.finds(amount, left)

    def finds(self, amount: MilliAmps, left: Sequence[int]) -> bool:
        """Whether there is so much more. If not, the tightest limit has refused it, of several the nearest."""
        for limit, cost in self.loads:
            if left[limit] < cost * amount:
                self.refused = min(self.loads, key=lambda load: left[load.limit] // load.cost).limit
                return False
        return True

    def take(self, amount: MilliAmps, left: list[int]) -> None:
        """Take so much more."""
        self.has += amount
        for limit, cost in self.loads:
            left[limit] -= cost * amount


def _left(tree: Tree, room: Room) -> list[int]:
    """How much of each limit nobody has taken yet, by its number."""
    left = [*tree.budgets, POWER_SCALE * (room.power_ma or 0)]
    left[:3] = room.main
    for name, measured in room.circuits.items():
        first = tree.first[name]
        left[first : first + 3] = measured
    return left


def _share(shares: list[_Share], left: list[int]) -> None:
    """Minimums first, then what is left to the highest precedence, then to the next."""
    _admit(shares, left)
    for _, equals in groupby(
        (share for share in shares if share.has), key=lambda share: precedence(share.want.charger, first=share.want.first)
    ):
        _fill(list(equals), left)


def _admit(shares: list[_Share], left: list[int]) -> None:
    """Give the minimum to each charger in turn for which it fits; one that does not fit may be followed by one that does."""
    for share in shares:
        lowest = lowest_ma(share.want.charger)
        if not share.has and share.fits(lowest, left) and share.finds(lowest + share.want.spare_ma, left):
            share.take(lowest, left)


def _fill(shares: list[_Share], left: list[int]) -> None:
    """Raise the poorest by one step as long as anyone can be raised: room only shrinks, so who is refused once is done.

    Most of these steps are foreseeable and are taken at once; the others, beside a limit that is nearly used up, in their order.
    """
    while shares := [share for share in shares if share.fits(share.step, left)]:
        if not _raise_together(shares, left):
            _raise_until_refused(shares, left)


def _raise_until_refused(shares: list[_Share], left: list[int]) -> None:
    """One step at a time, until the first charger is refused one."""
    turns = [(share.level, share.order, share) for share in shares]
    heapify(turns)
    while (share := turns[0][2]).fits(share.step, left):
        share.take(share.step, left)
        heapreplace(turns, (share.level, share.order, share))


def _raise_together(shares: list[_Share], left: list[int]) -> bool:
    """Take all the steps that begin below a level so low that none of them can be refused. False if there is none.

    To reach level T, a share on level t takes less than (T - t) / pace + one step. So a limit holds while the sum of that over its shares,
    each times its cost, is no more than what is left of it; to count all of them from the lowest is on the safe side.
    """
    foreseen = _safe_level(shares, left)
    raised = False
    for share in shares:
        steps = min(-((share.level - foreseen) // (share.step * share.pace)), (share.top - share.has) // share.step)
        if steps > 0:
            share.take(steps * share.step, left)
            raised = True
    return raised


def _safe_level(shares: list[_Share], left: list[int]) -> int:
    """A level below which every step fits."""
    common = shares[0].pace * shares[0].want.charger.weight
    spare, rates, lowest = left.copy(), [0] * len(left), [0] * len(left)
    for share in sorted(shares, key=lambda share: -share.level):
        weight, step, level = share.want.charger.weight, share.step, share.level
        for limit, cost in share.loads:
            spare[limit] -= cost * step
            rates[limit] += cost * weight
            lowest[limit] = level
    highest = max(share.top * share.pace for share in shares)
    levels = (low + max(0, free) * common // rate for low, free, rate in zip(lowest, spare, rates, strict=True) if rate)
    return min(highest, *levels)


def _grant(share: _Share, limits: Sequence[Limit]) -> Grant:
    return Grant(charger=share.want.charger.name, limit_ma=share.has, reason=_reason(share, limits))


def _reason(share: _Share, limits: Sequence[Limit]) -> Reason:
    """Why it is not more."""
    if share.refused is None:
        return Reason(cause=Cause.CHARGER)
    circuit, line = limits[share.refused]
    if line is None:
        return Reason(cause=Cause.POWER_CAP)
    return Reason(cause=Cause.FUSE if share.has else Cause.NO_ROOM, circuit=circuit, line=line)
