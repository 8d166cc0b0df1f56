"""The times that people's dumps begin their lines with. This file must not know what follows them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

_FRACTION = r"(?:[.,](\d{1,9}))?"
_ISO = re.compile(
    r"\W{0,3}((?:19|20)\d\d)-(\d\d)-(\d\d)[T_ ](\d\d)[:.](\d\d)[:.](\d\d)" + _FRACTION + r"( ?[+-]\d\d:?\d\d|Z)?(?![\d:])",
    re.ASCII,
)
_DOTTED = re.compile(r"(?:Received )?(\d\d)\.(\d\d)\.(20\d\d|\d\d) (\d\d):(\d\d):(\d\d)" + _FRACTION + r"(?!\d)", re.ASCII)
_UNIX = re.compile(r"(1\d{9})(?:\.(\d{1,9}))?(?=\s+\S*[^\s0-9A-Fa-f])", re.ASCII)
_TIME_OF_DAY = re.compile(r"\W{0,3}\d\d[:.]\d\d[:.]\d\d" + _FRACTION + r"(?=[\s\]>])", re.ASCII)

_COLUMN = re.compile(r" ?[;|]")  # between two columns of a table; anywhere else a comment begins there


def split_time(text: str) -> tuple[datetime | None, str]:
    """Split a line into the time it begins with and the rest. A time of day alone is cut off too, but tells nothing."""
    for pattern, read in _FORMATS:
        found = pattern.match(text)
        if found:
            try:
                column = _COLUMN.match(text, found.end())
                return read(found), text[(column or found).end() :]
            except (ValueError, OverflowError):  # a thirteenth month
                return None, text
    return None, text


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _iso(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    moment = datetime(year, month, day, hour, minute, second, _microseconds(found[7]), tzinfo=_zone(found[8]))
    return moment.astimezone(UTC) if moment.tzinfo else moment


def _zone(offset: str | None) -> timezone | None:
    """Read ``Z``, ``+01:00`` or ``+0100``."""
    if not offset or offset == "Z":
        return UTC if offset else None
    digits = offset.strip().replace(":", "")
    behind = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-behind if digits[0] == "-" else behind)


def _dotted(found: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    return datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, second, _microseconds(found[7]))  # noqa: DTZ001


def _unix(found: re.Match[str]) -> datetime:
    return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(microseconds=_microseconds(found[2]))


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], datetime | None]], ...] = (
    (_ISO, _iso),
    (_DOTTED, _dotted),
    (_UNIX, _unix),
    (_TIME_OF_DAY, lambda _: None),
)
