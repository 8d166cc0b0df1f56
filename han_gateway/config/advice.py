"""What is allowed in a configuration but probably not meant: sentences for the operator.

Pure: a house in, words out. This file must not know the configuration file.
"""

from collections.abc import Iterator, Mapping, Sequence

from han_gateway.core.power import NOMINAL_MV
from han_gateway.core.site import Charger, Circuit, Site
from han_gateway.core.tree import POWER_SCALE, tree_of
from han_gateway.core.units import LINES
from han_gateway.devices.link import Link, safe
from han_gateway.devices.makes import GENERIC

OF_A_CHARGER = ("limit", "report", "command", "state", "outcome", "restart")
OF_A_HOUSE = ("status", "meter", "headroom", "caps")
"""The last words of our own topics (docs/mqtt.md)."""


LARGEST_DIRECT_MA = 125_000
"""A meter without current transformers carries no more, and neither does the main fuse of a house."""


def advice(site: Site, links: Sequence[Link] = (), *, left_out: bool = False, ct_ratio: int = 1) -> Iterator[str]:
    """Everything worth saying about this house, one sentence each. ``left_out``: there are chargers that have a mistake."""
    if not site.chargers and not left_out:
        yield "there is no charger: the gateway will only show the room under the fuse; add [[charger]] with a name"
    if site.root.fuse_ma > LARGEST_DIRECT_MA and ct_ratio == 1:
        yield (
            f"a main fuse of {site.root.fuse_ma / 1000:g} A is more than a meter without current transformers carries: "
            "is fuse_a under [site] right? Behind transformers, does the meter already count their ratio, or does ct_ratio say it?"
        )
    for charger in site.chargers:
        link = next((link for link in links if link.charger.name == charger.name), None)
        if link:
            yield from _device_warnings(link)
        if link and link.guarded:
            yield (
                f"charger {charger.name} has no failsafe of its own: if the gateway dies, the broker tells it its fallback "
                f"({safe(link).topic}); if the broker or the network dies, it keeps its last limit"
            )
        elif not charger.has_failsafe:
            yield (
                f"charger {charger.name} has no failsafe of its own: if the gateway or the network dies it keeps its last limit; "
                "set one in the charger and write failsafe = true"
            )
        yield from _cap_warnings(site, charger)
    yield from _topic_warnings(links)
    yield from _fuse_warnings(site.root)


def crowded(
    prefix: str, site: Site, links: Sequence[Link], neighbours: Mapping[str, str], heard: str | None = None
) -> Iterator[str]:
    """Neighbours (the key that names their place, and the beginning of their topics) among our topics, a charger's, or the meter's own.

    ``heard`` is the topic on which the meter itself is heard, where it is one.
    """
    base = f"{prefix}/{site.name}"
    taken = {link.topic(topic): link.charger.name for link in links for topic in (*link.device.written, *link.device.read)}
    for key, place in neighbours.items():
        if place in (prefix, base) or place.startswith(f"{base}/"):
            yield f"{key} {place} is a place of the gateway's own topics ({base}/...): each would take the other's words for its own; name another"
        for topic, charger in taken.items():
            if topic.startswith(f"{place}/"):
                yield f"{key} {place} is a place where charger {charger} has its own topics ({topic}); name another"
                break
        if heard is not None and f"{heard}/".startswith(f"{place}/"):
            yield f"{key} {place} is where the meter itself is heard ({heard}); name another"


def _device_warnings(link: Link) -> Iterator[str]:
    """What its make cannot do as the configuration wants it."""
    charger, device = link.charger, link.device
    if charger.maximum_ma > device.maximum_ma:
        yield f"charger {charger.name} is told {device.maximum_ma / 1000:g} A at most: a {device.name} takes no more"


def _topic_warnings(links: Sequence[Link]) -> Iterator[str]:
    """A charger in words of the configuration that is spoken to, or heard, where somebody else is."""
    spoken_to: dict[str, str] = {}
    for link in links:
        name, house = link.charger.name, link.base.rpartition("/chargers/")[0]
        ours = {f"{link.base}/{word}" for word in OF_A_CHARGER} | {f"{house}/{word}" for word in OF_A_HOUSE}
        written = [link.topic(template) for template in link.device.written]
        for topic in (*written, *(link.topic(template) for template in link.device.read)):
            if topic in ours:
                yield f"charger {name} has {topic}, a topic of the gateway itself, in its words; name the charger's own, or leave device out"
        for topic in written if link.device.name == GENERIC else ():
            other = spoken_to.setdefault(topic, name)
            if other != name:
                yield f"chargers {other} and {name} are both spoken to on {topic}: each limit overrules the other's; give each its own"


def _cap_warnings(site: Site, charger: Charger) -> Iterator[str]:
    """A cap that leaves a charger less than its minimum, even in an empty house."""
    least_w = charger.minimum_ma * tree_of(site).costs[len(charger.lines)] * NOMINAL_MV // (POWER_SCALE * 10**6)
    needs = f"charger {charger.name} needs at least"
    if site.power_cap and least_w > site.power_cap.default:
        yield f"{needs} {least_w} W: the power cap of {site.power_cap.default} W keeps it paused; raise power_w"
    if site.line_cap and charger.minimum_ma > site.line_cap.default:
        cap_a = site.line_cap.default / 1000
        yield f"{needs} {charger.minimum_ma / 1000:g} A: the phase cap of {cap_a:g} A keeps it paused; raise line_a"


def _fuse_warnings(circuit: Circuit) -> Iterator[str]:
    room = circuit.fuse_ma - circuit.margin_ma
    for charger in circuit.chargers():
        if charger.minimum_ma > room:
            yield (
                f"charger {charger.name} needs at least {charger.minimum_ma / 1000:g} A, the {circuit.name} fuse never has that room; "
                "are fuse_a and margin_a right? If so it stays paused"
            )
    for line in LINES:
        together = sum(charger.fallback_ma for charger in circuit.chargers() if line in charger.lines)
        if together > room:
            yield (
                f"without a meter the chargers may draw {together / 1000:g} A on {line.value} of the {circuit.name} fuse "
                f"({circuit.fuse_ma / 1000:g} A); write fallback_a = 0 for some of them"
            )
    for part in circuit.parts:
        if isinstance(part, Circuit):
            if part.fuse_ma > circuit.fuse_ma:
                yield (
                    f"the {part.name} fuse is larger than the {circuit.name} fuse above it: it protects nothing; "
                    "are both fuse_a right, and its parent?"
                )
            yield from _fuse_warnings(part)
