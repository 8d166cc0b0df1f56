"""``setup`` as a process, on real ptys and a real broker: questions, mistakes on the way, and a file that `check` accepts."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
import tomllib
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from han_gateway import cli
from han_gateway.adapters.lookout import listen
from han_gateway.brokers import settings_of
from han_gateway.commands import answers
from han_gateway.commands.service import hindrance, placed, steps
from han_gateway.config.load import load
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.certificates import tls_config
from tests.mosquitto import Mosquitto, free_port
from tests.test_docs import INSTALL, commands

ROOT = Path(__file__).parent.parent.parent
AIDON = METERS["aidon-it"]
LIST = write(
    AIDON.list2,
    Reading(
        manufacturer="aidon",
        list=2,
        list_id=AIDON.list_id,
        meter_id="9900000000000017",
        meter_type=AIDON.meter_type,
        **{f"voltage_l{line}_mv": 230_000 for line in (1, 2, 3)},  # type: ignore[arg-type]
    ),
)
GO_E = ("/go-eCharger/012345/amp", b"16")


def words(*arguments: str | Path) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "han_gateway", "setup", *map(str, arguments)]


def scripted(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command without anybody who answers, in its own folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        words(*arguments),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


class Person:
    """Somebody at a terminal: ``answer(what is asked, what is typed)``."""

    def __init__(self, folder: Path, *arguments: str | Path) -> None:
        self.screen = ""
        self._read = 0
        self.pid, self._fd = pty.fork()
        if not self.pid:  # pragma: no cover
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that starts the tests in the background has it ignored
            os.chdir(folder)
            os.execve(sys.executable, words(*arguments), os.environ | {"PYTHONPATH": str(ROOT)})  # noqa: S606

    def answer(self, question: str, typed: str, *, patience_s: float = 15) -> None:
        """Wait for a question, and type."""
        until = time.monotonic() + patience_s
        while question not in self.screen[self._read :]:
            if time.monotonic() > until or not self._look():
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(self.screen)
        self._read = self.screen.index(question, self._read) + len(question)
        time.sleep(0.2)  # nobody types before the question stands there
        for _ in range(5):  # keys are lost while the terminal is being set for an answer, and who sees nothing types again
            if not typed or self._type(typed):
                return

    def _type(self, typed: str) -> bool:
        """Type, and tell whether anything happened on the screen."""
        os.write(self._fd, typed.encode())
        before, until = self.screen, time.monotonic() + 3
        while time.monotonic() < until:
            if not self._look() or self.screen != before:
                return True
        return False

    def _look(self) -> bool:
        if select.select([self._fd], [], [], 0.1)[0]:
            try:
                data = os.read(self._fd, 4096)
            except OSError:  # the terminal is gone with its process
                return False
            self.screen += data.decode().replace("\r\n", "\n")
            return bool(data)
        return True

    def leave(self) -> int:
        """Wait for the end; the answer is the exit code, and -9 of one that never ends."""
        until = time.monotonic() + 60
        while self._look():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@contextmanager
def meter(data: bytes = LIST) -> Iterator[str]:
    """A meter on a pty that says this again and again."""
    end, device = os.openpty()
    tty.setraw(device)
    os.set_blocking(end, False)
    over = threading.Event()

    def speak() -> None:
        while not over.wait(0.1):
            with suppress(BlockingIOError):
                os.write(end, data)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield os.ttyname(device)
    finally:
        over.set()
        thread.join()
        os.close(end)
        os.close(device)


@contextmanager
def speaking(port: int, *messages: tuple[str, bytes]) -> Iterator[None]:
    """Chargers on the broker that say this, retained."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)
    yield
    client.disconnect()
    client.loop_stop()


def accepted(file: Path) -> dict[str, object]:
    """The configuration, which `check` must accept."""
    assert cli.main(["check", "--config", str(file)]) == 0
    return tomllib.loads(file.read_text())


