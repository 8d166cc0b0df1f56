"""What tests of the whole gateway share: a house in which it is started again and again, with one folder for its state."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import House
from tests.mosquitto import Mosquitto


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], House]]:
    """Starts the gateway, again and again, with the folder for its state that systemd would give it."""
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    houses: list[House] = []
    with Mosquitto(tmp_path) as broker:

        def begin() -> House:
            if houses:
                houses[-1].close()
            houses.append(House(tmp_path, broker))
            return houses[-1]

        try:
            yield begin
        finally:
            if houses:
                houses[-1].close()
