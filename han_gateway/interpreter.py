"""The interpreter between the core and chargers that have topics of their own: limits out, reports in, one memory for each charger.

An outlet on one side; on the other it turns what a charger says into the report that the contract knows, so that the core, the inbox
and a recording know nothing of makes. This file must not know any make, nor how messages travel.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from han_gateway.core.effects import Effect, MeterState, RestartCharger, SetLimit, ShowHeadroom, ShowReading
from han_gateway.core.events import BrokerChanged, Event
from han_gateway.core.power import net_w
from han_gateway.core.units import Instant
from han_gateway.core.words.topics import Message
from han_gateway.devices.hear import Heard, hear
from han_gateway.devices.link import Link, restart
from han_gateway.devices.translate import House, Told, answered, feed, seen, tell


class Clock(Protocol):
    """Gives the present instant, and the time of day."""

    def now(self) -> Instant:
        """Milliseconds that never jump."""

    def wall(self) -> datetime:
        """UTC, aware."""


class Talk(NamedTuple):
    """What was said to a charger and by it."""

    link: Link
    told: Told | None = None
    heard: Heard = Heard()
    fed_at: Instant | None = None


class Interpreter:
    """Everything belongs to the loop. ``publish`` sends and returns at once; nothing is said to a charger while the broker is away."""

    def __init__(self, links: Sequence[Link], publish: Callable[[Message], None], clock: Clock, *, heard: bool = True) -> None:
        """``heard``: the broker is there already."""
        self._publish = publish
        self._clock = clock
        self._house = House()
        self._talks: dict[str, Talk] = {}
        self._topics: dict[str, list[str]] = {}
        self._heard = heard
        self.change(links)

    def change(self, links: Sequence[Link]) -> None:
        """From now on speak to these chargers; what was said to one that is as it was stays known."""
        known = self._talks
        self._talks = {}
        self._topics = {}
        for link in links:
            name = link.charger.name
            before = known.get(name)
            self._talks[name] = before if before is not None and before.link == link else Talk(link)
            for template in link.device.read:
                self._topics.setdefault(link.topic(template), []).append(name)

    def topics(self) -> tuple[str, ...]:
        """Where these chargers speak: exact names, no wildcard."""
        return tuple(self._topics)

    def settled(self) -> frozenset[str]:
        """Where what is retained counts: the owners' words that a pause may take the place of, and those that the broker keeps for us."""
        links = (talk.link for talk in self._talks.values())
        return frozenset(link.topic(each) for link in links for each in link.device.own_words)

    def unheard(self) -> tuple[Link, ...]:
        """The chargers that speak whether something changes or not, and have not spoken yet."""
        return tuple(talk.link for talk in self._talks.values() if talk.link.device.talks and talk.heard.reported_at is None)

    def forget(self, name: str) -> None:
        """Somebody else may have spoken to this charger: its next limit is said whole and at once, as the first one was."""
        talk = self._talks.get(name)
        if talk is not None:
            self._talks[name] = talk._replace(told=None)

    def refused(self, topic: str) -> None:
        """The broker did not take a word on this topic: who should have had it is told again with the next limit, and not when it would be due."""
        for name, talk in self._talks.items():
            if topic in map(talk.link.topic, talk.link.device.written):
                self.forget(name)

    def see(self, event: Event, effects: Iterable[Effect]) -> None:
        """Say what was decided, and feed those who wait for the currents of the house: an outlet."""
        listed = False
        self._listened_to(event)
        for effect in effects:
            if isinstance(effect, SetLimit):
                self._tell(effect, event.at)
            elif isinstance(effect, RestartCharger):
                self._restart(effect.charger)
            elif isinstance(effect, ShowReading):
                self._house = self._house._replace(power_w=net_w(effect.reading))
            elif isinstance(effect, ShowHeadroom):
                self._house, listed = seen(self._house, effect), effect.state is MeterState.FRESH
        for name, talk in self._talks.items():
            wanted = talk.link.device.feed
            if wanted and (listed or talk.fed_at is None or event.at - talk.fed_at >= wanted.every_ms):
                self._feed(name, talk, event.at)

    def hear(self, topic: str, payload: bytes) -> tuple[tuple[str, bytes], ...] | None:
        """The reports, each with its topic in the contract, that a charger's own message amounts to; None if it is not a charger's own."""
        names = self._topics.get(topic)
        return None if names is None else tuple(self._reports(names, topic, payload))

    def _reports(self, names: Sequence[str], topic: str, payload: bytes) -> Iterator[tuple[str, bytes]]:
        at = self._clock.now()
        for name in names:
            talk = self._talks[name]
            told = talk.told
            pausing = told is not None and not told.limit_ma
            heard, report = hear(talk.link, talk.heard, topic, payload, at, pausing=pausing)
            if told is not None and (heard.limit_ma, heard.paused) != (talk.heard.limit_ma, talk.heard.paused):
                told = answered(told, 0 if heard.paused else heard.limit_ma)
            if heard.lent and heard.paused:  # still in the pause of an earlier run: the owner's word must come back
                heard, told = heard._replace(lent=False), told if pausing else None
            self._talks[name] = talk._replace(heard=heard, told=told)
            if report is not None:
                yield f"{talk.link.base}/report", report

    def _listened_to(self, event: Event) -> None:
        """Remember whether anybody hears us. Who is back may have missed what was said last, and hears it once more."""
        if not isinstance(event, BrokerChanged):
            return
        self._heard = event.connected
        for name, talk in self._talks.items():
            if self._heard and talk.told is not None:
                self._talks[name] = talk._replace(told=talk.told._replace(contradicted=True))

    def _tell(self, effect: SetLimit, at: Instant) -> None:
        """Say a limit, if somebody hears it: else a charger that was paused would be taken for one that was told to go on."""
        talk = self._talks.get(effect.grant.charger)
        if talk is not None and self._heard:
            own = "" if talk.heard.lent else talk.heard.own
            told, messages = tell(talk.link, talk.told, effect, at, int(self._clock.wall().timestamp()), own)
            self._talks[effect.grant.charger] = talk._replace(told=told)
            for message in messages:
                self._publish(message)

    def _restart(self, name: str) -> None:
        talk = self._talks.get(name)
        message = None if talk is None else restart(talk.link)
        if message is not None:
            self._publish(message)
            self.forget(name)  # some forget what they were told

    def _feed(self, name: str, talk: Talk, at: Instant) -> None:
        message = feed(talk.link, self._house)
        if message is not None:
            self._talks[name] = talk._replace(fed_at=at)
            self._publish(message)
