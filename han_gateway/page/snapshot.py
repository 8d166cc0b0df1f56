"""The board as JSON: what ``/status.json``, the events of the page and ``han-gateway status`` are made of.

Amperes with one decimal, times in ms since 1970 by the clock of the machine, null for what nobody knows. Instants become times only
here, when somebody asks: a machine whose clock is set late shows the right times afterwards. This file must not know HTTP.
"""

from typing import Any, NamedTuple

from han_gateway.core.effects import MeterState, ShowCharger
from han_gateway.core.site import Cap, Charger, Circuit
from han_gateway.core.supervision import Sign, sign
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine, tenths
from han_gateway.page.board import Board, Told
from han_gateway.page.hour import Point
from han_gateway.page.norwegian import reason, sentence

NOTHING: PerLine[MilliAmps | None] = PerLine(None, None, None)
_STATES = {Sign.IN_TIME: MeterState.FRESH, Sign.LATE: MeterState.STALE, Sign.SILENT: MeterState.LOST}
"""What the age of the last word of a sub-fuse's meter makes of it."""


class Now(NamedTuple):
    """The present: an instant, and what the wall clock shows, in ms since 1970."""

    at: Instant
    wall_ms: int

    def time(self, at: Instant | None) -> int | None:
        """What the wall clock showed, as far as it is right now."""
        return None if at is None else self.wall_ms - (self.at - at)


def whole(board: Board, now: Now) -> dict[str, Any]:
    """All there is to see."""
    return {
        **present(board, now),
        "log": [_told(told, now) for told in board.log],
        "hour": [_point(point, now) for point in board.hour.points],
    }


def present(board: Board, now: Now) -> dict[str, Any]:
    """How things stand, without what led to it."""
    site, shown = board.site, board.headroom
    load, room, estimated = (shown.load_ma, shown.room_ma, shown.estimated) if shown else (NOTHING, NOTHING, ())
    return {
        "now": now.wall_ms,
        "site": site.name,
        "grid": site.grid.value,
        "fuse_a": site.root.fuse_ma / 1000,
        "meter": {
            "state": shown.state.value if shown else "waiting",
            "heard_at": now.time(board.heard_at),
            "manufacturer": board.manufacturer,
            "connected": board.source,
            "other_net": bool(shown and shown.other_net),
        },
        "broker": board.broker,
        "power_w": board.power_w if shown and shown.state is MeterState.FRESH else None,
        "lines": _lines(load, room, board.draws_ma(now.at, site.chargers), estimated),
        "circuits": [_circuit(board, circuit, now) for circuit in site.root.circuits() if circuit is not site.root],
        "chargers": [_charger(board, charger, now) for charger in site.chargers],
        "caps": _caps(board),
    }


def news(board: Board, now: Now, after: int) -> dict[str, Any]:
    """How things stand, and the log after the line of this number."""
    return {**present(board, now), "log": [_told(told, now) for told in board.log if told.number > after]}


def _lines(
    load_ma: PerLine[MilliAmps | None],
    room_ma: PerLine[MilliAmps | None],
    chargers_ma: PerLine[MilliAmps | None],
    estimated: tuple[Line, ...] = (),
) -> list[dict[str, Any]]:
    return [
        {
            "name": line.value,
            "load_a": tenths(load_ma[line.index]),
            "room_a": tenths(room_ma[line.index]),
            "chargers_a": tenths(chargers_ma[line.index]),
            "estimated": line in estimated,
        }
        for line in LINES
    ]


def _circuit(board: Board, circuit: Circuit, now: Now) -> dict[str, Any]:
    """A sub-fuse: what its meter says, while that is not too old; without a meter it carries what its chargers say, and has no state."""
    said = board.circuit(circuit.name)
    state = _STATES[sign(board.site.policy, said.at, now.at)] if said else MeterState.WAITING
    drawn = board.draws_ma(now.at, circuit.chargers())
    load = drawn if not circuit.metered else said.current_ma if said and state is not MeterState.LOST else NOTHING
    room = PerLine(*(None if current is None else circuit.fuse_ma - current for current in load))
    return {
        "name": circuit.name,
        "fuse_a": circuit.fuse_ma / 1000,
        "state": state.value if circuit.metered else None,
        "heard_at": now.time(said.at) if said else None,
        "lines": _lines(load, room, drawn),
    }


def _charger(board: Board, charger: Charger, now: Now) -> dict[str, Any]:
    at, shown = board.charger(charger.name) or (now.at, None)
    said = board.said(charger.name, now.at)
    draws = [current for current in said.current_ma if current is not None] if said else []
    return {
        "name": charger.name,
        "max_a": tenths(charger.maximum_ma),
        "draws_a": tenths(max(draws, default=None)),
        **(_shown(shown, at, now) if shown else _UNSHOWN),
    }


_UNSHOWN: dict[str, Any] = dict.fromkeys(("lines", "state", "since", "queue", "limit_a", "reason", "conduct", "accord", "wish"))


def _shown(shown: ShowCharger, at: Instant, now: Now) -> dict[str, Any]:
    words = str(shown.grant.reason)
    return {
        "lines": [line.value for line in LINES if line in shown.lines],
        "state": shown.state.value,
        "since": now.time(at - shown.for_ms),
        "queue": shown.queue,
        "limit_a": tenths(shown.grant.limit_ma),
        "reason": {"en": words, "nb": reason(words)},
        "conduct": shown.conduct,
        "accord": shown.accord,
        "wish": None if shown.wish is None else shown.wish.value,
    }


def _caps(board: Board) -> list[dict[str, Any]]:
    """The caps that this house has, with their bounds, in W and A."""
    caps = []
    for cap, unit, scale in ((Cap.POWER, "W", 1), (Cap.LINE, "A", 1000)):
        rule = board.site.rule(cap)
        if rule is not None:
            shown = board.caps and (board.caps.power_w if cap is Cap.POWER else board.caps.line_ma)
            bounds = {"least": rule.least / scale, "most": rule.most / scale}
            caps.append({"name": cap.value, "unit": unit, "value": (shown or rule.default) / scale, **bounds})
    return caps


def _told(told: Told, now: Now) -> dict[str, Any]:
    """``cut garage 16 → 9 A: main fuse, L2; the house rose by 9.4 A there, oven?``: what was decided, and why."""
    text = {"en": told.text, "nb": sentence(told.text)}
    arrows = {language: words.replace("->", "→") for language, words in text.items()}
    return {"number": told.number, "at": now.time(told.at), "level": told.level.name.lower(), "text": arrows}


def _point(point: Point, now: Now) -> list[float | None]:
    """A time, the load of L1, L2, L3, and what the chargers draw of it."""
    return [now.time(point.at), *map(tenths, point.load_ma), *map(tenths, point.chargers_ma)]
