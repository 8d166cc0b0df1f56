"""A client of the broker that comes back as fast as it can: chargers, observers and vandals are made of it.

It must not know what is said.
"""

import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

RETRY_S = 0.02
SERVE_S = 0.1

Hear = Callable[[str, bytes, bool], None]


class Guest:
    """Connected whenever the broker is there. ``hear(topic, payload, retained)`` and ``came()`` are called from a thread of its own."""

    def __init__(self, port: int, topics: tuple[str, ...], hear: Hear, came: Callable[[], None] = lambda: None) -> None:
        self._port = port
        self._topics = topics
        self._hear = hear
        self._came = came
        self._ended = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish now or never."""
        self._client.publish(topic, payload, retain=retain)

    def close(self) -> None:
        """Leave without a word, as a charger whose fuse was pulled."""
        self._ended.set()
        self._thread.join()

    def _on_connect(self, *_: object) -> None:
        for topic in self._topics:
            self._client.subscribe(topic, qos=1)
        self._came()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._hear(message.topic, bytes(message.payload), message.retain)

    def _run(self) -> None:
        while not self._ended.wait(RETRY_S):
            try:
                self._client.connect("127.0.0.1", self._port, keepalive=5)
                while not self._ended.is_set() and self._client.loop(SERVE_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                    pass
            except OSError:
                continue
