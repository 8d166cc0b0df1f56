"""What a charger says in its own words, as the report that the contract knows (docs/mqtt.md).

Chargers say one thing on each topic, numbers as text, and nothing while they know nothing. So what was heard is put together, and each
part is believed only as long as it can be: a limit only in the moment in which it is named, because an older one says nothing of the last
command. What comes in is hostile until proved otherwise: it is bounded before it is parsed, and what makes no sense says nothing.
"""

import json
import re
from typing import NamedTuple

from han_gateway.core.events import ChargerStatus
from han_gateway.core.units import LINES, Instant
from han_gateway.devices.link import Link
from han_gateway.devices.record import Value

MAX_BYTES = 4_096
MAX_BRACKETS = 256
"""Arrays and objects in a message, counted before any is opened."""
MAX_MILLIAMPS = 1_000_000
MAX_SESSION_MWH = 10_000_000_000
MAX_UPTIME_MS = 1 << 41
KEPT_MS = 30_000
"""So long a current counts that is not said again."""
HELD_MS = 600_000
"""So long a state counts; and a current of a charger that speaks only of what changes, as long as it speaks at all."""
ALIVE_MS = 2_000
"""A sign of life alone is worth a report as seldom as this."""
_WORD = re.compile(r"\w{1,32}", re.ASCII)
"""A word that may be given back: what was heard is repeated nowhere else."""


class Kept(NamedTuple):
    """A value and when it was said."""

    value: int
    at: Instant


class Heard(NamedTuple):
    """What a charger has said so far: currents at its own terminals in mA, session in Wh. ``limit_ma`` is what it said it obeys.

    ``statuses``: what each of the record's ``states`` said last. ``own`` is its owner's word in the place of a pause, as it was heard, or
    as the broker had kept it of a pause that we did not see end (``lent``).
    """

    currents: tuple[Kept | None, Kept | None, Kept | None] = (None, None, None)
    statuses: tuple[tuple[ChargerStatus, Instant] | None, ...] = ()
    session_wh: int | None = None
    limit_ma: int | None = None
    paused: bool = False
    own: str = ""
    lent: bool = False
    reported_at: Instant | None = None


def hear(
    link: Link, heard: Heard, topic: str, payload: bytes, at: Instant, *, pausing: bool = False
) -> tuple[Heard, bytes | None]:
    """Take in one message; the second is a report for the core, or None when it says nothing new. ``pausing``: we have paused it."""
    document = _document(payload)
    device = link.device
    mine = {template for template in device.read if link.topic(template) == topic}
    if device.own and device.own in mine:
        word = _text(document)
        return (heard._replace(own=word, lent=True) if _WORD.fullmatch(word) and not heard.own else heard), None
    heard = _owned(link, heard, document, mine, pausing=pausing)
    heard, news = _state(link, heard, document, mine, at)
    heard, limit_ma, named = _limit(link, heard, document, mine)
    alive = bool(mine.intersection(device.alive)) and (heard.reported_at is None or at - heard.reported_at >= ALIVE_MS)
    if not (news or named or alive):
        return heard, None
    uptime = device.uptime
    up_ms = _number(document, uptime, MAX_UPTIME_MS) if uptime and uptime.topic in mine else None
    heard = heard._replace(reported_at=at)
    return heard, _report(link, heard, limit_ma, up_ms, at)


def _owned(link: Link, heard: Heard, document: object, mine: set[str], *, pausing: bool) -> Heard:
    """What stands where we would pause it: a word of its owner's is remembered; the word of a pause that we did not ask for is the owner's, too."""
    device = link.device
    if not device.own or device.paused is None or device.paused.topic not in mine:
        return heard
    word = _text(_at(document, device.paused.path))
    if word != device.paused.word:
        return heard._replace(own=word, lent=False) if _WORD.fullmatch(word) else heard
    return heard if pausing or heard.paused or heard.lent else heard._replace(own="")


