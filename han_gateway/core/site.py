"""The house, immutable: one tree of circuits with chargers as leaves, and the policy that governs them.

Children are tuples, so a cycle cannot be built. A charger holds the *set of lines* it loads: {L1} in a TN net, {L1, L3} for a
1-phase charger between two lines of an IT net, all three for a 3-phase one. This file must not know where it came from
(configuration) nor what happens in it (state).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations

from han_gateway.core.units import LINES, Line, MilliAmps


class Grid(Enum):
    """The earthing system of the supply, as far as it matters to us: how many conductors carry load current.

    TN is 400 V with a neutral: a 1-phase load sits on one line. IT and TT are 230 V without a distributed neutral: every
    1-phase load sits between two lines, and the three line currents sum to zero.
    """

    TN = "TN"
    TT = "TT"
    IT = "IT"

    @property
    def three_wire(self) -> bool:
        """True where no neutral carries load current, so that the line currents sum to zero."""
        return self is not Grid.TN

    @property
    def fewest(self) -> int:
        """On how many lines a load draws at least: between two of them where there is no neutral."""
        return 2 if self.three_wire else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """An EV charger: which lines it loads, what it may be told, and what it does when it hears nothing.

    All currents in mA per line. ``fallback_ma`` is the limit while the meter is lost; ``response_ms`` is how long the car and the
    charger together may take to follow a new limit; ``has_failsafe`` is False for a charger that keeps its last limit for ever
    when the gateway falls silent, ``failsafe_ma`` is what the others take then (None: their minimum). A higher ``priority`` is served first: its minimum, and then all that is left when everybody who fits has
    a minimum. Among equals, ``weight`` 2 gets twice the current of weight 1.

    ``order`` names the lines of the house that its own L1, L2, L3 are wired to, ``counts_own`` is True where it reports currents by
    its own names. ``modes`` are the fewer lines that it can be told to use instead of all: one line, or a pair without a neutral.
    ``restarts`` is False where it cannot be told to.
    """

    name: str
    lines: frozenset[Line]
    minimum_ma: MilliAmps = 6_000
    maximum_ma: MilliAmps = 16_000
    step_ma: MilliAmps = 1_000
    fallback_ma: MilliAmps = 6_000
    response_ms: int = 6_000
    priority: int = 0
    weight: int = 1
    has_failsafe: bool = True
    failsafe_ma: MilliAmps | None = None
    order: tuple[Line, ...] = ()
    counts_own: bool = False
    modes: tuple[frozenset[Line], ...] = ()
    restarts: bool = True

    def __post_init__(self) -> None:
        """Wired straight unless told otherwise."""
        if not self.order:
            object.__setattr__(self, "order", tuple(line for line in LINES if line in self.lines))


def modes_of(switches_to: str | None, order: tuple[Line, ...], grid: Grid) -> tuple[frozenset[Line], ...]:
    """The lines on which a charger can charge 1-phase: its own first (``one-phase``), any (``any-phase``), or none.

    Without a neutral these are pairs of lines.
    """
    fewer = tuple(frozenset(lines) for lines in combinations(order, grid.fewest))
    return {None: (), "one-phase": fewer[:1], "any-phase": fewer}[switches_to]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A fuse and what hangs below it. ``margin_ma`` is kept free under the fuse at all times.

    ``metered`` is a sub-fuse with a meter of its own; without one it carries nothing but chargers.
    """

    name: str
    fuse_ma: MilliAmps
    margin_ma: MilliAmps = 0
    metered: bool = False
    parts: tuple["Circuit | Charger", ...] = ()

    def chargers(self) -> Iterator[Charger]:
        """Every charger below this fuse, in the order of the configuration."""
        for part in self.parts:
            if isinstance(part, Charger):
                yield part
            else:
                yield from part.chargers()

    def circuits(self) -> Iterator["Circuit"]:
        """This fuse and every fuse below it."""
        yield self
        for part in self.parts:
            if isinstance(part, Circuit):
                yield from part.circuits()


class Cap(Enum):
    """What a house may be held below for comfort; the value is its name on topics and in the log."""

    POWER = "power"  # what the whole house buys, in W
    LINE = "line"  # the current of each line, in mA


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRule:
    """A cap of this house: what holds while nobody says otherwise, and between what it may be set at run time; in W or mA."""

    default: int
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The figures of the safety policy (docs/rules.md); durations in milliseconds.

    ``list_period_ms`` is the period of the lists that carry currents; the meter is STALE after ``stale_after_ms`` without one
    (2.5 periods, so that one lost frame changes nothing) and LOST after ``lost_after_ms``.
    """

    list_period_ms: int = 10_000
    stale_after_ms: int = 25_000
    lost_after_ms: int = 60_000
    raise_window_ms: int = 20_000
    longest_window_ms: int = 90_000
    raise_deadband_ma: MilliAmps = 2_000
    report_fresh_ms: int = 35_000
    estimate_margin_ma: MilliAmps = 1_500
    foresee_above_percent: int = 105
    hold_minimum: bool = True
    valid_for_ms: int = 60_000
    republish_ms: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A metered house: its grid, the tree under its main fuse, its policy, its caps. ``name`` is a slug and part of every topic."""

    name: str
    grid: Grid
    root: Circuit
    policy: Policy = field(default_factory=Policy)
    power_cap: CapRule | None = None
    line_cap: CapRule | None = None

    def rule(self, cap: Cap) -> CapRule | None:
        """The rule of a cap; None for one that this house does not have."""
        return self.power_cap if cap is Cap.POWER else self.line_cap

    @property
    def chargers(self) -> tuple[Charger, ...]:
        """Every charger of the house, in the order of the configuration."""
        return tuple(self.root.chargers())

    def below(self, circuit: str) -> frozenset[str]:
        """The names of the chargers that hang below the fuse of this name."""
        return frozenset(charger.name for each in self.root.circuits() if each.name == circuit for charger in each.chargers())

    def gone(self, new_site: "Site") -> tuple[str, ...]:
        """The names of the chargers that ``new_site`` does not have."""
        staying = {charger.name for charger in new_site.chargers}
        return tuple(charger.name for charger in self.chargers if charger.name not in staying)
