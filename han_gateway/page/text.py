"""The snapshot as lines of text, for a terminal 80 columns wide: what ``han-gateway status`` prints.

This file must not know where the snapshot comes from, nor how a terminal is cleared.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from han_gateway.page.bar import amps, bar, whole

WIDTH = 80
LOG_LINES = 8
_BROKER = {True: "broker connected", False: "BROKER AWAY", None: "no broker yet"}
_STATES = {"allowed": "may charge", "waiting": "waits for power", "idle": "no car"}
_WRONG = {
    "ignoring": "draws more than its limit",
    "gone": "has stopped reporting",
    "disputed": "does not follow our limit",
    "shared": "somebody else sets its limit, too",
}


def lines(board: dict[str, Any]) -> list[str]:
    """How things stand, and the last decisions."""
    return [
        _head(board),
        _meter(board),
        "",
        *(_line(line, board["fuse_a"]) for line in board["lines"]),
        "   █ house  ▓ cars  ░ room  ┃ fuse  ~ estimated, not measured",
        "",
        *_chargers(board),
        "",
        *(f"{_clock(told['at'])}  {told['text']['en']}"[:WIDTH] for told in board["log"][-LOG_LINES:]),
    ]


def _head(board: dict[str, Any]) -> str:
    power = board["power_w"]
    words = "" if power is None else f", {'sells' if power < 0 else 'buys'} {abs(power) / 1000:.1f} kW"
    return f"{board['site']}: main fuse {board['fuse_a']:g} A, {board['grid']}{words}"


def _meter(board: dict[str, Any]) -> str:
    meter = board["meter"]
    state = meter["state"] if meter["state"] == "fresh" else meter["state"].upper()
    heard = "" if meter["heard_at"] is None else f", heard {_span(board['now'] - meter['heard_at'])} ago"
    line = ", THE LINE TO IT IS BROKEN" if meter["connected"] is False else ""
    return f"meter {state}{heard}{line}; {_BROKER[board['broker']]}"


def _line(line: dict[str, Any], fuse_a: float) -> str:
    load, room = line["load_a"], line["room_a"]
    about = "~" if line["estimated"] else " "
    drawn = bar(load, line["chargers_a"] or 0.0, fuse_a)
    short = f"OVER {amps(-room)}" if room is not None and room < 0 else f"room {amps(room)}"
    return f"{line['name']} {drawn} {about}{amps(load)}  {short}"


def _chargers(board: dict[str, Any]) -> Iterator[str]:
    wide = max((len(charger["name"]) for charger in board["chargers"]), default=0)
    for charger in board["chargers"]:
        limit = "pause" if charger["limit_a"] == 0 else whole(charger["limit_a"])
        yield f"{charger['name']:<{wide}}  {'-'.join(charger['lines'] or ()):<8}  {limit:>6}  {_does(charger)}"
        if charger["reason"]:
            yield f"{'':<{wide}}  {charger['reason']['en']}"
        wrong = [_WRONG[word] for word in (charger["conduct"], charger["accord"]) if word in _WRONG]
        if wrong:
            yield f"{'':<{wide}}  ! {', '.join(wrong)}"
    if not board["chargers"]:
        yield "no chargers in the configuration"


def _does(charger: dict[str, Any]) -> str:
    draws = "" if charger["draws_a"] is None else f", draws {charger['draws_a']:.1f} A"
    queue = f", number {charger['queue']} in the queue" if charger["queue"] else ""
    boost = ", first in line" if charger["wish"] == "boost" else ""
    return f"{_STATES.get(charger['state'], charger['state'] or 'unknown')}{boost}{queue}{draws}"


def _clock(at_ms: int) -> str:
    """The time of day where this is read."""
    return f"{datetime.fromtimestamp(at_ms / 1000).astimezone():%H:%M:%S}"


def _span(ms: int) -> str:
    seconds = max(0, ms) // 1000
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min"
