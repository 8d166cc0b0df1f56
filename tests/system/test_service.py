"""The gateway as a service: what the manager hears of it, and a configuration that changes under it."""

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.house import PATIENCE_S, House
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

YARD = '[[charger]]\nname = "yard"\nresponse_s = 0.2\nfailsafe = true\n'


class Manager:
    """The socket at which a service manager listens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.words: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def listen(self, seconds: float) -> list[str]:
        """What the service says within this time."""
        before = len(self.words)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._next(until)
        return self.words[before:]

    def _next(self, until: float) -> str:
        """One thing said, or nothing."""
        self._socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            self.words.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return ""
        return self.words[-1]

    def wait_for(self, word: str) -> str:
        """The next thing said that contains this."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if word in (said := self._next(until)):
                return said
        raise AssertionError(f"never heard {word}; heard {self.words}")

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


class Service(House):
    """A house whose gateway believes that systemd has started it."""

    def __init__(self, folder: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, *, record: bool = False) -> None:
        self.manager = Manager(folder / "notify")
        monkeypatch.setenv("NOTIFY_SOCKET", str(self.manager.path))
        super().__init__(folder, broker, record=record)

    def start(self) -> None:
        """Wait until it is ready."""
        self.manager.wait_for("READY=1")

    def reload(self, old: str, new: str) -> None:
        """Change the configuration, and let the gateway read it."""
        self.meter.say(2_000)  # so that it is not lost where reading takes its time
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))
        self.process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in self.manager.wait_for("RELOADING=1")
        self.manager.wait_for("READY=1")

    def close(self) -> None:
        """End it all, properly: a process that is killed leaves no figures of what was covered."""
        if self.process.poll() is None:
            self.stop()
        super().close()
        self.manager.close()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A gateway under a manager."""
    with Mosquitto(tmp_path) as broker:
        house = Service(tmp_path, broker, monkeypatch)
        try:
            house.start()
            yield house
        finally:
            house.close()


def test_the_watchdog_is_fed_by_a_loop_that_decides_and_by_nothing_else(service: Service) -> None:
    """Alive once a second while limits leave the controller, even to a broker that hangs; silence while we hang; one READY."""
    service.manager.wait_for("broker connected")
    service.broker.freeze()
    service.manager.listen(0.1)
    for _ in range(3):
        service.manager.wait_for("WATCHDOG=1")
    service.broker.thaw()
    service.process.send_signal(signal.SIGSTOP)
    service.manager.listen(0.2)
    assert service.manager.listen(2.5) == []
    service.process.send_signal(signal.SIGCONT)
    service.manager.wait_for("WATCHDOG=1")
    assert service.stop() == 0
    service.manager.wait_for("STOPPING=1")
    assert [word for word in service.manager.words if "READY" in word] == ["READY=1"]


def test_a_reload_changes_the_house_and_loses_nothing(service: Service) -> None:
    """A charger that is added starts at its fallback and is heard, the other keeps its limit; one that is removed falls back."""
    service.settle(2_000, 16)
    ears = service.ears
    service.reload("[[charger]]", YARD + "[[charger]]")
    assert json.loads(ears.next("han/home/chargers/yard/limit"))["current_a"] == 6
    service.settle(2_000, 16)
    assert "cut garage" not in service.log()
    ears.publish("han/home/chargers/yard/report", b'{"limit_a": 6}')
    wait_until(lambda: 'han_charger_up{charger="yard"} 1.0' in metrics(service))
    service.reload(YARD, "")
    while ears.next("han/home/chargers/yard/state"):
        pass
    service.settle(2_000, 16)
    assert "yard" not in metrics(service)
    service.reload('name = "garage"', 'name = "barn"')
    while (gone := ears.limit())["current_a"] == 16:
        pass
    assert (gone["current_a"], gone["reason"]) == (6, "no longer in the configuration")
    assert "new: barn; gone: garage" in service.log()
    assert "Traceback" not in service.log()


def test_a_reload_keeps_caps_and_hears_new_meters(service: Service) -> None:
    """A cap that was set stays while the bounds allow it; a sub-fuse that is new is heard from then on."""
    service.settle(2_000, 16)
    ears = service.ears
    ears.publish("han/home/caps/power/set", b"15000")
    caps = "han/home/caps"
    while json.loads(ears.next(caps))["power_w"] != 15_000:
        pass
    service.reload("power_min_w = 2000", "power_min_w = 5000")
    shown = json.loads(ears.next(caps))
    assert (shown["power_w"], shown["power_w_bounds"]) == (15_000, [5_000, 17_000])
    shed = '[[circuit]]\nname = "shed"\nfuse_a = 16\nmeter = "mqtt"\n'
    service.reload("power_min_w = 5000", f"power_min_w = 16000\n{shed}")
    assert json.loads(ears.next(caps))["power_w"] == 17_000
    ears.publish("han/home/circuits/shed/load", b'{"current_a": {"L1": 3}}')
    wait_until(lambda: 'han_circuit_current_amperes{circuit="shed",phase="L1"} 3.0' in metrics(service))
    service.settle(2_000, 16)
    assert "cut garage" not in service.log()


def test_what_cannot_be_reloaded_is_said(service: Service) -> None:
    """A mistake changes nothing; another broker or site needs a restart, and the rest is in force."""
    service.settle(2_000, 16)
    service.reload("fuse_a = 25", "fuse_a = 2500")
    assert "the old configuration stays: house.toml, line 4, site.fuse_a: '2500' is above 2000" in service.log()
    service.reload("fuse_a = 2500", "fuse_a = 25")
    assert "the house is as it was" in service.log()
    service.reload('name = "garage"', 'name = "garage"\nmax_a = "lots"')
    assert "the old configuration stays: house.toml, line 25, charger.1.max_a" in service.log()
    service.reload('name = "garage"\nmax_a = "lots"', 'name = "garage"')
    service.reload('username = "canary-user"', 'username = "somebody"')
    assert "[mqtt] has changed: that needs a restart" in service.log()
    service.reload("fuse_a = 25", 'fuse_a = 25\nstate_dir = "state"')
    assert "[site] state_dir has changed: that needs a restart" in service.log()
    service.reload('name = "home"', 'name = "cabin"')
    assert "the site's name or grid has changed" in service.log()
    service.settle(2_000, 16)
    assert "cut garage" not in service.log()


def test_a_run_that_is_recorded_keeps_its_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While everything is recorded for a replay, a changed house waits for a restart."""
    with Mosquitto(tmp_path) as broker:
        service = Service(tmp_path, broker, monkeypatch, record=True)
        try:
            service.start()
            service.reload("fuse_a = 25", "fuse_a = 35")
            assert "needs a restart while it is recorded" in service.log()
        finally:
            service.close()


