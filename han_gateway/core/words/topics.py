"""Words for MQTT: effects to messages. The contract is the table of topics in docs/mqtt.md; ``inbox`` is the way back.

Topics are made of configured names only, never of bytes from the wire. This file must not know how messages travel.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from han_gateway.core.effects import (
    Effect,
    Grant,
    RestartCharger,
    SetLimit,
    ShowCaps,
    ShowCharger,
    ShowHeadroom,
    ShowOutcome,
    ShowReading,
)
from han_gateway.core.site import CapRule, Site
from han_gateway.core.units import LINES, MilliAmps, PerLine, tenths
from han_gateway.meters.as_json import as_json, exact
from han_gateway.meters.clock import DEFAULT_ZONE, ClockRule, utc

READING_EXPIRY_S = 30
"""Nobody wants yesterday's reading when the broker is back."""
RESTART_EXPIRY_S = 30
"""A restart that waited on its way is worse than none."""


class Message(NamedTuple):
    """One message to the broker. ``expiry_s`` is the MQTT 5 message expiry, None for never.

    ``nth``: so many messages on the same topic must be heard before it; they are said in one breath, and none takes another's place.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None
    nth: int = 0


def message(
    prefix: str, site: Site, effect: Effect, now: datetime, *, clock: ClockRule | None = None, zone: str = DEFAULT_ZONE
) -> Message | None:
    """Word an effect, or return None for what is not for MQTT. ``now`` is the wall time, aware, in UTC.

    ``clock`` and ``zone`` are the configured rule and time zone of the meter's clock, if there are any.
    """
    base = f"{prefix}/{site.name}"
    if isinstance(effect, ShowReading):
        time = utc(effect.reading, rule=clock, zone=zone, arrived=now)
        return Message(f"{base}/meter", payload(as_json(effect.reading, time)), expiry_s=READING_EXPIRY_S)
    if isinstance(effect, ShowHeadroom):
        return Message(f"{base}/headroom", payload(_headroom(effect, now)), retain=True)
    if isinstance(effect, ShowCaps):
        return Message(f"{base}/caps", payload(_caps(site, effect, now)), qos=1, retain=True)
    return _of_charger(f"{base}/chargers", site, effect, now)


def _of_charger(base: str, site: Site, effect: Effect, now: datetime) -> Message | None:
    """To one charger, or about it."""
    if isinstance(effect, ShowCharger):
        name = effect.grant.charger
        return Message(f"{base}/{name}/state", payload(_charger(site, effect, now)), qos=1, retain=True)
    if isinstance(effect, SetLimit):
        name = effect.grant.charger
        expiry_s = max(1, effect.valid_for_ms // 1000)
        return Message(f"{base}/{name}/limit", payload(_limit(site, effect, now)), qos=1, expiry_s=expiry_s)
    if isinstance(effect, ShowOutcome):
        return Message(f"{base}/{effect.charger}/outcome", payload(_outcome(effect, now)), qos=1, retain=True)
    if isinstance(effect, RestartCharger):
        return Message(f"{base}/{effect.charger}/restart", b"restart", qos=1, expiry_s=RESTART_EXPIRY_S)
    return None


def birth(prefix: str, site: Site) -> Message:
    """Say that the gateway is there."""
    return Message(f"{prefix}/{site.name}/status", b"online", qos=1, retain=True)


def will(prefix: str, site: Site) -> Message:
    """What the broker shall say if the gateway dies."""
    return Message(f"{prefix}/{site.name}/status", b"offline", qos=1, retain=True)


def forgotten(prefix: str, site: Site, new_site: Site) -> tuple[Message, ...]:
    """Take from the broker what it keeps of chargers that ``new_site`` does not have."""
    return tuple(
        Message(f"{prefix}/{site.name}/chargers/{name}/{kept}", b"", qos=1, retain=True)
        for name in site.gone(new_site)
        for kept in ("state", "outcome")
    )


def _headroom(shown: ShowHeadroom, now: datetime) -> dict[str, Any]:
    return {
        "issued_at": _iso(now),
        "state": shown.state.value,
        "room_a": _decimals(shown.room_ma),
        "load_a": _decimals(shown.load_ma),
        "estimated": [line.value for line in shown.estimated],
        "fuse_a": exact(shown.fuse_ma),
    }


def _caps(site: Site, shown: ShowCaps, now: datetime) -> dict[str, Any]:
    return {
        "issued_at": _iso(now),
        "power_w": shown.power_w,
        "power_w_bounds": _bounds(site.power_cap, 1),
        "line_a": exact(shown.line_ma),
        "line_a_bounds": _bounds(site.line_cap, 1000),
    }


def _bounds(rule: CapRule | None, scale: int) -> list[float] | None:
    """Between what a cap may be set; equal where it may not, None where there is no cap."""
    return (
        None if rule is None else [bound // scale if bound % scale == 0 else bound / scale for bound in (rule.least, rule.most)]
    )


def _limit(site: Site, told: SetLimit, now: datetime) -> dict[str, Any]:
    """All three lines are named; those that the charger does not use are 0."""
    limit = _told(site, told.grant)
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
        "queue": told.queue,
    }


def _charger(site: Site, shown: ShowCharger, now: datetime) -> dict[str, Any]:
    return {
        "issued_at": _iso(now),
        "state": shown.state.value,
        "since": _iso(now - timedelta(milliseconds=shown.for_ms)),
        "queue": shown.queue,
        "limit_a": _told(site, shown.grant),
        "reason": str(shown.grant.reason),
        "conduct": shown.conduct,
        "accord": shown.accord,
        "wish": None if shown.wish is None else shown.wish.value,
    }


def _outcome(shown: ShowOutcome, now: datetime) -> dict[str, Any]:
    return {
        "id": shown.id,
        "command": shown.ask.value,
        "state": shown.stage.value,
        "reason": shown.reason,
        "at": _iso(now),
        "took_s": None if shown.took_ms is None else (shown.took_ms + 500) // 1000,
    }


def _told(site: Site, grant: Grant) -> float | None:
    """The limit as this charger is told it: whole amperes, rounded down, unless it takes finer ones."""
    charger = next(charger for charger in site.chargers if charger.name == grant.charger)
    return grant.limit_ma // 1000 if charger.step_ma % 1000 == 0 else exact(grant.limit_ma)


def _decimals(currents: PerLine[MilliAmps | None]) -> dict[str, float | None]:
    """Amperes with one decimal."""
    return {line.value: value for line, value in zip(LINES, map(tenths, currents), strict=True)}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payload(value: dict[str, Any]) -> bytes:
    """JSON in one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