@pytest.mark.broker
def test_three_questions_with_mistakes_on_the_way(tmp_path: Path) -> None:
    """Each wrong answer is asked again with what would be right; the meter's net and the charger that was seen are proposed."""
    with meter() as device, Mosquitto(tmp_path) as broker, speaking(broker.port, GO_E):
        person = Person(tmp_path, "--port", device, "--seconds", "2", "--out", "home.toml")
        person.answer("main fuse in amperes", "a lot\n")
        person.answer("'a lot' is not a main fuse", "25A\n")
        person.answer("The net [IT]: ", "DC\n")
        person.answer("'DC' is not a kind of net", "\n")
        person.answer("is mosquitto running?", "localhost:zero\n")
        person.answer("is not a broker", f"127.0.0.1:{broker.port}\n")
        person.answer("go-eCharger (/go-eCharger/012345): shall it be controlled? [Y/n]: ", "maybe\n")
        person.answer("neither y nor n", "y\n")
        person.answer("Its name [go-e-012345]: ", "My Garage\n")
        person.answer("is not a name", "garage\n")
        person.answer("wired to [L1,L2,L3]: ", "L1\n")
        person.answer("sits between two, as L1,L3", "l1 l3\n")
        person.answer("Another charger? [y/N]: ", "\n")
        code = person.leave()

    assert code == 0, person.screen
    document = accepted(tmp_path / "home.toml")
    assert document["site"] == {"name": "home", "grid": "IT", "fuse_a": 25}
    assert document["meter"] == {"port": device, "parity": "E"}
    assert document["mqtt"] == {"host": "127.0.0.1", "port": broker.port}
    assert [(each["name"], each["phases"]) for each in document["charger"]] == [("garage", ["L1", "L3"])]  # type: ignore[attr-defined]
    assert "L2's current is not measured" in person.screen
    assert (
        "next:  han-gateway check --config home.toml\n       han-gateway test-charger garage 10 --config home.toml"
        in person.screen
    )
    assert "at the charger (go-eCharger" in person.screen
    assert "allow writing" in person.screen


def test_everything_can_be_given_as_options(tmp_path: Path) -> None:
    """With --yes nothing is asked, and the file is the ten lines of docs."""
    options = ("--port", "/dev/ttyUSB0", "--parity", "N", "--fuse", "25", "--grid", "tn", "--charger", "garage", "--yes")
    done = scripted(tmp_path, *options, "--out", "cabin.toml")

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "cabin.toml").read_text().splitlines() == [
        "[site]",
        'name = "cabin"',
        'grid = "TN"',
        "fuse_a = 25",
        "[meter]",
        'port = "/dev/ttyUSB0"',
        'parity = "N"',
        "[[charger]]",
        'name = "garage"',
        'phases = ["L1", "L2", "L3"]',
    ]
    accepted(tmp_path / "cabin.toml")


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """With --yes never; at a terminal only after yes, and the old one is kept."""
    out = tmp_path / "home.toml"
    out.write_text("# mine\n")
    options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--charger", "garage", "--out", out)
    done = scripted(tmp_path, *options, "--yes")
    assert (done.returncode, out.read_text()) == (1, "# mine\n")
    assert "name another file with --out, or move it away" in done.stderr

    for typed, code, left in (("\n", 1, "# mine\n"), ("y\n", 0, "[site]")):
        person = Person(tmp_path, *options)
        person.answer("overwrite it?", typed)
        assert person.leave() == code, person.screen
        assert out.read_text().startswith(left)
    assert (tmp_path / "home.toml.old").read_text() == "# mine\n"


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D"])
def test_stopping_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    """Who stops in the middle is told that nothing was written, and nothing was; no traceback."""
    person = Person(tmp_path, "--port", "/dev/ttyUSB0", "--parity", "E")
    person.answer("main fuse in amperes", "\x03" if how == "Ctrl-C" else "\x04")
    code = person.leave()

    assert code == (130 if how == "Ctrl-C" else 1)
    assert "nothing was written" in person.screen
    assert "Traceback" not in person.screen
    assert [*tmp_path.iterdir()] == []


def test_an_end_of_the_answers_says_how_to_script_it(tmp_path: Path) -> None:
    """Without a terminal and without --yes it does not hang: it names --yes."""
    done = scripted(tmp_path, "--port", "/dev/ttyUSB0", "--parity", "E")

    assert done.returncode == 1
    assert "give the answers as options with --yes" in done.stderr
    assert [*tmp_path.iterdir()] == []


def test_a_silent_adapter_says_why_and_may_be_skipped(tmp_path: Path) -> None:
    """A closed port is named as such with its remedy; the person may try again, name another port, or go on without."""
    with meter(b"") as device:
        options = (
            "--port",
            device,
            "--seconds",
            "0.3",
            "--fuse",
            "25",
            "--grid",
            "TN",
            "--charger",
            "garage",
            "--out",
            "home.toml",
        )
        person = Person(tmp_path, *options)
        person.answer("ask your grid company to open it", "")
        person.answer("Enter tries again", "tty\n")
        person.answer("is no port: write /dev/", "\n")
        person.answer("Enter tries again", "skip\n")
        assert person.leave() == 0, person.screen
    assert accepted(tmp_path / "home.toml")["meter"] == {"port": device, "parity": "E"}


