"""Fuses and breakers as heat: how hot an overload makes them, and when they would let go.

Each is one or two bodies that warm towards the square of the current (in units of the rating) with a time constant, and trip at a
gate. None is a model of a real device: the *edge* models trip no later than the worst device that the standard still allows, so what
does not trip an edge trips nothing. This file must not know where the current comes from.

Sources: IEC 60898-1, table 7 (1.13 In must not trip within an hour, 1.45 In must, 2.55 In must trip between 1 s and 60 s for ratings
up to 32 A); IEC 60269-1, tables 2 and 3 (gG: 1.25 In must not melt within the conventional time, 1.6 In must; at I min (10 s) it must
not melt in 10 s).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import NamedTuple

LATCHED = 1.13**2
"""Where a breaker's bimetal stands at the largest current that it must carry for ever (IEC 60898-1: 1.13 In)."""

MCB_SECONDS = 963
"""A body that starts cold and reaches the 1.13 In gate in a quarter of an hour at 1.45 In."""

GG_MIN_10_S = {16: 33, 20: 42, 25: 52, 32: 75, 35: 82, 40: 95, 50: 125, 63: 160}
"""The current (A) that a gG fuse of a rating (A) must carry for 10 s without melting (IEC 60269-1, table 3); 35 A is read between."""


class Body(NamedTuple):
    """A first-order body: its time constant, and the heat at which it trips (1 is where the rated current leads in the end)."""

    tau_s: float
    gate: float

    def heats(self, ratios: Iterable[float]) -> Iterable[float]:
        """Heat after every second of a current, given in units of the rating. A trip is followed by a cold start."""
        return accumulate(ratios, partial(_warm, 1 - math.exp(-1 / self.tau_s), self.gate), initial=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A protective device: it trips when any of its bodies does."""

    name: str
    bodies: tuple[Body, ...]

    def stress(self, ratios: Sequence[float]) -> tuple[int, float]:
        """How often it would have tripped, and the most heat it ever held as a share of its gate (1 is a trip)."""
        trips, most = 0, 0.0
        for body in self.bodies:
            shares = [heat / body.gate for heat in body.heats(ratios)]
            trips += sum(share >= 1 for share in shares)
            most = max(most, *shares)
        return trips, most


MCB_EDGE = Device(name="breaker, worst case", bodies=(Body(60, LATCHED),))
"""The hot edge of IEC 60898-1: lets go after 17 s at 1.45 In from full load. A fit to the 2.55 In band; real ones are slower."""

MCB_NOMINAL = Device(name="breaker, typical", bodies=(Body(MCB_SECONDS, LATCHED), Body(20, 4.1)))
"""Amid the bands: 1.45 In for a quarter of an hour, 2.55 In for 20 s, both from cold."""


def gg_edge(rating_a: int) -> Device:
    """The hot edge of a gG fuse: carries 1.25 In for ever and I min (10 s) from cold for 10 s, no more.

    Raises KeyError for a rating that the table does not have.
    """
    gate = 1.25**2
    tau_s = -10 / math.log(1 - gate / (GG_MIN_10_S[rating_a] / rating_a) ** 2)
    return Device(name=f"gG {rating_a} A, worst case", bodies=(Body(tau_s, gate),))


def _warm(share: float, gate: float, heat: float, ratio: float) -> float:
    """One second: the body moves by a share towards where the current leads; one that tripped begins anew, cold."""
    if heat >= gate:
        heat = 0.0
    return heat + share * (ratio * ratio - heat)
