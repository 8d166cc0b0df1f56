"""A charger with two masters, and leftovers of an earlier life on the broker: seen by the whole gateway, on a real broker."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import PATIENCE_S, House, Listener
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

GARAGE = "han/home/chargers/garage"
SECOND_MASTER = "charger garage has a second master that sets 32 A"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house to whose charger somebody said 32 A last year, retained; so is what the charger said then."""
    with Mosquitto(tmp_path) as broker:
        somebody = Listener(broker.port)
        old = json.dumps({"current_a": {"L1": 16, "L2": 16, "L3": 16}, "status": "charging", "limit_a": 16})
        somebody.publish(f"{GARAGE}/report", old.encode(), retain=True)
        somebody.publish(f"{GARAGE}/limit", b'{"current_a":32}', retain=True)
        for _ in range(2):  # both are with the broker
            somebody.heard.get(timeout=PATIENCE_S)
        somebody.close()
        house = House(tmp_path, broker)
        try:
            yield house
        finally:
            house.close()


def ours(house: House) -> dict[str, Any]:
    """The next limit for the charger that is not somebody else's."""
    while "seq" not in (limit := house.ears.limit()):
        pass
    return limit


def state(house: House, accord: str) -> dict[str, Any]:
    """The first state of the charger with this accord."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        shown: dict[str, Any] = json.loads(house.ears.next(f"{GARAGE}/state"))
        if shown["accord"] == accord:
            return shown
    raise AssertionError(house.log())


def metrics(house: House) -> str:
    """What Prometheus reads."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        return str(page.read().decode())


def test_a_start_with_a_car_charging_believes_nothing_old(house: House) -> None:
    """The first limit is the fallback, an old report is no report, and the old limit that waits for every charger is named."""
    assert house.ears.next("han/home/status") == b"online"
    first = ours(house)
    assert (first["current_a"], first["reason"]) == (6, "meter not heard yet")
    assert state(house, "shared")["conduct"] == "unknown"
    until = time.monotonic() + PATIENCE_S
    while SECOND_MASTER not in house.log():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert house.log().count("second master") == 1


def test_somebody_else_is_named_and_not_obeyed(house: House) -> None:
    """A limit of somebody else is answered with ours, shown, counted and told once; our own limits are nobody else's."""
    house.settle(2_000, 16)
    for _ in range(5):
        house.meter.say(2_000)
        house.ears.publish(f"{GARAGE}/limit", b'{"current_a":32}')
        assert ours(house)["current_a"] == 16
    until = time.monotonic() + PATIENCE_S
    # The retained one is the sixth; our limits are repeated anyway, so the last one that was heard need not be the last answer.
    while 'han_charger_foreign_limits_total{charger="garage"} 6.0' not in (text := metrics(house)):
        assert time.monotonic() < until, text
        time.sleep(0.05)
    assert 'han_charger_trouble{charger="garage",kind="shared"} 1.0' in text
    assert house.log().count("second master") == 1
