"""Commands over a real broker to a charger that really goes away and comes back: what came of each is told, and a pause outlives a kill."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from han_gateway.core.people.outcome import FEW_GAPS
from tests.house import PATIENCE_S, House

pytestmark = pytest.mark.broker

GARAGE = "han/home/chargers/garage"
BOOT_S = 8.0
"""Longer than the silence that is taken for a lost report."""
REPORT_S = 0.6


class Charger:
    """A charger on the broker: it follows its limit, reports it, and is away for a while when it is told to restart."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.limit_a = 6.0
        self.restarts = self.reports = 0
        self.outcomes: list[dict[str, Any]] = []
        self._back_at = 0.0
        self._reported_at = 0.0

    @property
    def told(self) -> list[tuple[str, str]]:
        """What came of the commands, one after the other."""
        return [(each["command"], each["state"]) for each in self.outcomes]

    def live_until(self, true: Callable[[], bool]) -> None:
        """Charger and meter go on until something is true."""
        until = time.monotonic() + 2 * PATIENCE_S
        while not true():
            assert time.monotonic() < until, (self.told, self.house.log())
            self.house.meter.say(2_000 + round(1000 * self.limit_a))
            time.sleep(0.1)
            while not self.house.ears.heard.empty():
                self._hear(*self.house.ears.heard.get())
            now = time.monotonic()
            if now >= self._back_at and now - self._reported_at >= REPORT_S:
                self._reported_at = now
                self.reports += 1
                current = {"current_a": dict.fromkeys(("L1", "L2", "L3"), self.limit_a), "limit_a": self.limit_a}
                self.house.ears.publish(f"{GARAGE}/report", json.dumps(current).encode())

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == f"{GARAGE}/outcome":
            self.outcomes.append(json.loads(payload))
        elif topic == f"{GARAGE}/restart":
            self.restarts += 1
            self.limit_a, self._back_at = 0.0, time.monotonic() + BOOT_S
        elif topic == f"{GARAGE}/limit" and time.monotonic() >= self._back_at:
            self.limit_a = json.loads(payload)["current_a"]


def test_a_restart_is_seen_and_told(begin: Callable[[], House]) -> None:
    """The charger is told once, its absence and its return are seen, and a second restart, or the same one again, is not carried out."""
    house = begin()
    charger = Charger(house)
    charger.live_until(lambda: charger.limit_a == 16)
    heard = charger.reports  # the gateway was there before it gave 16 A
    charger.live_until(lambda: charger.reports > heard + FEW_GAPS)
    house.ears.publish(f"{GARAGE}/command", b'{"command": "restart", "id": "a"}')
    charger.live_until(lambda: ("restart", "done") in charger.told)
    assert charger.told == [("restart", "accepted"), ("restart", "away"), ("restart", "done")]
    done = charger.outcomes[-1]
    assert done["reason"] == f"back after {done['took_s']} s"
    assert BOOT_S - 1 <= done["took_s"] <= BOOT_S + 5
    house.ears.publish(f"{GARAGE}/command", b"restart")
    house.ears.publish(f"{GARAGE}/command", b'{"command": "restart", "id": "a"}')
    house.ears.publish(f"{GARAGE}/command", b"reboot")
    charger.live_until(lambda: len(charger.outcomes) == 5)
    assert (charger.outcomes[3]["state"], charger.outcomes[3]["id"]) == ("refused", None)
    assert (charger.outcomes[4]["state"], charger.outcomes[4]["id"]) == ("done", "a")
    assert charger.restarts == 1
    assert "message for commands/garage refused: command must be one of restart, pause, resume, boost" in house.log()
    assert "garage: restart done: back after" in house.log()


def test_a_pause_outlives_a_power_cut(begin: Callable[[], House]) -> None:
    """A retained command is nobody's; a pause is, and after a kill the first limit is 0 until somebody takes it back."""
    house = begin()
    charger = Charger(house)
    charger.live_until(lambda: charger.limit_a == 16)
    house.ears.publish(f"{GARAGE}/command", b"pause")
    charger.live_until(lambda: charger.told[-1:] == [("pause", "done")])
    assert charger.limit_a == 0
    charger.live_until((house.folder / "state" / "state.json").exists)
    house.gateway.kill()
    house.ears.publish(f"{GARAGE}/command", b"resume", retain=True)
    house = begin()
    first = house.ears.limit()
    assert (first["current_a"], first["state"], first["reason"]) == (0, "pause", "paused by you")
    assert "garage is paused by you" in house.log()
    charger = Charger(house)
    until = time.monotonic() + 3
    charger.live_until(lambda: time.monotonic() > until)
    assert charger.limit_a == 0
    house.ears.publish(f"{GARAGE}/command", b"resume")
    charger.live_until(lambda: charger.limit_a >= 6)
    assert charger.told[-1] == ("resume", "done")
