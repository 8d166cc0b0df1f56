"""A house in software around the real program, in virtual time: its meter speaks bytes, its chargers obey and report over MQTT.

``Program`` is joined as ``han_gateway/daemon.py`` joins it, but for the serial port, the socket of the broker and the clock; what the
broker would have carried is counted, and kept if somebody wants it. This file must not know what is promised.
"""

import json
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from han_gateway import outlets
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.outbox import Outbox
from han_gateway.adapters.recording import instant, moment
from han_gateway.adapters.systemd import Notifier
from han_gateway.adapters.troubles import Troubles
from han_gateway.core.effects import Effect, SetLimit
from han_gateway.core.events import Event
from han_gateway.core.site import CapRule, Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, Instant, MilliAmps
from han_gateway.core.words import inbox, topics
from han_gateway.core.words.memory import Memory
from han_gateway.keeper import Keeper
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write
from han_gateway.runtime import Gateway, Live, Outlet

L1, L2, L3 = LINES
STARTED: Instant = 1_768_176_000_000  # 2026-01-12, midnight UTC
RESPONSE_MS = 4_000
SITE = Site(
    name="home",
    grid=Grid.TN,
    root=Circuit(
        name="main",
        fuse_ma=35_000,
        margin_ma=1_000,
        parts=(
            Charger(name="garage", lines=frozenset(LINES)),
            Charger(name="yard", lines=frozenset({L2}), maximum_ma=32_000),
            Circuit(name="row", fuse_ma=20_000, metered=True, parts=(Charger(name="cabin", lines=frozenset(LINES)),)),
        ),
    ),
    power_cap=CapRule(default=20_000, least=5_000, most=20_000),
)


class HandClock(SystemClock):
    """A clock that is turned by hand: instants that never jump, and a wall that may show anything."""

    def __init__(self, at: Instant = STARTED) -> None:
        self.at = at
        self.wall_off = timedelta()

    def now(self) -> Instant:
        """The instant that was set."""
        return self.at

    def wall(self) -> datetime:
        """What the machine believes now."""
        return moment(self.at) + self.wall_off


class CountingKeeper(Keeper):
    """Counts how often it wrote."""

    writes = 0

    def _write(self, path: Path, memory: Memory) -> None:
        super()._write(path, memory)
        self.writes += 1


class Program:
    """The daemon without the world. ``sent`` counts messages that the broker took, ``published`` sees each of them."""

    def __init__(
        self,
        clock: HandClock,
        *,
        outlets_too: Iterable[Outlet] = (),
        state_dir: Path | None = None,
        published: Callable[[topics.Message], object] = lambda _message: None,
    ) -> None:
        self.sent = 0
        self.connected = False
        self._clock = clock
        self._outbox = Outbox()
        self._published = published
        gateway = Gateway(SITE, Decoder(lock=True), clock.now())
        self.live = Live(gateway, clock, prefix="han")
        self.keeper = CountingKeeper(state_dir, clock.now(), lambda: gateway.memory(instant(clock.wall())))
        self.refusals = outlets.Refusals(clock)
        notifier, troubles = Notifier({}), Troubles(lambda _: None, None)
        self.metrics = Metrics(SITE, version="0", python="3", refusals=self.refusals, unwritten=self.keeper)
        self.health = outlets.Health(clock, troubles)
        watch, self._watchdog = (
            outlets.ClockWatch(clock, None, "Europe/Oslo"),
            outlets.Watchdog(gateway, notifier, clock.now()),
        )
        shown = (outlets.notes, outlets.measured(self.metrics), outlets.status(notifier, troubles), self.health.see, watch.see)
        for outlet in (self._publish, self._watchdog.see, *shown, self.keeper.see, *outlets_too):
            gateway.attach(outlet)
        self._gateway = gateway

    def hear(self, data: bytes) -> None:
        """Bytes of the meter."""
        self.metrics.received(len(data))
        self.live.hear(data)

    def message(self, topic: str, payload: bytes) -> None:
        """A message from the broker."""
        refused = self.live.message(topic, payload)
        if refused:
            self.refusals.add(refused)

    def broker(self, connected: bool) -> None:
        """The broker comes or goes."""
        self.connected = connected
        if connected:
            self._outbox.renew()
        self.live.broker_changed(connected)

    def beat(self) -> None:
        """A round of the loop: time passes, and the broker takes what waits."""
        now = self._clock.now()
        self._gateway.advance(now)
        self._watchdog.feed(now)
        self.health.alive()
        while self.connected and (waiting := self._outbox.take(now)):
            self.sent += 1
            self._published(waiting.message)

    def wait_for_the_disk(self) -> None:
        """Let a write of the state file that goes on in its own thread come to its end: real time is slower than ours."""
        if self.keeper._job is not None:
            self.keeper._job.result()

    def _publish(self, _event: Event, effects: Iterable[Effect]) -> None:
        for effect in effects:
            message = topics.message("han", SITE, effect, self._clock.wall())
            if message:
                self._outbox.put(message, self._clock.now())


