"""What is remembered between two scrapes of one charger, and what the metrics ask of those who count. It must not know how metrics look."""

from collections import Counter
from typing import Protocol

from han_gateway.core.effects import SetLimit, ShowCharger, ShowOutcome
from han_gateway.core.events import ChargerSaid, Overheard
from han_gateway.core.units import Instant

OF_CHARGERS = (ChargerSaid, Overheard)
"""The events that ``ChargerFigures`` hears."""


class Counted(Protocol):
    """Something that is only counted."""

    count: int


class BrokerFigures(Protocol):
    """What the broker adapter counts."""

    reconnects: int
    publish_failures: int
    ignored: int

    @property
    def troubles(self) -> Counted:
        """What it refused or broke."""

    @property
    def dropped(self) -> int:
        """Messages that were never sent."""


class ChargerFigures:
    """What one charger was told and what it said."""

    def __init__(self) -> None:
        self.told: SetLimit | None = None
        self.shown: ShowCharger | None = None
        self.said: ChargerSaid | None = None
        self.foreign = 0
        self.issued = 0
        self.raised = 0
        self.lowered = 0
        self.confirmed = 0
        self.confirmed_seq = 0
        self.confirmed_at: Instant | None = None
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def came_of(self, outcome: ShowOutcome) -> None:
        """Somebody asked something of it, and this came of it."""
        self.outcomes[outcome.ask.value, outcome.stage.value] += 1

    def tell(self, limit: SetLimit) -> None:
        """A command; the first one changes nothing that we know of, and one that is repeated changes nothing at all."""
        if self.told is not None:
            self.raised += limit.grant.limit_ma > self.told.grant.limit_ma
            self.lowered += limit.grant.limit_ma < self.told.grant.limit_ma
        self.told = limit
        self.issued += 1

    def hear(self, said: ChargerSaid | Overheard) -> None:
        """A report confirms the last command when it names the same limit, or a pause for a pause."""
        if isinstance(said, Overheard):
            self.foreign += 1
            return
        self.said = said
        if self.told is not None and said.limit_ma == self.told.grant.limit_ma:
            self.confirmed += self.confirmed_seq != self.told.seq
            self.confirmed_seq = self.told.seq
            self.confirmed_at = said.at
