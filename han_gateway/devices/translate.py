"""A limit of ours in the words of a charger: at once when it falls, patiently when it rises, again as often as the charger needs it.

Pure: what was said before comes in and what was said goes out. This file must not know any make, nor how messages travel.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from han_gateway.core.echo import TOLERANCE_MA
from han_gateway.core.effects import MeterState, SetLimit, ShowHeadroom
from han_gateway.core.units import Instant, Line, MilliAmps, PerLine
from han_gateway.core.words.topics import Message
from han_gateway.devices.link import Link, admissible, fed_values, values_of
from han_gateway.devices.record import OWN, Say, blanks, filled

UNKNOWN: PerLine[MilliAmps | None] = PerLine(None, None, None)


class Told(NamedTuple):
    """What a charger was told last, and when; ``changed_at`` is when it was told something else before.

    ``contradicted``: it has since said that it obeys more.
    """

    limit_ma: MilliAmps
    lines: frozenset[Line]
    at: Instant
    changed_at: Instant
    contradicted: bool = False


class House(NamedTuple):
    """What the house draws, as long as the meter is fresh."""

    load_ma: PerLine[MilliAmps | None] = UNKNOWN
    power_w: int | None = None
    fresh: bool = False


def tell(
    link: Link, before: Told | None, told: SetLimit, at: Instant, wall_s: int, own: str = ""
) -> tuple[Told, tuple[Message, ...]]:
    """Say a limit, unless the charger has it already and needs no reminder. ``before`` is None when nothing was said yet.

    ``own`` is the word of its owner's that a pause took the place of, empty for none that is known.
    """
    device, lines = link.device, told.lines if link.charger.modes else link.charger.lines
    limit_ma = admissible(link, told.grant.limit_ma)
    if before is not None and limit_ma > before.limit_ma and at - before.changed_at < device.raise_after_ms:
        limit_ma = before.limit_ma  # the core repeats its limits, so the raise comes when its time has come
    same = before is not None and (limit_ma, lines) == (before.limit_ma, before.lines)
    if before is not None and same and not before.contradicted and at - before.at < device.repeat_ms:
        return before, ()
    changed_at = before.changed_at if before is not None and same else at
    values = values_of(link, told.lines, limit_ma, wall_s) | ({OWN: own} if own else {})
    expiry_s = max(1, told.valid_for_ms // 1000)
    words = (link.message(say, values, expiry_s) for say in _words(link, before, limit_ma, lines, owned=bool(own)))
    return Told(limit_ma, lines, at, changed_at), tuple(_numbered(words))


def _numbered(words: Iterable[Message]) -> Iterator[Message]:
    """Messages of one breath: some chargers are resumed and limited on one topic."""
    said: Counter[str] = Counter()
    for message in words:
        yield message._replace(nth=said[message.topic])
        said[message.topic] += 1


def answered(told: Told, said_ma: MilliAmps | None) -> Told:
    """The charger named the limit that it obeys: if that is more than it was told, it is told again the next time, however soon.

    Less is its own business: a smaller cable, its temperature, a wish of its owner.
    """
    wrong = said_ma is not None and said_ma - told.limit_ma >= TOLERANCE_MA
    return told._replace(contradicted=wrong)


def _words(link: Link, before: Told | None, limit_ma: MilliAmps, lines: frozenset[Line], *, owned: bool) -> tuple[Say, ...]:
    """What must be said now, in the order in which it must be heard."""
    device = link.device
    if not limit_ma:
        return _sayable(device.pause, owned=owned)
    begins = before is None or not before.limit_ma
    words = (*_sayable(device.resume, owned=owned), *device.charge) if begins else device.charge
    if link.charger.modes and (before is None or begins or before.lines != lines):
        return (*(device.three_phase if lines == link.charger.lines else device.one_phase), *words)
    return words


def _sayable(words: tuple[Say, ...], *, owned: bool) -> tuple[Say, ...]:
    """What can be said: up to the owner's word, where that is not known."""
    return words if owned else tuple(takewhile(lambda say: OWN not in blanks(say.payload), words))


def seen(house: House, shown: ShowHeadroom) -> House:
    """A list with currents, or the news that there are none."""
    return house._replace(load_ma=shown.load_ma, fresh=shown.state is MeterState.FRESH)


def feed(link: Link, house: House) -> Message | None:
    """The measurement that this charger waits for; None while it is not known, and then the charger's own failsafe acts."""
    wanted = link.device.feed
    if wanted is None or not house.fresh:
        return None
    values = fed_values(link, house.load_ma, house.power_w)
    if not blanks(wanted.payload) <= values.keys():
        return None
    return Message(link.topic(wanted.topic), filled(wanted.payload, values).encode(), expiry_s=max(1, wanted.every_ms // 1000))
