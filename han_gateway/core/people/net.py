"""Whether the meter contradicts the net that was configured: then line currents are added up wrongly, and people must hear of it.

It changes no limit: nobody but the electrician knows between which lines a charger is. This file must not know how a meter shows it (``wires`` does).
"""

from han_gateway.core.effects import Note
from han_gateway.core.people import notes
from han_gateway.core.people.unread import TELL_AGAIN_MS
from han_gateway.core.site import Site
from han_gateway.core.state import State, Wiring
from han_gateway.core.units import Instant
from han_gateway.meters.reading import Reading
from han_gateway.meters.wires import wires

ENOUGH = 6
"""So many lists in a row: power and currents of one list may have been measured at two moments, beside a kettle."""


def compare(site: Site, state: State, reading: Reading, at: Instant) -> tuple[State, tuple[Note, ...]]:
    """Compare a list with the configured net. A list that tells nothing of the net counts neither way."""
    shown = wires(reading)
    if shown is None:
        return state, ()
    if shown.neutral is not site.grid.three_wire:
        return state._replace(wiring=Wiring()), ()
    lists, told_at = min(state.wiring.lists + 1, ENOUGH), state.wiring.told_at
    due = lists == ENOUGH and (told_at is None or at - told_at >= TELL_AGAIN_MS)
    told = (notes.other_net(site.grid, shown.by),) if due else ()
    return state._replace(wiring=Wiring(lists, at if due else told_at)), told


def contradicted(state: State) -> bool:
    """Tell whether the lists show another net than the configured one."""
    return state.wiring.lists == ENOUGH
