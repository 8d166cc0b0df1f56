"""The patience of the main fuse: whether the last car on a line may stay at its minimum although the line is a little above the fuse.

A pause wears contactors and sends some cars to sleep; a fuse bears a small overload for minutes. Up to 1.13 times the rating a breaker must
not trip within an hour (IEC 60898-1, table 7), and it is not asked for an hour: the fuse is taken for one body that warms towards the
square of the current with a time constant of 60 s, and the minimum is held only while that body is colder than the rated current would make
it for ever. Heat is in thousandths of that. Where several charge, one of them is paused as ever: their turns change anyway.
This file must not know how the room is measured.
"""

from dataclasses import replace

from han_gateway.core.allocation import Room, lowest_ma
from han_gateway.core.decision import Grants, too_powerful
from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.load import Load
from han_gateway.core.phases import SPARE_MA, there_and_back
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView
from han_gateway.core.units import MilliAmps, PerLine

TAU_MS = 60_000
WARM = 1_000
"""The heat of the rated current that has flowed for ever."""
EXCESS_PERCENT = 13
"""So far above the fuse nothing is held."""


def warmed(site: Site, heat: PerLine[int], load: Load, since_ms: int) -> PerLine[int]:
    """The heat of each line after a list; what flowed in a long silence is not known, so the fuse is taken to be warm after it."""
    if since_ms > site.policy.stale_after_ms:
        heat = PerLine(WARM, WARM, WARM)
    fuse = site.root.fuse_ma
    return PerLine(*(_warm(fuse, before, now, since_ms) for before, now in zip(heat, load.current_ma, strict=True)))


def hold(site: Site, chargers: tuple[ChargerView, ...], cuts: Grants, room: Room, heat: PerLine[int]) -> Grants:
    """Turn the pause of the last charger on its lines into its minimum, where the fuse bears that."""
    held = dict(cuts)
    for view in chargers:
        grant = cuts.get(view.charger.name)
        alone = not any(other.grant.limit_ma and other.lines & view.lines for other in chargers if other is not view)
        if (
            grant
            and alone
            and _pauses(site, view, grant, room.main)
            and _bears(site, view, room.main, heat)
            and _powers(site, view, chargers, room)
        ):
            reason = Reason(cause=Cause.HELD, circuit=grant.reason.circuit, line=grant.reason.line)
            held[grant.charger] = Grant(charger=grant.charger, limit_ma=lowest_ma(view.charger), reason=reason)
    return held


def let_go(view: ChargerView) -> Grant:
    """The same limit for a meter that has fallen silent, but a pause for a charger that was left its minimum on trust.

    What the fuse bears for a while, and a guess that the next list was to judge, want somebody who watches the line.
    """
    on_trust = view.grant.reason.cause in (Cause.HELD, Cause.POWER_ROSE) and view.grant.limit_ma <= lowest_ma(view.charger)
    return replace(view.grant, limit_ma=0) if on_trust else view.grant


def _pauses(site: Site, view: ChargerView, grant: Grant, room: PerLine[MilliAmps]) -> bool:
    """Tell whether it would be paused for want of room under the main fuse, with no other way."""
    wanting = grant.reason.cause is Cause.NO_ROOM and grant.reason.circuit == site.root.name
    return wanting and not _may_change(view, room) and not grant.limit_ma and view.grant.limit_ma >= lowest_ma(view.charger)


def _may_change(view: ChargerView, room: PerLine[MilliAmps]) -> bool:
    """Tell whether it could come back on fewer lines (``phases``): one phase is better than too much on three."""
    may = view.mode is None and view.report is not None and there_and_back(view)
    enough = lowest_ma(view.charger) + SPARE_MA
    return may and any(min(room[line.index] for line in lines) >= enough for lines in view.charger.modes)


def _bears(site: Site, view: ChargerView, room: PerLine[MilliAmps], heat: PerLine[int]) -> bool:
    """Tell whether each line that is too full is still cool, and not too full by much."""
    lowest, most = lowest_ma(view.charger), EXCESS_PERCENT * site.root.fuse_ma // 100
    full = [line.index for line in view.lines if room[line.index] < lowest]
    return all(heat[index] < WARM and lowest - room[index] <= most for index in full)


def _powers(site: Site, view: ChargerView, chargers: tuple[ChargerView, ...], room: Room) -> bool:
    """Tell whether its minimum is within the power cap, which is not patient, beside what the others have."""
    at_minimum = view._replace(grant=replace(view.grant, limit_ma=lowest_ma(view.charger)))
    return not too_powerful(site, tuple(at_minimum if other is view else other for other in chargers), room)


def _warm(fuse_ma: MilliAmps, heat: int, current_ma: MilliAmps | None, since_ms: int) -> int:
    ratio = WARM if current_ma is None else WARM * current_ma**2 // fuse_ma**2
    return heat + (ratio - heat) * since_ms // (TAU_MS + since_ms)
