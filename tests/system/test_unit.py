"""The unit as it is shipped, under a real systemd: sandbox, reload, watchdog, secrets, replugging, wrong configurations."""

import grp
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from han_gateway.adapters import store
from han_gateway.core.words.memory import Memory, Past
from tests.house import HOUSE, PATIENCE_S, Listener, Meter
from tests.mosquitto import Mosquitto, free_port
from tests.systemd import Systemd
from tests.test_docs import commands

UNITS = Path(__file__).parents[2] / "systemd"
UNIT = "han-gateway@home.service"
YARD = '[[charger]]\nname = "yard"\nfailsafe = true\n'


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systemd]:
    """A systemd that knows our unit, with a watchdog and pauses short enough for a test."""
    with Systemd(tmp_path_factory.mktemp("systemd")) as systemd:
        shutil.copy(UNITS / "han-gateway@.service", systemd.units)
        short = systemd.units / f"{UNIT}.d"
        short.mkdir()
        (short / "test.conf").write_text("[Service]\nWatchdogSec=2\nRestartSec=100ms\n")
        systemd.run("systemctl", "daemon-reload")
        yield systemd


class Home:
    """A house under systemd: meter, broker and an ear."""

    def __init__(self, manager: Systemd, broker: Mosquitto) -> None:
        self.manager = manager
        self.broker = broker
        self.meter = Meter(manager.etc)
        self.give()
        self.ears = Listener(broker.port)
        self.config = manager.etc / "home.toml"
        text = HOUSE.format(port="/etc/han-gateway/usb-adapter", mqtt_port=broker.port, metrics_port=free_port())
        self.config.write_text(text.replace('username = "canary-user"\npassword_file = "secret"\n', ""))
        self.config.chmod(0o644)

    def give(self) -> None:
        """Let the group dialout have the adapter, as udev does."""
        os.chown(self.meter.device, 0, grp.getgrnam("dialout").gr_gid)
        self.meter.device.chmod(0o660)

    def systemctl(self, verb: str) -> None:
        """Do this to the unit, and wait until it is done."""
        self.manager.run("systemctl", verb, UNIT)

    def settle(self, limit_a: int) -> None:
        """Let the meter speak of a quiet house until the charger has this limit."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.meter.say(2_000)
            time.sleep(0.1)
            if any(b'"current_a":%d,' % limit_a in payload for topic, payload in self.heard() if topic.endswith("garage/limit")):
                return
        raise AssertionError(self.manager.journal("-u", UNIT))

    def heard(self) -> list[tuple[str, bytes]]:
        """What was published since somebody asked last."""
        return [self.ears.heard.get() for _ in range(self.ears.heard.qsize())]


@pytest.fixture
def home(manager: Systemd, tmp_path: Path) -> Iterator[Home]:
    """A configured house whose unit is not started."""
    with Mosquitto(tmp_path) as broker:
        home = Home(manager, broker)
        try:
            yield home
        finally:
            manager.run("systemctl", "stop", UNIT)
            manager.run("systemctl", "reset-failed", UNIT, check=False)
            home.ears.close()
            home.meter.unplug()


def wait_until(true: Callable[[], bool]) -> None:
    """Waits for what must become true."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_the_unit_exposes_little() -> None:
    """The unit is well-formed and scores 1.5 or better, where common daemons score above 9."""
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", str(UNITS / "han-gateway@.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Unknown" not in done.stderr


@pytest.mark.systemd
@pytest.mark.broker
def test_the_sandbox_lets_the_gateway_do_its_work(home: Home) -> None:
    """As an ordinary user without any right but the group dialout: ready, limits from a meter that is pulled out and put back, an end."""
    home.systemctl("start")
    assert home.manager.show(UNIT, "ActiveState") == "active"
    home.settle(16)
    assert "meter fresh" in home.manager.show(UNIT, "StatusText")
    pid = home.manager.show(UNIT, "MainPID")
    status = home.manager.run("cat", f"/proc/{pid}/status")
    assert "CapEff:\t0000000000000000" in status
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
    assert "Uid:\t0" not in status
    home.meter.unplug()
    wait_until(lambda: b"meter lost" in b"".join(payload for _, payload in home.heard()))
    home.meter.plug()
    home.give()
    home.settle(16)
    home.systemctl("stop")
    assert home.manager.show(UNIT, "Result") == "success"
    assert home.ears.next("han/home/status") == b"offline"
    assert (home.manager.folder / "lib" / "private" / "han-gateway" / "home").is_dir()


