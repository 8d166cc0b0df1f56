"""One thread that keeps one connection to the broker: MQTT 5 first, 3.1.1 when the broker speaks no 5. All of paho is in here.

Of several addresses the next one is tried whenever a connection is lost or does not come to be, round and round.

paho's own reconnecting is not used: its queue has no limit, it sends old messages again after an outage, and its back-off grows to
two minutes. Instead each connection is a new ``Session``, and what it had in flight is its owner's to send again or forget.
The thread calls ``Listener`` from itself; whoever listens carries the words to where they belong. It decides nothing else.
"""

import socket
import struct
import threading
from collections.abc import Collection
from itertools import cycle
from typing import Any, Protocol

from paho.mqtt import MQTTException
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, SubscribeOptions  # type: ignore[attr-defined]  # it is not in its list
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from han_gateway.adapters.acquaintances import Acquaintances, Meeting
from han_gateway.adapters.broker_settings import HUNG_UP, Address, BrokerSettings, Certificates, unreached, words
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.troubles import THROWN_OUT, refused
from han_gateway.core.words.topics import Message

CONNECT_TIMEOUT_S = 4.0
LOOK_S = 0.5  # so often the thread looks up when nothing comes
MAX_IN_FLIGHT = 16
MAX_PACKET = 16 * 1024  # what a MQTT 5 broker may send to us at once; a charger's report is a hundredth of it
CALLBACKS = ("on_connect", "on_disconnect", "on_publish", "on_subscribe", "on_message")
PACKET_OVERHEAD = 32  # fixed header, packet id and the one property we send, generously
NO_MQTT5 = {1, 0x84}  # "unacceptable protocol version" as 3.1.1 and as 5 say it

# What a broker that talks nonsense makes paho 2.1 raise (2.2 ends the session itself), next to OSError for network and TLS.
NONSENSE = (ValueError, IndexError, KeyError, struct.error, MQTTException)


class Listener(Protocol):
    """Who hears what the link has to say; called from the link's thread."""

    def link_up(self, session: "Session") -> None:
        """The broker accepted us; ``session`` can publish from now on."""

    def link_down(self, session: "Session", trouble: str) -> None:
        """The session ended, or never came to be; ``trouble`` says why."""

    def link_acked(self, session: "Session", mid: int, trouble: str) -> None:
        """The broker has taken the message (QoS 0: the network has), or refused it when there is ``trouble``."""

    def link_heard(self, topic: str | None, payload: bytes) -> None:
        """A message came; ``topic`` is None when it cannot be read, or when nobody knows how old the message is."""

    def link_trouble(self, trouble: str) -> None:
        """Something else that people should know."""

    def link_ended(self) -> None:
        """The thread is about to end."""


