"""What the controller remembers between two events, immutable.

Nothing in here decides anything: ``supervision`` judges, ``decision`` chooses, ``gateway`` puts the pieces together. Named tuples:
a copy with one change, of which every list needs some, takes a quarter of the time that it takes with a dataclass.
"""

from enum import Enum
from typing import NamedTuple

from dlms.rejects import Reason as Reject
from han_gateway.core.accord import Echo
from han_gateway.core.allocation import Room
from han_gateway.core.course import Course
from han_gateway.core.effects import Doubt, Grant, MeterState, ShowCharger
from han_gateway.core.events import Ask, ChargerSaid
from han_gateway.core.load import Load
from han_gateway.core.people.rise import Sight
from han_gateway.core.people.wish import Asks
from han_gateway.core.seen.answers import Belief
from han_gateway.core.site import Charger, Circuit
from han_gateway.core.units import FIRST, Instant, Line, MilliAmps, PerLine


class Conduct(Enum):
    """What we think of a charger."""

    UNKNOWN = "unknown"  # it has never reported
    OBEYING = "obeying"  # it draws no more than its limit
    IGNORING = "ignoring"  # it draws more than its limit, long after it was told
    GONE = "gone"  # it used to report


class Warned(NamedTuple):
    """What people were last warned of a charger, when, and whether they were not told yet that it is over."""

    conduct: Conduct = Conduct.UNKNOWN
    at: Instant = 0
    open: bool = False


class Command(NamedTuple):
    """A limit that was sent, and when."""

    at: Instant
    limit_ma: MilliAmps


class Caps(NamedTuple):
    """The caps in force: what the house may buy (W), and the current of each line (mA); None for one that it does not have."""

    power_w: int | None = None
    line_ma: MilliAmps | None = None


class Sample(NamedTuple):
    """What one list would allow chargers to draw, all together: for raises, and on the lines of the main fuse for cuts."""

    at: Instant
    room: Room
    for_cuts: PerLine[MilliAmps] = PerLine(0, 0, 0)


class Baseline(NamedTuple):
    """The last list with currents, as the powers after it are compared with it.

    Net power and mean voltage, the least that each charger was drawing, the current of each line, and the room for cuts.
    """

    watts: int
    volts_mv: int
    drawn_ma: tuple[MilliAmps, ...]
    current_ma: PerLine[MilliAmps | None]
    room_ma: PerLine[MilliAmps]


class Wiring(NamedTuple):
    """What lists have shown of the net that is not as configured (``net``): how many in a row, and when people were told last."""

    lists: int = 0
    told_at: Instant | None = None


class Phasing(NamedTuple):
    """What we know of the lines that a car uses, and of changes between one phase and three (``phases``).

    ``used`` are the lines that the charging car was seen to use, None for all that it was offered (or all that there are, for a charger
    that is not trusted to use fewer). ``seen`` are those of the last reports in a row that showed fewer: ``reports`` of them, the first at
    ``seen_since``. ``narrow_car`` stays true while the car stays.
    ``gain_ma`` is how much more current all lines together would lately have carried than these few do (below 0: less), ``switches`` the
    number of changes since the car came, ``switched_at`` the last of them.
    """

    used: frozenset[Line] | None = None
    seen: frozenset[Line] | None = None
    seen_since: Instant = 0
    reports: int = 0
    narrow_car: bool = False
    gain_ma: MilliAmps = 0
    switches: int = 0
    switched_at: Instant = 0


