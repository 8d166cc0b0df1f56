"""The snapshot as lines of text, for a terminal 80 columns wide, or a narrower one: what ``han-gateway status`` prints, in English or Norwegian.

What the page says too is said in its words (``words.py``). This file must not know where the snapshot comes from, nor how a terminal is
cleared.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from han_gateway.page import words
from han_gateway.page.bar import FUSE_CELLS, amps, bar, whole
from han_gateway.page.norwegian import decimals

WIDTH = 80
BESIDE_A_BAR = 34
"""Columns of a line's name, its load and its room, and of what is above the fuse."""
LEAST_CELLS = 6
LOG_LINES = 8
_WORDS: Mapping[str, tuple[str, str]] = {
    "head": ("main fuse {0} A", "hovedsikring {0} A"),
    "meter": ("meter {0}", "måler {0}"),
    "heard": ("heard {0}", "hørt {0}"),
    "broken": ("THE LINE TO IT IS BROKEN", "LINJEN DIT ER BRUTT"),
    "legend": (
        "█ house  ▓ cars  ░ room  ┃ fuse  ~ estimated, not measured",
        "█ hus  ▓ biler  ░ ledig  ┃ sikring  ~ beregnet, ikke målt",
    ),
    "room": ("room {0}", "ledig {0}"),
    "over": ("OVER {0}", "OVER {0}"),
    "pause": ("pause", "pause"),
    "chargers.none": ("no chargers in the configuration", "ingen ladere i oppsettet"),
    "wrong": ("NOT WELL: {0}", "IKKE I ORDEN: {0}"),
    "next": (
        "next: journalctl -u 'han-gateway@*' -p warning says why, docs/troubleshooting.md what to do",
        "videre: journalctl -u 'han-gateway@*' -p warning sier hvorfor, docs/troubleshooting.md hva som kan gjøres",
    ),
    "meter.waiting": ("WAITING", "VENTER"),
    "meter.fresh": ("fresh", "frisk"),
    "meter.stale": ("STALE", "FORSINKET"),
    "meter.lost": ("LOST", "BORTE"),
    "trouble.the meter is lost": ("the meter is lost", "måleren er borte"),
    "trouble.the meter has not been heard yet": ("the meter has not been heard yet", "måleren er ikke hørt ennå"),
    "trouble.the broker refuses our limits": ("the broker refuses our limits", "brokeren avviser grensene våre"),
    "trouble.the controller hangs": ("the controller hangs", "styringen henger"),
}


class _Tongue(NamedTuple):
    """How things are said in one of the ``words.LANGUAGES``."""

    language: str

    def say(self, key: str, *values: object) -> str:
        """In words; numbers with the comma or the point of the language. What has no words is said as it is."""
        both = _WORDS.get(key) or words.WORDS.get(key) or (key.rpartition(".")[2],) * 2
        return both[words.LANGUAGES.index(self.language)].format(*(self.number(str(value)) for value in values))

    def number(self, text: str) -> str:
        """A number that is written with a point."""
        return decimals(text) if self.language == "nb" else text


def protected(board: dict[str, Any]) -> bool:
    """Tell whether the house is measured and its chargers can be told."""
    meter = board["meter"]
    heard = meter["state"] in ("fresh", "stale") and meter["connected"] is not False
    return heard and board["broker"] is True and not board.get("trouble")


def lines(board: dict[str, Any], language: str = "en", width: int = WIDTH) -> list[str]:
    """How things stand, the last decisions, what is wrong, and where to look next."""
    tongue = _Tongue(language)
    trouble = board.get("trouble")
    return [
        _head(board, tongue),
        _meter(board, tongue),
        *_troubles(board, tongue, width),
        "",
        *(_line(line, board["fuse_a"], tongue, width) for line in board["lines"]),
        *textwrap.wrap(tongue.say("legend"), width, initial_indent="   ", subsequent_indent="   "),
        *_circuits(board, tongue, width),
        "",
        *_chargers(board, tongue),
        "",
        *(row for told in board["log"][-LOG_LINES:] for row in _told(told, language, width)),
        *([tongue.say("wrong", tongue.say(f"trouble.{trouble}"))] if trouble else []),
        *([] if protected(board) else textwrap.wrap(tongue.say("next"), width)),
    ]


