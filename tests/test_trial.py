"""``test-charger`` over a real mosquitto, with simulated chargers at the other end."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.certificates import tls_config
from tests.devices.simulated import GoE, Simulated, SmartEvseOverride, Wallbox, Warp
from tests.devices.wired import Wired
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parent.parent
HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "/dev/null"
[mqtt]
host = "127.0.0.1"
port = {port}
[[charger]]
name = "garage"
{charger}
"""


def tried(folder: Path, port: int, charger: str, amps: str, *more: str) -> tuple[int, str]:
    """Run ``test-charger`` on this house; its exit code and all that it said."""
    config = folder / "house.toml"
    config.write_text(HOUSE.format(port=port, charger=charger))
    command = [sys.executable, "-m", "han_gateway", "test-charger", "garage", amps, "--config", str(config), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def device(sim: Simulated) -> str:
    """The two lines that name it."""
    return f'device = "{sim.make}"\ndevice_id = "{sim.identity}"'


@pytest.mark.parametrize(("make", "amps"), [(GoE, "9"), (GoE, "0"), (SmartEvseOverride, "0"), (Warp, "9"), (Wallbox, "9")])
def test_a_charger_that_obeys_is_said_to_obey(tmp_path: Path, make: type[Simulated], amps: str) -> None:
    """It hears the limit in its own words, its echo is found, and in the end it has its fallback."""
    sim = make()
    with Mosquitto(tmp_path) as mosquitto, Wired(sim, mosquitto.port) as charger:
        code, said = tried(tmp_path, mosquitto.port, device(sim), amps)
        assert (code, f"the charger said {amps} A after" in said) == (0, True), said
        assert "sent 6 A, its fallback" in said
        until = time.monotonic() + 30
        while charger.obeys() != 6_000 and time.monotonic() < until:
            time.sleep(0.05)
        assert charger.obeys() == 6_000


def test_a_go_e_that_forbids_writing_is_explained(tmp_path: Path) -> None:
    """It speaks and does not follow: the answer is no, and the way to allow it is told."""
    with Mosquitto(tmp_path) as mosquitto, Wired(GoE(writes=False), mosquitto.port):
        code, said = tried(tmp_path, mosquitto.port, device(GoE()), "9", "--wait", "2")
    assert code == 1
    assert "allow writing" in said


def test_a_charger_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """Nothing was heard: whether it is on, on this broker, and under this name is asked."""
    with Mosquitto(tmp_path) as mosquitto:
        code, said = tried(tmp_path, mosquitto.port, device(GoE()), "9", "--wait", "1")
    assert code == 1
    assert "said nothing within 1 s: is it on, on this broker, and is device_id right?" in said


def test_no_broker_is_one_sentence(tmp_path: Path) -> None:
    """A broker that is not there is said with what to do next, and nothing was sent."""
    code, said = tried(tmp_path, 1, device(GoE()), "9")
    assert code == 1
    assert said.startswith("no broker: cannot reach 127.0.0.1:1")
    assert "; nothing was sent\nnext:  is mosquitto running" in said
    assert "sent 9 A" not in said


def test_a_broker_that_lets_nobody_in_is_said_with_what_to_do(tmp_path: Path) -> None:
    """No user, or plain words to a port with TLS: not the same advice as for no broker."""
    with Mosquitto(tmp_path, "allow_anonymous false") as mosquitto:
        assert "next:  do username and password_file" in tried(tmp_path, mosquitto.port, device(GoE()), "9")[1]


def test_a_port_with_tls_is_told_from_no_broker(tmp_path: Path, certificates: Path) -> None:
    """It hangs up on us: the remedy is in [mqtt]."""
    with Mosquitto(tmp_path, tls_config(certificates, asks=False)) as mosquitto:
        assert "next:  a port with TLS needs tls = true" in tried(tmp_path, mosquitto.port, device(GoE()), "9")[1]


def test_a_gateway_that_runs_is_not_spoken_over(tmp_path: Path) -> None:
    """While the service runs for this site nothing is sent, not even a fallback, and how to stop it is told."""
    sim = GoE()
    with Mosquitto(tmp_path) as mosquitto, Wired(sim, mosquitto.port) as charger:
        client = Client(CallbackAPIVersion.VERSION2, "gateway")
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()
        client.publish("han/home/status", "online", 1, retain=True).wait_for_publish(5)
        code, said = tried(tmp_path, mosquitto.port, device(sim), "9")
        client.disconnect()
        client.loop_stop()
        assert (code, charger.obeys()) == (1, 16_000)
    assert "stop it first" in said
    assert "sent" not in said


def test_what_is_no_number_of_amperes_says_what_would_be(tmp_path: Path) -> None:
    """Ten amperes may have a unit or a comma; a word may not be amperes."""
    with Mosquitto(tmp_path) as mosquitto, Wired(GoE(), mosquitto.port):
        assert "write for example 10" in tried(tmp_path, mosquitto.port, device(GoE()), "many")[1]
        assert tried(tmp_path, mosquitto.port, device(GoE()), "9,0A")[0] == 0


@pytest.mark.parametrize(("name", "amps"), [("garaeg", "9"), ("garage", "5"), ("garage", "17")])
def test_a_wrong_name_or_number_is_a_mistake_of_usage(tmp_path: Path, name: str, amps: str) -> None:
    """Exit 2, with the nearest name or the bounds, and the broker is not even asked."""
    config = tmp_path / "house.toml"
    config.write_text(HOUSE.format(port=1, charger=device(GoE())))
    command = [sys.executable, "-m", "han_gateway", "test-charger", name, amps, "--config", str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "did you mean garage?" in done.stderr or "0, or 6 to 16" in done.stderr
