"""What is remembered of a charger's word about its limit, immutable. It must not know who judges it (``echo`` does)."""

from enum import Enum
from typing import NamedTuple

from han_gateway.core.units import Instant, MilliAmps


class Accord(Enum):
    """Whether a charger says that it obeys what we told it."""

    AGREES = "agrees"  # it does, or says nothing of it
    DOUBTED = "doubted"  # it names more; it was told again
    DISPUTED = "disputed"  # it still names more, long after it was told again
    SHARED = "shared"  # somebody else sets its limit, too


class Echo(NamedTuple):
    """What a charger says that it obeys, beside what we told it (``echo``).

    ``since`` is when the accord became what it is, ``warned`` of which one people were warned last, and when. It may obey ``echo_ma``
    because it says so, ``other_ma`` because somebody else told it, ``alone_ma`` because it may not hear us, ``reborn_ma`` because it
    restarts and knows no limit yet; each is 0 where it does not go beyond its limit. ``tries`` counts how often it was told again, ``wrong_at`` is when that was called for last. ``others_at`` are
    the last signs of somebody else. ``told_ma`` are the limits that we told last, ``unanswered_ma`` the largest since its last report.
    """

    accord: Accord = Accord.AGREES
    since: Instant = 0
    warned: tuple[Accord, Instant] = (Accord.AGREES, 0)
    echo_ma: MilliAmps = 0
    other_ma: MilliAmps = 0
    alone_ma: MilliAmps = 0
    reborn_ma: MilliAmps = 0
    tries: int = 0
    wrong_at: Instant = 0
    others_at: tuple[Instant, ...] = ()
    told_ma: tuple[MilliAmps, ...] = ()
    unanswered_ma: MilliAmps = 0

    @property
    def claimed_ma(self) -> MilliAmps:
        """The most that it may obey although we did not tell it; 0 for nothing."""
        return max(self.echo_ma, self.other_ma, self.alone_ma, self.reborn_ma)
