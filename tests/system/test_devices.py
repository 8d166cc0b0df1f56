"""The whole gateway as a process, with a charger in software that speaks its own language at the other end of a real broker."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.simulated import EvccLoadpoint, GoE, Simulated, SmartEvse
from tests.devices.wired import Wired
from tests.house import PATIENCE_S, ROOT, House
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


@contextmanager
def house_with(folder: Path, sim: Simulated) -> Iterator[tuple[House, Wired]]:
    """A house with this charger, named by its make alone."""
    with Mosquitto(folder) as broker, Wired(sim, broker.port) as charger:
        house = House(folder, broker)
        house.gateway.kill()
        text = house.config.read_text().replace("failsafe = true", f'device = "{sim.make}"\ndevice_id = "{sim.identity}"')
        house.config.write_text(text)
        house.recording.unlink(missing_ok=True)
        house.gateway.start()
        house.process = house.gateway.process
        try:
            yield house, charger
        finally:
            house.close()


def until(true: Callable[[], bool], house: House, charger: Wired, else_ma: int = 2_000) -> None:
    """Let the meter say what the charger draws and what else the house does, until it is true."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, house.log()
        house.meter.say(else_ma + charger.draws())
        time.sleep(0.05)


def test_the_broker_tells_a_go_e_its_fallback_when_the_gateway_is_killed(tmp_path: Path) -> None:
    """Raised in a quiet house, and after a kill -9 of the gateway back at its fallback within seconds."""
    sim = GoE()
    with house_with(tmp_path, sim) as (house, charger):
        until(lambda: charger.obeys() == 6_000, house, charger)
        until(lambda: charger.obeys() == 16_000, house, charger)
        house.gateway.kill()
        end = time.monotonic() + PATIENCE_S
        while charger.obeys() != 6_000:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_smartevse_is_fed_and_follows(tmp_path: Path) -> None:
    """It hears the currents of the house and its limit; when the gateway stops it goes to its own failsafe, and nobody commands it."""
    sim = SmartEvse()
    with house_with(tmp_path, sim) as (house, charger):
        until(lambda: charger.obeys() == 16_000 and (180, 180, 180) in sim.mains, house, charger)
        assert house.stop() == 0
        end = time.monotonic() + PATIENCE_S
        while charger.obeys() != 0:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert sim.error == "Communication Error"


def test_a_go_e_is_raised_paused_and_resumed_and_a_replay_knows_it(tmp_path: Path) -> None:
    """In its own words, over a real broker. What it says is recorded as the report that it amounts to, so that a replay decides as the run did."""
    sim = GoE()
    with house_with(tmp_path, sim) as (house, charger):
        until(lambda: charger.obeys() == 6_000, house, charger)
        until(lambda: charger.obeys() == 16_000, house, charger)
        until(lambda: charger.obeys() == 0, house, charger, 24_000)
        until(lambda: charger.obeys() == 6_000, house, charger)
        assert house.stop() == 0
        command = [sys.executable, "-m", "han_gateway", "replay", str(house.recording), "--config", str(house.config)]
        done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=True)
        limits = {json.loads(line)["limit_a"]["L1"] for line in done.stdout.splitlines()}
        assert 'charger garage {"current_a":{"L1":16.0' in house.recording.read_text()
        assert {16, 6, 0} <= limits
        assert "Traceback" not in house.log()
        assert "refused" not in house.log()


def test_evcc_that_was_paused_by_a_gateway_that_was_killed_gets_its_owners_mode_back(tmp_path: Path) -> None:
    """The broker has kept the mode: the next gateway ends the pause, and nothing of it is left at the broker."""
    sim = EvccLoadpoint(mode="minpv")
    with house_with(tmp_path, sim) as (house, charger):
        until(lambda: charger.obeys() == 6_000, house, charger)
        until(lambda: charger.obeys() == 16_000, house, charger)
        until(lambda: sim.mode == "off", house, charger, 24_000)
        house.gateway.kill()
        house.gateway.start()
        house.process = house.gateway.process
        until(lambda: sim.mode == "minpv" and charger.obeys() >= 6_000, house, charger)
        assert "Traceback" not in house.log()


def test_a_charger_learns_its_language_with_a_reload(tmp_path: Path) -> None:
    """After SIGHUP a charger that was given a make is spoken to and guarded as such; without it, no more."""
    sim = GoE()
    with Mosquitto(tmp_path) as broker, Wired(sim, broker.port) as charger:
        house = House(tmp_path, broker, record=False)
        try:
            house.settle(2_000, 16)
            plain = house.config.read_text()
            house.config.write_text(
                plain.replace("failsafe = true", f'device = "go-e"\ndevice_id = "{sim.identity}"\nmax_a = 13')
            )
            house.process.send_signal(signal.SIGHUP)
            until(lambda: charger.obeys() == 13_000, house, charger)
            house.config.write_text(plain)
            house.process.send_signal(signal.SIGHUP)
            until(lambda: charger.obeys() == 6_000, house, charger)  # the guard's last word
            assert "Traceback" not in house.log()
        finally:
            house.close()
