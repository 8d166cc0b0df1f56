"""Lists that came whole and yet cannot be read, because they are encrypted: what people are told of it, and how seldom.

They change no limit: for the controller the meter is silent. This file must not know how anything is encrypted.
"""

from dlms.rejects import Reason
from han_gateway.core.effects import Note
from han_gateway.core.events import MeterGarbled
from han_gateway.core.people import notes
from han_gateway.core.site import Site
from han_gateway.core.state import State

TELL_AGAIN_MS = 3_600_000
"""What goes on is told again after an hour."""

TOLD = frozenset({Reason.ENCRYPTED, Reason.WRONG_KEY, Reason.REPLAYED, Reason.UNAUTHENTICATED})
"""What is told here."""


def unread(_site: Site, state: State, event: MeterGarbled) -> tuple[State, tuple[Note, ...]]:
    """Bytes were refused; say so where it is the key. Damage is only counted, elsewhere."""
    reason = event.rejected.reason
    told = dict(state.unread)
    if reason not in TOLD or (reason in told and event.at - told[reason] < TELL_AGAIN_MS):
        return state, ()
    told[reason] = event.at
    return state._replace(unread=tuple(told.items())), (notes.unread(reason, event.rejected.detail),)