def metrics(service: Service) -> str:
    """What a scraper would get."""
    with urllib.request.urlopen(f"http://127.0.0.1:{service.metrics_port}/metrics", timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


def wait_until(true: Callable[[], bool], pause_s: float = 0.05) -> None:
    """Waits for what must become true."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(pause_s)


def expecting(pid: int) -> bool:
    """Tell whether the process has something of its own in mind for SIGHUP (proc(5), SigIgn and SigCgt)."""
    masks = [
        line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(("SigIgn", "SigCgt"))
    ]
    return any(int(mask, 16) & 1 << (signal.SIGHUP - 1) for mask in masks)


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
def test_a_reload_that_comes_too_early_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after_s: float) -> None:
    """SIGHUP at any moment of the start, with a charger written in just before: the process lives, gets ready, and knows that charger."""
    with Mosquitto(tmp_path) as broker:
        house = Service(tmp_path, broker, monkeypatch)
        try:
            loaded = False
            while not expecting(house.process.pid):
                assert not loaded, "it began before it expected anything"
                loaded = "pydantic_core" in Path(f"/proc/{house.process.pid}/maps").read_text()
                time.sleep(0.001)
            time.sleep(after_s)
            house.config.write_text(house.config.read_text() + YARD)
            house.process.send_signal(signal.SIGHUP)
            assert json.loads(house.ears.next("han/home/chargers/yard/limit"))["current_a"] == 6
            assert house.stop() == 0
            house.manager.wait_for("READY=1")
            assert "Traceback" not in house.log()
        finally:
            house.close()


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
def test_a_stop_during_the_start_is_quiet(tmp_path: Path, after_s: float) -> None:
    """SIGTERM at any moment: the end is a good one, or the signal's own; nobody sees a traceback."""
    with Mosquitto(tmp_path) as broker, closing(House(tmp_path, broker, record=False)) as house:
        time.sleep(after_s)
        assert house.stop() in (0, -signal.SIGTERM)
        assert "Traceback" not in house.log()
