"""Outlets: what is shown of every step, apart from MQTT. The log, the metrics, the status line of systemd, health, the meter's clock.

Each is a function of an event and its effects, and returns at once. This file must not know how anything was decided.
"""

import logging
from collections.abc import Iterable

from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.quiet import DECISIONS
from han_gateway.adapters.systemd import NOTICE, Notifier
from han_gateway.adapters.troubles import Troubles
from han_gateway.core.effects import Effect, Level, MeterState, Note, SetLimit, ShowHeadroom
from han_gateway.core.events import BrokerChanged, Event, MeterSaid, SourceChanged
from han_gateway.core.units import LINES, Instant
from han_gateway.core.words.inbox import Refused
from han_gateway.meters.clock import ClockRule, hours_off
from han_gateway.runtime import Gateway, Outlet

log = logging.getLogger("han_gateway")
decisions = logging.getLogger(DECISIONS)

HUNG_MS = 5_000
"""After so many missed ticks ``/healthz`` says that the loop hangs."""
UNHEARD_MS = 60_000
"""So long a meter may be silent after a start before ``/healthz`` says so."""
TELL_AGAIN_MS = 600_000
"""A mistake that goes on is told again after ten minutes."""

REFUSED = "the broker refuses our limits"
_LEVELS = {Level.WARNING: logging.WARNING, Level.NOTICE: NOTICE, Level.INFO: logging.INFO, Level.DEBUG: logging.DEBUG}
_LISTS_BEFORE_WORD = 3  # one list that was held up on its way says nothing about the clock


def notes(event: Event, effects: Iterable[Effect]) -> None:
    """Puts the notes of the core, and what happens to the meter's line, into the log."""
    if isinstance(event, SourceChanged):
        log.log(NOTICE if event.connected else logging.WARNING, "%s", event.detail)
    limits = any(isinstance(effect, SetLimit) for effect in effects)
    for effect in effects:
        if isinstance(effect, Note):
            (decisions if limits else log).log(_LEVELS[effect.level], "%s", effect.text)


def status(notifier: Notifier, troubles: Troubles) -> Outlet:
    """Tells ``systemctl status`` how much room there is, whether the broker is, and where it refuses a limit."""
    house, broker, told = "meter waiting", "no broker yet", ""

    def tell(event: Event, effects: Iterable[Effect]) -> None:
        nonlocal house, broker, told
        if isinstance(event, BrokerChanged):
            broker = "broker connected" if event.connected else "broker lost"
        for effect in effects:
            if isinstance(effect, ShowHeadroom):
                rooms = zip(LINES, effect.room_ma, strict=True)
                room = ", ".join(f"{line.value} {'?' if value is None else f'{value / 1000:.1f} A'}" for line, value in rooms)
                house = f"meter {effect.state.value}, room {room}"
        topic = troubles.denied
        now = f"{house}; {broker}" + ("" if topic is None else f", and refuses our limits: {topic}")
        if now != told:
            notifier.status(now)
            told = now

    return tell


class Watchdog:
    """Feeds systemd's watchdog as long as limits really leave the controller, as often as its policy promises.

    A loop that turns and decides nothing is as bad as one that hangs. A limit counts when it was handed to the broker's adapter: that
    a broker is away, or refuses it, is for the log and for ``Health``: to start again would mend neither.
    """

    def __init__(self, gateway: Gateway, notifier: Notifier, started: Instant) -> None:
        self._gateway = gateway
        self._notifier = notifier
        self._told_at = started

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Look for limits, decided or repeated. Attach this behind the outlet that publishes them."""
        if any(isinstance(effect, SetLimit) for effect in effects):
            self._told_at = event.at

    def feed(self, now: Instant) -> None:
        """After each round of the loop. A house without chargers has nothing to decide."""
        site = self._gateway.site
        if not site.chargers or now - self._told_at <= site.policy.republish_ms + HUNG_MS:
            self._notifier.alive()


def measured(metrics: Metrics) -> Outlet:
    """Lets the metrics remember everything."""

    def remember(event: Event, effects: Iterable[Effect]) -> None:
        metrics.saw(event)
        for effect in effects:
            metrics.did(effect)

    return remember


class ClockWatch:
    """Says so when the meter's clock leaves its rule by whole hours: firmware updates have done that. Nothing is decided by that clock."""

    def __init__(self, clock: SystemClock, rule: ClockRule | None, zone: str) -> None:
        self._clock = clock
        self._rule = rule
        self._zone = zone
        self._told = 0
        self._seen = [0] * _LISTS_BEFORE_WORD

    def see(self, event: Event, _effects: Iterable[Effect]) -> None:
        """Look at the clock of every list that has one."""
        if not isinstance(event, MeterSaid) or event.reading.clock is None:
            return
        off = hours_off(event.reading, self._rule, self._zone, self._clock.wall())
        if off is None:
            return
        self._seen = [*self._seen[1:], off]
        if off != self._told and len(set(self._seen)) == 1:
            self._told = off
            log.log(NOTICE, "the meter's clock is %+d h off the rule of its maker; [meter] clock can say what it shows", off)


class Refusals:
    """Messages that were not believed: each is counted, and each mistake is told, but not again and again in a flood."""

    def __init__(self, clock: SystemClock) -> None:
        self.count = 0
        self._clock = clock
        self._told: dict[Refused, Instant] = {}

    def add(self, refused: Refused) -> None:
        """One more."""
        self.count += 1
        now = self._clock.now()
        if now - self._told.get(refused, -TELL_AGAIN_MS) >= TELL_AGAIN_MS:
            self._told[refused] = now
            log.warning("message for %s refused: %s", refused.where, refused.why)


class Health:
    """Whether we do our work. ``trouble`` is asked from another thread and only reads."""

    def __init__(self, clock: SystemClock, troubles: Troubles) -> None:
        self._clock = clock
        self._troubles = troubles
        self._alive_at = self._started = clock.now()
        self._meter = MeterState.WAITING

    def see(self, _event: Event, effects: Iterable[Effect]) -> None:
        """Look at what is shown of the meter."""
        for effect in effects:
            if isinstance(effect, ShowHeadroom):
                self._meter = effect.state

    def alive(self) -> None:
        """A round of the loop was really stepped."""
        self._alive_at = self._clock.now()

    def trouble(self) -> str | None:
        """Why we are not healthy, or None."""
        if self._clock.now() - self._alive_at > HUNG_MS:
            return "the controller hangs"
        if self._meter is MeterState.LOST:
            return "the meter is lost"
        if self._meter is MeterState.WAITING and self._clock.now() - self._started > UNHEARD_MS:
            return "the meter has not been heard yet"
        return None if self._troubles.denied is None else REFUSED