def test_what_is_missing_with_yes_is_named(tmp_path: Path) -> None:
    """With --yes an answer that has no default is a mistake that names its option, and nothing is written."""
    port = ("--port", "/dev/ttyUSB0", "--parity", "E", "--yes", "--out", "home.toml")
    assert "add --fuse A" in scripted(tmp_path, *port).stderr
    assert "add --grid TN, IT or TT" in scripted(tmp_path, *port, "--fuse", "25").stderr
    done = scripted(tmp_path, *port, "--fuse", "25", "--grid", "IT", "--charger", "garage=L1")
    assert (done.returncode, "one line carries no current alone" in done.stderr) == (78, True)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("option", "value", "remedy"),
    [
        ("--fuse", "2500", "for example 25"),
        ("--fuse", "nan", "for example 25"),
        ("--grid", "DC", "write TN"),
        ("--charger", "My Garage", "lower-case letters"),
        ("--charger", "garage=L1,L1", "each once"),
        ("--charger", "garage=tesla", "nor a make of charger"),
        ("--charger", 'garage=go-e:1"\n', "as the charger shows it"),
        ("--charger", "garage=go-e,L1", "write for example garage=go-e:go-eCharger/123456"),
        ("--broker", "a b", "HOST:PORT"),
        ("--seconds", "0", "a number of seconds"),
    ],
)
def test_wrong_options_say_what_would_be_right(option: str, value: str, remedy: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option is wrong usage, in words that name a right one."""
    with pytest.raises(SystemExit) as left:
        cli.main(["setup", option, value])
    assert left.value.code == 2
    assert remedy in capsys.readouterr().err


@pytest.mark.broker
def test_a_charger_that_was_not_seen_is_named_with_its_make(tmp_path: Path) -> None:
    """One that reaches MQTT through something else cannot be seen: its make and its id are asked, and what it needs is told."""
    with Mosquitto(tmp_path) as broker:
        options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--out", "home.toml")
        person = Person(tmp_path, *options, "--broker", f"127.0.0.1:{broker.port}")
        person.answer("Is there a charger?", "y\n")
        person.answer("Its name [garage]", "\n")
        person.answer("Its make", "easy\n")
        person.answer("did you mean easee?", "easee\n")
        person.answer("for example easee2mqtt/EH123456", "easee#\n")
        person.answer("as the charger shows it", "easee2mqtt/EH1\n")
        person.answer("wired to", "\n")
        person.answer("Another charger?", "y\n")
        person.answer("Its name", "shed\n")
        person.answer("Its make", "\n")
        person.answer("wired to", "L2\n")
        person.answer("Another charger?", "n\n")
        assert person.leave() == 0, person.screen

    chargers = accepted(tmp_path / "home.toml")["charger"]
    assert [(each.get("device"), each.get("device_id")) for each in chargers] == [("easee", "easee2mqtt/EH1"), (None, None)]  # type: ignore[attr-defined]
    assert "at the charger (Easee" in person.screen
    assert "at shed: it must take its limit from han/home/chargers/shed/limit" in person.screen


@pytest.mark.broker
def test_a_broker_that_wants_a_password_gets_one(tmp_path: Path) -> None:
    """The password is asked without echo and kept in a file that only its owner can read; never in the configuration."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "han-gateway", "canary-secret"], check=True, capture_output=True)
    config = f"allow_anonymous false\npassword_file {passwords}"
    with Mosquitto(tmp_path, config) as broker:
        out = tmp_path / "home.toml"
        options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--out", out)
        person = Person(tmp_path, *options, "--broker", f"127.0.0.1:{broker.port}")
        person.answer("User name (`skip` goes on without) [han-gateway]: ", "\n")
        person.answer("Password: ", "wrong\n")
        person.answer("the broker refused us", "")
        person.answer("User name", "\n")
        person.answer("Password: ", "canary-secret\n")
        person.answer("Is there a charger? [Y/n]: ", "n\n")
        code = person.leave()

    file = tmp_path / "home.mqtt-password"
    assert code == 0, person.screen
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("canary-secret\n", 0o600)
    assert "canary-secret" not in person.screen + out.read_text()
    assert accepted(out)["mqtt"]["username"] == "han-gateway"  # type: ignore[index]


@pytest.mark.broker
def test_a_broker_with_tls_is_reached_with_mistakes_on_the_way(tmp_path: Path, certificates: Path) -> None:
    """Plain words, a CA that nobody knows, a file that is none, the wrong CA, the wrong name, no password: each is said with what would be right."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "han-gateway", "canary-secret"], check=True, capture_output=True)
    config = f"{tls_config(certificates, asks=False)}\npassword_file {passwords}".replace("anonymous true", "anonymous false")
    with Mosquitto(tmp_path, config) as broker:
        out = tmp_path / "home.toml"
        options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--out", out)
        person = Person(tmp_path, *options, "--broker", f"127.0.0.1:{broker.port}")
        person.answer("does it want TLS? Then write mqtts:// before its name", "")
        person.answer("with TLS mqtts://HOST[:PORT]", f"https://127.0.0.1:{broker.port}\n")
        person.answer("is not a broker", f"mqtts://127.0.0.1:{broker.port}\n")
        person.answer("The file of that CA's certificate", "nowhere.crt\n")
        person.answer("nowhere.crt: No such file", f"{certificates / 'ca.key'}\n")
        person.answer("name the certificate of the CA as text", f"{certificates / 'other.crt'}\n")
        person.answer("its certificate is not trusted", f"{certificates / 'ca.crt'}\n")
        person.answer("write the name in host that stands in the certificate", f"mqtts://localhost:{broker.port}\n")
        person.answer("User name", "\n")
        person.answer("Password: ", "canary-secret\n")
        person.answer("Is there a charger? [Y/n]: ", "n\n")
        assert person.leave() == 0, person.screen

        mqtt = accepted(out)["mqtt"]
        assert listen(settings_of(load(out)), ("#",), 0.3, lambda *_: None) is None
    kept = {
        "username": "han-gateway",
        "password_file": str(tmp_path / "home.mqtt-password"),
        "ca_file": "home.ca.pem",
    }
    assert mqtt == {"host": "localhost", "port": broker.port, "tls": True} | kept
    assert (tmp_path / "home.ca.pem").read_bytes() == (certificates / "ca.crt").read_bytes()
    assert (tmp_path / "home.ca.pem").stat().st_mode & 0o777 == 0o644


@pytest.mark.broker
def test_a_broker_with_tls_can_be_given_as_options(tmp_path: Path, certificates: Path) -> None:
    """With --yes a broker that is known by its CA is heard; without the CA the option that is missing is named."""
    with Mosquitto(tmp_path, tls_config(certificates, asks=False)) as broker:
        options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--yes")
        where = ("--broker", f"mqtts://localhost:{broker.port}")
        without = scripted(tmp_path, *options, *where, "--out", "without.toml")
        done = scripted(tmp_path, *options, *where, "--ca-file", certificates / "ca.crt", "--out", "home.toml")
        plain = scripted(tmp_path, *options, "--broker", f"localhost:{broker.port}", "--out", "plain.toml")

    assert "--ca-file" in without.stdout
    assert "no charger was seen" in done.stdout
    assert "cannot be reached" not in done.stdout
    assert "mqtts://" in plain.stdout
    assert "sudo cp home.ca.pem /etc/han-gateway/home.ca.pem" in done.stdout
    assert accepted(tmp_path / "home.toml")["mqtt"]["ca_file"] == "home.ca.pem"  # type: ignore[index]


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (("--ca-file", "ca.crt"), "write it as --broker mqtts://HOST[:PORT]"),
        (("--broker", "mqtts://pi.lan", "--ca-file", "ca.crt"), "name the certificate of the CA as text"),
        (("--password-file", "secret"), "add --username NAME"),
        (("--username", "me", "--password-file", "secret"), "put the password alone into that file"),
    ],
)
def test_options_of_the_broker_that_do_not_fit_are_said_first(tmp_path: Path, options: tuple[str, ...], remedy: str) -> None:
    """Before a meter is listened to for a minute."""
    done = scripted(tmp_path, *options, "--out", "home.toml")
    assert (done.returncode, remedy in done.stderr) == (1, True), done.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("typed", "broker"),
    [
        ("pi.lan", ("pi.lan", 1883, False)),
        ("pi.lan:8883", ("pi.lan", 8883, True)),
        ("mqtt://pi.lan:8883", ("pi.lan", 8883, False)),
        ("mqtts://pi.lan", ("pi.lan", 8883, True)),
        ("mqtts://[::1]:1884/", ("::1", 1884, True)),
    ],
)
def test_a_broker_is_written_as_people_write_it(typed: str, broker: tuple[str, int, bool]) -> None:
    """With TLS behind mqtts://, and on the port that is meant for it."""
    assert answers.broker(typed)[:3] == broker


@pytest.mark.broker
def test_chargers_of_every_make_are_seen(tmp_path: Path) -> None:
    """A charger of each make that publishes by its maker's default is seen, named, and part of a configuration that `check` accepts."""
    said = (
        GO_E,
        ("openevse-55ad/claim", b'{"max_current":16}'),
        ("SmartEVSE/1234/EVPlugState", b"Connected"),
        ("warp3/AbCd/evse/state", b"{}"),
        ("wallbox_123456/charging_enable/state", b"1"),
        ("openWB/internal_chargepoint/0/get/plug_state", b"true"),
        ("evcc/loadpoints/1/maxCurrent", b"16"),
        ("everest_api/evse_manager/var/limits", b"{}"),
        ("zigbee2mqtt/Garasje", b'{"ev_connected":true}'),
        ("zigbee2mqtt/Lampe", b'{"state":"ON"}'),
        ("easee2mqtt/chargerOpMode", b"3"),
        ("han/home/chargers/old/report", b"{}"),
        ("warp3/x\ny/evse/state", b"{}"),
    )
    with Mosquitto(tmp_path) as broker, speaking(broker.port, *said):
        out = tmp_path / "home.toml"
        options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "63", "--grid", "TN", "--yes", "--out", out)
        done = scripted(tmp_path, *options, "--broker", f"127.0.0.1:{broker.port}")

    assert done.returncode == 0, done.stderr
    names = {each["name"] for each in accepted(out)["charger"]}  # type: ignore[attr-defined]
    makes = ("go-e", "openevse", "smartevse", "warp", "wallbox", "openwb", "evcc", "everest", "amina", "easee", "old")
    assert [make for make in makes if sum(name.startswith(make) for name in names) != 1] == []
    assert len(names) == len(makes)


