"""Listens to a broker for a while without being anybody there: for `setup`, which wants to know which chargers speak.

It publishes nothing. Trouble comes back as words, never as an exception. This file must not know what a topic means.
"""

import socket
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from han_gateway.adapters.broker_settings import BrokerSettings
from han_gateway.adapters.clock import SystemClock

CONNECT_S = 5.0
_GLANCE_S = 0.2
REFUSED = "the broker refused us"
"""How the words begin when the broker is there and wants to know who we are."""


def listen(settings: BrokerSettings, topics: Sequence[str], seconds: float, hear: Callable[[str, bytes], None]) -> str | None:
    """Hear what is published on ``topics`` for ``seconds`` once connected; the answer is what went wrong, None when nothing did."""
    trouble = [f"{settings.host}:{settings.port} does not answer as a broker"]
    client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
    client.connect_timeout = CONNECT_S
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)

    def on_connect(connected: Client, _data: Any, _flags: Any, reason: ReasonCode, _told: Any) -> None:
        trouble.clear()
        if reason.is_failure:
            trouble.append(f"{REFUSED} ({str(reason).lower()})")
        else:
            connected.subscribe([(topic, 0) for topic in topics])

    def on_message(_client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        hear(topic, bytes(message.payload))

    client.on_connect, client.on_message = on_connect, on_message
    try:
        client.connect(settings.host, settings.port)
        _serve(client, seconds, lambda: bool(trouble))
    except (OSError, ValueError, UnicodeError) as why:  # an address that cannot be one is a ValueError
        return f"{settings.host}:{settings.port} cannot be reached ({_words(why)})"
    finally:
        client.disconnect()
    return trouble[0] if trouble else None


def _serve(client: Client, seconds: float, troubled: Callable[[], bool]) -> None:
    """Turn the client's loop: until it is connected, and then for so long."""
    clock = SystemClock()
    until = clock.now() + CONNECT_S * 1000
    waiting = True
    while clock.now() < until:
        if client.loop(_GLANCE_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return
        if waiting and not troubled():
            waiting = False
            until = clock.now() + round(seconds * 1000)


def _words(why: Exception) -> str:
    if isinstance(why, socket.gaierror):
        return "unknown host"
    return (getattr(why, "strerror", None) or str(why) or "no answer").lower()
