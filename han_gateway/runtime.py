"""One owner of the state: events in, ``step``, effects out. Live and replay share this file; only the source of events differs.

``Gateway`` knows no clock: it hands out the ticks between two events itself, at whole seconds, each before anything that happened at
or after it. So the effects are a function of the events and of what was recalled at the start, and a replay equals the run that was
recorded. ``Live`` stamps what the world says and hands it on. This file must not know where effects go: outlets are functions.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from dlms.rejects import Rejected
from han_gateway.adapters.recording import Recorder
from han_gateway.core.effects import Effect
from han_gateway.core.events import BrokerChanged, Event, MeterGarbled, MeterSaid, SourceChanged, Tick
from han_gateway.core.gateway import start, step
from han_gateway.core.reload import carry_over, farewell
from han_gateway.core.site import Site
from han_gateway.core.units import Instant
from han_gateway.core.words import inbox
from han_gateway.core.words.memory import Memory, recall, remembered, worded
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading

TICK_MS = 1_000

Outlet = Callable[[Event, tuple[Effect, ...]], None]
"""Gets every event with what came of it. It must return at once: nothing may stand in the meter's way."""


class Gateway:
    """The controller of one house from the instant ``started`` on."""

    def __init__(self, site: Site, decoder: Decoder, started: Instant, outlets: Sequence[Outlet] = ()) -> None:
        self.site = site
        self.decoder = decoder
        self._outlets = tuple(outlets)
        self._state = start(site, started)
        self._next_tick = (started // TICK_MS + 1) * TICK_MS

    def attach(self, outlet: Outlet) -> None:
        """Show this outlet everything that happens from now on."""
        self._outlets = (*self._outlets, outlet)

    def recall(self, at: Instant, memory: Memory) -> None:
        """Remember what an earlier run has learned; ``at`` is the instant at which this one started, and nothing may have happened yet."""
        self._state = recall(self.site, self._state, memory, at)

    def memory(self, wall: Instant) -> Memory:
        """What a later run should know."""
        return remembered(self._state, wall, self._next_tick)

    def hear(self, at: Instant, data: bytes) -> None:
        """Bytes of the meter's line, in any chunks."""
        for item in self.decoder.feed(data):
            self.meter(at, item)

    def meter(self, at: Instant, item: Reading | Rejected) -> None:
        """What the meter said, or what could not be understood."""
        self.handle(MeterGarbled(at=at, rejected=item) if isinstance(item, Rejected) else MeterSaid(at=at, reading=item))

    def handle(self, event: Event) -> None:
        """Let an event happen, and before it every tick that was due."""
        self.advance(event.at)
        self._step(event)

    def behind(self, now: Instant) -> bool:
        """Tell whether more than one tick waits: the machine slept, or had no time for us."""
        return now - self._next_tick >= TICK_MS

    def advance(self, until: Instant) -> None:
        """Let time pass up to and including ``until``."""
        while self._next_tick <= until:
            tick = Tick(at=self._next_tick)
            self._next_tick += TICK_MS
            self._step(tick)

    def part(self, at: Instant, site: Site) -> None:
        """Tell the chargers that ``site`` does not have their last limit; ``change`` must follow."""
        self.advance(at)
        self._show(Tick(at=at), farewell(self.site, self._state, site))

    def change(self, at: Instant, site: Site) -> None:
        """Go on with another house of the same name and grid: what is known of the meter and of unchanged chargers stays."""
        self._state, effects = carry_over(self.site, self._state, site, at)
        self.site = site
        self._show(Tick(at=at), effects)

    def _step(self, event: Event) -> None:
        self._state, effects = step(self.site, self._state, event)
        self._show(event, effects)

    def _show(self, event: Event, effects: tuple[Effect, ...]) -> None:
        for outlet in self._outlets:
            outlet(event, effects)


class Clock(Protocol):
    """Gives the present instant."""

    def now(self) -> Instant:
        """Milliseconds that never jump."""


class Live:
    """Gives the gateway what happens now. Every method belongs to the one loop."""

    def __init__(self, gateway: Gateway, clock: Clock, *, prefix: str, recorder: Recorder | None = None) -> None:
        self._gateway = gateway
        self._clock = clock
        self._prefix = prefix
        self._inlets = inbox.inlets(prefix, gateway.site)
        self._recorder = recorder
        self._hold: Callable[[bool], None] = lambda _held: None

    def catch_up_with(self, hold: Callable[[bool], None]) -> None:
        """``hold`` keeps back what is said from True to False, and then says the latest of it.

        After a suspension every tick that was missed is decided, one by one. Chargers hear what holds now, and nothing of the past.
        """
        self._hold = hold

    def listen(self) -> tuple[str, ...]:
        """The topics on which the house is spoken to; to be asked again when it has changed."""
        self._inlets = inbox.inlets(self._prefix, self._gateway.site)
        return tuple(self._inlets)

    def settled(self) -> frozenset[str]:
        """Those of the topics on which what is retained counts."""
        return inbox.settings(self._prefix, self._gateway.site)

    def recall(self, started: Instant, memory: Memory) -> None:
        """An earlier run has left this to be remembered; a replay must know it, too."""
        if self._recorder:
            self._recorder.remembered(started, worded(memory))
        self._gateway.recall(started, memory)

    def hear(self, data: bytes) -> None:
        """Bytes came from the meter."""
        at = self._now()
        if self._recorder:
            self._recorder.arrived(at, data)
        self._gateway.hear(at, data)

    def source_changed(self, connected: bool, detail: str) -> None:
        """The way to the meter opened or was lost."""
        at = self._now()
        if self._recorder:
            self._recorder.way(at, "source", connected)
        self._gateway.handle(SourceChanged(at=at, connected=connected, detail=detail))

    def broker_changed(self, connected: bool) -> None:
        """The broker came or went."""
        at = self._now()
        if self._recorder:
            self._recorder.way(at, "broker", connected)
        self._gateway.handle(BrokerChanged(at=at, connected=connected))

    def message(self, topic: str, payload: bytes) -> inbox.Refused | None:
        """A message came from the broker; the answer says why it was refused."""
        at = self._now()
        inlet = self._inlets.get(topic)
        if inlet is None:
            return inbox.NOBODY
        event = inbox.understood(self._gateway.site, inlet, payload, at)
        if isinstance(event, inbox.Refused):
            return event
        if self._recorder:
            self._recorder.said(at, inlet.kind, inlet.name, payload)
        self._gateway.handle(event)
        return None

    def _now(self) -> Instant:
        """The present, with all that was missed caught up."""
        now = self._clock.now()
        if self._gateway.behind(now):
            self._hold(True)
            self._gateway.advance(now)
            self._hold(False)
        return now

    async def tick(self, beat: Callable[[], None]) -> None:
        """Let time pass until cancelled. ``beat`` is called after each round that was really stepped: it feeds the watchdog."""
        while True:
            now = self._now()
            self._gateway.advance(now)
            beat()
            await asyncio.sleep((TICK_MS - now % TICK_MS) / 1000)


async def together(*endless: Coroutine[None, None, None], duration_s: float | None = None) -> None:
    """Run endless things side by side until SIGTERM, SIGINT or the end of ``duration_s``. One that breaks ends them all and raises."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if duration_s is not None:
        loop.call_later(duration_s, stop.set)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(thing) for thing in endless]
        await stop.wait()
        for task in tasks:
            task.cancel()
