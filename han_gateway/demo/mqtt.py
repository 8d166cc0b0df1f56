"""The demo's end of MQTT: the chargers hear their limits and report here, and the screen learns everything here.

paho lives in a thread of its own; what it hears is handed to the event loop. This file must not know what the messages mean.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

TREE = "han/demo"


class Radio:
    """A connected MQTT client: ``say`` publishes below ``han/demo``."""

    def __init__(self, client: Client) -> None:
        """Speak with a client that somebody else connects."""
        self._client = client

    def say(self, topic: str, payload: dict[str, Any]) -> None:
        """Publish a JSON object."""
        self._client.publish(f"{TREE}/{topic}", json.dumps(payload))


@contextmanager
def radio(port: int, hear: Callable[[str, bytes], None]) -> Iterator[Radio]:
    """Connect to the broker on loopback; ``hear(topic below han/demo, payload)`` is called on the event loop."""
    loop = asyncio.get_running_loop()
    client = Client(CallbackAPIVersion.VERSION2, client_id="demo-chargers")

    def on_connect(connected: Client, *_: object) -> None:
        connected.subscribe(f"{TREE}/#")

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        loop.call_soon_threadsafe(hear, message.topic.removeprefix(f"{TREE}/"), bytes(message.payload))

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect_async("127.0.0.1", port)
    client.loop_start()
    try:
        yield Radio(client)
    finally:
        client.disconnect()
        client.loop_stop()