class ChargerView(NamedTuple):
    """All we know of one charger.

    ``commands`` are the *changes* of the last minute, and those that it may still be on its way to obey, oldest first; the last one is the limit now.
    ``said_at`` is when the limit was last published (None: never), ``raised_at`` the last change upwards, ``paused_at`` the
    last change to nothing, ``started_at`` the last from nothing. ``had_ua`` is the mean current (uA) that it has had over the last hours,
    ``unused_since`` when its car began to leave a part of its offer unused, ``bare_since`` when what its lines carry became too little for a car (``fairness``). ``mode`` are the lines that it was told to use, None for all.
    ``asks`` is what its owner has asked of it (``commands``).
    """

    charger: Charger
    grant: Grant
    commands: tuple[Command, ...]
    raised_at: Instant
    paused_at: Instant = 0
    started_at: Instant = FIRST
    had_ua: int = 0
    unused_since: Instant | None = None
    drew_at: Instant = FIRST
    bare_since: Instant | None = None
    seq: int = 0
    said_at: Instant | None = None
    report: ChargerSaid | None = None
    conduct: Conduct = Conduct.UNKNOWN
    warned: Warned = Warned()
    belief: Belief = Belief()
    echo: Echo = Echo()
    mode: frozenset[Line] | None = None
    phasing: Phasing = Phasing()
    asks: Asks = Asks()

    @property
    def paused(self) -> bool:
        """Its owner has paused it, or it rests after that: it has nothing, whatever there is."""
        return self.asks.paused or self.asks.rests_until is not None

    @property
    def boosted(self) -> bool:
        """Its owner has put it first in line."""
        return self.asks.wish is not None and self.asks.wish.ask is Ask.BOOST

    @property
    def offered(self) -> frozenset[Line]:
        """The lines of the house that it may load: all that it is wired to, unless it was told to use fewer."""
        return self.charger.lines if self.mode is None else self.mode

    @property
    def lines(self) -> frozenset[Line]:
        """The lines of the house that it loads: those that it may, unless its car was seen to use fewer, by its reports or by the meter."""
        return self.phasing.used or (self.belief.narrow if self.report is None else None) or self.offered

    @property
    def response_ms(self) -> int:
        """How long it may take to follow a new limit: as configured, or longer if it was seen to need longer."""
        return self.belief.response_ms or self.charger.response_ms


class Picture(NamedTuple):
    """What was shown of a charger last, and since when its word has been the same."""

    shown: ShowCharger
    since: Instant


class CircuitView(NamedTuple):
    """All we know of a sub-fuse with a meter: when it was heard (None: lost), what that left for cuts, and its raise window.

    ``load`` is the last reading itself, None while there is none.
    """

    circuit: Circuit
    heard_at: Instant | None = None
    for_cuts: PerLine[MilliAmps] | None = None
    window: tuple[Sample, ...] = ()
    load: Load | None = None


class State(NamedTuple):
    """The whole memory of the controller.

    ``heard_at`` is the last list that carried currents on every line that matters, ``power_at`` the last list of any kind.
    ``load`` is the last load known, ``room`` what it left for the chargers (for cuts; None while nobody knows). ``clock`` is the meter's own clock as it was sent, and ``clock_at`` when it last moved;
    ``course`` is how its lists have gone on, ``doubt`` what is wrong with the last of them. ``window`` holds the
    samples of the last raise window, oldest first. ``unread`` says when people were last told why encrypted lists are not read.
    ``guessed`` holds the grants before a guess was acted upon, ``peak_w`` is the highest power since the last list with currents, ``misled``
    counts the wrong guesses in a row (``foresight``). ``sights`` is
    what the last lists show of the house itself (``household``), ``exported_at`` when it last sold power, ``wiring`` whether they contradict the configured net. Before ``due_at`` nothing happens by itself.
    """

    meter: MeterState
    chargers: tuple[ChargerView, ...]
    due_at: Instant
    heard_at: Instant | None = None
    power_at: Instant | None = None
    load: Load | None = None
    clock: bytes | None = None
    clock_at: Instant = 0
    course: Course = Course()
    doubt: Doubt | None = None
    unread: tuple[tuple[Reject, Instant], ...] = ()
    window: tuple[Sample, ...] = ()
    baseline: Baseline | None = None
    guessed: tuple[Grant, ...] = ()
    peak_w: int = 0
    misled: int = 0
    patience_ms: int = 0
    caps: Caps = Caps()
    room: Room | None = None
    pictures: tuple[Picture, ...] = ()
    circuits: tuple[CircuitView, ...] = ()
    cut_at: Instant = 0
    heat: PerLine[int] = PerLine(0, 0, 0)
    sights: tuple[Sight, ...] = ()
    exported_at: Instant | None = None
    wiring: Wiring = Wiring()

    def view(self, charger: str) -> ChargerView | None:
        """What is known of the charger of this name; None for one that is not ours."""
        return next((view for view in self.chargers if view.charger.name == charger), None)

    def having(self, new: ChargerView) -> "State":
        """The same, with this in the place of what was known of the same charger."""
        return self._replace(chargers=tuple(new if view.charger is new.charger else view for view in self.chargers))
