"""What a meter's clock means: from its wall clock to UTC, by the vendor's rule, a configured one, or the arrival.

All vendors write "local time" in their documents; captured frames show standard time all year for Aidon and Kamstrup, and firmware
updates have moved clocks by an hour. So a rule is a default, a configured rule wins, and live the arrival decides which whole hour
it is. Where nothing decides, there is no UTC: None, not a guess. This file reads no clock of its own.
"""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from han_gateway.meters.reading import ClockRule, Reading

__all__ = ["DEFAULT_ZONE", "NEAR_ARRIVAL", "ClockRule", "hours_off", "utc"]

DEFAULT_ZONE = "Europe/Oslo"
NEAR_ARRIVAL = timedelta(minutes=10)
"""A meter's clock that is further from the arrival than this, after whole hours are taken off, is wrong rather than shifted."""

_HOURS = tuple(range(-1, 5))  # UTC-1 (a clock moved the wrong way) to UTC+4: every zone with such meters, and an hour beyond


def utc(
    reading: Reading, *, rule: ClockRule | None = None, zone: str = DEFAULT_ZONE, arrived: datetime | None = None
) -> datetime | None:
    """Give the time of a reading in UTC, or None where it cannot be known.

    Args:
        reading: its ``meter_time`` is what is translated.
        rule: the configured rule; None for the vendor's.
        zone: the IANA zone in which the meter hangs.
        arrived: when the list arrived (aware), where that is known: an unconfigured clock that is off by whole hours is put right.
    """
    if reading.meter_time is None:
        return None
    by_rule = _by_rule(reading.meter_time, rule or reading.clock_rule, ZoneInfo(zone))
    if rule is not None or arrived is None:
        return by_rule
    return _by_arrival(reading.meter_time, arrived) or by_rule


def hours_off(reading: Reading, by: ClockRule | None, zone: str, arrived: datetime) -> int | None:
    """Tell by how many whole hours the clock deviates from its rule at an arrival; None where it cannot be told."""
    expected = utc(reading, rule=by, zone=zone)
    seen = None if reading.meter_time is None else _by_arrival(reading.meter_time, arrived)
    return None if expected is None or seen is None else round((expected - seen) / timedelta(hours=1))


def _by_rule(wall: datetime, rule: ClockRule | None, zone: ZoneInfo) -> datetime | None:
    """Apply a rule; no rule is an answer only while summer and standard time agree."""
    if rule is ClockRule.UTC:
        return wall.replace(tzinfo=UTC)
    standard = wall.replace(tzinfo=timezone(_standard_offset(wall, zone))).astimezone(UTC)
    if rule is ClockRule.STANDARD:
        return standard
    if rule is ClockRule.SUMMER:
        return standard - timedelta(hours=1)
    local = _by_local(wall, zone)
    return local if rule is ClockRule.LOCAL or local == standard else None


def _by_local(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """Translate local time; None in the hour that occurs twice in October and in the one that March leaves out."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return first.astimezone(UTC) if first.utcoffset() == second.utcoffset() else None


def _standard_offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    """Give the winter offset of a zone, the smaller of its two: the law of Ireland calls winter the exception, and so does ``dst``."""
    return min(wall.replace(month=month, day=1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))


def _by_arrival(wall: datetime, arrived: datetime) -> datetime | None:
    """Take off the whole hours that bring the clock to its arrival."""
    for hours in _HOURS:
        moment = (wall - timedelta(hours=hours)).replace(tzinfo=UTC)
        if abs(moment - arrived) <= NEAR_ARRIVAL:
            return moment
    return None