def _limit(link: Link, heard: Heard, document: object, mine: set[str]) -> tuple[Heard, int | None, bool]:
    """The limit that it says it obeys, in mA, and whether this message says anything of it."""
    device = link.device
    limit_ma, news = None, False
    if device.paused and device.paused.topic in mine:
        word = _text(_at(document, device.paused.path))
        if word and (word == device.paused.word) != heard.paused:
            heard = heard._replace(paused=word == device.paused.word)
            limit_ma, news = 0 if heard.paused else None, True
    if device.echo and device.echo.topic in mine:
        named = _number(document, device.echo, MAX_MILLIAMPS)
        if named is not None:
            obeyed = device.maximum_ma if device.zero_frees and not named else named
            return heard._replace(limit_ma=obeyed), 0 if heard.paused else obeyed, True
    return heard, limit_ma, news


def _state(link: Link, heard: Heard, document: object, mine: set[str], at: Instant) -> tuple[Heard, bool]:
    """Currents, state and energy, as far as this message names them."""
    device, news = link.device, False
    currents = list(heard.currents)
    for place, current in enumerate(device.currents):
        drawn = _number(document, current, MAX_MILLIAMPS) if current.topic in mine else None
        if drawn is not None:
            currents[place], news = Kept(drawn, at), True
    l1, l2, l3 = currents
    heard = heard._replace(currents=(l1, l2, l3))
    for place, states in enumerate(device.states):
        word = _text(_at(document, states.path)) if states.topic in mine else ""
        if word:
            status = states.words.get(word)
            said = heard.statuses or (None,) * len(device.states)
            heard = heard._replace(statuses=(*said[:place], None if status is None else (status, at), *said[place + 1 :]))
            news = news or status is not None
    if device.session and device.session.topic in mine:
        energy = _number(document, device.session, MAX_SESSION_MWH)
        heard = heard if energy is None else heard._replace(session_wh=energy // 1000)
    return heard, news


def _report(link: Link, heard: Heard, limit_ma: int | None, up_ms: int | None, at: Instant) -> bytes:
    """In the words of the contract; what is not known, or too old, is left out."""
    keep_ms = HELD_MS if link.device.on_change else KEPT_MS
    drawn = {
        line.value: kept.value / 1000
        for line, kept in zip(LINES, heard.currents, strict=True)
        if kept is not None and at - kept.at < keep_ms
    }
    report: dict[str, object] = {"current_a": drawn} if drawn else {}
    status = next((said[0] for said in heard.statuses if said is not None and at - said[1] < HELD_MS), None)
    if status is not None:
        report["status"] = status.value
    if limit_ma is not None:
        report["limit_a"] = limit_ma / 1000
    if up_ms is not None:
        report["uptime_s"] = up_ms // 1000
    if heard.session_wh is not None:
        report["session_wh"] = heard.session_wh
    return json.dumps(report, separators=(",", ":")).encode()


def _document(payload: bytes) -> object:
    """JSON, or plain text, or None for what is neither."""
    if len(payload) > MAX_BYTES or payload.count(b"{") + payload.count(b"[") > MAX_BRACKETS:
        return None
    try:
        text = payload.decode()
    except ValueError:
        return None
    try:
        document: object = json.loads(text)
    except ValueError:
        return text
    return document


def _at(document: object, path: str) -> object:
    """What is at a path; None where there is nothing."""
    for step in path.split(".") if path else ():
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _number(document: object, value: Value, largest: int) -> int | None:
    """A number, also one in quotes, in mA, mWh or ms; None for null, nonsense, and what no charger can mean."""
    found = _at(document, value.path)
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return round(found * value.milli) if 0 <= found * value.milli <= largest else None


def _text(found: object) -> str:
    """A word, a number or true and false as text; nothing for all else. Bridges in Python say True and False."""
    if isinstance(found, bool) or found in ("True", "False"):
        return str(found).lower()
    if isinstance(found, float) and found == found // 1:
        found = int(found)
    return str(found) if isinstance(found, str | int | float) else ""
