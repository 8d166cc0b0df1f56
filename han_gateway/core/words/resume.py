"""What a charger was in the middle of when the gateway stopped: the lines it was told to use, the changes that its car has had, its turn.

After a restart it is told the same lines again, for what we told it last is what it obeys unless somebody changed it meanwhile; so it counts
on all of its lines, as without a memory, until its first report, and what that shows on other lines ends what was remembered. No instant
is taken for later than it was, but a change of phases is waited for anew, as nobody knows what was gained meanwhile. After a turn nothing
of this counts any more: another car may have come. This file must not know where it is kept, nor what else is remembered.
"""

from typing import Any, NamedTuple

from han_gateway.core.allocation import highest_ma
from han_gateway.core.fairness import LEAD_MA, in_turn
from han_gateway.core.state import ChargerView, Phasing
from han_gateway.core.times import SHOWN_MS, TURN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps
from han_gateway.core.usage import MOST_SWITCHES

_LINES = {line.value: line for line in LINES}


class Midst(NamedTuple):
    """``lines`` it was told to use (None: all), ``switches`` since its car came, ``narrow`` one that uses fewer than it is offered.

    ``turn_ms`` is how long ago its turn began; None for one that is not in its turn.
    """

    lines: frozenset[Line] | None = None
    switches: int = 0
    narrow: bool = False
    turn_ms: int | None = None


NOTHING = Midst()


def midst(view: ChargerView, now: Instant) -> Midst:
    """What a charger is in the middle of. The lines of one that cannot change them are soon seen again."""
    turn_ms = now - view.started_at if in_turn(view, now) else None
    if not view.charger.modes:
        return Midst(turn_ms=turn_ms)
    return Midst(view.mode, view.phasing.switches, view.phasing.narrow_car, turn_ms)


def resumed(view: ChargerView, was: Midst, age_ms: int, at: Instant) -> ChargerView:
    """The view of a charger that has just begun, in the middle of what makes sense for it."""
    was, charger = _aged(was, age_ms), view.charger
    if was.turn_ms is not None:
        view = view._replace(started_at=at - was.turn_ms)
    if not charger.modes:
        return view
    mode = was.lines if was.lines in charger.modes else None
    switches = was.switches if was.switches <= MOST_SWITCHES else 0
    phasing = Phasing(narrow_car=was.narrow, switches=switches)
    if mode is not None:
        phasing = phasing._replace(used=charger.lines, gain_ma=-highest_ma(charger), switched_at=at)
    return view._replace(mode=mode, phasing=phasing)


def differs(kept: Midst, now: Midst, age_ms: int, by_ma: MilliAmps) -> bool:
    """Tell whether it is worth a write. Turns change with the kettles of a house, and wait for the end of the run (``LEAD_MA``)."""
    kept, now = _aged(kept, age_ms), _aged(now, 0)
    if kept._replace(turn_ms=None) != now._replace(turn_ms=None):
        return True
    moved = (kept.turn_ms is None) is not (now.turn_ms is None) or abs((kept.turn_ms or 0) - (now.turn_ms or 0)) > SHOWN_MS
    return moved and by_ma <= LEAD_MA


def worded(was: Midst) -> dict[str, Any]:
    """What is not as always, as JSON has it."""
    words = {
        "lines": None if was.lines is None else "+".join(sorted(line.value for line in was.lines)),
        "narrow": was.narrow or None,
        "switches": was.switches or None,
        "turn_ms": was.turn_ms,
    }
    return {key: word for key, word in words.items() if word is not None}


def understood(value: Any) -> Midst:
    """The inverse of ``worded``. Single values that make no sense are left out."""
    if not isinstance(value, dict):
        return NOTHING
    names = str(value.get("lines")).split("+")
    lines = frozenset(_LINES[name] for name in names) if _LINES.keys() >= set(names) else None
    return Midst(lines, whole(value, "switches") or 0, value.get("narrow") is True, whole(value, "turn_ms"))


def whole(value: Any, key: str) -> int | None:
    """A whole number from 0 on, or None."""
    number = value.get(key) if isinstance(value, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def _aged(was: Midst, age_ms: int) -> Midst:
    """The same so much later. A turn that is over is none, and after so long a car may be another."""
    if age_ms >= TURN_MS:
        return NOTHING
    turn_ms = None if was.turn_ms is None or was.turn_ms + age_ms >= TURN_MS else was.turn_ms + age_ms
    return was._replace(turn_ms=turn_ms)