def test_no_broker_is_no_hindrance(tmp_path: Path) -> None:
    """Without a broker the reason and the remedy are said, and the configuration is written all the same."""
    options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--yes", "--out", "home.toml")
    done = scripted(tmp_path, *options, "--broker", f"127.0.0.1:{free_port()}")

    assert done.returncode == 0
    assert "cannot be reached" in done.stdout
    assert "is mosquitto running?" in done.stdout
    accepted(tmp_path / "home.toml")


def test_what_to_write_at_the_charger_has_its_own_topic(tmp_path: Path) -> None:
    """The topic of a circuit of evcc is that of this charger in this house, to be copied."""
    options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "TN", "--charger", "garage=evcc", "--yes")
    done = scripted(tmp_path, *options, "--out", "cabin.toml")
    assert "topic: han/cabin/chargers/garage/amps" in done.stdout


def test_a_service_that_cannot_be_installed_says_so(tmp_path: Path) -> None:
    """Asked for with --service and not possible here: it is said in so many words why, and the code is 1."""
    options = (
        "--port",
        "/dev/ttyUSB0",
        "--parity",
        "E",
        "--fuse",
        "25",
        "--grid",
        "TN",
        "--charger",
        "garage",
        "--yes",
        "--service",
    )
    done = scripted(tmp_path, *options, "--out", "home.toml")
    assert (done.returncode, "no service was installed: its configuration has its place in" in done.stdout) == (1, True)