class Session:
    """One connection to the broker, from the attempt to its end. ``publish``, ``listen`` and ``disconnect`` are for any thread."""

    def __init__(self, link: "Link", address: Address, mqtt5: bool, answer_ms: int) -> None:
        self.address = address
        self.mqtt5 = mqtt5
        self.max_in_flight = MAX_IN_FLIGHT
        self.reached = False
        self.accepted = False
        self.protocol_refused = False
        self.silent = False
        self.trouble = ""
        self._answered = False
        self._answer_ms = answer_ms
        self._max_packet: int | None = None
        self._link = link
        self._client = self._make_client(link.settings)

    def publish(self, message: Message, expiry_s: int | None) -> int | None:
        """Sends, never blocks. The number by which it will be acknowledged; None when the broker takes nothing so large."""
        if self._max_packet and len(message.topic) + len(message.payload) + PACKET_OVERHEAD > self._max_packet:
            return None
        properties = None
        if self.mqtt5 and expiry_s is not None:
            properties = _property(PacketTypes.PUBLISH, MessageExpiryInterval=expiry_s)
        return self._client.publish(message.topic, message.payload, message.qos, message.retain, properties).mid

    def listen(self, more: set[str], less: Collection[str] = ()) -> None:
        """Hear these topics as well, and others no more. What we publish there ourselves need not come back, if the broker can help it."""
        for topic in more:
            self._client.subscribe(topic, *((0, SubscribeOptions(1, noLocal=True)) if self.mqtt5 else (1, None)))
        for topic in less:
            self._client.unsubscribe(topic)

    def disconnect(self) -> None:
        """Say goodbye, so that the broker keeps the last will to itself."""
        self._client.disconnect()

    def run(self) -> None:
        """Connect and serve the connection until it ends (in the link's thread)."""
        try:
            self._run()
        finally:
            for callback in CALLBACKS:  # without the circle of references paho closes its sockets as soon as we let go of it
                setattr(self._client, callback, None)

    def _run(self) -> None:
        settings = self._link.settings
        wishes = _property(PacketTypes.CONNECT, MaximumPacketSize=MAX_PACKET) if self.mqtt5 else None
        try:
            self._client.connect(self.address.host, self.address.port, settings.keepalive_s, properties=wishes)
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            self.trouble = f"cannot reach {self.address}: {unreached(error, tls=self._link.tls is not None)}"
            return
        deadline = self._link.clock.now() + self._answer_ms
        self.reached = True
        # From here on an end without an answer may mean that this broker hangs up on MQTT 5.
        self.protocol_refused = self.mqtt5
        self.trouble = f"{self.address} hung up without an answer; {HUNG_UP[self._link.tls is not None]}"
        try:
            ended = MQTTErrorCode.MQTT_ERR_SUCCESS
            while ended == MQTTErrorCode.MQTT_ERR_SUCCESS and not self.silent:
                ended = self._client.loop(LOOK_S)
                too_long = ended == MQTTErrorCode.MQTT_ERR_KEEPALIVE or self._link.clock.now() >= deadline
                self.silent = too_long and not self._answered
        except (OSError, *NONSENSE) as error:
            self.trouble = f"nonsense from the broker: {words(error)}"
        if self.silent:
            self.protocol_refused = False
            self.trouble = f"{self.address} accepts connections but does not answer; has the broker hung?"

    def _make_client(self, settings: BrokerSettings) -> Client:
        version = MQTTProtocolVersion.MQTTv5 if self.mqtt5 else MQTTProtocolVersion.MQTTv311
        client = Client(CallbackAPIVersion.VERSION2, settings.client_id, protocol=version, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_TIMEOUT_S
        for callback in CALLBACKS:
            setattr(client, callback, getattr(self, f"_{callback}"))
        # Without this hook paho would write to the socket in the thread that calls publish().
        client.on_socket_register_write = lambda *_: None
        client.on_socket_open = _send_at_once
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if self._link.tls is not None:
            client.tls_set_context(self._link.tls.context())
        will = self._link.will
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        return client

    def _on_connect(self, _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, told: Properties | None) -> None:
        self._answered = True
        self.protocol_refused = self.mqtt5 and reason.value in NO_MQTT5
        if reason.is_failure:
            self.trouble = refused(str(reason))
            return
        self.accepted = True
        ours = self._link.settings.keepalive_s  # a broker may want fewer pings than we need to notice that a cable was pulled
        self._client._keepalive = min(self._client.keepalive or ours, ours)  # noqa: SLF001  paho's setter refuses it while connected
        self.trouble = f"{self.address}: connection lost"
        self.max_in_flight = max(1, min(MAX_IN_FLIGHT, getattr(told, "ReceiveMaximum", MAX_IN_FLIGHT)))
        self._max_packet = getattr(told, "MaximumPacketSize", None)
        self._link.listener.link_up(self)

    def _on_disconnect(self, _client: Client, _data: Any, flags: Any, reason: ReasonCode, _told: Properties | None) -> None:
        if flags.is_disconnect_packet_from_server:
            self.trouble = f"the broker sent us away: {reason}"

    def _on_publish(self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _told: Properties | None) -> None:
        self._link.listener.link_acked(self, mid, str(reason) if reason.is_failure else "")

    def _on_subscribe(self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _told: Properties | None) -> None:
        for reason in reasons:
            if reason.is_failure:
                self._link.listener.link_trouble(f"the broker refused a subscription: {reason}")

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            # The retain flag marks what the broker had stored: a report of unknown age, perhaps of last year. A setting does not age.
            topic = None if message.retain and message.topic not in self._link.settled else message.topic
        except UnicodeDecodeError:
            topic = None
        self._link.listener.link_heard(topic, bytes(message.payload))


class Link:
    """The thread, and what it needs for each new session."""

    def __init__(
        self, settings: BrokerSettings, will: Message, listener: Listener, settled: frozenset[str] = frozenset()
    ) -> None:
        self.settings = settings
        self.will = will
        self.settled = settled
        self.listener = listener
        self.tls = None if settings.tls is None else Certificates(settings.tls)
        self.clock = SystemClock()
        self._stop = threading.Event()
        self._known = Acquaintances()

    def start(self) -> None:
        """Begin to connect, and to reconnect whenever the connection is lost."""
        threading.Thread(target=self._run, name="mqtt", daemon=True).start()

    def stop(self) -> None:
        """No new connection after the present one."""
        self._stop.set()

    def _run(self) -> None:
        addresses = self.settings.addresses
        try:
            for address in cycle(addresses):
                if self._stop.is_set():
                    break
                began = self.clock.now()
                session = self._serve_somehow(address)
                outcome = (session.mqtt5, session.reached, session.silent, session.accepted)
                self._known.met(address, Meeting(*outcome, self.clock.now() - began))
                if self._known.thrown_out:
                    self.listener.link_trouble(THROWN_OUT)
                self._stop.wait(self._known.pause_s(len(addresses)))
        finally:
            self.listener.link_ended()

    def _serve_somehow(self, address: Address) -> Session:
        """In the version that this address took last, and in 3.1.1 at once where 5 is refused."""
        session = self._serve(address, mqtt5=self._known.speaks_mqtt5(address))
        if session.protocol_refused and not self._stop.is_set():
            session = self._serve(address, mqtt5=False)
        return session

    def _serve(self, address: Address, *, mqtt5: bool) -> Session:
        session = Session(self, address, mqtt5, self._known.answer_ms(address))
        session.run()
        if not session.protocol_refused:
            self.listener.link_down(session, session.trouble)
        return session


def _send_at_once(_client: Client, _data: Any, connection: Any) -> None:
    """A limit must not wait behind a reading until the broker has acknowledged that one, which takes it 40 ms (Nagle)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _property(packet: int, **values: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho left this one class untyped
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
