"""What is remembered of what people asked of a charger, immutable. It must not know who judges it (``outcome`` does)."""

from typing import NamedTuple

from han_gateway.core.effects import ShowOutcome, Stage
from han_gateway.core.events import Ask
from han_gateway.core.units import Instant


class Wish(NamedTuple):
    """What holds until it is taken back, or until an instant: a pause, or a boost. ``car`` tells that a car was there since."""

    ask: Ask
    until: Instant | None = None
    id: str | None = None
    car: bool = False


class Request(NamedTuple):
    """A command that is watched: since when, and how far it has come."""

    ask: Ask
    at: Instant
    stage: Stage = Stage.ACCEPTED
    id: str | None = None


class Asks(NamedTuple):
    """All that was asked of one charger.

    ``open`` are the commands that are watched: one restart, and one of the others. ``told`` are the newest outcomes of commands that had an
    id. ``gaps_ms`` are the last pauses between its reports, ``uptime_s`` is the last that it named: a restart shows by these. ``back_at`` is
    when it was first heard after one, None while it was not. Until ``rests_until`` a charger that was paused stays off, whoever asks
    (``rest``); None when it does not rest. ``stopped_at`` is when a pause last switched it off.
    """

    wish: Wish | None = None
    open: tuple[Request, ...] = ()
    told: tuple[ShowOutcome, ...] = ()
    restarted_at: Instant | None = None
    back_at: Instant | None = None
    gaps_ms: tuple[int, ...] = ()
    uptime_s: int | None = None
    rests_until: Instant | None = None
    stopped_at: Instant | None = None

    @property
    def paused(self) -> bool:
        """A pause holds."""
        return self.wish is not None and self.wish.ask is Ask.PAUSE
