"""The patience of the main fuse: whether a car may stay at its minimum for a moment although its line is above the fuse.

A pause wears contactors and sends some cars to sleep; a fuse bears a small overload for minutes. The fuse is taken for one body that warms
towards the square of the current with a time constant of 60 s, as the worst breaker that IEC 60898-1 allows (``simulation/fuse``
says how that is drawn from its table 7). While it is colder than its rated current would make it for ever, and the line
stays below 1.3 times the rating, the minimum is held; else the car is paused as the allocation said. Heat is in thousandths of that.
This file must not know how the room is measured.
"""

from han_gateway.core.allocation import Room, lowest_ma
from han_gateway.core.decision import Grants
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.load import Load
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import LINES, MilliAmps, PerLine

TAU_MS = 60_000
WARM = 1_000
"""The heat of the rated current that has flowed for ever."""
EXCESS_PERCENT = 30
"""So far above the fuse nothing is held."""


def warmed(site: Site, heat: PerLine[int], load: Load, since_ms: int) -> PerLine[int]:
    """The heat of each line after a list; what flowed in a long silence is not known, so the fuse is taken to be warm after it."""
    if since_ms > site.policy.stale_after_ms:
        heat = PerLine(WARM, WARM, WARM)
    fuse = site.root.fuse_ma
    return PerLine(*(_warm(fuse, before, now, since_ms) for before, now in zip(heat, load.current_ma, strict=True)))


def hold(site: Site, chargers: tuple[ChargerView, ...], cuts: Grants, room: Room, heat: PerLine[int]) -> Grants:
    """Turn pauses for want of room under the main fuse into the minimum, where all of it together is little and the fuse is cool."""
    held = {view.charger.name: _held(view, cuts[view.charger.name]) for view in chargers if _pauses(site, view, cuts)}
    if not held or not all(_bearable(site, chargers, cuts | held, room.main, heat, line) for line in _lines(chargers, held)):
        return cuts
    return cuts | held


def _warm(fuse_ma: MilliAmps, heat: int, current_ma: MilliAmps | None, since_ms: int) -> int:
    ratio = WARM if current_ma is None else WARM * current_ma**2 // fuse_ma**2
    return heat + (ratio - heat) * since_ms // (TAU_MS + since_ms)


def _pauses(site: Site, view: ChargerView, cuts: Grants) -> bool:
    grant = cuts.get(view.charger.name)
    if grant is None or grant.limit_ma or not view.grant.limit_ma:
        return False
    return grant.reason.cause is Cause.NO_ROOM and grant.reason.circuit == site.root.name


def _held(view: ChargerView, grant: Grant) -> Grant:
    reason = Reason(cause=Cause.HELD, circuit=grant.reason.circuit, line=grant.reason.line)
    return Grant(charger=grant.charger, limit_ma=min(view.grant.limit_ma, lowest_ma(view.charger)), reason=reason)


def _lines(chargers: tuple[ChargerView, ...], held: Grants) -> set[int]:
    return {line.index for view in chargers if view.charger.name in held for line in view.lines}


def _bearable(
    site: Site, chargers: tuple[ChargerView, ...], grants: Grants, room: PerLine[MilliAmps], heat: PerLine[int], index: int
) -> bool:
    line = LINES[index]
    promised = sum(grants.get(view.charger.name, view.grant).limit_ma for view in chargers if line in view.lines)
    return heat[index] < WARM and 100 * (promised - room[index]) < EXCESS_PERCENT * site.root.fuse_ma