def test_what_cannot_be_is_told_of_the_answers_not_of_a_hidden_file(tmp_path: Path) -> None:
    """The file that is tried is gone when its mistakes are read."""
    options = ("--port", "/dev/ttyUSB0", "--parity", "E", "--fuse", "25", "--grid", "IT", "--charger", "garage=L1", "--yes")
    done = scripted(tmp_path, *options, "--out", "home.toml")
    assert done.stderr.startswith("what was answered, line ")
    assert ".new" not in done.stderr


def test_the_service_is_installed_as_the_documentation_says() -> None:
    """The steps that are shown or run are those of docs/install.md, in its order."""
    documented = [line for block in commands(INSTALL) for line in block]

    assert [step for step in steps("home", Path("/etc/han-gateway/home.mqtt-password")) if step not in documented] == []
    (service,) = (block for block in commands(INSTALL) if "sudo systemctl daemon-reload" in block and "enable" in " ".join(block))
    assert [line for line in service if line.startswith("sudo")] == steps("home")
    assert placed(Path("config/minimal.toml"))[0] in documented
    assert placed(Path("/etc/han-gateway/home.toml")) == []


@pytest.mark.parametrize("name", ["my home.toml", "$(reboot).toml", "home'.toml"])
def test_a_name_that_a_shell_would_read_is_never_run(name: str) -> None:
    """Files whose names mean something to a shell are no service: the person is asked to rename them."""
    assert "give the files names" in str(hindrance(Path("/etc/han-gateway") / name))
    assert "give the files names" in str(hindrance(Path("/etc/han-gateway/home.toml"), Path("/etc") / name))
