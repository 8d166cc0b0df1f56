"""The COSEM date-time of 12 octets (IEC 62056-6-2, 4.1.6.1; Blue Book 4.1.6.1), both ways.

Any field may be "not specified" (FF, for the deviation 8000), and real meters disagree about the weekday of a Sunday and the sign
of the deviation; so only the wall clock is read, and nothing is validated that nobody needs.
This file must not know which zone a clock runs in.
"""

from datetime import MAXYEAR, MINYEAR, datetime
from struct import Struct as CStruct
from struct import error
from typing import NamedTuple

from construct import Int8ub, Int16sb, Int16ub, Struct

DATE_TIME_SIZE = 12
DEVIATION_NOT_SPECIFIED = -0x8000
_HUNDREDTHS_NOT_SPECIFIED = 0xFF

_DATE_TIME = Struct(
    "year" / Int16ub,
    "month" / Int8ub,
    "day" / Int8ub,
    "weekday" / Int8ub,
    "hour" / Int8ub,
    "minute" / Int8ub,
    "second" / Int8ub,
    "hundredths" / Int8ub,
    "deviation" / Int16sb,
    "status" / Int8ub,
)


_WALL_CLOCK = CStruct(">HBBxBBB").unpack_from  # the same record, as far as it is read on every frame


class ClockStyle(NamedTuple):
    """What a meter writes around its wall clock: the number of a Sunday (7 by the standard), minutes *to* UTC, status bits."""

    sunday: int = 7
    deviation: int = DEVIATION_NOT_SPECIFIED
    status: int = 0
    hundredths: int = _HUNDREDTHS_NOT_SPECIFIED


def wall_clock(octets: bytes, at: int = 0) -> datetime | None:
    """Read the date and time of day at an offset, without a zone; None where a field is not specified or impossible.

    So are the first and the last year of the calendar: part of them lies beyond its end in other zones.
    """
    try:
        moment = datetime(*_WALL_CLOCK(octets, at))  # noqa: DTZ001 - the zone is not on the wire
    except (ValueError, error):
        return None
    return moment if MINYEAR < moment.year < MAXYEAR else None


def clock_style(octets: bytes) -> ClockStyle:
    """Read what stands around the wall clock; the number of a Sunday shows on Sundays only, and is 7 on other days."""
    fields = _DATE_TIME.parse(octets)
    return ClockStyle(0 if fields.weekday == 0 else 7, fields.deviation, fields.status, fields.hundredths)


def build_date_time(clock: datetime, style: ClockStyle) -> bytes:
    """Write a wall clock as 12 octets."""
    weekday = clock.isoweekday()
    fields = {
        "year": clock.year,
        "month": clock.month,
        "day": clock.day,
        "weekday": style.sunday if weekday == 7 else weekday,
        "hour": clock.hour,
        "minute": clock.minute,
        "second": clock.second,
        "hundredths": style.hundredths,
        "deviation": style.deviation,
        "status": style.status,
    }
    octets: bytes = _DATE_TIME.build(fields)
    return octets
