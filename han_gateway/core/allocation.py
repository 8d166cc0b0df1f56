"""Sharing out: integer max-min fair shares over the tree of fuses, each with the reason why it is not more.

Nobody gets less than a share that somebody richer could have given up, and no share is between 0 and the charger's minimum. The rules
are the same at any depth: a charger loads its lines on every fuse on the way to the meter. This file must not know why there is as
much room as there is, nor what was granted before, except as the floors and ceilings it is handed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.site import Charger, Circuit
from han_gateway.core.units import LINES, Line, MilliAmps, PerLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What one charger asks for: never more than ``ceiling_ma``, and never less than ``floor_ma``, which it holds already.

    ``lines`` are those that it loads; None means all that the charger is wired to. The higher priority is admitted first; among equals the smaller ``rank``, then the first in the alphabet.
    """

    charger: Charger
    ceiling_ma: MilliAmps
    floor_ma: MilliAmps = 0
    lines: frozenset[Line] | None = None
    rank: tuple[int, ...] = ()


class Limit(NamedTuple):
    """One line of one fuse."""

    circuit: str
    line: Line


class _Share:
    """A charger on its way through the allocation: what it has so far, and the fuses it must ask for more."""

    __slots__ = ("bound", "has", "limits", "order", "want")

    def __init__(self, order: int, want: Want, limits: tuple[Limit, ...]) -> None:
        self.order = order
        self.want = want
        self.limits = limits
        self.has = 0
        self.bound: Reason | None = None


def allocate(root: Circuit, room: PerLine[MilliAmps], wants: Iterable[Want]) -> tuple[Grant, ...]:
    """Share the room under the main fuse, and the whole of every other fuse, among the chargers that want something.

    ``room`` is what all chargers together may have on each line of the main fuse, in mA. Limits are whole multiples of a charger's
    step, 0 or between its minimum and its maximum. The sum never exceeds a fuse on any line, except by floors. Grants come in the
    order of the wants.
    """
    wants = tuple(wants)
    tree = _tree(root)
    left = {**tree.budgets, **dict(zip(tree.main, room, strict=True))}
    ordered = sorted(wants, key=lambda want: (-want.charger.priority, want.rank, want.charger.name))
    shares = [_Share(order, want, _limits(tree, want)) for order, want in enumerate(ordered)]
    _hold_floors(shares, left)
    _admit(shares, left)
    _fill(shares, left)
    by_name = {share.want.charger.name: share for share in shares}
    return tuple(_grant(by_name[want.charger.name]) for want in wants)


def lowest_ma(charger: Charger) -> MilliAmps:
    """The smallest limit above 0 that this charger can be told: its minimum, rounded up to a whole step."""
    return -(-charger.minimum_ma // charger.step_ma) * charger.step_ma


def highest_ma(charger: Charger) -> MilliAmps:
    """The largest limit that this charger can be told: its maximum, rounded down to a whole step."""
    return charger.maximum_ma // charger.step_ma * charger.step_ma


class _Tree(NamedTuple):
    """What never changes: the lines of the main fuse, the budgets of all fuses below it, and what each charger loads."""

    main: tuple[Limit, ...]
    budgets: dict[Limit, MilliAmps]
    paths: dict[str, tuple[Limit, ...]]


def _limits(tree: _Tree, want: Want) -> tuple[Limit, ...]:
    """The lines of the fuses that a charger asks for its current."""
    path = tree.paths[want.charger.name]
    return path if want.lines is None else tuple(limit for limit in path if limit.line in want.lines)


@lru_cache(maxsize=8)
def _tree(root: Circuit) -> _Tree:
    main = tuple(Limit(root.name, line) for line in LINES)
    return _Tree(main, dict(_budgets(root)), dict(_paths(root, ())))


def _budgets(circuit: Circuit) -> Iterator[tuple[Limit, MilliAmps]]:
    for part in circuit.parts:
        if isinstance(part, Circuit):
            for line in LINES:
                yield Limit(part.name, line), part.fuse_ma - part.margin_ma
            yield from _budgets(part)


def _paths(circuit: Circuit, above: tuple[Circuit, ...]) -> Iterator[tuple[str, tuple[Limit, ...]]]:
    """For each charger the lines of the fuses that it loads, the main fuse first."""
    path = (*above, circuit)
    for part in circuit.parts:
        if isinstance(part, Circuit):
            yield from _paths(part, path)
        else:
            yield part.name, tuple(Limit(fuse.name, line) for fuse in path for line in LINES if line in part.lines)


def _hold_floors(shares: list[_Share], left: dict[Limit, MilliAmps]) -> None:
    for share in shares:
        _take(share, min(share.want.floor_ma, share.want.ceiling_ma), left)


def _admit(shares: list[_Share], left: dict[Limit, MilliAmps]) -> None:
    """Give the minimum to each charger in turn for which it fits; one that does not fit may be followed by one that does."""
    for share in shares:
        if share.has:
            continue
        lowest = lowest_ma(share.want.charger)
        if lowest > min(share.want.ceiling_ma, highest_ma(share.want.charger)):
            share.bound = Reason(cause=Cause.CHARGER)
            continue
        tightest = min(share.limits, key=left.__getitem__)
        if left[tightest] < lowest:
            share.bound = Reason(cause=Cause.NO_ROOM, circuit=tightest.circuit, line=tightest.line)
        else:
            _take(share, lowest, left)


def _fill(shares: list[_Share], left: dict[Limit, MilliAmps]) -> None:
    """Raise the poorest by one step as long as anyone can be raised: room only shrinks, so who is refused once is done."""
    heap = [(share.has, share.order, share) for share in shares if share.bound is None]
    heapify(heap)
    while heap:
        has, order, share = heappop(heap)
        share.bound = _why_no_more(share, left)
        if share.bound is None:
            _take(share, share.want.charger.step_ma, left)
            heappush(heap, (has + share.want.charger.step_ma, order, share))


def _why_no_more(share: _Share, left: dict[Limit, MilliAmps]) -> Reason | None:
    step = share.want.charger.step_ma
    if share.has + step > min(share.want.ceiling_ma, share.want.charger.maximum_ma):
        return Reason(cause=Cause.CHARGER)
    tightest = min(share.limits, key=left.__getitem__)
    if left[tightest] < step:
        return Reason(cause=Cause.FUSE, circuit=tightest.circuit, line=tightest.line)
    return None


def _take(share: _Share, amount: MilliAmps, left: dict[Limit, MilliAmps]) -> None:
    share.has += amount
    for limit in share.limits:
        left[limit] -= amount


def _grant(share: _Share) -> Grant:
    reason = share.bound or Reason(cause=Cause.CHARGER)
    return Grant(charger=share.want.charger.name, limit_ma=share.has, reason=reason)
