"""The whole gateway while somebody pulls at it: put to sleep, asked for the same again and again, refused by its broker."""

import json
import os
import queue
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.house import PATIENCE_S, House, at_home
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

SLEEP_S = 5.0  # longer than the meter may be silent here; the broker waits 9 s before it gives us up


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running house."""
    with at_home(tmp_path) as house:
        yield house


def limits(house: House, seconds: float) -> list[int]:
    """The limits of so many seconds, in amperes."""
    found: list[int] = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            topic, payload = house.ears.heard.get(timeout=left)
        except queue.Empty:
            break
        if topic.endswith("/limit"):
            found.append(json.loads(payload)["current_a"])
    return found


def test_a_machine_that_slept_says_no_limit_of_the_past(house: House) -> None:
    """Stopped at 16 A for longer than the meter may be silent: the first word after it is the fallback, not once more the 16 A of before."""
    house.settle(2_000, 16)
    house.process.send_signal(signal.SIGSTOP)
    time.sleep(SLEEP_S)
    while not house.ears.heard.empty():
        house.ears.heard.get()
    house.process.send_signal(signal.SIGCONT)
    assert house.ears.limit()["current_a"] == 6
    assert set(limits(house, 1.5)) == {6}
    house.settle(2_000, 16)


def test_a_storm_of_reloads_costs_a_few_lines(house: House) -> None:
    """Two hundred signals: the house is protected meanwhile, and the log does not tell each of them."""
    house.settle(2_000, 16)
    for _ in range(200):
        house.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    while not house.ears.heard.empty():
        house.ears.heard.get()
    house.settle(2_000, 16)
    told = house.log().count("configuration read again")
    assert 1 <= told < 10


def health(house: House) -> str:
    """What ``/healthz`` says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/healthz", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode().strip())
    except urllib.error.HTTPError as why:
        return why.read().decode().strip()


def until(true: Callable[[], bool], house: House) -> None:
    """Wait for it, with a meter that goes on."""
    patience = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < patience, house.log()
        house.meter.say(2_000)
        time.sleep(0.1)


def test_a_broker_that_refuses_limits_is_no_health(tmp_path: Path) -> None:
    """While its rules deny the limits, health says so; the process lives on; when they are mended all is well, untouched."""
    rules = tmp_path / "acl"
    rules.write_text("topic read #\nuser canary-user\ntopic write han/home/status\n")
    rules.chmod(0o644)
    with Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {rules}") as broker, closing(House(tmp_path, broker)) as house:
        until(lambda: "han/home/chargers/garage/limit was not published: Not authorized" in house.log(), house)
        until(lambda: health(house) == "the broker refuses our limits", house)
        rules.write_text("topic read #\nuser canary-user\ntopic readwrite #\n")
        broker.reread()
        until(lambda: health(house) == "ok", house)
        house.settle(2_000, 16)
        assert house.process.poll() is None


def test_a_recording_on_a_disk_that_stalls_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe that nobody reads takes the place of the recording: limits go on, it is told, and the end is a good one."""
    os.mkfifo(tmp_path / "run.han")
    out = os.open(tmp_path / "run.han", os.O_RDONLY | os.O_NONBLOCK)
    with Mosquitto(tmp_path) as broker, closing(House(tmp_path, broker)) as house:

        def told() -> bool:
            for _ in range(100):  # each is a line of the recording
                house.ears.publish("han/home/chargers/garage/report", b'{"status": "connected"}')
            return "the recording cannot be written (the disk does not answer)" in house.log()

        until(told, house)
        house.settle(30_000, 0)
        assert house.stop() == 0
        assert "Traceback" not in house.log()
    os.close(out)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
@pytest.mark.parametrize(("options", "why"), [("ro", "read-only file system"), ("nr_inodes=1", "no space left on device")])
def test_a_disk_that_is_sick_at_the_start_leaves_no_house_alone(tmp_path: Path, options: str, why: str) -> None:
    """A card that was made read-only, or is full: nothing is recorded, which is told, and limits are given; it is no mistake of anybody's."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(disk)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr}")
    try:
        with Mosquitto(tmp_path) as broker, closing(House(tmp_path, broker, recording=disk / "run.han")) as house:
            house.settle(2_000, 16)
            assert f"run.han cannot be written ({why}): nothing is recorded" in house.log()
            assert house.stop() == 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)
