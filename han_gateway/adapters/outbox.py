"""What waits to be published: the latest value of each topic, and nothing older.

While the broker is away nobody needs a history of states that have passed, and an old limit must not reach a charger late. So
the outbox holds one message per topic, forgets those whose time is over, and remembers the retained ones, so that a broker that
lost its memory gets them again. Bounded in topics and bytes. Pure: time comes as an argument, MQTT is not known here.
"""

from typing import NamedTuple

from han_gateway.core.words.topics import Message

MAX_TOPICS = 1_000
MAX_BYTES = 1 << 20


_Key = tuple[str, int]  # the topic, and which message of one breath


class Waiting(NamedTuple):
    """A message and the moment (ms of the caller's clock) after which nobody may receive it; None: it never expires."""

    message: Message
    deadline_ms: int | None

    def expired(self, now_ms: int) -> bool:
        """True when less than a whole second of its life is left, the finest that MQTT can express."""
        return self.deadline_ms is not None and self.deadline_ms - now_ms < 1_000

    def remaining_s(self, now_ms: int) -> int | None:
        """What is left of its life in whole seconds, rounded down: a wait here must not lengthen the life of a limit."""
        return None if self.deadline_ms is None else (self.deadline_ms - now_ms) // 1_000


class Outbox:
    """One message per topic, in the order in which the topics began to wait.

    ``overflowed`` counts messages for which there was no room, ``expired`` those whose time was over before they could be sent.
    A message that a newer one replaces is not counted: that is what the outbox is for.
    """

    def __init__(self, max_topics: int = MAX_TOPICS, max_bytes: int = MAX_BYTES) -> None:
        self.overflowed = 0
        self.expired = 0
        self._max_topics = max_topics
        self._max_bytes = max_bytes
        self._bytes = 0
        self._latest: dict[_Key, Waiting] = {}  # all that wait, and the retained ones that were sent
        self._due: dict[_Key, None] = {}  # an ordered set of those that wait

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._due)

    def put(self, message: Message, now_ms: int) -> None:
        """Let ``message`` wait in place of whatever its topic held, unless it was said in one breath; the topic keeps its place in the queue."""
        key = _key(message)
        self._forget(key)
        later = message.nth + 1
        while (message.topic, later) in self._latest:
            self._forget((message.topic, later))
            self._due.pop((message.topic, later), None)
            later += 1
        if not self._has_room(message):
            self._drop_expired(now_ms)
        if not self._has_room(message):
            self._due.pop(key, None)
            self.overflowed += 1
            return
        self._hold(Waiting(message, None if message.expiry_s is None else now_ms + 1_000 * message.expiry_s))

    def put_back(self, waiting: Waiting) -> None:
        """What was taken did not arrive: let it wait again, with the deadline it had, unless its topic holds a newer value.

        Half a breath is not said again: whoever said it hears of the new connection, and says the whole.
        """
        key = _key(waiting.message)
        if key in self._latest:
            self._due.setdefault(key)
        elif waiting.message.nth:
            return
        elif self._has_room(waiting.message):
            self._hold(waiting)
        else:
            self.overflowed += 1

    def take(self, now_ms: int) -> Waiting | None:
        """The message that has waited longest and is still worth sending, or None."""
        while self._due:
            key = next(iter(self._due))
            del self._due[key]
            waiting = self._latest[key]
            if not waiting.message.retain or waiting.expired(now_ms):
                self._forget(key)
            if not waiting.expired(now_ms):
                return waiting
            self.expired += 1
        return None

    def renew(self) -> None:
        """Let every retained message wait again, behind what waits already: the broker at the other end may be a new one."""
        self._due |= dict.fromkeys(self._latest)

    def _hold(self, waiting: Waiting) -> None:
        key = _key(waiting.message)
        self._latest[key] = waiting
        self._due[key] = None
        self._bytes += _size(waiting.message)

    def _forget(self, key: _Key) -> None:
        held = self._latest.pop(key, None)
        if held is not None:
            self._bytes -= _size(held.message)

    def _has_room(self, message: Message) -> bool:
        return len(self._latest) < self._max_topics and self._bytes + _size(message) <= self._max_bytes

    def _drop_expired(self, now_ms: int) -> None:
        for key, waiting in list(self._latest.items()):
            if waiting.expired(now_ms):
                self._forget(key)
                self.expired += self._due.pop(key, 0) is None


def _key(message: Message) -> _Key:
    return message.topic, message.nth


def _size(message: Message) -> int:
    return len(message.topic) + len(message.payload)
