"""The whole gateway on machines whose clocks show something else: without a battery, near the end of 32 bits, up for years."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.house import House
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

YEARS_S = 3 * 365 * 86_400
UP_FOR_YEARS = ("unshare", "--time", f"--boottime={YEARS_S}", f"--monotonic={YEARS_S}", "--fork", "--kill-child")
WALLS = {"1970-01-01 00:00:30": "1970-01-01", "2038-01-19 03:14:05": "2038-01-19", "2099-06-30 12:00:00": "2099-06-30"}


def showing(moment: str) -> tuple[str, ...]:
    """A command that runs another one under this time; what is called faketime would stay as its parent."""
    told = subprocess.run(["faketime", "-f", f"@{moment}", "env"], check=True, capture_output=True, text=True).stdout
    return ("env", *(line for line in told.splitlines() if line.startswith(("LD_PRELOAD=", "FAKETIME="))))


@pytest.mark.skipif(not shutil.which("faketime"), reason="no faketime here")
@pytest.mark.parametrize("moment", WALLS)
def test_any_time_on_the_wall(moment: str, tmp_path: Path) -> None:
    """Whatever the machine takes for the time, charging is raised and cut, a silent meter is found out, and messages carry that time."""
    # A process that is killed under faketime leaves a file over which a later one may stumble.
    told = an_evening(tmp_path, showing(moment), stops=True)
    assert all(each["issued_at"].startswith(WALLS[moment]) for each in told)


def test_a_machine_that_has_been_up_for_years(tmp_path: Path) -> None:
    """The same on a machine that counts from a boot three years ago."""
    if subprocess.run([*UP_FOR_YEARS, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no unshare here that may change the time since the boot")
    assert an_evening(tmp_path, UP_FOR_YEARS)


def an_evening(folder: Path, inside: tuple[str, ...], *, stops: bool = False) -> list[dict[str, Any]]:
    """A raise, a cut, and what was told when the meter was lost; at the end it stops when told to, where a signal reaches it."""
    with Mosquitto(folder) as broker:
        house = House(folder, broker, record=False, inside=inside)
        try:
            told = [house.settle(2_000, 16), house.settle(34_000, 0)]
            while not told[2:] or told[-1]["state"] != "lost":
                told.append(json.loads(house.ears.next("han/home/headroom")))
            if stops:
                assert house.gateway.stop() == 0
        finally:
            house.close()

        assert "Traceback" not in house.log()
        return told
