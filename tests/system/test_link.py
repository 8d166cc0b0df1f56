"""The cable to the broker is pulled: a broker in a network of its own, behind a link that goes down without a word to anybody.

It takes root and iproute2, and is skipped without them, in words.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import HOUSE, PATIENCE_S, Gateway, Meter
from tests.mosquitto import PROGRAM, free_port

pytestmark = pytest.mark.broker

PORT = 1883


def ip(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run ``ip``."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


class Cable:
    """A link between us and another network, ``there``, in which a broker listens."""

    def __init__(self, folder: Path) -> None:
        self.there = f"han{os.getpid()}"
        self._ends = f"hg{os.getpid()}a", f"hg{os.getpid()}b"
        net = f"10.213.{os.getpid() % 250}"
        self.here_address, self.address = f"{net}.1", f"{net}.2"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"user root\nlistener {PORT} {self.address}\nallow_anonymous true\n")
        self._broker: subprocess.Popen[bytes] | None = None

    def lay(self) -> str:
        """Lay the cable, and start the broker behind it; the answer is why that is not possible here."""
        ours, theirs = self._ends
        inside = ("-n", self.there)
        for words in (
            ("netns", "add", self.there),
            ("link", "add", ours, "type", "veth", "peer", "name", theirs),
            ("link", "set", theirs, "netns", self.there),
            ("address", "add", f"{self.here_address}/24", "dev", ours),
            ("link", "set", ours, "up"),
            (*inside, "address", "add", f"{self.address}/24", "dev", theirs),
            (*inside, "link", "set", theirs, "up"),
        ):
            done = ip(*words)
            if done.returncode:
                return f"ip {' '.join(words)}: {done.stderr.strip()}"
        command = ["ip", "netns", "exec", self.there, str(PROGRAM), "-c", str(self._config)]
        self._broker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return ""

    def pull(self) -> None:
        """From now on nothing arrives on either side, and nobody is told."""
        ip("-n", self.there, "link", "set", self._ends[1], "down")

    def plug(self) -> None:
        """And now it does again."""
        ip("-n", self.there, "link", "set", self._ends[1], "up")

    def take_away(self) -> None:
        """Leave nothing behind."""
        if self._broker is not None:
            self._broker.kill()
            self._broker.wait()
        ip("link", "del", self._ends[0])
        ip("netns", "del", self.there)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """A cable with a broker at its other end."""
    if shutil.which("ip") is None or os.geteuid():
        pytest.skip("networks of its own take iproute2 and root")
    cable = Cable(tmp_path)
    try:
        if why := cable.lay():
            pytest.skip(f"no network of its own here: {why}")
        yield cable
    finally:
        cable.take_away()


def test_a_cable_that_is_pulled_is_noticed_and_forgiven(cable: Cable, tmp_path: Path) -> None:
    """No word of an end ever comes: the broker counts as lost all the same, and after the cable is back it is found again, each time."""
    meter = Meter(tmp_path)
    (tmp_path / "secret").write_text("canary-password\n")
    text = HOUSE.format(port=meter.device, mqtt_port=PORT, metrics_port=free_port())
    (tmp_path / "house.toml").write_text(text.replace('host = "127.0.0.1"', f'host = "{cable.address}"'))
    gateway = Gateway(tmp_path / "house.toml")

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
