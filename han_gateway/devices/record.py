"""What a make of charger is, as one frozen record: what to say to it, what it says, and what it does when it hears nothing.

Words are templates: ``<amps>`` in a topic or payload stands for a value, and its name says the unit. Whatever is a limit is rounded
down, in every unit. This file must not know any make (``records.py`` does), nor when something is said (``translate.py`` does).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from han_gateway.core.events import ChargerStatus
from han_gateway.core.units import MilliAmps

AMPERE = 1_000
"""``milli`` of a value in A, kept in mA; likewise of one in Wh, kept in mWh."""
DECIAMPERE = 100
MILLIAMPERE = 1
MILLISECOND = 1
SECOND = 1_000
KILOWATTHOUR = 1_000_000

_BLANK = re.compile(r"<(\w*)>")

IN_TOPICS = frozenset({"id", "base"})
"""``<id>``: the configured ``device_id``. ``<base>``: our own topic of this charger, han/<site>/chargers/<charger>."""
IN_LIMITS = frozenset({"amps", "deciamps", "milliamps", "watts", "l1_amps", "l2_amps", "l3_amps", "phases", "epoch_s"})
"""What a limit can be told in. ``<l1_amps>``: on the charger's own terminal, 0 where it shall draw nothing. ``<epoch_s>``: Unix time."""
OWN = "own"
"""``<own>``: the word of its owner's in whose place a pause stands. While it is not known, what has it is not said, nor what would follow."""
IN_FEEDS = frozenset({"l1_deciamps", "l2_deciamps", "l3_deciamps", "house_w"})
"""What the house draws, at the charger's own terminals and in all; rounded up."""


class Say(NamedTuple):
    """One message to a charger. Commands are not retained: a stored one would surprise whoever connects next."""

    topic: str
    payload: str
    retain: bool = False


class Value(NamedTuple):
    """A number that a charger says: on ``topic``, at ``path`` in its JSON (dots between keys and places; empty: all of it).

    ``milli`` is what one of its units is worth, in mA, mWh or ms.
    """

    topic: str
    path: str = ""
    milli: int = AMPERE


class States(NamedTuple):
    """Words by which a charger says its state. A word that is not in ``words`` says nothing. Of several ``states``, the first that says one counts."""

    topic: str
    path: str
    words: Mapping[str, ChargerStatus]


class Paused(NamedTuple):
    """The word by which a charger says that it is paused, whatever limit it names."""

    topic: str
    path: str
    word: str


class Feed(NamedTuple):
    """A measurement that the charger wants to hear again and again, and whose silence is its failsafe."""

    topic: str
    payload: str
    every_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A make of charger. Currents in mA, times in ms.

    ``charge`` tells a limit, and its first message alone must do so: it can be a last will. ``pause`` stops; ``resume`` goes before
    ``charge`` when charging may begin again, and the first time. ``one_phase`` and ``three_phase`` go before it where the configuration lets
    the charger change its phases. A raise waits until ``raise_after_ms`` after the last change, an unchanged limit is told again after
    ``repeat_ms`` (0: whenever the core repeats it). ``currents`` are those of its own L1, L2, L3, fewer where it measures fewer.
    ``on_change``: it speaks only when something changes, so that what it said last still holds. ``failsafe_ma`` is what it takes by itself
    when it hears nothing, None where it has no failsafe; ``failsafe`` the same in words. ``zero_frees``: where it names 0 as its limit, none
    holds, and it takes its maximum.
    ``own`` is for a charger that is paused by a word in the place of one of its owner's: the topic where the broker keeps the owner's word
    meanwhile, so that it outlives us. ``resume`` gives it back as ``<own>``.
    """

    name: str
    title: str
    charge: tuple[Say, ...]
    pause: tuple[Say, ...]
    resume: tuple[Say, ...] = ()
    one_phase: tuple[Say, ...] = ()
    three_phase: tuple[Say, ...] = ()
    feed: Feed | None = None
    minimum_ma: MilliAmps = 6_000
    maximum_ma: MilliAmps = 32_000
    raise_after_ms: int = 0
    repeat_ms: int = 0
    response_ms: int = 6_000
    echo: Value | None = None
    zero_frees: bool = False
    paused: Paused | None = None
    own: str = ""
    currents: tuple[Value, ...] = ()
    states: tuple[States, ...] = ()
    session: Value | None = None
    uptime: Value | None = None
    alive: tuple[str, ...] = ()
    on_change: bool = False
    restart: Say | None = None
    failsafe_ma: MilliAmps | None = None
    failsafe: str = "keeps its last limit"
    id_example: str = ""
    setup: tuple[str, ...] = ()
    source: str = "the configuration"

    @property
    def needs_id(self) -> bool:
        """Tell whether its topics have a part that only its owner knows."""
        return any("id" in blanks(topic) for topic in (*self.written, *self.read))

    @property
    def talks(self) -> bool:
        """Tell whether it is heard within a minute, also when nothing changes."""
        return bool(self.alive) or (bool(self.read) and not self.on_change)

    @property
    def switches(self) -> bool:
        """Tell whether it can be told to change its phases."""
        return bool(self.one_phase)

    @property
    def written(self) -> tuple[str, ...]:
        """The topics (templates) on which it is spoken to, each once."""
        said = (*self.resume, *self.one_phase, *self.three_phase, *self.charge, *self.pause)
        topics = [*(each.topic for each in said), *([self.feed.topic] if self.feed else [])]
        return tuple(dict.fromkeys(topics))

    @property
    def own_words(self) -> tuple[str, ...]:
        """The topics (templates) on which its owner's word stands, or is kept; none where a pause takes nothing away."""
        return (self.paused.topic, self.own) if self.own and self.paused else ()

    @property
    def read(self) -> tuple[str, ...]:
        """The topics (templates) on which it speaks, each once."""
        single = (self.echo, self.paused, self.session, self.uptime)
        found = [each.topic for each in (*self.currents, *self.states, *single) if each is not None]
        return tuple(dict.fromkeys((*found, *self.alive, *self.own_words)))


def filled(template: str, values: Mapping[str, object]) -> str:
    """A template with its blanks filled. A blank without a value is a mistake of ours: ``blanks`` finds those of the configuration."""
    return _BLANK.sub(lambda blank: str(values[blank[1]]), template)


def blanks(template: str) -> set[str]:
    """The names in a template."""
    return set(_BLANK.findall(template))
