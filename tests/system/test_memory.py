"""A gateway that is stopped, killed and started again with cars charging: what it has learned is back, and the first word is safe."""

import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from han_gateway.adapters import store
from han_gateway.core.words.memory import Memory, Past
from tests.house import PATIENCE_S, House

pytestmark = pytest.mark.broker

HOUR_MS = 3_600_000
REMEMBERED = "garage takes 1.5 s to follow, has had 10.0 A lately"


def leave(folder: Path, hours: float, had_ua: int) -> Path:
    """What a run has left that ended so many hours ago: a slow charger, and what it has had."""
    path = folder / "state" / store.NAME
    at = round(time.time() * 1000 - hours * HOUR_MS)
    store.write(path, Memory(at, 0, (Past("garage", 1_500, had_ua), Past("gone", 9_000, 1_000_000))))
    return path


def test_a_restart_while_cars_charge(tmp_path: Path, begin: Callable[[], House]) -> None:
    """After a kill, as after a first start, the first limit is the fallback; slowness and turn are back, and part of the recording."""
    path = leave(tmp_path, 1, 12_000_000)
    before = path.read_bytes()
    for start in (1, 2):
        house = begin()
        assert house.ears.limit()["current_a"] == 6
        house.settle(2_000, 16)
        assert house.log().count("remembered from") == 1
        assert REMEMBERED in house.log()
        assert "gone" not in house.log()
        assert house.recording.read_text().count(' memory {"at":') == start
        house.process.kill()
        house.process.wait(PATIENCE_S)
        assert path.read_bytes() == before


def test_a_stop_keeps_what_was_learned(tmp_path: Path, begin: Callable[[], House]) -> None:
    """What there is to remember at the end is written then, and the next start knows it."""
    path = leave(tmp_path, 0, 20_000_000)  # more than the charger may draw: nonsense
    house = begin()
    house.settle(2_000, 16)
    assert house.stop() == 0
    memory = store.read(path)
    assert memory is not None
    ((name, response_ms, had_ua, *_),) = memory.chargers
    assert (name, response_ms) == ("garage", 1_500)
    assert had_ua < 1_000_000
    house = begin()
    assert house.ears.limit()["current_a"] == 6
    assert "garage takes 1.5 s to follow" in house.log()


def test_a_broken_state_file_costs_the_learning_and_not_the_start(tmp_path: Path, begin: Callable[[], House]) -> None:
    """Half a file: one warning that names it, it is kept aside, and the house is protected from the first limit on."""
    path = leave(tmp_path, 1, 12_000_000)
    half = path.read_bytes()[:100]
    path.write_bytes(half)
    house = begin()
    assert house.ears.limit()["current_a"] == 6
    house.settle(2_000, 16)
    assert house.log().count(f"{path} is damaged") == 1
    assert "remembered from" not in house.log()
    assert path.with_name("state.json.broken").read_bytes() == half


def test_a_folder_that_takes_nothing_costs_the_learning_and_not_the_house(tmp_path: Path, begin: Callable[[], House]) -> None:
    """What cannot be written at the end is one warning; the exit is a good one, and the failure is a metric that exists from the start."""
    leave(tmp_path, 0, 20_000_000)
    house = begin()
    house.settle(2_000, 16)
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        assert "han_state_write_failures_total 0.0" in page.read().decode()
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    assert house.stop() == 0
    assert house.log().count("cannot be written (no such file or directory)") == 1
    assert "Traceback" not in house.log()
