"""What the laboratory asks of a control law, and our own law behind it.

A policy hears the same events as the gateway and answers with limits. It says when it wants to be woken; it gets a tick at the next
whole second. Whatever else it knows it must have been given when it was made. This file must not know how anything is simulated.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from han_gateway.core.effects import SetLimit
from han_gateway.core.events import Event
from han_gateway.core.gateway import start, step
from han_gateway.core.site import Site
from han_gateway.core.units import Instant, Line, MilliAmps

NEVER: Instant = 1 << 62


class Order(NamedTuple):
    """A limit for a charger. ``valid_ms`` is None where it holds until the next one, ``lines`` where its lines stay as they are."""

    charger: str
    limit_ma: MilliAmps
    valid_ms: int | None = None
    lines: frozenset[Line] | None = None


class Policy(Protocol):
    """A control law."""

    @property
    def due_at(self) -> Instant:
        """When it wants a tick, ``NEVER`` for not at all; a time that has passed means the next whole second."""

    def handle(self, event: Event) -> Iterable[Order]:
        """Answer an event."""


class Gateway:
    """Our own law: the very ``step`` that ships. It is spared the ticks with nothing due, at which it returns the same state."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._state = start(site, 0)

    @property
    def due_at(self) -> Instant:
        """When something happens by itself."""
        return self._state.due_at

    def handle(self, event: Event) -> Iterable[Order]:
        """One step."""
        self._state, effects = step(self._site, self._state, event)
        return [
            Order(effect.grant.charger, effect.grant.limit_ma, effect.valid_for_ms, effect.lines)
            for effect in effects
            if isinstance(effect, SetLimit)
        ]
