"""What people should be told beside the decisions, because no decision shows it.

That is: a line that is not understood, another meter, a charger that is never heard, and what stays amiss for days. Each is an outlet that
writes into the log what to do, once or seldom. This file must not know how anything was decided.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dlms.rejects import Reason
from han_gateway.core.effects import Effect, MeterState, ShowHeadroom
from han_gateway.core.events import BrokerChanged, CircuitSaid, Event, MeterGarbled, MeterSaid, Tick
from han_gateway.core.load import complete
from han_gateway.core.people.unread import TOLD as TOLD_OF_KEYS
from han_gateway.core.site import Site
from han_gateway.core.units import LINES, Instant
from han_gateway.devices.link import Link
from han_gateway.runtime import Gateway, Outlet

log = logging.getLogger("han_gateway")

UNHEARD_MS = 120_000
"""So long a charger may say nothing after a start."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

UNGUARDED_MS = 60_000
"""So long the guard of a charger may need to find a broker that the house has found."""

_NO_CURRENTS, _NO_BROKER = "no currents from the meter", "no broker, so nobody hears a limit,"


def reminders(
    gateway: Gateway, port: str, started: Instant, silent: Callable[[], Sequence[Link]], absent: Callable[[], Mapping[str, str]]
) -> tuple[Outlet, ...]:
    """All of them: of the line to the meter, of what stays amiss, of chargers that are not heard, and of those that nobody guards."""
    of_meter = unreadable(gateway, port), other_meter(), unmeasured(gateway)
    return *of_meter, Reminder(gateway, started).see, Unheard(silent).see, Unguarded(absent).see


def unreadable(gateway: Gateway, port: str) -> Outlet:
    """Says so when bytes come and no list is in them: a speed, a parity, another device. Encryption has words of its own."""
    at_a_port = f"stop the gateway, and han-gateway detect {port} says why"
    remedy = "does the device publish whole frames (docs/mqtt.md)?" if port.startswith("mqtt:") else at_a_port
    heard_at: Instant | None = None  # the last list, or where the waiting for one began
    seen: Counter[Reason] = Counter()

    def tell(event: Event, _effects: Iterable[Effect]) -> None:
        nonlocal heard_at
        if isinstance(event, MeterSaid) or heard_at is None:
            heard_at = event.at
            seen.clear()
        elif isinstance(event, MeterGarbled):
            seen[event.rejected.reason] += 1
        elif seen and isinstance(event, Tick) and event.at - heard_at >= gateway.site.policy.lost_after_ms:
            ((reason, _),) = seen.most_common(1)
            if reason not in TOLD_OF_KEYS:
                silent_s, why = (event.at - heard_at) // 1000, reason.value.replace("_", " ")
                log.warning("%s: bytes come, but no list for %d s (%s); %s", port, silent_s, why, remedy)
            heard_at = None  # begin anew

    return tell


def other_meter() -> Outlet:
    """Says so when the number of the meter changes: it was exchanged, or two share the line, and then the larger load of both counts."""
    number: str | None = None

    def tell(event: Event, _effects: Iterable[Effect]) -> None:
        nonlocal number
        heard = event.reading.meter_id if isinstance(event, MeterSaid) else None
        if heard and number and heard != number:
            log.warning("lists of a meter with another number: was the meter exchanged, or do two share this line?")
        number = heard or number

    return tell


def unmeasured(gateway: Gateway) -> Outlet:
    """Says so when a charger is wired to lines that this meter does not have: once a house, with the first list of currents."""
    judged: Site | None = None

    def tell(event: Event, _effects: Iterable[Effect]) -> None:
        nonlocal judged
        site = gateway.site
        load = complete(site, event.reading) if isinstance(event, MeterSaid) and judged is not site else None
        if load is None:
            return
        judged = site
        for charger in site.chargers:
            beyond = ", ".join(line.value for line in LINES if line in charger.lines & load.absent)
            if beyond:
                log.warning(
                    "the meter has one phase, and charger %s is wired to %s, of which it knows nothing: that charger gets no current; "
                    'phases = ["L1"] if it is on that phase alone',
                    *(charger.name, beyond),
                )

    return tell


