"""A bench for one charger in software: the interpreter and the inbox as the daemon joins them, a broker that loses nothing, a clock by hand.

It must not know any make.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from han_gateway.core.effects import Cause, Grant, MeterState, Reason, SetLimit, ShowHeadroom, ShowReading
from han_gateway.core.events import ChargerSaid, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, PerLine
from han_gateway.core.words import inbox
from han_gateway.core.words.topics import Message
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Device
from han_gateway.interpreter import Interpreter
from han_gateway.meters.reading import Reading
from tests.devices.simulated import Said, Simulated

REPUBLISH_S = 10
READING = Reading(manufacturer="kaifa", list=2, power_import_w=5_000, power_export_w=0)


def link_to(sim: Simulated, device: Device | None = None, **changes: object) -> Link:
    """The charger ``garage`` of the house ``home``."""
    device = device or DEVICES[sim.make]
    charger = Charger(name="garage", lines=frozenset(LINES), counts_own=True, maximum_ma=32_000)
    link = Link(charger=charger, device=device, base="han/home/chargers/garage", identity=sim.identity)
    return replace(link, **changes)  # type: ignore[arg-type]  # tests may change any field


class Bench:
    """``now`` counts seconds. ``sent`` is what went to the charger, ``reports`` what came back in the words of the core."""

    def __init__(self, sim: Simulated, link: Link | None = None) -> None:
        self.sim = sim
        self.link = link or link_to(sim)
        self.now_s = 0
        self.sent: list[tuple[int, Message]] = []
        self.reports: list[tuple[int, ChargerSaid]] = []
        self.limit_ma = 0
        self.told_at = -REPUBLISH_S
        self.alive = True
        self.meter = MeterState.FRESH
        self.watch: Callable[[], None] = lambda: None
        self._site = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(self.link.charger,)))
        self.interpreter = Interpreter([self.link], self._send, self)

    def now(self) -> int:
        """The clock by hand, in ms."""
        return 1000 * self.now_s

    def wall(self) -> datetime:
        """The same as a time of day."""
        return datetime.fromtimestamp(self.now_s, UTC)

    def tell(self, amps: int) -> None:
        """The core decides another limit."""
        self.limit_ma = 1000 * amps
        self._tell()

    def run(self, seconds: int) -> None:
        """Seconds go by: limits are repeated, lists of the meter come every ten seconds, the charger speaks."""
        for _ in range(seconds):
            self.now_s += 1
            if self.alive:
                self.interpreter.see(Tick(at=self.now()), self._list() if self.now_s % 10 == 0 else ())
                if self.now_s - self.told_at >= REPUBLISH_S:
                    self._tell()
            self._heard(list(self.sim.passes(self.now_s)))
            self.watch()

    def says(self, said: Iterable[Said]) -> None:
        """The charger speaks of itself, or its owner acts."""
        self._heard(list(said))

    def payloads(self, end: str) -> list[str]:
        """What was sent on the topics that end so."""
        return [message.payload.decode() for _, message in self.sent if message.topic.endswith(end)]

    def limits(self) -> list[int]:
        """The limits that the charger was heard to name, in mA."""
        return [report.limit_ma for _, report in self.reports if report.limit_ma is not None]

    def _tell(self) -> None:
        self.told_at = self.now_s
        grant = Grant(charger="garage", limit_ma=self.limit_ma, reason=Reason(cause=Cause.CHARGER))
        self.interpreter.see(Tick(at=self.now()), (SetLimit(grant=grant, lines=frozenset(LINES), seq=0, valid_for_ms=60_000),))

    def _list(self) -> tuple[ShowReading, ShowHeadroom]:
        load = PerLine[int | None](8_010, 7_000, None if self.meter is MeterState.LOST else 12_340)
        return ShowReading(reading=READING), ShowHeadroom(state=self.meter, fuse_ma=25_000, room_ma=load, load_ma=load)

    def _send(self, message: Message) -> None:
        self.sent.append((self.now_s, message))
        if message.topic in self.sim.subscribed():
            self._heard(list(self.sim.hear(message.topic, message.payload, self.now_s)))

    def _heard(self, said: list[Said]) -> None:
        for topic, payload, _ in said:
            reports = self.interpreter.hear(topic, payload.encode())
            if reports is None and topic != f"{self.link.base}/report":
                continue
            for _where, report in ((topic, payload.encode()),) if reports is None else reports:
                heard = inbox.understood(self._site, inbox.Inlet("charger", "garage"), report, self.now())
                assert isinstance(heard, ChargerSaid), heard
                self.reports.append((self.now_s, heard))
