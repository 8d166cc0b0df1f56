"""Listens to a broker for a while without being anybody there: for `setup`, which wants to know which chargers speak.

It publishes nothing. Trouble comes back as words, never as an exception. This file must not know what a topic means.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from han_gateway.adapters.broker_settings import UNKNOWN_CA, BrokerSettings, words
from han_gateway.adapters.clock import SystemClock

CONNECT_S = 5.0
_GLANCE_S = 0.2
_HUNG_UP = {
    True: "; does it want a certificate of ours? cert_file and key_file under [mqtt] name one, by hand",
    False: "; does it want TLS? Then write mqtts:// before its name",
}


class Lacks(Enum):
    """What would help."""

    ADDRESS = "another address"
    USER = "a user and a password"
    CA = "the CA that signed the broker's certificate"


class Trouble(NamedTuple):
    """What went wrong, in words, and what would help."""

    words: str
    lacks: Lacks = Lacks.ADDRESS


def listen(settings: BrokerSettings, topics: Sequence[str], seconds: float, hear: Callable[[str, bytes], None]) -> Trouble | None:
    """Hear what is published on ``topics`` for ``seconds`` once connected; the answer is what went wrong, None when nothing did.

    Raises TlsUnusableError.
    """
    trouble = [Trouble(f"{settings.host}:{settings.port} does not answer as a broker{_HUNG_UP[settings.tls is not None]}")]
    client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
    client.connect_timeout = CONNECT_S
    if settings.tls is not None:
        client.tls_set_context(settings.tls.context())
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)

    def on_connect(connected: Client, _data: Any, _flags: Any, reason: ReasonCode, _told: Any) -> None:
        trouble.clear()
        if reason.is_failure:
            trouble.append(Trouble(f"the broker refused us ({str(reason).lower()})", Lacks.USER))
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
        return _unreached(settings, why)
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


def _unreached(settings: BrokerSettings, why: Exception) -> Trouble:
    """Why there was no connection."""
    where = f"{settings.host}:{settings.port}"
    if isinstance(why, ssl.SSLCertVerificationError):
        return Trouble(f"{where}: {words(why)}", Lacks.CA if why.verify_code in UNKNOWN_CA else Lacks.ADDRESS)
    if settings.tls is not None and isinstance(why, ssl.SSLError | ConnectionResetError):
        return Trouble(f"{where} does not speak TLS; without it, write mqtt:// before its name")
    reason = "unknown host" if isinstance(why, socket.gaierror) else words(why).lower()
    return Trouble(f"{where} cannot be reached ({reason})")