def _troubles(board: dict[str, Any], tongue: _Tongue, width: int) -> Iterator[str]:
    """What is wrong, in the words of the page; a line over the fuse says so itself."""
    state = board["meter"]["state"]
    circuits = [circuit for circuit in board.get("circuits", ()) if circuit["state"] not in ("fresh", None)]
    found = [tongue.say(f"why.{state}")] if state != "fresh" else []
    found += [tongue.say("why.source")] if board["meter"]["connected"] is False else []
    found += [tongue.say("why.broker")] if board["broker"] is False else []
    found += [tongue.say("why.net", board["grid"])] if board["meter"].get("other_net") else []
    found += [tongue.say(f"why.circuit.{circuit['state']}", circuit["name"]) for circuit in circuits]
    for words_of_it in found:
        yield from textwrap.wrap(words_of_it, width, initial_indent="! ", subsequent_indent="  ")


def _told(told: dict[str, Any], language: str, width: int) -> list[str]:
    """A decision, with its time."""
    return textwrap.wrap(f"{_clock(told['at'])}  {told['text'][language]}", width, subsequent_indent=" " * 10)


def _head(board: dict[str, Any], tongue: _Tongue) -> str:
    power = board["power_w"]
    bought = "" if power is None else f", {tongue.say('sells' if power < 0 else 'buys', f'{abs(power) / 1000:.1f}')}"
    fuse = tongue.say("head", format(board["fuse_a"], "g"))
    return f"{board['site']}: {fuse}, {board['grid']}{bought}"


def _meter(board: dict[str, Any], tongue: _Tongue) -> str:
    meter = board["meter"]
    heard_at = meter["heard_at"]
    heard = "" if heard_at is None else f", {tongue.say('heard', tongue.say('ago', _span(board['now'] - heard_at, tongue)))}"
    line = f", {tongue.say('broken')}" if meter["connected"] is False else ""
    state = tongue.say("meter", tongue.say(f"meter.{meter['state']}"))
    broker = tongue.say(f"broker.{json.dumps(board['broker'])}")
    return f"{state}{heard}{line}; {broker.upper() if board['broker'] is False else broker}"


def _line(line: dict[str, Any], fuse_a: float, tongue: _Tongue, width: int) -> str:
    load, room = line["load_a"], line["room_a"]
    about = "~" if line["estimated"] else " "
    drawn = bar(load, line["chargers_a"] or 0.0, fuse_a, max(LEAST_CELLS, min(FUSE_CELLS, width - BESIDE_A_BAR)))
    short = tongue.say("over", amps(-room)) if room is not None and room < 0 else tongue.say("room", amps(room))
    return f"{line['name']} {drawn} {about}{tongue.number(amps(load))}  {short}"


def _circuits(board: dict[str, Any], tongue: _Tongue, width: int) -> Iterator[str]:
    """The sub-fuses, each with its lines; an older daemon tells of none."""
    for circuit in board.get("circuits", ()):
        yield ""
        yield f"{circuit['name']}: {tongue.say('fuse.short', format(circuit['fuse_a'], 'g'))}"
        yield from (_line(line, circuit["fuse_a"], tongue, width) for line in circuit["lines"])


def _chargers(board: dict[str, Any], tongue: _Tongue) -> Iterator[str]:
    wide = max((len(charger["name"]) for charger in board["chargers"]), default=0)
    for charger in board["chargers"]:
        limit = tongue.say("pause") if charger["limit_a"] == 0 else tongue.number(whole(charger["limit_a"]))
        yield f"{charger['name']:<{wide}}  {'-'.join(charger['lines'] or ()):<8}  {limit:>6}  {_does(charger, tongue)}"
        if charger["reason"]:
            yield f"{'':<{wide}}  {charger['reason'][tongue.language]}"
        wrong = (f"{kind}.{charger[kind]}" for kind in ("conduct", "accord"))
        if said := ", ".join(tongue.say(key) for key in wrong if key in words.WORDS):
            yield f"{'':<{wide}}  ! {said}"
    if not board["chargers"]:
        yield tongue.say("chargers.none")


def _does(charger: dict[str, Any], tongue: _Tongue) -> str:
    drawn, queue = charger["draws_a"], charger["queue"]
    unheard = charger["state"] == "allowed" and charger["conduct"] == "unknown"  # it may charge, for all we know: is it there?
    state = tongue.say(f"state.{charger['state']}") if charger["state"] else tongue.say("unknown")
    parts = (
        tongue.say("unheard") if unheard else state,
        tongue.say("boosted") if charger["wish"] == "boost" else "",
        tongue.say("queue", queue) if queue else "",
        "" if drawn is None else tongue.say("draws", f"{drawn:.1f}"),
    )
    return ", ".join(filter(None, parts))


def _clock(at_ms: int) -> str:
    """The time of day where this is read."""
    return f"{datetime.fromtimestamp(at_ms / 1000).astimezone():%H:%M:%S}"


def _span(ms: int, tongue: _Tongue) -> str:
    seconds = max(0, ms) // 1000
    return tongue.say("s", seconds) if seconds < 100 else tongue.say("min", seconds // 60)