@pytest.mark.systemd
@pytest.mark.broker
def test_what_is_learned_outlives_a_restart(home: Home) -> None:
    """In the folder that systemd gives, inside the sandbox, the memory is read at the start and written at the stop."""
    home.systemctl("start")
    home.systemctl("stop")
    path = home.manager.folder / "lib" / "private" / "han-gateway" / "home" / store.NAME
    nonsense = 80_000_000  # more than the charger may draw, so that there is something to write at the end
    store.write(path, Memory(round(time.time() * 1000), 0, (Past("garage", 1_500, nonsense),)))
    os.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)
    home.systemctl("start")
    home.settle(16)
    assert "garage takes 1.5 s to follow" in home.manager.journal("-u", UNIT)
    home.systemctl("stop")
    memory = store.read(path)
    assert memory is not None
    assert memory.chargers[0].response_ms == 1_500
    assert memory.chargers[0].had_ua < nonsense
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.systemd
@pytest.mark.broker
def test_reload_reads_the_file_that_was_edited(home: Home) -> None:
    """``systemctl reload`` brings the new charger, in the same process; a mistake is in the journal and changes nothing."""
    home.systemctl("start")
    home.settle(16)
    pid = home.manager.show(UNIT, "MainPID")
    home.config.write_text(home.config.read_text() + YARD)
    home.systemctl("reload")
    assert home.ears.next("han/home/chargers/yard/limit")
    home.config.write_text(home.config.read_text().replace("fuse_a = 25", "fuse = 25"))
    home.systemctl("reload")
    wait_until(lambda: "site.fuse: is not a known key" in home.manager.journal("-u", UNIT, "-p", "err"))
    assert home.manager.show(UNIT, "MainPID") == pid
    home.settle(16)


@pytest.mark.systemd
@pytest.mark.broker
def test_a_gateway_that_hangs_is_started_again(home: Home) -> None:
    """When the loop stops turning, the watchdog ends the process and the next one is ready by itself."""
    home.systemctl("start")
    pid = home.manager.show(UNIT, "MainPID")
    home.manager.run("kill", "-STOP", pid)
    wait_until(lambda: home.manager.show(UNIT, "NRestarts") == "1" and home.manager.show(UNIT, "ActiveState") == "active")
    assert home.manager.show(UNIT, "MainPID") != pid
    assert "watchdog" in home.manager.journal("-u", UNIT).lower()
    home.settle(16)


@pytest.mark.systemd
@pytest.mark.broker
def test_a_wrong_configuration_is_not_tried_again(home: Home) -> None:
    """The unit fails once, with 78 and one line in the journal that names place and remedy."""
    home.config.write_text(home.config.read_text().replace('grid = "TN"', 'grid = "TM"'))
    home.manager.run("systemctl", "start", UNIT, check=False)
    assert home.manager.show(UNIT, "ActiveState") == "failed"
    assert home.manager.show(UNIT, "ExecMainStatus") == "78"
    assert home.manager.show(UNIT, "NRestarts") == "0"
    assert "site.grid: 'TM' is not one of" in home.manager.journal("-u", UNIT)


