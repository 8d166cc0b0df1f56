"""What the house decided: limits, what to show, what to tell people. Data only; nobody here acts.

This file must not know topics, payloads or metrics: ``core/words/topics.py`` words them for MQTT, the adapters carry them out.
"""

from dataclasses import dataclass
from enum import Enum

from han_gateway.core.events import Ask
from han_gateway.core.units import Line, MilliAmps, PerLine
from han_gateway.meters.reading import Reading


class MeterState(Enum):
    """How far the meter can be trusted now (the safety policy of docs/rules.md)."""

    WAITING = "waiting"
    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


class Cause(Enum):
    """Why a limit is what it is; the value is the beginning of the sentence that people read."""

    FUSE = "fuse"  # a fuse on the way has no more room
    LINE_CAP = "phase cap"  # what the owner allows on this line, less than the main fuse
    CHARGER = "own maximum"  # nothing but the charger's own maximum limits it
    STARTING = "starting at the minimum"
    NO_CAR = "no car wants current"
    ENOUGH = "no more than the car uses"
    UNSEEN = "not seen to draw anything"  # a charger that never reports, beside others
    HELD = "held at the minimum"  # a little above the fuse, which bears it for a while
    NO_ROOM = "no room for the minimum"  # paused: not even the smallest current fits
    POWER_CAP = "power cap"  # the power of the whole site has no more room
    METER_WAITING = "meter not heard yet"
    METER_STALE = "meter stale, no raise"
    METER_LOST = "meter lost"
    REMOVED = "no longer in the configuration"
    POWER_ROSE = "power rose"
    RAISE_PENDING = "waiting before raising"
    QUESTION = "trying whether it follows"
    CHANGING = "changing to 3 phases"
    PAUSED = "paused by you"
    RESTING = "resting after a pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A cause, and the circuit and line where it was found; a line without a circuit is that of the phase cap."""

    cause: Cause
    circuit: str | None = None
    line: Line | None = None

    def __str__(self) -> str:
        """The words on topics and pages: ``main fuse, L2``, ``own maximum``, ``no room for the minimum (phase cap, L2)``."""
        place = f"{self.circuit} fuse" if self.circuit else Cause.LINE_CAP.value if self.line else ""
        if place and self.line:
            place += f", {self.line.value}"
        if self.cause in (Cause.FUSE, Cause.LINE_CAP) and place:
            return place
        return f"{self.cause.value} ({place})" if place else self.cause.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one charger may draw on each of its lines, in mA (0 is a pause), and why not more."""

    charger: str
    limit_ma: MilliAmps
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    """Tell a charger its limit. ``seq`` grows by one with every command to this charger since the start.

    ``queue`` is the place of one that waits for room: 1 is the next.
    """

    grant: Grant
    lines: frozenset[Line]
    seq: int
    valid_for_ms: int
    queue: int | None = None


class ChargerState(Enum):
    """What a charger does, in one word for people."""

    CHARGING = "charging"
    ALLOWED = "allowed"  # it may charge, and does not say that it does
    WAITING = "waiting"  # for power: paused for want of room, and a car is there or may be
    PAUSED = "paused"  # for any other reason
    IDLE = "idle"  # no car
    FULL = "full"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCharger:
    """Show people a charger: what it does and for how long, its place in the queue, its limit, and what we think of it.

    ``conduct`` is the word of ``Conduct`` for it, ``accord`` that of ``Accord``; ``wish`` is what its owner has asked that still holds.
    """

    grant: Grant
    lines: frozenset[Line]
    state: ChargerState
    queue: int | None
    conduct: str
    accord: str = "agrees"
    wish: Ask | None = None
    for_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHeadroom:
    """The room under the main fuse per line (fuse minus load, may be negative), and the load it was computed from.

    None where nothing is known. ``estimated`` names the lines whose current the meter did not measure; ``other_net``: the meter shows
    another net than the configured one.
    """

    state: MeterState
    fuse_ma: MilliAmps
    room_ma: PerLine[MilliAmps | None]
    load_ma: PerLine[MilliAmps | None]
    estimated: tuple[Line, ...] = ()
    other_net: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCaps:
    """The caps in force, in W and mA on each line; None for one that this house does not have."""

    power_w: int | None
    line_ma: MilliAmps | None


class Stage(Enum):
    """How far a command has come; the value is its word on topics. Of the last five nothing more comes."""

    ACCEPTED = "accepted"  # sent; the charger has not been heard since
    HEARD = "heard"  # heard since, and it is not as asked
    AWAY = "away"  # silent since, as a charger is that restarts
    ABSENT = "absent"  # it has never been heard
    DONE = "done"  # seen
    FAILED = "failed"  # seen not to be
    UNCONFIRMED = "unconfirmed"  # nobody can tell
    REFUSED = "refused"
    EXPIRED = "expired"  # it held for a while, and is over


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartCharger:
    """Tell a charger to restart."""

    charger: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOutcome:
    """Show people what became of a command, and why; ``took_ms`` since it came, None where nothing took time."""

    charger: str
    ask: Ask
    stage: Stage
    reason: str
    id: str | None = None
    took_ms: int | None = None


class Doubt(Enum):
    """Why a list may lower a limit but neither raises one nor counts as heard (``freshness``)."""

    CLOCK_STANDS = "clock_stands"  # its clock has not moved for long: the meter repeats itself
    LATE = "late"  # older than one that came before it, or held back on its way
    REPEATED = "repeated"  # to the watt and the volt the list of ten minutes ago, of a meter whose lists used to differ


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowReading:
    """Show people what the meter said, and whether it is doubted."""

    reading: Reading
    doubt: Doubt | None = None


class Level(Enum):
    """How loud a note is: syslog priorities, so that journald sorts them."""

    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line for the log of decisions."""

    level: Level
    text: str


Effect = SetLimit | RestartCharger | ShowHeadroom | ShowCaps | ShowCharger | ShowOutcome | ShowReading | Note
