"""Words for MQTT: effects to messages, charger reports to events. The contract is the table of topics in docs/mqtt.md.

Topics are made of configured names only, never of bytes from the wire. What comes in is hostile until proved otherwise: it is bounded
before it is parsed, and whatever is wrong with it comes back as ``Refused``, never as an exception. This file must not know how
messages travel.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from han_gateway.core.effects import Effect, SetLimit, ShowHeadroom, ShowReading
from han_gateway.core.events import ChargerSaid, ChargerStatus
from han_gateway.core.site import Charger, Site
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine
from han_gateway.meters.as_json import as_json
from han_gateway.meters.clock import DEFAULT_ZONE, ClockRule, utc

READING_EXPIRY_S = 30
"""Nobody wants yesterday's reading when the broker is back."""
MAX_REPORT_BYTES = 4_096
MAX_REPORT_BRACKETS = 64
"""A report has two levels and at most two objects; arrays and objects are counted before any of them is opened."""
MAX_CURRENT_A = 1_000
MAX_SESSION_WH = 10_000_000


class Message(NamedTuple):
    """One message to the broker. ``expiry_s`` is the MQTT 5 message expiry, None for never."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None


class Refused(NamedTuple):
    """A message that was not believed: where it was found (a configured name or ``topic``), and why, in our own words."""

    where: str
    why: str


def message(
    prefix: str, site: Site, effect: Effect, now: datetime, *, clock: ClockRule | None = None, zone: str = DEFAULT_ZONE
) -> Message | None:
    """Word an effect, or return None for what is not for MQTT. ``now`` is the wall time, aware, in UTC.

    ``clock`` and ``zone`` are the configured rule and time zone of the meter's clock, if there are any.
    """
    base = f"{prefix}/{site.name}"
    if isinstance(effect, ShowReading):
        time = utc(effect.reading, rule=clock, zone=zone, arrived=now)
        return Message(f"{base}/meter", _payload(as_json(effect.reading, time)), expiry_s=READING_EXPIRY_S)
    if isinstance(effect, ShowHeadroom):
        return Message(f"{base}/headroom", _payload(_headroom(effect, now)), retain=True)
    if isinstance(effect, SetLimit):
        name = effect.grant.charger
        expiry_s = max(1, effect.valid_for_ms // 1000)
        return Message(f"{base}/chargers/{name}/limit", _payload(_limit(site, effect, now)), qos=1, expiry_s=expiry_s)
    return None


def birth(prefix: str, site: Site) -> Message:
    """Say that the gateway is there."""
    return Message(f"{prefix}/{site.name}/status", b"online", qos=1, retain=True)


def will(prefix: str, site: Site) -> Message:
    """What the broker shall say if the gateway dies."""
    return Message(f"{prefix}/{site.name}/status", b"offline", qos=1, retain=True)


def subscriptions(prefix: str, site: Site) -> tuple[str, ...]:
    """The topics on which chargers report, one for each."""
    return tuple(_report_topic(prefix, site, charger) for charger in site.chargers)


def heard(prefix: str, site: Site, topic: str, payload: bytes, at: Instant) -> ChargerSaid | Refused:
    """Understand a message of a charger. Unknown keys are ignored; known ones must be right, and null means unknown."""
    charger = next((charger for charger in site.chargers if topic == _report_topic(prefix, site, charger)), None)
    if charger is None:
        return Refused("topic", "no charger reports there")
    try:
        return _report(charger, _parse(payload), at)
    except _WrongError as wrong:
        return Refused(charger.name, str(wrong))


class _WrongError(Exception):
    """A report that breaks a rule; the message is for people and holds no bytes from the wire."""


def _report_topic(prefix: str, site: Site, charger: Charger) -> str:
    return f"{prefix}/{site.name}/chargers/{charger.name}/report"


def _headroom(shown: ShowHeadroom, now: datetime) -> dict[str, Any]:
    return {
        "issued_at": _iso(now),
        "state": shown.state.value,
        "room_a": _decimals(shown.room_ma),
        "load_a": _decimals(shown.load_ma),
        "estimated": [line.value for line in shown.estimated],
        "fuse_a": _amps(shown.fuse_ma),
    }


def _limit(site: Site, told: SetLimit, now: datetime) -> dict[str, Any]:
    """All three lines are named; those that the charger does not use are 0."""
    charger = next(charger for charger in site.chargers if charger.name == told.grant.charger)
    whole = charger.step_ma % 1000 == 0
    limit = told.grant.limit_ma // 1000 if whole else _amps(told.grant.limit_ma)
    # Without a neutral a 1-phase charger sits between two lines.
    phases = 1 if site.grid.three_wire and len(told.lines) == 2 else len(told.lines)
    return {
        "seq": told.seq,
        "issued_at": _iso(now),
        "valid_for_s": told.valid_for_ms // 1000,
        "limit_a": {line.value: limit if line in told.lines else 0 for line in LINES},
        "current_a": limit,
        "phases": phases,
        "state": "charge" if told.grant.limit_ma else "pause",
        "reason": str(told.grant.reason),
    }


def _decimals(currents: PerLine[MilliAmps | None]) -> dict[str, float | None]:
    """Amperes with one decimal."""
    rounded = [None if current is None else (current + 50) // 100 / 10 for current in currents]
    return {line.value: value for line, value in zip(LINES, rounded, strict=True)}


def _amps(current: MilliAmps) -> float:
    """Amperes, exact; a whole number stays one."""
    return current // 1000 if current % 1000 == 0 else current / 1000


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _payload(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _parse(payload: bytes) -> dict[str, Any]:
    """Parse JSON that was bounded first: recursion and memory are decided before the parser runs."""
    if len(payload) > MAX_REPORT_BYTES:
        raise _WrongError(f"larger than {MAX_REPORT_BYTES} bytes")
    if payload.count(b"{") + payload.count(b"[") > MAX_REPORT_BRACKETS:
        raise _WrongError("too deep")
    try:
        value = json.loads(payload.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except ValueError as error:
        raise _WrongError("not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise _WrongError("not an object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _WrongError("a key occurs twice")
    return value


def _no_constant(_name: str) -> None:
    raise _WrongError("NaN and Infinity are no numbers")


def _report(charger: Charger, value: dict[str, Any], at: Instant) -> ChargerSaid:
    currents = value.get("current_a")
    if currents is None:
        currents = {}
    if not isinstance(currents, dict):
        raise _WrongError("current_a must be an object of L1, L2, L3")
    named = PerLine(*(_number(currents, line.value, MAX_CURRENT_A, 1000) for line in LINES))
    return ChargerSaid(
        at=at,
        charger=charger.name,
        current_ma=_of_the_house(charger, named) if charger.counts_own else named,
        status=_status(value.get("status")),
        limit_ma=_number(value, "limit_a", MAX_CURRENT_A, 1000),
        session_wh=_number(value, "session_wh", MAX_SESSION_WH, 1),
    )


def _of_the_house(charger: Charger, own: PerLine[MilliAmps | None]) -> PerLine[MilliAmps | None]:
    """The currents of a charger's own L1, L2, L3 on the lines of the house; a terminal without a wire is left out."""
    wired = dict(zip(charger.order, own, strict=False))
    return PerLine(*(wired.get(line) for line in LINES))


def _number(value: dict[str, Any], key: str, largest: int, scale: int) -> int | None:
    number = value.get(key)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _WrongError(f"{key} must be a number")
    if not 0 <= number <= largest:
        raise _WrongError(f"{key} must be from 0 to {largest}")
    return round(number * scale)


def _status(word: object) -> ChargerStatus | None:
    if word is None:
        return None
    if isinstance(word, str) and word in _STATUS:
        return _STATUS[word]
    raise _WrongError(f"status must be one of {', '.join(_STATUS)}")


_STATUS = {status.value: status for status in ChargerStatus}