class Reminder:
    """Says once a day what is amiss still: a fault of last month was told then, and no log is kept for ever."""

    def __init__(self, gateway: Gateway, started: Instant) -> None:
        self._gateway = gateway
        self._started = started
        self._circuits: dict[str, Instant] = {}  # when their meters were heard last
        self._amiss = dict.fromkeys((_NO_CURRENTS, _NO_BROKER), started)  # since when
        self._due = started + DAY_MS

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Follow the meter and the broker, and look back once a day."""
        if isinstance(event, BrokerChanged):
            self._judge(_NO_BROKER, event.connected, event.at)
        elif isinstance(event, CircuitSaid):
            self._circuits[event.circuit] = event.at
        for effect in effects:
            if isinstance(effect, ShowHeadroom):
                self._judge(_NO_CURRENTS, effect.state not in (MeterState.WAITING, MeterState.LOST), event.at)
        if event.at >= self._due:
            self._due = event.at + DAY_MS
            for what, since in (*self._amiss.items(), *self._unmetered()):
                if event.at - since >= HOUR_MS:
                    log.warning("still: %s for %d h", what, (event.at - since) // HOUR_MS)

    def _unmetered(self) -> Iterator[tuple[str, Instant]]:
        """What there is to say of each sub-fuse with a meter of its own, and when that was heard last."""
        for circuit in self._gateway.site.root.circuits():
            if circuit.metered:
                yield f"no currents from the meter of the {circuit.name} fuse", self._circuits.get(circuit.name, self._started)

    def _judge(self, what: str, well: bool, at: Instant) -> None:
        if well:
            self._amiss.pop(what, None)
        else:
            self._amiss.setdefault(what, at)


class Unheard:
    """Says of a charger that should be heard, and never was, where to look: once, as long as it is the same."""

    def __init__(self, silent: Callable[[], Sequence[Link]]) -> None:
        self._silent = silent
        self._since: dict[tuple[str, str], Instant] = {}  # by its name and its own part of the topics
        self._told: set[tuple[str, str]] = set()
        self._connected = False

    def see(self, event: Event, _effects: Iterable[Effect]) -> None:
        """Let time pass; who is not heard while the broker is away is not to blame."""
        if isinstance(event, BrokerChanged):
            self._connected = event.connected
        elif not isinstance(event, Tick):
            return
        silent = {(link.charger.name, link.identity): link for link in self._silent()} if self._connected else {}
        self._since = {who: self._since.get(who, event.at) for who in silent}
        late = {who for who, since in self._since.items() if event.at - since >= UNHEARD_MS} - self._told
        for name, identity in sorted(late):
            log.warning(
                "charger %s has not been heard since the start: is it on, does it use this broker, and is device_id = %r right? "
                "han-gateway test-charger %s %g tries it, while the gateway is stopped",
                *(name, identity, name, silent[name, identity].charger.minimum_ma / 1000),
            )
        self._told |= late


class Unguarded:
    """Says of a charger without a failsafe that its guard is not let in by a broker that lets the house in: once, until it was there again.

    ``absent`` gives the names of those chargers, and what their guards met.
    """

    def __init__(self, absent: Callable[[], Mapping[str, str]]) -> None:
        self._absent = absent
        self._connected_at: Instant | None = None
        self._told: set[str] = set()

    def see(self, event: Event, _effects: Iterable[Effect]) -> None:
        """Let time pass. A broker that is away lets nobody in, and that is told elsewhere."""
        if isinstance(event, BrokerChanged):
            self._connected_at = event.at if event.connected else None
        if not isinstance(event, Tick) or self._connected_at is None or event.at - self._connected_at < UNGUARDED_MS:
            return
        absent = self._absent()
        for name in sorted(absent.keys() - self._told):
            log.warning(
                "charger %s has no failsafe, and its guard is not on the broker (%s): if the gateway dies nobody tells it its fallback; "
                "let the broker allow more than one connection of ours, with client ids that begin alike",
                *(name, absent[name] or "no answer"),
            )
        self._told = set(absent)
