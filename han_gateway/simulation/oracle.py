"""Two oracles with cars that obey at once: what is possible at all, and what is possible one list late.

They are the measure of utilisation. What overload is inevitable is told by the oracle with real cars, in ``bound``.

An oracle knows the true current of the house, its angles, and what each car would take; it is meant for cars that obey at once
(``classes.ideal``). It keeps the same rules as everybody: whole steps, never between nothing and the minimum, max-min fair shares.
*Now* knows this very second and never overloads. *Late* knows the second of the list before the last one. This file must not be
mistaken for a control law.
"""

import math
from collections.abc import Iterable

from han_gateway.core.allocation import Room, Want, allocate
from han_gateway.core.events import Event, Tick
from han_gateway.core.units import Instant, MilliAmps, PerLine
from han_gateway.simulation.lab import Case, Lab, unit
from han_gateway.simulation.policy import Order

LIST_S = 10
NO_ROOM: MilliAmps = -1


class Oracle:
    """Decides every ``every_s`` seconds by the house as it was ``behind_s`` before."""

    def __init__(self, lab: Lab, every_s: int, behind_s: int) -> None:
        self._lab = lab
        self._site = lab.case.site
        self._every_s = every_s
        self._behind_s = behind_s
        self._wakes: Instant = 0
        self._shares: dict[tuple[int, ...], list[Order]] = {}
        self._turns = turns(lab.case)

    @property
    def due_at(self) -> Instant:
        """When it looks next."""
        return self._wakes

    def handle(self, event: Event) -> Iterable[Order]:
        """Look at the world; what meters and chargers say is no news."""
        if not isinstance(event, Tick):
            return ()
        self._wakes = event.at + self._every_s * 1000
        room = self._room(max(0, event.at // 1000 - self._behind_s))
        ceilings = tuple(socket.wants_ma() for socket in self._lab.sockets.values())
        key = (*room, *ceilings)
        if key not in self._shares:
            self._shares[key] = self._share(room, ceilings)
        return self._shares[key]

    def _room(self, second: int) -> PerLine[MilliAmps]:
        """The room of each line in whole amperes."""
        fuse = self._site.root.fuse_ma / 1000
        rooms = (room_ma(fuse, line[second] * turn) for line, turn in zip(self._lab.case.supply.amps, self._turns, strict=True))
        return PerLine(*(max(0, room // 1000 * 1000) for room in rooms))

    def _share(self, room: PerLine[MilliAmps], ceilings: tuple[MilliAmps, ...]) -> list[Order]:
        wants = []
        for car, ceiling in zip(self._lab.case.cars, ceilings, strict=True):
            charger = car.charger
            up = -(-ceiling // charger.step_ma) * charger.step_ma
            wants.append(Want(charger=charger, ceiling_ma=min(up, charger.maximum_ma), lines=car.loads))
        return [Order(grant.charger, grant.limit_ma) for grant in allocate(self._site, Room(room), wants)]


def turns(case: Case) -> PerLine[complex]:
    """What turns each line's current so that the cars' lies along the real axis: the one car there is, else their own voltage's."""
    amps = unit(case, case.cars[0]) if len(case.cars) == 1 else PerLine(0j, 0j, 0j)
    return PerLine(*((line / abs(line) if line else 1 + 0j).conjugate() for line in amps))


def room_ma(fuse: float, house: complex) -> MilliAmps:
    """How much current at the cars' angle brings a line exactly to its fuse; export makes room. Negative where there is none."""
    squared = fuse * fuse - house.imag * house.imag
    return math.floor(1000 * (math.sqrt(squared) - house.real) + 1e-6) if squared > 0 else NO_ROOM


def now(lab: Lab) -> Oracle:
    """Knows this second."""
    return Oracle(lab, 1, 0)


def late(lab: Lab) -> Oracle:
    """Knows the second of the list before the last one."""
    return Oracle(lab, LIST_S, LIST_S)