@pytest.mark.systemd
@pytest.mark.broker
def test_the_password_comes_as_a_credential(manager: Systemd, tmp_path: Path) -> None:
    """A password file that only root can read reaches the gateway through LoadCredential, and nobody else."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "han-gateway", "canary"], check=True, capture_output=True)
    secret = manager.etc / "home.mqtt-password"
    secret.write_text("canary\n")
    secret.chmod(0o600)
    drop_in = manager.units / f"{UNIT}.d" / "secrets.conf"
    drop_in.write_text("[Service]\nLoadCredential=mqtt-password:/etc/han-gateway/home.mqtt-password\n")
    manager.run("systemctl", "daemon-reload")
    with Mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}") as broker:
        text = HOUSE.format(port="/dev/none", mqtt_port=broker.port, metrics_port=free_port())
        text = text.replace('username = "canary-user"\npassword_file = "secret"\n', 'username = "han-gateway"\n')
        (manager.etc / "home.toml").write_text(text)
        manager.run("systemctl", "start", UNIT)
        wait_until(lambda: "broker connected" in manager.show(UNIT, "StatusText"))
        manager.run("systemctl", "stop", UNIT)
    assert "canary" not in manager.journal("-u", UNIT)
    drop_in.unlink()
    manager.run("systemctl", "daemon-reload")


# What the page asks for and a test cannot do: fetch packages, type into an editor, move real modules and devices, find a real adapter.
NOT_HERE = ("han-gateway setup", "apt ", "-m venv", "/pip ", "nano ", "udevadm ", "systemd-modules-load", "han-gateway detect")


@pytest.mark.systemd
@pytest.mark.broker
def test_the_page_about_installing_is_right(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The commands of docs/install.md, one after the other, install a running service, reload it, and leave nothing behind."""
    with Systemd(tmp_path_factory.mktemp("install")) as machine, Mosquitto(tmp_path) as broker:

        def do(command: str) -> str:
            return machine.run("bash", "-c", f"cd {UNITS.parent} && {command.replace('sudo ', '')}")

        *install, _, end = commands(UNITS.parent / "docs" / "install.md")
        for command in (command for block in install for command in block if not any(word in command for word in NOT_HERE)):
            do(command)
            if "minimal.toml" in command:
                do(f"printf '[mqtt]\\nusername = \"u\"\\nport = {broker.port}\\n' >> /etc/han-gateway/home.toml")
        assert machine.show(UNIT, "ActiveState") == "active"
        wait_until(lambda: "broker connected" in machine.show(UNIT, "StatusText"))
        do("systemctl reload han-gateway@home")
        wait_until(lambda: "the house is as it was" in machine.journal("-u", UNIT))
        for command in end:
            # What is mounted here for the test cannot be removed, but emptied.
            do(command.replace("/opt/han-gateway /etc/han-gateway", "/opt/han-gateway /etc/han-gateway/*"))
        assert do("find /etc -name '*han-gateway*' -not -empty; ls /opt /etc/han-gateway /var/lib/private") == (
            "/etc/han-gateway:\n\n/opt:\npackages\n\n/var/lib/private:\n"
        )
        assert "home" not in do("systemctl list-units --all 'han-gateway*'")


@pytest.mark.systemd
@pytest.mark.broker
def test_setup_leaves_a_running_service(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`setup --service` writes the configuration, installs the unit as the page has it, hands over the password, and the service runs."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "han-gateway", "canary-secret"], check=True, capture_output=True)
    broker_config = f"allow_anonymous false\npassword_file {passwords}"
    with Systemd(tmp_path_factory.mktemp("setup")) as machine, Mosquitto(tmp_path, broker_config) as broker:
        # Nobody loads drivers in here.
        (machine.units / "systemd-modules-load.service").write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
        secret = machine.etc / "home.mqtt-password"
        secret.write_text("canary-secret\n")
        secret.chmod(0o600)
        options = "--port /dev/ttyUSB0 --parity E --fuse 25 --grid TN --charger garage --username han-gateway --yes --service"
        where = f"--broker 127.0.0.1:{broker.port} --password-file /etc/han-gateway/home.mqtt-password"
        told = machine.run("bash", "-c", f"cd {UNITS.parent} && /opt/han-gateway/bin/han-gateway setup {options} {where}")

        assert "the service runs" in told
        assert machine.show(UNIT, "ActiveState") == "active"
        wait_until(lambda: "broker connected" in machine.show(UNIT, "StatusText"))
        assert "/etc/han-gateway/home.toml is written" in told
