"""Guards against a real mosquitto: what the broker says to a charger when we die."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from han_gateway.adapters.broker import BrokerSettings
from han_gateway.adapters.guards import Guards
from han_gateway.config.settings import Settings
from han_gateway.core.words.topics import Message
from tests.adapters.test_broker import ear, house, until
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parents[2]
GO_E, WARP = "go-eCharger/1/amp/set", "warp/1/evse/external_current_update"
WILLS = {"garage": Message(GO_E, b"6", 1), "shed": Message(WARP, b'{"current":6000}', 1)}

GATEWAY_THAT_DIES = f"""
import asyncio, sys
from han_gateway.adapters.broker import BrokerSettings
from han_gateway.adapters.guards import Guards
from han_gateway.config.settings import Settings
from han_gateway.core.words.topics import Message
async def main():
    guards = Guards(BrokerSettings(host="127.0.0.1", port=int(sys.argv[1])), lambda name: print(name, flush=True))
    guards.start({{"garage": Message("{GO_E}", b"6", 1), "shed": Message("{WARP}", b'{{"current":6000}}', 1)}})
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_broker_tells_every_guarded_charger_its_fallback_when_we_are_killed(tmp_path: Path) -> None:
    """After a kill -9 each charger without a failsafe hears its safe limit, in its own words, and nothing is retained."""
    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as charger:
        command = [sys.executable, "-c", GATEWAY_THAT_DIES, str(mosquitto.port)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as gateway:
            assert gateway.stdout is not None
            try:
                assert {gateway.stdout.readline().strip() for _ in range(2)} == {"garage", "shed"}
                assert charger.heard(GO_E) == []
            finally:
                gateway.kill()
        asyncio.run(until(lambda: charger.heard(GO_E) == [b"6"] and charger.heard(WARP) == [b'{"current":6000}']))
        with ear(mosquitto.port) as late:
            assert late.messages == []


def test_no_guard_has_the_name_of_another_gateway(tmp_path: Path) -> None:
    """The guard of the garage at home, and the gateway of a site called home-garage, do not throw each other out."""

    async def scene(port: int) -> None:
        back: list[str] = []
        guards = Guards(BrokerSettings(host="127.0.0.1", port=port, client_id="han-gateway-home"), back.append)
        guards.start({"garage": WILLS["garage"]})
        await until(lambda: back == ["garage"])
        async with house(port, client_id="han-gateway-home-garage") as other:
            await asyncio.sleep(1.5)  # time to be thrown out, and to come back
            assert (other.connections, back) == ([True], ["garage"])
        await guards.stop()

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_a_stop_and_a_change_leave_chargers_at_their_fallback(tmp_path: Path) -> None:
    """Who is guarded no more hears its fallback as our last word; who stays hears nothing."""

    async def scene(port: int) -> None:
        back: list[str] = []
        guards = Guards(BrokerSettings(host="127.0.0.1", port=port), back.append)
        guards.start(WILLS)
        await until(lambda: sorted(back) == ["garage", "shed"])
        await guards.change({"garage": WILLS["garage"]})
        await until(lambda: charger.heard(WARP) == [WILLS["shed"].payload])
        assert charger.heard(GO_E) == []
        await guards.stop()
        await until(lambda: charger.heard(GO_E) == [b"6"])

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as charger:
        asyncio.run(scene(mosquitto.port))


def test_a_guard_that_lost_its_broker_says_when_it_is_back(tmp_path: Path) -> None:
    """The broker may have spoken for us meanwhile, so the charger must hear its limit again."""

    async def scene(mosquitto: Mosquitto) -> None:
        back: list[str] = []
        guards = Guards(BrokerSettings(host="127.0.0.1", port=mosquitto.port), back.append)
        guards.start({"garage": WILLS["garage"]})
        await until(lambda: back == ["garage"])
        mosquitto.stop()
        mosquitto.start()
        await until(lambda: back == ["garage"] * 2)
        await guards.stop()

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_a_guard_that_is_not_let_in_is_known_with_the_reason(tmp_path: Path) -> None:
    """A broker that takes only the client id of the gateway itself: the guard is absent, and it is known why; none is when all are let in."""

    async def scene(port: int, name: str) -> dict[str, str]:
        back: list[str] = []
        settings = BrokerSettings(host="127.0.0.1", port=port, client_id=name)
        guards = Guards(settings, back.append)
        guards.start({"garage": WILLS["garage"]})
        await until(lambda: bool(back or guards.absent()["garage"]))
        absent = guards.absent()
        await guards.stop()
        return absent

    with Mosquitto(tmp_path, "allow_anonymous true\nclientid_prefixes han-gateway-home") as mosquitto:
        assert asyncio.run(scene(mosquitto.port, "han-gateway-home")) == {}
        assert asyncio.run(scene(mosquitto.port, "other"))["garage"].startswith("the broker refused us: ")


def test_the_unit_allows_a_guard_for_every_charger() -> None:
    """A guard is a thread: a housing cooperative with all its chargers stays below what systemd allows."""
    unit = (ROOT / "systemd" / "han-gateway@.service").read_text()
    tasks = int(unit.partition("TasksMax=")[2].split()[0])
    most = next(part.max_length for part in Settings.model_fields["charger"].metadata)
    assert tasks >= most + 16
