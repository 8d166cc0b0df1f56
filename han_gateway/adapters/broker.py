"""The broker as the rest of the house sees it: publish and forget, hear what chargers report, know whether it is there.

Lives on the asyncio loop and never waits for anybody. It must not know what a topic or a payload means (``core/words/topics.py`` does),
nor how MQTT is spoken (``link.py`` does, in a thread of its own that only passes messages to this loop).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from han_gateway.adapters.broker_settings import Address, BrokerSettings, TlsSettings, TlsUnusableError
from han_gateway.adapters.link import Link, Session
from han_gateway.adapters.outbox import Outbox, Waiting
from han_gateway.adapters.troubles import Troubles
from han_gateway.core.words.topics import Message

__all__ = ["Address", "Broker", "BrokerSettings", "TlsSettings", "TlsUnusableError"]

MAX_PAYLOAD = 4 * 1024
MAX_UNHEARD = 256  # messages that wait for the loop; more is a flood, of which the house needs nothing
ACK_MS = 15_000  # a broker that has not acknowledged a message for so long takes none, whatever else it answers
MAX_OWN = 256  # of our own messages, to know them when they come back: MQTT 3.1.1 and bridges return them


class Broker:
    """A connection that heals by itself. All methods belong to the loop's thread; all callbacks come in it.

    ``on_connection(connected)`` comes with each change, ``on_message(topic, payload)`` with each message of others, ``on_trouble(text)``
    once for each thing that people should know, until the next connection. What is retained counts on the topics of ``settled`` only.
    ``address`` is the one that accepted us last, ``troubles`` knows what it refuses. Counters: ``reconnects``, ``publish_failures``
    (refused by the broker), ``dropped`` (not sent: expired, or no room), ``ignored`` (messages to us: too large, retained, unreadable, or
    a flood). Raises TlsUnusableError.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        will: Message,
        birth: Message | None,
        subscriptions: tuple[str, ...],
        settled: frozenset[str] = frozenset(),
        on_connection: Callable[[bool], None],
        on_message: Callable[[str, bytes], None],
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.address = settings.addresses[0]
        self.connected = False
        self.reconnects = 0
        self.publish_failures = 0
        self.ignored = 0
        self._will = will
        self._birth = birth
        self._on_connection = on_connection
        self._on_message = on_message
        self.troubles = Troubles(on_trouble, settings.username)
        self._link = Link(settings, will, self, settled)
        self._subscriptions = set(subscriptions)
        self._others: dict[str, Callable[[bytes], None]] = {}
        self._outbox = Outbox()
        self._in_flight: dict[int, tuple[Waiting, int]] = {}  # by number, oldest first: and since when
        self._session: Session | None = None
        self._sessions = 0
        self._own: deque[tuple[str, bytes]] = deque(maxlen=MAX_OWN)
        self._unheard: deque[tuple[str, bytes]] = deque()
        self._held = False
        self._idle = asyncio.Event()
        self._ended = asyncio.Event()
        self._stopping = False

    @property
    def dropped(self) -> int:
        """Messages that were never sent: their time was over, or there was no room for them."""
        return self._outbox.overflowed + self._outbox.expired

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to connect, in the background. The birth message goes out with every connection."""
        self._loop = loop
        if self._birth is not None:
            self._outbox.put(self._birth, self._now_ms())
        self._link.start()

    def also(self, topic: str, on_payload: Callable[[bytes], None]) -> None:
        """Hear a topic of somebody else as well, whatever ``listen`` is told; before ``start``."""
        self._others[topic] = on_payload
        self._subscriptions.add(topic)

    def repeat(self) -> None:
        """Publish again what is retained: somebody who needs it has just come."""
        self._outbox.renew()
        self._pump()

    def publish(self, message: Message) -> None:
        """Send now, or the latest of its topic as soon as the broker is there; returns at once."""
        if message.topic in self._subscriptions:
            self._own.append((message.topic, message.payload))
        now_ms = self._now_ms()
        self._outbox.put(message, now_ms)
        _, oldest_ms = next(iter(self._in_flight.values()), (None, now_ms))
        if self._session is not None and now_ms - oldest_ms >= ACK_MS:
            self.troubles.say(f"{self.address} acknowledges nothing; connecting again")
            self._session.disconnect()
        self._pump()

    def hold(self, held: bool) -> None:
        """Keep what is published until the end of the hold, and send the latest of each topic then: nobody hears what is over already."""
        self._held = held
        self._pump()

    def listen(self, subscriptions: tuple[str, ...], settled: frozenset[str]) -> None:
        """From now on hear these topics and no others. What is retained on the ``settled`` ones counts, and comes once more."""
        before, self._subscriptions, self._link.settled = self._subscriptions, {*subscriptions, *self._others}, settled
        self.troubles.over()
        if self._session is not None:
            more = (self._subscriptions - before) | (self._subscriptions & self._link.settled)
            self._session.listen(more, before - self._subscriptions)

    async def stop(self, patience_s: float = 2.0, *, quietly: bool = False) -> None:
        """Send what waits, say offline as the last will would (not if ``quietly``), say goodbye; wait at most ``patience_s`` for each."""
        self._stopping = True
        self._link.stop()
        session = self._session
        if session is not None:
            self._idle.clear()
            if not quietly:
                self.publish(self._will)
            self._pump()
            await self._patiently(self._idle, patience_s, "the broker did not take our last messages in time")
            session.disconnect()
        await self._patiently(self._ended, patience_s, "the connection to the broker did not end in time")

    async def _patiently(self, event: asyncio.Event, patience_s: float, otherwise: str) -> None:
        try:
            await asyncio.wait_for(event.wait(), patience_s)
        except TimeoutError:
            self.troubles.say(otherwise)

    # What the link's thread says, carried to the loop.

    def link_up(self, session: Session) -> None:
        """See Listener."""
        self._post(self._up, session)

    def link_down(self, session: Session, trouble: str) -> None:
        """See Listener."""
        self._post(self._down, session, trouble)

    def link_acked(self, session: Session, mid: int, trouble: str) -> None:
        """See Listener."""
        self._post(self._acked, session, mid, trouble)

    def link_heard(self, topic: str | None, payload: bytes) -> None:
        """See Listener. The only counter that the thread itself writes is ``ignored``."""
        if topic is None or len(payload) > MAX_PAYLOAD or len(self._unheard) >= MAX_UNHEARD:
            self.ignored += 1
            return
        self._unheard.append((topic, payload))
        self._post(self._heard)

    def link_trouble(self, trouble: str) -> None:
        """See Listener."""
        self._post(self.troubles.say, trouble)

    def link_ended(self) -> None:
        """See Listener."""
        self._post(self._end)

    def _post(self, callback: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop is closed: nobody is left to hear it
            self._link.stop()

    # From here on everything runs in the loop.

    def _up(self, session: Session) -> None:
        if self._stopping:
            session.disconnect()
            return
        self.reconnects += self._sessions > 0
        self._sessions += 1
        self.troubles.over()
        self.address = session.address
        self.connected = True
        self._on_connection(True)  # whatever it publishes waits with what is renewed, so that nothing is said twice
        self._outbox.renew()
        self._session = session
        session.listen(self._subscriptions)
        self._pump()

    def _down(self, session: Session, trouble: str) -> None:
        if not self._stopping:
            self.troubles.say(trouble)
        if session is not self._session:
            return
        self._session = None
        self._idle.set()
        for waiting, _ in reversed(self._in_flight.values()):  # newest first: of two with one topic the newer must win
            self._outbox.put_back(waiting)
        self._in_flight.clear()
        self.connected = False
        if not self._stopping:  # a farewell is no loss
            self._on_connection(False)

    def _acked(self, session: Session, mid: int, trouble: str) -> None:
        found = self._in_flight.pop(mid, None) if session is self._session else None
        if found is None:
            return
        if trouble:
            self._refused(found[0], trouble)
        else:
            self.troubles.published(found[0].message)
        self._pump()

    def _heard(self) -> None:
        topic, payload = self._unheard.popleft()
        if topic in self._others:
            self._others[topic](payload)
        elif (topic, payload) not in self._own:
            self._on_message(topic, payload)

    def _pump(self) -> None:
        session = None if self._held else self._session
        while session is not None and len(self._in_flight) < session.max_in_flight:
            now_ms = self._now_ms()
            waiting = self._outbox.take(now_ms)
            if waiting is None:
                break
            mid = session.publish(waiting.message, waiting.remaining_s(now_ms))
            if mid is None:
                self._refused(waiting, "Packet too large")
            else:
                self._in_flight[mid] = waiting, now_ms
        if not self._in_flight and not self._outbox:
            self._idle.set()

    def _refused(self, waiting: Waiting, trouble: str) -> None:
        self.publish_failures += 1
        self.troubles.unpublished(waiting.message, trouble)

    def _end(self) -> None:
        self._ended.set()
        if self._session is not None:
            self._down(self._session, "the connection broke off")
        if not self._stopping:  # the thread died of a bug, and has said so on stderr: limits must go on
            self._loop.call_later(1.0, self._link.start)

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)
