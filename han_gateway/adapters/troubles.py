"""What a broker does to us, in words for people: each trouble once in an outage, with what to do about it; and whether it takes our limits.

This file must not know paho, nor how a connection is kept.
"""

from collections.abc import Callable

from han_gateway.core.words.topics import Message

MOST = 64
"""Different troubles of one outage; more words help nobody."""

# What the broker says to a message of ours, and what to do about it.
_UNPUBLISHED = {
    "Not authorized": "let the broker's ACL allow {user} to write it",
    "Quota exceeded": "the broker's limits for {user} are too small",
    "Packet too large": "raise max_packet_size of the broker",
}
_USER = (
    "check username and the password under [mqtt], and that the broker knows them; a new password needs a restart of the gateway"
)

# What it says instead of letting us in.
_REFUSED = {
    "Not authorized": _USER,
    "Bad user name or password": _USER,
    "Bad authentication method": _USER,
    "Client identifier not valid": "let the broker allow our client id",
    "QoS not supported": "limits must not be lost: let the broker take QoS 1 (max_qos)",
    "Retain not supported": "Home Assistant and others need what is retained: let the broker keep it (retain_available)",
}

THROWN_OUT = "connections end as soon as they begin; is a second gateway running for this site? The broker's log says why"


class Troubles:
    """Knows what was told since the last connection. ``user`` is who we are to the broker, None for nobody. ``count`` counts all, told or not.

    ``denied`` is a topic on which the broker takes no command to a charger, until it takes one there; any thread may look at it.
    ``on_denied(topic)`` is called with each command that was not taken.
    """

    def __init__(self, tell: Callable[[str], None], user: str | None) -> None:
        self.count = 0
        self.denied: str | None = None
        self.on_denied: Callable[[str], None] = lambda _: None
        self._tell = tell
        self._user = user or "anonymous"
        self._told: set[str] = set()
        self._denied: dict[str, None] = {}

    def say(self, trouble: str) -> None:
        """Tell it, unless that was done."""
        self.count += 1
        if trouble not in self._told and len(self._told) < MOST:
            self._told.add(trouble)
            self._tell(trouble)

    def unpublished(self, message: Message, trouble: str) -> None:
        """Tell that the broker did not take a message."""
        remedy = _UNPUBLISHED.get(trouble, "see the broker's log").format(user=self._user)
        self.say(f"{message.topic} was not published: {trouble}; {remedy}")
        if message.qos and message.expiry_s is not None:  # a command: it must arrive, and soon, or not at all
            self._denied[message.topic] = None
            self.denied = next(iter(self._denied))
            self.on_denied(message.topic)

    def published(self, message: Message) -> None:
        """The broker took a message. Of an older MQTT than 5 it says so of what it throws away, too."""
        if self._denied.pop(message.topic, self) is None:
            self.denied = next(iter(self._denied), None)

    def over(self) -> None:
        """We are connected, or say other things from now on: what comes is news again."""
        self._told.clear()
        self._denied.clear()
        self.denied = None


def refused(reason: str) -> str:
    """Tell that the broker did not let us in."""
    return f"the broker refused us: {reason}; {_REFUSED.get(reason, 'see its log')}"
