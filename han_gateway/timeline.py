"""When did it happen? The instant of every reading of a dump that kept no exact times.

The dump's own times come first, then the meter's clock in the list; a list without a clock comes one list period after the one
before it. Time never goes back. This file must not know what a dump looks like, nor what is done with a reading.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dlms.rejects import Rejected
from han_gateway.adapters.recording import instant
from han_gateway.core.units import Instant
from han_gateway.meters.clock import ClockRule, utc
from han_gateway.meters.reading import Reading

BREAK_MS = 24 * 3_600_000
"""A jump of more than a day in a dump is not a meter that was silent but another day's dump."""

BACK_MS = 60_000
"""Going back by more than this is another dump, too; less is a clock that was set."""

_NONE, _HOUR, _MILLISECOND = timedelta(), timedelta(hours=1), timedelta(milliseconds=1)
_FAST_MS = 2_500  # list 1, the fastest list of any meter
_SLOW_MS = 10_000  # the lists with currents


@dataclass(slots=True, kw_only=True)
class Timeline:
    """Follows one dump. ``last`` is the instant of the newest reading, None before the first; ``broke`` says the last step jumped."""

    rule: ClockRule | None = None
    zone: str = "Europe/Oslo"
    last: Instant | None = None
    broke: bool = False
    _fast_seen: bool = False
    _hour: datetime = datetime.min  # noqa: DTZ901  a meter's clock has no zone
    _hour_at: Instant | None = None

    def place(self, stamp: Instant | None, item: Reading | Rejected) -> Instant:
        """The instant of ``item``; ``stamp`` is the one that the dump gives, if it gives one."""
        if stamp is not None:
            return self.reach(stamp)
        if isinstance(item, Rejected):
            return self.reach(self.last or 0)
        self._fast_seen |= item.list == 1
        clock = self._clock(item)
        if clock is not None:
            return self.reach(clock)
        return self.reach((self.last or 0) + (_FAST_MS if self._fast_seen else _SLOW_MS))

    def _clock(self, reading: Reading) -> Instant | None:
        """What the meter's clock says. The offset is looked up once an hour: it changes only on the hour."""
        clock = reading.meter_time
        if clock is None:
            return None
        if not _NONE <= clock - self._hour < _HOUR:
            moment = utc(reading, rule=self.rule, zone=self.zone)
            self._hour = clock.replace(minute=0, second=0, microsecond=0)
            self._hour_at = None if moment is None else instant(moment) - (clock - self._hour) // _MILLISECOND
        return None if self._hour_at is None else self._hour_at + (clock - self._hour) // _MILLISECOND

    def reach(self, at: Instant) -> Instant:
        """Go to ``at``, or stay where we are when that is a little back."""
        ahead = 0 if self.last is None else at - self.last
        self.broke = self.last is not None and not -BACK_MS <= ahead <= BREAK_MS
        self.last = at if self.last is None or self.broke or ahead > 0 else self.last
        return self.last
