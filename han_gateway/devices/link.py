"""A charger of this house together with its make: topics filled in, limits in the units that it wants.

This file must not know when something is said, nor what was said before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from han_gateway.core.power import NOMINAL_MV
from han_gateway.core.site import Charger
from han_gateway.core.units import LINES, Line, MilliAmps, PerLine
from han_gateway.core.words.topics import Message
from han_gateway.devices.record import Device, Say, filled

ROOT_OF_3 = isqrt(3_000_000)
"""In thousandths, rounded down."""
RESTART_IN_ITS_WORDS_EXPIRY_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One charger, its make, and how its topics begin. ``three_wire``: the net has no neutral.

    ``guarded``: it has no failsafe, and the broker shall tell it a safe limit when we die.
    """

    charger: Charger
    device: Device
    base: str
    identity: str = ""
    three_wire: bool = False
    guarded: bool = False

    def topic(self, template: str) -> str:
        """A topic of this charger."""
        return filled(template, {"id": self.identity, "base": self.base})

    def message(self, say: Say, values: Mapping[str, object], expiry_s: int | None) -> Message:
        """A message to this charger. What is kept for it at the broker does not expire."""
        expiry_s = None if say.topic == self.device.own else expiry_s
        return Message(self.topic(say.topic), filled(say.payload, values).encode(), 1, say.retain, expiry_s)


def admissible(link: Link, limit_ma: MilliAmps) -> MilliAmps:
    """The largest limit that this charger understands and that is not above ``limit_ma``; 0 is a pause."""
    device = link.device
    return 0 if limit_ma < device.minimum_ma else min(limit_ma, device.maximum_ma)


def values_of(link: Link, lines: frozenset[Line], limit_ma: MilliAmps, wall_s: int) -> dict[str, object]:
    """A limit in every unit, each rounded down."""
    wide = len(lines) > (2 if link.three_wire else 1)
    own = {f"l{place}_amps": limit_ma // 1000 if line in lines else 0 for place, line in enumerate(_order(link), 1)}
    return {
        "amps": limit_ma // 1000,
        "deciamps": limit_ma // 100,
        "milliamps": limit_ma,
        "watts": _watts(link, len(lines), limit_ma),
        "phases": 3 if wide else 1,
        "epoch_s": wall_s,
        **own,
    }


def fed_values(link: Link, load_ma: PerLine[MilliAmps | None], house_w: int | None) -> dict[str, object]:
    """What the house draws, in the units of a feed and rounded up; what is not known is left out."""
    own = {f"l{place}_deciamps": load_ma[line.index] for place, line in enumerate(_order(link), 1)}
    known: dict[str, object] = {name: -(-value // 100) for name, value in own.items() if value is not None}
    return known if house_w is None else known | {"house_w": house_w}


def safe(link: Link) -> Message:
    """The one message by which a charger goes to its fallback: what the broker shall say when we die."""
    charger = link.charger
    limit_ma = admissible(link, charger.fallback_ma)
    words = link.device.charge if limit_ma else link.device.pause
    return link.message(words[0], values_of(link, charger.lines, limit_ma, 0), None)


def safes(links: Sequence[Link]) -> dict[str, Message]:
    """What the broker shall say if we die, to each charger that has no failsafe."""
    return {link.charger.name: safe(link) for link in links if link.guarded}


def restart(link: Link) -> Message | None:
    """The message by which a charger starts anew; None for a make that has none. It expires soon: a later restart would surprise."""
    say = link.device.restart
    return None if say is None else link.message(say, {}, RESTART_IN_ITS_WORDS_EXPIRY_S)


def _order(link: Link) -> tuple[Line, ...]:
    """The lines of the house at the charger's own L1, L2, L3; terminals without a wire take the rest, in their order."""
    wired = link.charger.order
    return (*wired, *(line for line in LINES if line not in wired))


def _watts(link: Link, lines: int, limit_ma: MilliAmps) -> int:
    """The power of a limit at the nominal voltage."""
    milliwatts = limit_ma * NOMINAL_MV // 1000
    if not link.three_wire:
        return lines * milliwatts // 1000
    return milliwatts * ROOT_OF_3 // 1_000_000 if lines == 3 else milliwatts // 1000
