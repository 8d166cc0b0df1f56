"""A log that does not wear out an SD card: what comes again and again is told a few times, and from then on now and then, with its number.

A fault may stay for months and come back every two seconds: an adapter with a loose plug, a broker that throws us out. Lines that differ
in their amperes or seconds only are of one kind. This file must not know what is told, nor by whom; its logger tells what is a decision.
"""

import logging
import re
from collections.abc import Callable
from typing import NamedTuple

from han_gateway.core.units import Instant

DECISIONS = "han_gateway.decisions"
"""The logger of why a limit was set."""
KINDS = 256
"""So many kinds are remembered; the one that has been quiet the longest is forgotten for a new one."""


class Pace(NamedTuple):
    """How often lines of one kind are told: so many as they come, and one more after each ``pause_ms``."""

    freely: int
    pause_ms: int


USUAL = Pace(6, 600_000)
DECIDED = Pace(60, 20_000)
"""The control law does not change a limit more often, so each of its decisions is told. Commands in a loop can."""

# A figure with a unit, or before an arrow; chargers may have numbers for names, and each is a kind of its own.
_FIGURES = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?= (?:->|(?:A|W|kW|h|s|min|messages)\b))")


class _Kind(NamedTuple):
    """Until when its lines are paid for, each of which costs a pause; and how many were not told since the last one that was."""

    paid_until: Instant
    untold: int = 0


class Quiet(logging.Filter):
    """For a handler. ``now`` gives milliseconds that never jump."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        super().__init__()
        self._now = now
        self._kinds: dict[str, _Kind] = {}  # the quietest first

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to tell it; the one that is told after a pause says how many were not."""
        now, text = self._now(), record.getMessage()
        freely, pause_ms = DECIDED if record.name == DECISIONS else USUAL
        name = _FIGURES.sub("#", text)
        kind = self._kinds.pop(name, _Kind(now))
        paid_until = max(kind.paid_until, now) + pause_ms
        told = paid_until - now <= freely * pause_ms
        self._kinds[name] = _Kind(paid_until) if told else kind._replace(untold=kind.untold + 1)
        if len(self._kinds) > KINDS:
            del self._kinds[next(iter(self._kinds))]
        if told and kind.untold:
            record.msg, record.args = f"{text} (and {kind.untold} times more since this was told last)", ()
        return told
