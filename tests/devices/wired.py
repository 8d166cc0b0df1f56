"""A simulated charger on a real broker: paho at one end, the charger at the other. It must not know what is tested."""

import threading
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.devices.simulated import Said, Simulated

SECOND_S = 0.05
"""Time goes by twenty times as fast, so that who speaks every ten seconds speaks twice a second."""


class Wired:
    """``with Wired(sim, port):`` the charger is on the broker and alive."""

    def __init__(self, sim: Simulated, port: int) -> None:
        self._sim = sim
        self._now = 0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"charger-{sim.make}")
        self._client.on_message = self._message
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topic, 1) for topic in sim.subscribed()])
        self._life = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._ready.wait(30)
        self._life.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end.set()
        self._life.join()
        self._client.disconnect()
        self._client.loop_stop()

    def obeys(self) -> int:
        """What its car may draw now, in mA."""
        with self._lock:
            return self._sim.obeys(self._now)

    def draws(self) -> int:
        """What its car draws now, in mA."""
        with self._lock:
            return round(1000 * self._sim.draws_a(self._now))

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._lock:
            self._publish(list(self._sim.hear(message.topic, bytes(message.payload), self._now)))

    def _live(self) -> None:
        while not self._end.wait(SECOND_S):
            with self._lock:
                self._now += 1
                self._publish(list(self._sim.passes(self._now)))

    def _publish(self, said: list[Said]) -> None:
        for topic, payload, retain in said:
            self._client.publish(topic, payload, 0, retain)
