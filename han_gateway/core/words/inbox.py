"""Words from MQTT: messages to events. The contract is the table of topics in docs/mqtt.md.

What comes in is hostile until proved otherwise: it is bounded before it is parsed, and whatever is wrong with it comes back as ``Refused``,
never as an exception. This file must not know how messages travel.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from han_gateway.core.events import Ask, Asked, CapSaid, ChargerSaid, ChargerStatus, CircuitSaid, Overheard
from han_gateway.core.site import Cap, Charger, Site
from han_gateway.core.units import LINES, Instant, MilliAmps, PerLine

MAX_REPORT_BYTES = 4_096
MAX_REPORT_BRACKETS = 64
"""A report has two levels and at most two objects; arrays and objects are counted before any of them is opened."""
MAX_CAP_BYTES = 32
MAX_CURRENT_A = 1_000
MAX_SESSION_WH = 10_000_000
MAX_UPTIME_S = 1 << 32
MAX_COMMAND_BYTES = 256
MAX_FOR_S = 604_800
"""A week. Whoever wants longer pauses without an end."""
ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
"""What may be the id of a command: it comes back in the outcome."""
NO_CAP = frozenset({b"", b"none", b"null"})
"""What brings the configured cap back. A retained message is removed by an empty one, so that is a word, too."""

Heard = ChargerSaid | Asked | Overheard | CircuitSaid | CapSaid


class Inlet(NamedTuple):
    """Who is spoken of: ``kind`` is ``charger``, ``limit`` or ``command`` (for one), ``circuit`` or ``cap``, ``name`` which of them."""

    kind: str
    name: str


class Refused(NamedTuple):
    """A message that was not believed: where it was found (a configured name or ``topic``), and why, in our own words."""

    where: str
    why: str


NOBODY = Refused("topic", "nobody speaks there")


def inlets(prefix: str, site: Site) -> dict[str, Inlet]:
    """The topics on which we listen, and who is spoken of there: exact names, no wildcard.

    On the topics of limits nobody but us has anything to say. What comes back to us there of our own is not for the inbox.
    """
    base = f"{prefix}/{site.name}"
    chargers = {f"{base}/chargers/{charger.name}/report": Inlet("charger", charger.name) for charger in site.chargers}
    commands = {f"{base}/chargers/{charger.name}/command": Inlet("command", charger.name) for charger in site.chargers}
    circuits = {
        f"{base}/circuits/{circuit.name}/load": Inlet("circuit", circuit.name)
        for circuit in site.root.circuits()
        if circuit.metered
    }
    return (
        chargers
        | _limits(prefix, site)
        | commands
        | circuits
        | {topic: Inlet("cap", cap.value) for topic, cap in _settings(prefix, site).items()}
    )


def settings(prefix: str, site: Site) -> frozenset[str]:
    """The topics on which also a retained message counts: a wish is as good as on the day it was made, a measurement is not.

    A limit that somebody retained on our topic waits for every charger that connects. A command is for now: a retained one never counts.
    """
    return frozenset(_settings(prefix, site)) | frozenset(_limits(prefix, site))


def understood(site: Site, inlet: Inlet, payload: bytes, at: Instant) -> Heard | Refused:
    """Understand a message. Unknown keys are ignored; known ones must be right, and null means unknown."""
    try:
        return _READERS[inlet.kind](site, inlet.name, payload, at)
    except _WrongError as wrong:
        return Refused(inlet.name if inlet.kind == "charger" else f"{inlet.kind}s/{inlet.name}", str(wrong))


class _WrongError(Exception):
    """A message that breaks a rule; the words are for people and hold no bytes from the wire."""


def _settings(prefix: str, site: Site) -> dict[str, Cap]:
    return {f"{prefix}/{site.name}/caps/{cap.value}/set": cap for cap in Cap}


def _limits(prefix: str, site: Site) -> dict[str, Inlet]:
    return {f"{prefix}/{site.name}/chargers/{charger.name}/limit": Inlet("limit", charger.name) for charger in site.chargers}


def _overheard(_site: Site, name: str, payload: bytes, at: Instant) -> Overheard:
    """A limit that is not ours, as far as it can be read: chargers may understand more than we do."""
    if not payload:
        raise _WrongError("empty")  # what removes a retained one
    try:
        limit = _number(_object_in(payload), "current_a", MAX_CURRENT_A, 1000)
    except _WrongError:
        limit = None
    return Overheard(at=at, charger=name, limit_ma=limit)


def _report(site: Site, name: str, payload: bytes, at: Instant) -> ChargerSaid:
    value = _object_in(payload)
    charger = next(charger for charger in site.chargers if charger.name == name)
    named = _currents(value)
    return ChargerSaid(
        at=at,
        charger=name,
        current_ma=_of_the_house(charger, named) if charger.counts_own else named,
        status=_status(value.get("status")),
        limit_ma=_number(value, "limit_a", MAX_CURRENT_A, 1000),
        session_wh=_number(value, "session_wh", MAX_SESSION_WH, 1),
        uptime_s=_number(value, "uptime_s", MAX_UPTIME_S, 1),
    )


def _of_the_house(charger: Charger, own: PerLine[MilliAmps | None]) -> PerLine[MilliAmps | None]:
    """The currents of a charger's own L1, L2, L3 on the lines of the house; a terminal without a wire is left out."""
    wired = dict(zip(charger.order, own, strict=False))
    return PerLine(*(wired.get(line) for line in LINES))


