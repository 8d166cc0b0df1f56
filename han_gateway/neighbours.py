"""Those who live beside us: Home Assistant learns of our devices, and who knows the amsreader gets its topics and its ``/data.json``.

This file must not know how anything is worded (``core/words/discovery.py``, ``core/words/amsreader.py``) nor decided.
"""

from collections.abc import Iterable, Mapping

from han_gateway.adapters.broker import Broker
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.http_server import JSON, Answer, Route
from han_gateway.config.load import Config
from han_gateway.core.effects import Effect, MeterState, ShowHeadroom, ShowReading
from han_gateway.core.events import Event
from han_gateway.core.site import Site
from han_gateway.core.words import amsreader, discovery

BIRTH_EVERY_MS = 5_000
"""Home Assistant does not start more often; somebody who says so is not answered each time."""


class Neighbours:
    """Tells them what they want to know, as far as the configuration switches it on. ``data_json`` is asked from another thread."""

    def __init__(self, config: Config, broker: Broker, clock: SystemClock, version: str) -> None:
        """Before the broker is started."""
        self._config = config
        self._site = config.site
        self._broker = broker
        self._clock = clock
        self._version = version
        self._known = amsreader.Known()
        self._online: bool | None = None
        self._born_at = -BIRTH_EVERY_MS
        self.routes: Mapping[str, Route] = {"/data.json": self.data_json}
        if config.homeassistant.enabled:
            broker.also(discovery.birth_topic(config.homeassistant.prefix), self._birth)

    def start(self) -> None:
        """Introduce the house; after the broker was started."""
        if self._config.homeassistant.enabled:
            self._announce()

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Pass on what the meter said, unless it is doubted: an outlet."""
        for effect in effects:
            if isinstance(effect, ShowReading) and effect.doubt is None:
                self._known = self._known.after(effect.reading, event.at)
                self._tell(effect)
            elif isinstance(effect, ShowHeadroom):
                self._tell_status(online=effect.state in (MeterState.FRESH, MeterState.STALE))

    def change(self, new_site: Site) -> None:
        """The house is another one: let Home Assistant follow."""
        site, self._site = self._site, new_site
        if self._config.homeassistant.enabled:
            for message in discovery.undiscovered(self._config.homeassistant.prefix, site, new_site):
                self._broker.publish(message)
            self._announce()

    def stop(self) -> None:
        """Say goodbye."""
        self._tell_status(online=False)

    def data_json(self, _asked: object = None) -> Answer:
        """What the meter said last, in the words of an amsreader; nothing when that is too long ago."""
        body = amsreader.data_json(self._site, self._known, self._clock.now(), self._clock.wall())
        return Answer(b"the meter is not heard\n", status=503) if body is None else Answer(body, JSON)

    def _announce(self) -> None:
        config = self._config
        for message in discovery.discovery(config.homeassistant.prefix, config.mqtt.prefix, self._site, self._version):
            self._broker.publish(message)

    def _birth(self, payload: bytes) -> None:
        """Home Assistant has started: devices and states are sent again."""
        now = self._clock.now()
        if payload == b"online" and now - self._born_at >= BIRTH_EVERY_MS:
            self._born_at = now
            self._broker.repeat()

    def _tell(self, shown: ShowReading) -> None:
        topic, meter = self._config.amsreader.topic, self._config.meter
        if topic is None:
            return
        rule = meter.clock_rule
        for message in amsreader.messages(topic, shown.reading, self._clock.wall(), clock=rule, zone=meter.zone):
            self._broker.publish(message)

    def _tell_status(self, *, online: bool) -> None:
        topic = self._config.amsreader.topic
        if topic is not None and online is not self._online:
            self._online = online
            self._broker.publish(amsreader.status(topic, online=online))
