"""The cable to the broker is pulled. Skipped without root and iproute2, in words."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cable import PORT, Cable, missing
from tests.house import PATIENCE_S, Gateway, Meter
from tests.mosquitto import free_port

pytestmark = pytest.mark.broker


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """A cable with a broker at its other end."""
    if why := missing():
        pytest.skip(why)
    cable = Cable(tmp_path)
    try:
        if why := cable.lay():
            pytest.skip(why)
        yield cable
    finally:
        cable.take_away()


def test_a_cable_that_is_pulled_is_noticed_and_forgiven(cable: Cable, tmp_path: Path) -> None:
    """No word of an end ever comes: the broker counts as lost all the same, and after the cable is back it is found again, each time."""
    meter = Meter(tmp_path)
    gateway = Gateway(cable.configured(tmp_path, meter.device, free_port()))

    def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, gateway.log()
            meter.say(2_000)
            time.sleep(0.1)

    def said(word: str) -> int:
        return gateway.log().count(f"broker {cable.address}:{PORT} {word}")

    try:
        until(lambda: said("connected") == 1)
        for again, away_s in ((1, 1), (2, 9)):
            cable.pull()
            until(lambda: said("lost") == again)  # noqa: B023  it is waited for within this turn
            time.sleep(away_s)
            cable.plug()
            until(lambda: said("connected") == again + 1)  # noqa: B023
        assert gateway.stop() == 0
        assert "Traceback" not in gateway.log()
    finally:
        gateway.kill()
        meter.unplug()