class Household:
    """What draws current: a house in steps of 0.1 A, and three cars that come and go, and obey after some seconds. The seed is its life.

    ``told`` counts the limits.
    """

    def __init__(self, seed: str) -> None:
        self.told = 0
        self._rng = random.Random(seed)
        self._house: list[MilliAmps] = [3_000, 5_000, 2_000]
        self._hunger = {charger.name: charger.maximum_ma for charger in SITE.chargers}
        self._limits = dict.fromkeys(self._hunger, (0, 0, 0))  # since when, the limit, the one before

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Chargers hear their limits: an outlet."""
        for effect in effects:
            if isinstance(effect, SetLimit):
                self.told += 1
                name, limit_ma = effect.grant.charger, effect.grant.limit_ma
                if limit_ma != self._limits[name][1]:
                    self._limits[name] = (event.at, limit_ma, self._limits[name][1])

    def change(self) -> None:
        """Somebody puts the kettle on, or a car leaves: now and then."""
        if self._rng.random() < 0.05:
            self._house[self._rng.randrange(3)] = 100 * self._rng.randint(2, 160)
        if self._rng.random() < 0.002:
            name = self._rng.choice(list(self._hunger))
            self._hunger[name] = self._rng.choice((0, 10_000, 32_000))

    def drawn(self, charger: Charger, at: Instant) -> MilliAmps:
        """What a car draws on each of its lines."""
        since, limit_ma, before_ma = self._limits[charger.name]
        return min(self._hunger[charger.name], limit_ma if at - since >= RESPONSE_MS else before_ma)

    def amps(self, at: Instant) -> list[MilliAmps]:
        """What the meter sees on each line."""
        total = list(self._house)
        for charger in SITE.chargers:
            for line in charger.lines:
                total[line.index] += self.drawn(charger, at)
        return total

    def words(self, at: Instant) -> Iterable[tuple[str, bytes]]:
        """What chargers and the meter of the sub-fuse report."""
        for charger in SITE.chargers:
            amps = self.drawn(charger, at)
            currents = {line.value: amps / 1000 for line in charger.lines}
            report = {"current_a": currents, "status": "charging" if amps else "connected"}
            yield f"han/home/chargers/{charger.name}/report", json.dumps(report).encode()
        row = self.drawn(SITE.chargers[-1], at) / 1000
        yield "han/home/circuits/row/load", json.dumps({"current_a": dict.fromkeys(("L1", "L2", "L3"), row)}).encode()


def listened() -> tuple[str, ...]:
    """The topics on which this house is spoken to."""
    return tuple(inbox.inlets("han", SITE))


def frame(model: str, number: int, amps: list[MilliAmps], clock: datetime) -> bytes:
    """A list of this meter, with what its clock shows."""
    meter = METERS[model]
    form = {1: meter.list1, 2: meter.list2, 3: meter.list3}[number]
    if form is None:
        raise ValueError(f"a {model} has no list {number}")
    return write(
        form,
        Reading(
            manufacturer=form.profile.manufacturer,
            list=number,
            list_id=meter.list_id,
            meter_id="9900000000000017",
            meter_type=meter.meter_type,
            clock=clock_octets(clock),
            power_import_w=sum(amps) * 230 // 1000,
            current_l1_ma=amps[0],
            current_l2_ma=amps[1],
            current_l3_ma=amps[2],
            voltage_l1_mv=230_000,
            voltage_l2_mv=231_000,
            voltage_l3_mv=229_000,
            energy_import_wh=85_823_280,
        ),
    )