def _command(_site: Site, name: str, payload: bytes, at: Instant) -> Asked:
    """A bare word, or an object with the word, an id and a time."""
    if len(payload) > MAX_COMMAND_BYTES:
        raise _WrongError(f"larger than {MAX_COMMAND_BYTES} bytes")
    bare = not payload.lstrip().startswith(b"{")
    value = {"command": payload.strip().decode(errors="replace")} if bare else _object_in(payload)
    word, name_of, seconds = value.get("command"), value.get("id"), _number(value, "for_s", MAX_FOR_S, 1)
    if not isinstance(word, str) or word not in _ASKS:
        raise _WrongError(f"command must be one of {', '.join(_ASKS)}")
    if name_of is not None and not (isinstance(name_of, str) and ID.fullmatch(name_of)):
        raise _WrongError("id must be 1 to 64 letters, digits or any of _.:-")
    if seconds is not None and (_ASKS[word] not in (Ask.PAUSE, Ask.BOOST) or not seconds):
        raise _WrongError("for_s is for pause and boost, and 1 at least")
    return Asked(at=at, charger=name, ask=_ASKS[word], id=name_of, for_ms=None if seconds is None else 1000 * seconds)


def _load(_site: Site, name: str, payload: bytes, at: Instant) -> CircuitSaid:
    currents = _currents(_object_in(payload))
    if currents == (None, None, None):
        raise _WrongError("current_a is missing")
    return CircuitSaid(at=at, circuit=name, current_ma=currents)


def _cap(site: Site, name: str, payload: bytes, at: Instant) -> CapSaid:
    """A number of W or A within the bounds of the configuration, or no number at all."""
    cap = Cap(name)
    rule = site.rule(cap)
    unit, scale = ("w", 1) if cap is Cap.POWER else ("a", 1000)
    if rule is None:
        raise _WrongError(f"there is no such cap; write {name}_{unit} under [caps] in the configuration")
    if len(payload) > MAX_CAP_BYTES:
        raise _WrongError(f"larger than {MAX_CAP_BYTES} bytes")
    if payload.strip().lower() in NO_CAP:
        return CapSaid(at=at, cap=cap, value=None)
    value = _json(payload)
    bounds = f"from {rule.least / scale:g} to {rule.most / scale:g} {unit.upper()}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _WrongError(f"must be a number {bounds}, or none")
    if not rule.least <= value * scale <= rule.most:
        raise _WrongError(f"must be {bounds}; {name}_min_{unit} and {name}_max_{unit} under [caps] are the bounds")
    return CapSaid(at=at, cap=cap, value=round(value * scale))


_READERS: dict[str, Callable[[Site, str, bytes, Instant], Heard]] = {
    "charger": _report,
    "limit": _overheard,
    "command": _command,
    "circuit": _load,
    "cap": _cap,
}


def _object_in(payload: bytes) -> dict[str, Any]:
    """Parse a JSON object that was bounded first: recursion and memory are decided before the parser runs."""
    if len(payload) > MAX_REPORT_BYTES:
        raise _WrongError(f"larger than {MAX_REPORT_BYTES} bytes")
    if payload.count(b"{") + payload.count(b"[") > MAX_REPORT_BRACKETS:
        raise _WrongError("too deep")
    value = _json(payload)
    if not isinstance(value, dict):
        raise _WrongError("not an object")
    return value


def _json(payload: bytes) -> object:
    try:
        value: object = json.loads(payload.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except ValueError as error:
        raise _WrongError("not JSON in UTF-8") from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _WrongError("a key occurs twice")
    return value


def _no_constant(_name: str) -> None:
    raise _WrongError("NaN and Infinity are no numbers")


def _currents(value: dict[str, Any]) -> PerLine[MilliAmps | None]:
    currents = value.get("current_a")
    if currents is None:
        currents = {}
    if not isinstance(currents, dict):
        raise _WrongError("current_a must be an object of L1, L2, L3")
    return PerLine(*(_number(currents, line.value, MAX_CURRENT_A, 1000) for line in LINES))


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
_ASKS = {ask.value: ask for ask in Ask}
