"""The broker adapter against a real mosquitto: what is promised about connections, outages and hostile company."""

import asyncio
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from han_gateway.adapters import acquaintances, link
from han_gateway.adapters import broker as broker_module
from han_gateway.adapters.broker import Address, Broker, BrokerSettings, TlsSettings, TlsUnusableError
from han_gateway.core.words.topics import Message
from tests.certificates import tls_config
from tests.mosquitto import Mosquitto, free_port

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
STATUS = "han/home/status"
LIMIT = "han/home/chargers/garage/limit"
REPORTS = "han/home/chargers/+/report"
REPORT = "han/home/chargers/garage/report"
SETTING = "han/home/caps/power/set"
COMMAND = "han/home/chargers/garage/command"
ONLINE = Message(STATUS, b"online", 1, True, None)
OFFLINE = Message(STATUS, b"offline", 1, True, None)


class House:
    """A broker adapter and all that it told us."""

    def __init__(self, port: int, **settings: Any) -> None:
        self.connections: list[bool] = []
        self.heard: list[tuple[str, bytes]] = []
        self.troubles: list[str] = []
        self.refused: list[str] = []
        given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "client_id": "under-test"} | settings
        self.broker = Broker(
            BrokerSettings(**given),
            will=OFFLINE,
            birth=ONLINE,
            subscriptions=(REPORTS, SETTING),
            settled=frozenset({SETTING}),
            on_connection=self.connections.append,
            on_message=lambda topic, payload: self.heard.append((topic, payload)),
            on_trouble=self.troubles.append,
        )
        self.broker.troubles.on_denied = self.refused.append

    def limit(self, amps: int, expiry_s: int | None = 60) -> None:
        """Publish a limit."""
        self.broker.publish(Message(LIMIT, b"%d" % amps, 1, False, expiry_s))


@asynccontextmanager
async def house(port: int, *, connected: bool = True, patience_s: float = 2.0, **settings: Any) -> AsyncIterator[House]:
    """A started adapter, connected unless the test is about not connecting, and ended within ``patience_s``."""
    it = House(port, **settings)
    it.broker.start(asyncio.get_running_loop())
    try:
        if connected:
            await until(lambda: it.broker.connected)
        yield it
    finally:
        await it.broker.stop(patience_s)


async def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Waits for what must become true."""
    try:
        async with asyncio.timeout(patience_s):
            while not true():  # noqa: ASYNC110  what is awaited may be anywhere, also in a thread or another process
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail("it did not become true in time")


async def listening(it: House, other: "Ear", topic: str = REPORT) -> None:
    """Waits until the broker has taken note that the house listens to ``topic``, and forgets what was said to learn that."""
    async with asyncio.timeout(PATIENCE_S):
        while not it.heard:
            other.client.publish(topic, b"does it listen?", qos=1)
            await asyncio.sleep(0.1)
    other.client.publish(topic, b"it does", qos=1)
    await until(lambda: it.heard[-1] == (topic, b"it does"))
    it.heard.clear()


class Ear:
    """Another client of the same broker, speaking MQTT 5, hearing everything."""

    def __init__(self, port: int, user: str = "", topic: str = "#") -> None:
        self.messages: list[MQTTMessage] = []
        self._ready = False
        self.client = Client(CallbackAPIVersion.VERSION2, f"ear{port}{user}", protocol=MQTTProtocolVersion.MQTTv5)
        if user:
            self.client.username_pw_set(user, "secret")
        self.client.on_message = lambda *said: self.messages.append(said[2])
        self.client.on_subscribe = lambda *_: setattr(self, "_ready", True)
        self.client.connect("127.0.0.1", port)
        self.client.subscribe(topic, qos=1)
        self.client.loop_start()
        end = time.monotonic() + PATIENCE_S
        while not self._ready:
            assert time.monotonic() < end
            time.sleep(0.01)

    def heard(self, topic: str) -> list[bytes]:
        """The payloads that came on ``topic``."""
        return [bytes(message.payload) for message in self.messages if message.topic == topic]


@contextmanager
def ear(port: int, user: str = "", topic: str = "#") -> Iterator[Ear]:
    """An ``Ear`` that is closed afterwards."""
    it = Ear(port, user, topic)
    try:
        yield it
    finally:
        it.client.disconnect()
        it.client.loop_stop()
        it.client.on_message = it.client.on_subscribe = None  # else it waits for the collector with its sockets open


def test_birth_then_limits_with_expiry_then_offline(tmp_path: Path) -> None:
    """A subscriber sees online, a limit that is not retained and carries its expiry, and offline on a proper stop."""
    waited: list[float] = []

    async def scene(port: int, other: Ear) -> None:
        async with house(port) as it:
            began = time.monotonic()
            it.limit(16)
            await until(lambda: other.heard(LIMIT) == [b"16"])
            waited.append(time.monotonic() - began)
            assert it.connections == [True]

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as other:
        asyncio.run(scene(mosquitto.port, other))
        asyncio.run(until(lambda: other.heard(STATUS) == [b"online", b"offline"]))
        with ear(mosquitto.port) as late:
            asyncio.run(until(lambda: late.heard(STATUS) == [b"offline"]))
            assert late.heard(LIMIT) == []
    limit = next(message for message in other.messages if message.topic == LIMIT)
    assert limit.properties is not None
    assert 58 - waited[0] <= limit.properties.MessageExpiryInterval <= 60  # type: ignore[attr-defined]


def test_a_limit_does_not_wait_behind_a_reading(tmp_path: Path) -> None:
    """What is published goes out at once, not when the broker's system has acknowledged what went before (TCP_NODELAY)."""

    async def scene(port: int) -> None:
        async with house(port) as it:
            assert it.broker._session is not None
            connection = it.broker._session._client.socket()
            assert connection is not None
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # type: ignore[attr-defined]

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto.port))


GATEWAY_THAT_DIES = """
import asyncio, os, sys
from han_gateway.adapters.broker import Broker, BrokerSettings
from han_gateway.core.words.topics import Message
word = lambda payload: Message("han/home/status", payload, 1, True, None)
async def main():
    broker = Broker(BrokerSettings(host="127.0.0.1", port=int(sys.argv[1])), will=word(b"offline"), birth=word(b"online"),
                    subscriptions=(), on_connection=lambda up: None, on_message=lambda *_: None)
    broker.start(asyncio.get_running_loop())
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_last_will_tells_of_a_killed_gateway(tmp_path: Path) -> None:
    """When the gateway is killed with -9, the broker says offline for it, retained."""
    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as other:
        gateway = subprocess.Popen([sys.executable, "-c", GATEWAY_THAT_DIES, str(mosquitto.port)], cwd=ROOT)
        try:
            asyncio.run(until(lambda: other.heard(STATUS) == [b"online"]))
        finally:
            gateway.kill()
            gateway.wait()
        asyncio.run(until(lambda: other.heard(STATUS) == [b"online", b"offline"]))


def test_after_an_outage_exactly_the_latest_values_arrive(tmp_path: Path) -> None:
    """A broker that died and came back gets one value per topic: the newest; and reports are heard again.

    How soon is for the campaign broker_kill to tell (R-16): a machine with other things to do is given time here and below.
    """

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it:
            it.broker.publish(Message("han/home/headroom", b"told before", 1, True, None))
            mosquitto.stop()
            await until(lambda: not it.broker.connected)
            for amps in range(100):
                it.limit(amps)
            await asyncio.sleep(3)  # long enough for the back-off to grow
            mosquitto.start()
            with ear(mosquitto.port) as other:
                await until(lambda: it.broker.connected)
                await until(lambda: len(other.messages) == 3)
                await asyncio.sleep(0.2)
                assert sorted(other.heard(LIMIT) + other.heard(STATUS) + other.heard("han/home/headroom")) == [
                    b"99",
                    b"online",
                    b"told before",
                ]
                assert len(other.messages) == 3
                await listening(it, other)
            assert it.connections == [True, False, True]
            assert it.broker.reconnects == 1
            assert it.broker.dropped == 0

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_nothing_is_said_twice_to_a_broker_that_came(tmp_path: Path) -> None:
    """What the house publishes because the broker is there goes out once, beside online and what is kept, each once."""
    headroom = Message("han/home/headroom", b"told before", 1, True, None)

    async def scene(port: int, other: Ear) -> None:
        it = House(port)
        it.broker._on_connection = lambda _: it.broker.publish(headroom._replace(payload=b"now"))
        it.broker.start(asyncio.get_running_loop())
        it.broker.publish(headroom)
        await until(lambda: bool(other.heard(STATUS)) and bool(other.heard(headroom.topic)))
        await asyncio.sleep(0.2)
        assert (other.heard(STATUS), other.heard(headroom.topic)) == ([b"online"], [b"now"])
        await it.broker.stop()

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as other:
        asyncio.run(scene(mosquitto.port, other))


def test_what_is_held_goes_out_at_the_end_of_the_hold(tmp_path: Path) -> None:
    """Of the limits of a time that was slept through the last one is said, and none that is over already."""

    async def scene(port: int, other: Ear) -> None:
        async with house(port) as it:
            it.broker.hold(True)
            for amps in (16, 16, 9, 6):
                it.limit(amps)
            it.broker.hold(False)
            await until(lambda: bool(other.heard(LIMIT)))
            it.limit(7)
            await until(lambda: other.heard(LIMIT) == [b"6", b"7"])

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port) as other:
        asyncio.run(scene(mosquitto.port, other))


def test_a_broker_that_is_down_at_the_start_delays_nobody(tmp_path: Path) -> None:
    """Without a broker publishing returns at once and trouble is told once; when it comes, all is well."""

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port, connected=False) as it:
            before = time.monotonic()
            it.limit(10)
            it.limit(6, expiry_s=1)
            assert time.monotonic() - before < PATIENCE_S
            await until(lambda: bool(it.troubles))
            await asyncio.sleep(1.5)
            assert it.connections == []
            assert it.troubles == [f"cannot reach 127.0.0.1:{mosquitto.port}: Connection refused; is a broker running there?"]
            mosquitto.start()
            with ear(mosquitto.port) as other:
                await until(lambda: other.heard(STATUS) == [b"online"])
                assert other.heard(LIMIT) == []
            await until(lambda: it.broker.dropped == 1)
            assert it.broker.reconnects == 0

    mosquitto = Mosquitto(tmp_path)
    try:
        asyncio.run(scene(mosquitto))
    finally:
        mosquitto.stop()


def test_a_broker_that_hangs_is_noticed(tmp_path: Path) -> None:
    """A connection that stays open while nobody answers is given up after two keepalives, and heals when the broker does.

    How soon is for the campaign broker_kill to tell (R-16): a machine with other things to do is given time here.
    """

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port, keepalive_s=2) as it:
            mosquitto.freeze()
            it.limit(10)
            await until(lambda: not it.broker.connected)
            it.limit(6)
            mosquitto.thaw()
            await until(lambda: it.broker.connected)

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_of_several_brokers_one_that_answers_is_used(tmp_path: Path) -> None:
    """When a broker dies or hangs, the next address takes over within seconds and gets the latest values."""

    async def scene(first: Mosquitto, second: Mosquitto) -> None:
        others = (Address("127.0.0.1", second.port),)
        async with house(first.port, others=others, keepalive_s=1) as it:
            first.stop()
            it.limit(10)
            await until(lambda: it.connections == [True, False, True])
            assert it.broker.address == others[0]
            with ear(second.port) as other:
                it.limit(6)
                await until(lambda: other.heard(STATUS) == [b"online"] and b"6" in other.heard(LIMIT))
            second.freeze()
            first.start()
            await until(lambda: it.broker.connected and it.broker.address.port == first.port)
            second.thaw()

    with Mosquitto(tmp_path) as first, Mosquitto(tmp_path) as second:
        asyncio.run(scene(first, second))


def test_several_brokers_that_are_all_away_are_told_once(tmp_path: Path) -> None:
    """While nobody answers, each address is named once, not in every round."""

    async def scene(ports: tuple[int, int], mosquitto: Mosquitto) -> None:
        async with house(ports[0], connected=False, others=(Address("127.0.0.1", ports[1]),)) as it:
            await until(lambda: len(it.troubles) == 2)
            await asyncio.sleep(3.2)  # more rounds
            assert it.troubles == [
                f"cannot reach 127.0.0.1:{port}: Connection refused; is a broker running there?" for port in ports
            ]
            mosquitto.start()
            await until(lambda: it.broker.connected)

    mosquitto = Mosquitto(tmp_path)
    try:
        asyncio.run(scene((free_port(), mosquitto.port), mosquitto))
    finally:
        mosquitto.stop()


def test_of_two_values_lost_on_their_way_the_newer_one_is_sent_again(tmp_path: Path) -> None:
    """When the broker dies before it took two limits for one charger, the next one gets the newer limit only."""

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it:
            await until(lambda: not it.broker._in_flight)
            mosquitto.freeze()
            it.limit(10)
            it.limit(6)
            await asyncio.sleep(0.1)
            mosquitto.stop()
            await until(lambda: not it.broker.connected)
            mosquitto.start()
            with ear(mosquitto.port) as other:
                await until(lambda: bool(other.heard(LIMIT)))
                await asyncio.sleep(0.1)
                assert other.heard(LIMIT) == [b"6"]

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_a_broker_that_hangs_cannot_hold_up_the_end(tmp_path: Path) -> None:
    """Stopping while the broker hangs ends in bounded time, says so, and leaves no thread behind."""

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port, patience_s=0.3) as it:
            await until(lambda: not it.broker._in_flight)
            mosquitto.freeze()
        assert it.troubles == ["the broker did not take our last messages in time"]
        assert it.connections == [True]
        await until(lambda: "mqtt" not in {thread.name for thread in threading.enumerate()})

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def passwords(folder: Path) -> str:
    """The example configuration of this repository with a password file for five users, and no listener."""
    file = folder / "passwd"
    file.touch(mode=0o600)
    for user in ("han-gateway", "garage", "yard", "shed", "homeassistant"):
        subprocess.run(["mosquitto_passwd", "-b", str(file), user, "secret"], check=True, capture_output=True)
    lines = (ROOT / "config" / "mosquitto.conf").read_text().splitlines()
    example = "\n".join(line for line in lines if not line.startswith("listener"))
    return example.replace("/etc/mosquitto/han-gateway.passwd", str(file)).replace(
        "/etc/mosquitto/han-gateway.acl", str(ROOT / "config" / "mosquitto.acl")
    )


def test_a_wrong_password_is_told_and_tried_again(tmp_path: Path) -> None:
    """With a wrong password there is no connection, and the reason is said once, without the password."""

    async def scene(port: int) -> None:
        async with house(port, connected=False, username="han-gateway", password="wrong") as it:
            await until(lambda: bool(it.troubles))
            await asyncio.sleep(2.3)  # time for a second attempt
            assert it.connections == []
            (trouble,) = it.troubles
            assert trouble.startswith("the broker refused us: Not authorized; check username and the password under [mqtt]")
        assert "wrong" not in repr(BrokerSettings(host="h", username="u", password="wrong"))

    with Mosquitto(tmp_path, passwords(tmp_path)) as mosquitto:
        asyncio.run(scene(mosquitto.port))


DISCOVERY = "homeassistant/device/han-gateway_home/site/config"
MAY = {
    ("han-gateway", LIMIT): True,
    ("han-gateway", STATUS): True,
    ("han-gateway", DISCOVERY): True,
    ("han-gateway", "homeassistant/status"): False,
    ("garage", REPORT): True,
    ("garage", LIMIT): False,
    ("garage", STATUS): False,
    ("garage", "han/home/chargers/yard/report"): False,
    ("garage", "han/home/chargers/yard/limit"): False,
    ("garage", "han/home/circuits/shed/load"): False,
    ("garage", SETTING): False,
    ("garage", COMMAND): False,
    ("garage", "han/home/chargers/garage/outcome"): False,
    ("garage", "han/home/chargers/garage/restart"): False,
    ("garage", DISCOVERY): False,
    ("shed", "han/home/circuits/shed/load"): True,
    ("shed", REPORT): False,
    ("homeassistant", LIMIT): False,
    ("homeassistant", REPORT): False,
    ("homeassistant", SETTING): True,
    ("homeassistant", COMMAND): True,
    ("homeassistant", "han/home/chargers/garage/restart"): False,
    ("homeassistant", "homeassistant/status"): True,
    ("homeassistant", DISCOVERY): True,  # who deletes a device there removes its message
}


def test_the_access_rules_of_the_example_hold(tmp_path: Path) -> None:
    """With config/mosquitto.conf and .acl only the gateway writes limits, and a charger writes nothing but its own report."""

    def allowed(port: int, user: str, topic: str) -> bool:
        with ear(port, user, "none") as it:
            answers: list[bool] = []
            it.client.on_publish = lambda *told: answers.append(not told[3].is_failure)
            it.client.publish(topic, b"x", qos=1)
            asyncio.run(until(lambda: bool(answers)))
            return answers[0]

    with Mosquitto(tmp_path, passwords(tmp_path)) as mosquitto:
        assert {(user, topic): allowed(mosquitto.port, user, topic) for user, topic in MAY} == MAY


def test_a_denied_publish_is_noticed(tmp_path: Path) -> None:
    """A topic that the ACL denies is counted each time and named once with the remedy; what is allowed still goes through."""

    async def scene(port: int) -> None:
        async with house(port, username="han-gateway", password="secret") as it:
            for count, topic in enumerate(("evcc/a", "evcc/b", "evcc/a", "evcc/b"), 1):
                it.broker.publish(Message(topic, b"0", 1, False, None))
                await until(lambda: it.broker.publish_failures == count)  # noqa: B023  it is awaited within this turn
            remedy = "let the broker's ACL allow han-gateway to write it"
            assert it.troubles == [f"evcc/{each} was not published: Not authorized; {remedy}" for each in "ab"]
            with ear(port, "garage", LIMIT) as own, ear(port, "yard", LIMIT) as others:
                it.limit(10)
                await until(lambda: own.heard(LIMIT) == [b"10"])
                await asyncio.sleep(0.1)
                assert others.heard(LIMIT) == []
                others.client.publish(REPORT, b"forged", qos=1)
                own.client.publish(REPORT, b"{}", qos=1)
                await until(lambda: it.heard == [(REPORT, b"{}")])

    with Mosquitto(tmp_path, passwords(tmp_path)) as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_a_limit_that_is_denied_is_known_until_one_is_taken(tmp_path: Path) -> None:
    """The topic is known, and who worded it hears of each refusal; when the broker's rules are mended, the next limit ends it."""
    (tmp_path / "acl").write_text("topic write han/home/status\n")
    (tmp_path / "acl").chmod(0o644)

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it:
            for count in (1, 2):
                it.limit(10)
                await until(lambda: it.refused == [LIMIT] * count)  # noqa: B023  it is awaited within this turn
                assert it.broker.troubles.denied == LIMIT
            (tmp_path / "acl").write_text("topic readwrite #\n")
            mosquitto.reread()
            async with asyncio.timeout(PATIENCE_S):
                while it.broker.troubles.denied is not None:  # it reads them when it has time to
                    it.limit(10)
                    await asyncio.sleep(0.1)
            assert it.connections == [True]

    with Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {tmp_path / 'acl'}") as mosquitto:
        asyncio.run(scene(mosquitto))


@pytest.mark.parametrize("mqtt5", [True, False])
def test_on_a_topic_of_our_own_only_others_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mqtt5: bool) -> None:
    """What we publish where we also listen does not come back to us, in MQTT 5 and in 3.1.1; what somebody else says there does."""

    async def scene(port: int, other: Ear) -> None:
        it = House(port)
        it.broker.listen((LIMIT,), frozenset())
        if not mqtt5:
            monkeypatch.setattr(
                it.broker._link._known, "speaks_mqtt5", lambda _: False
            )  # as if this broker had refused it before
        it.broker.start(asyncio.get_running_loop())
        for amps in range(20):
            it.limit(amps)
        await until(lambda: it.broker.connected)
        for amps in range(20, 40):
            it.limit(amps)
        await until(lambda: other.heard(LIMIT)[-1:] == [b"39"])
        other.client.publish(LIMIT, b"40", qos=1)
        await until(lambda: bool(it.heard))
        assert it.heard == [(LIMIT, b"40")]
        await it.broker.stop()

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port, topic=LIMIT) as other:
        asyncio.run(scene(mosquitto.port, other))


def test_other_topics_are_heard_from_one_moment_to_the_next(tmp_path: Path) -> None:
    """After ``listen`` the new topics are heard and the old ones are not, in this connection and in the next."""
    yard, barn = "han/home/chargers/yard/report", "han/home/chargers/barn/report"

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it:
            for turn, topic in enumerate((yard, barn), 1):
                it.broker.listen((topic,), frozenset())
                with ear(mosquitto.port, topic="none") as other:
                    await listening(it, other, topic)
                    for each in (REPORT, yard, barn):
                        other.client.publish(each, b"last", qos=1)
                    await until(lambda: (topic, b"last") in it.heard)  # noqa: B023  it is awaited within this turn
                    await asyncio.sleep(0.1)
                    assert {heard for heard, _ in it.heard} == {topic}
                it.heard.clear()
                mosquitto.stop()
                mosquitto.start()
                await until(lambda: it.broker.reconnects == turn)  # noqa: B023  as above
            with ear(mosquitto.port, topic="none") as other:
                await listening(it, other, barn)
                other.client.publish(yard, b"{}", qos=1)
                other.client.publish(barn, b"{}", qos=1)
                await until(lambda: it.heard == [(barn, b"{}")])

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_a_retained_setting_is_heard_again_when_the_house_changes(tmp_path: Path) -> None:
    """After ``listen`` a setting that waits on the broker comes once more: other bounds may allow it now. A retained report never does."""

    async def scene(port: int) -> None:
        async with house(port) as it:
            with ear(port, topic="none") as other:
                await listening(it, other)
                other.client.publish(SETTING, b"6000", qos=1, retain=True)
                other.client.publish(REPORT, b"{}", qos=1, retain=True)
                await until(lambda: sorted(it.heard) == sorted([(SETTING, b"6000"), (REPORT, b"{}")]))
            it.heard.clear()
            it.broker.listen((REPORT, SETTING), frozenset({SETTING}))
            await until(lambda: it.heard == [(SETTING, b"6000")])
            await asyncio.sleep(0.1)
            assert it.heard == [(SETTING, b"6000")]

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_what_counts_when_it_is_retained_changes_with_the_house(tmp_path: Path) -> None:
    """After ``listen`` the settings of a new charger that wait on the broker are heard, and those of one that is gone are not."""
    mode = "han/home/chargers/yard/mode"

    async def scene(port: int) -> None:
        async with house(port) as it:
            with ear(port, topic="none") as other:
                for topic in (SETTING, mode):
                    other.client.publish(topic, b"pv", qos=1, retain=True)
                await until(lambda: it.heard == [(SETTING, b"pv")])
            it.heard.clear()
            it.broker.listen((SETTING, mode), frozenset({mode}))
            await until(lambda: it.heard == [(mode, b"pv")])

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_a_message_larger_than_the_broker_takes_is_refused_here(tmp_path: Path) -> None:
    """A retained message beyond the broker's limit is counted and does not end the connection again and again."""

    async def scene(port: int) -> None:
        async with house(port) as it:
            it.broker.publish(Message("han/home/large", b"x" * 2_000, 1, True, None))
            assert it.broker.publish_failures == 1
            it.limit(10)
            await asyncio.sleep(0.3)
            assert it.connections == [True]

    with Mosquitto(tmp_path, "allow_anonymous true\nmax_packet_size 1000") as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_hostile_messages_to_us_are_ignored_and_counted(tmp_path: Path) -> None:
    """A payload above 4 KiB and a stored report of unknown age reach nobody; both are counted."""

    async def scene(port: int, other: Ear) -> None:
        other.client.publish(REPORT, b"last year's", qos=1, retain=True).wait_for_publish(10)
        async with house(port) as it:
            await listening(it, other)
            other.client.publish(REPORT, b"x" * 4097, qos=1)
            other.client.publish(REPORT, b"y" * 100_000, qos=1)
            other.client.publish(REPORT, b"z" * 4096, qos=1)
            await until(lambda: bool(it.heard))
            assert it.heard == [(REPORT, b"z" * 4096)]
            assert it.broker.ignored == 2  # the largest one did not even get here: we told the broker what we take

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port, topic="none") as other:
        asyncio.run(scene(mosquitto.port, other))


def test_a_stored_setting_is_heard(tmp_path: Path) -> None:
    """A setting that somebody retained is heard after each connection; a report beside it is not."""

    async def scene(port: int, other: Ear) -> None:
        other.client.publish(REPORT, b"last year's", qos=1, retain=True).wait_for_publish(10)
        other.client.publish(SETTING, b"8000", qos=1, retain=True).wait_for_publish(10)
        async with house(port) as it:
            await until(lambda: bool(it.heard) and it.broker.ignored == 1)
            assert it.heard == [(SETTING, b"8000")]

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port, topic="none") as other:
        asyncio.run(scene(mosquitto.port, other))


def test_a_flood_of_messages_does_not_pile_up(tmp_path: Path) -> None:
    """While the loop is busy at most a bounded number of messages waits for it; the rest is dropped and counted."""

    async def scene(port: int, other: Ear) -> None:
        async with house(port) as it:
            await listening(it, other)
            for _ in range(600):
                other.client.publish(REPORT, b"{}", qos=0)
            for _ in range(6000):
                if it.broker.ignored == 600 - broker_module.MAX_UNHEARD:
                    break
                time.sleep(0.01)  # noqa: ASYNC251  a loop that is busy is what this is about
            await until(lambda: len(it.heard) + it.broker.ignored == 600)
            assert len(it.heard) == broker_module.MAX_UNHEARD
            other.client.publish(REPORT, b"after", qos=1)
            await until(lambda: it.heard[-1] == (REPORT, b"after"))

    with Mosquitto(tmp_path) as mosquitto, ear(mosquitto.port, topic="none") as other:
        asyncio.run(scene(mosquitto.port, other))


def rss_kib() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def test_an_outage_costs_no_memory() -> None:
    """20,000 limits and readings published while the broker is away cost less than 2 MiB, and hardly any time."""

    async def scene() -> None:
        async with house(free_port(), connected=False) as it:
            for warm in range(100):
                it.limit(warm)
            before = rss_kib()
            for number in range(10_000):
                it.broker.publish(Message("han/home/meter", b"%d" % number * 100, 0, False, 30))
                it.limit(number)
            assert rss_kib() - before < 2_048
            assert it.broker.dropped == 0

    asyncio.run(scene())


# TLS

# paho leaves a socket whose handshake failed to the garbage collector, which closes it, but aloud.
paho_leaves_sockets = pytest.mark.filterwarnings("ignore:Exception ignored in. <s:pytest.PytestUnraisableExceptionWarning")


def test_tls_with_our_own_ca_and_a_client_certificate(tmp_path: Path, certificates: Path) -> None:
    """With the right CA and a certificate of our own we connect and publish."""
    tls = TlsSettings(
        ca_file=certificates / "ca.crt", certificate_file=certificates / "gateway.crt", key_file=certificates / "gateway.key"
    )

    async def scene(port: int) -> None:
        async with house(port, host="localhost", tls=tls) as it:
            it.limit(10)
            await until(lambda: not it.broker._in_flight)

    with Mosquitto(tmp_path, tls_config(certificates)) as mosquitto:
        asyncio.run(scene(mosquitto.port))


@paho_leaves_sockets
def test_certificates_that_are_renewed_count_without_a_restart(tmp_path: Path, certificates: Path) -> None:
    """The broker got a new CA overnight: once its certificate is in our file we are back, and half a file on the way does no harm."""
    ca = tmp_path / "ca.crt"
    ca.write_bytes((certificates / "other.crt").read_bytes())
    tls = TlsSettings(ca_file=ca, certificate_file=certificates / "gateway.crt", key_file=certificates / "gateway.key")

    async def scene(port: int) -> None:
        async with house(port, connected=False, host="localhost", tls=tls) as it:
            await until(lambda: bool(it.troubles))
            ca.write_text("-----BEGIN CERT")
            await asyncio.sleep(1.5)  # time for an attempt
            assert it.connections == []
            ca.write_bytes((certificates / "ca.crt").read_bytes())
            await until(lambda: it.broker.connected)

    with Mosquitto(tmp_path, tls_config(certificates)) as mosquitto:
        asyncio.run(scene(mosquitto.port))


@paho_leaves_sockets
@pytest.mark.parametrize(
    ("host", "ca", "shown", "remedy"),
    [
        ("localhost", "other.crt", "localhost", "let ca_file name the certificate of the CA that signed it"),
        ("localhost", None, "localhost", "let ca_file name the certificate of the CA that signed it"),
        ("127.0.0.1", "ca.crt", "localhost", "write the name in host that stands in the certificate"),
        ("localhost", "ca.crt", "expired", "certificate has expired); renew it"),
    ],
    ids=["wrong CA", "system's CAs", "wrong name", "expired"],
)
def test_a_broker_that_is_not_ours_is_not_trusted(
    tmp_path: Path, certificates: Path, host: str, ca: str | None, shown: str, remedy: str
) -> None:
    """With a wrong CA, name or date there is no connection, the reason and the remedy are told, and there is no way around it."""
    tls = TlsSettings(ca_file=None if ca is None else certificates / ca)
    refused(tmp_path, tls_config(certificates, shown), remedy, host=host, tls=tls)


@paho_leaves_sockets
def test_never_plain_where_tls_is_configured(tmp_path: Path, certificates: Path) -> None:
    """A plain port is not spoken to when TLS is configured, nor a TLS port without our certificate or without TLS."""
    tls = TlsSettings(ca_file=certificates / "ca.crt")
    refused(tmp_path, "allow_anonymous true", "does this port speak TLS?", tls=tls)
    config = tls_config(certificates)
    refused(tmp_path, config, "does it want a certificate of ours", host="localhost", tls=tls)
    refused(tmp_path, config, "does it want TLS")


@paho_leaves_sockets
def test_a_port_that_hangs_up_on_tls_is_asked_after(certificates: Path) -> None:
    """A server without TLS may hang up politely, as one behind a forwarder does: the question is the same as to one that resets."""

    async def scene() -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(4096)
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with house(port, connected=False, host="localhost", tls=TlsSettings(ca_file=certificates / "ca.crt")) as it:
            await until(lambda: bool(it.troubles))
            assert it.troubles[0].endswith("; does this port speak TLS?")
        server.close()

    asyncio.run(scene())


@paho_leaves_sockets
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_an_old_tls_is_not_spoken(certificates: Path) -> None:
    """A broker that speaks nothing newer than TLS 1.1 is not spoken to, though others would."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(certificates / "localhost.crt", certificates / "localhost.key")
    willing = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    for context in (old, willing):
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1

    async def scene() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=old)
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=willing, server_hostname="localhost")
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.1"
        writer.close()
        tls = TlsSettings(ca_file=certificates / "ca.crt")
        async with house(port, connected=False, host="localhost", tls=tls) as it:
            await until(lambda: bool(it.troubles))
            assert f"cannot reach localhost:{port}: " in it.troubles[0]
            assert it.connections == []
        server.close()

    asyncio.run(scene())


def refused(folder: Path, config: str, says: str, **settings: Any) -> None:
    """No connection with these settings, and the words that people get."""

    async def scene(port: int) -> None:
        async with house(port, connected=False, **settings) as it:
            await until(lambda: bool(it.troubles))
            await asyncio.sleep(0.2)
            assert it.connections == []
            assert says in it.troubles[0]

    with Mosquitto(folder, config) as mosquitto:
        asyncio.run(scene(mosquitto.port))


def test_unusable_certificate_files_are_named(tmp_path: Path, certificates: Path) -> None:
    """A CA or certificate file that is missing or is none is an error that names the file, before anything starts."""
    for wrong in (tmp_path / "missing.crt", certificates / "ca.key"):
        with pytest.raises(TlsUnusableError, match=str(wrong)):
            House(1, tls=TlsSettings(ca_file=wrong))
    with pytest.raises(TlsUnusableError, match=r"gateway\.crt"):
        House(1, tls=TlsSettings(certificate_file=certificates / "gateway.crt", key_file=certificates / "other.key"))


# Brokers that are not mosquitto, played by a script.

CONNACK_5 = bytes.fromhex("2003000000")
CONNACK_311 = bytes.fromhex("20020000")
NO_SUCH_VERSION = bytes.fromhex("20020001")


@asynccontextmanager
async def scripted(answers: Callable[[int], bytes | None], after: bytes = b"") -> AsyncIterator[tuple[int, list[int]]]:
    """A broker that answers CONNECT of each protocol level with ``answers(level)``, or hangs up; then says ``after``."""
    levels: list[int] = []
    guests: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(writer)
        hello = await reader.read(1_000)
        levels.append(hello[8])
        answer = answers(hello[8])
        if answer is None:
            writer.close()
        else:
            writer.write(answer + after)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], levels
    finally:
        server.close()
        await asyncio.sleep(0.05)  # a guest may be just coming in
        for writer in guests:
            writer.transport.abort()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("refusal", [NO_SUCH_VERSION, bytes.fromhex("2003008400"), None], ids=["as 3.1.1", "as 5", "hangs up"])
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(refusal: bytes | None) -> None:
    """When a broker refuses MQTT 5 in any of the three ways seen, 3.1.1 is tried at once, and no trouble is told."""

    async def scene() -> None:
        async with (
            scripted(lambda level: CONNACK_311 if level == 4 else refusal) as (port, levels),
            house(port, patience_s=0.1) as it,
        ):
            assert levels == [5, 4]
            assert it.troubles == []
            assert it.connections == [True]

    asyncio.run(scene())


def test_a_refused_subscription_is_told() -> None:
    """A broker that lets us in and not listen is reported in words, and limits go on."""
    accepted, not_authorized = bytes.fromhex("2003000000"), bytes.fromhex("900400010087")

    async def scene() -> None:
        async with scripted(lambda _: accepted, not_authorized) as (port, _), house(port, patience_s=0.1) as it:
            await until(lambda: bool(it.troubles))
            assert it.troubles == ["the broker refused a subscription: Not authorized"]
            assert it.broker.connected

    asyncio.run(scene())


def test_the_version_that_worked_last_is_tried_first() -> None:
    """Who was served in 3.1.1 is not asked for MQTT 5 at every reconnection, but again as soon as 3.1.1 does not work either."""
    answers = iter([None, CONNACK_311, CONNACK_311, None, None])

    async def scene() -> None:
        ends_it = bytes.fromhex("f000")
        async with (
            scripted(lambda _: next(answers, None), ends_it) as (port, levels),
            house(port, connected=False, patience_s=0.1),
        ):
            await until(lambda: len(levels) >= 5)
            assert levels[:5] == [5, 4, 4, 4, 5]

    asyncio.run(scene())


def test_a_topic_that_cannot_be_read_is_ignored() -> None:
    """A message whose topic is no UTF-8 is counted, and the connection goes on."""
    unreadable = bytes.fromhex("3005 0002 fffe 00")

    async def scene() -> None:
        async with (
            scripted(lambda level: CONNACK_311 if level == 4 else None, unreadable) as (port, _),
            house(port, patience_s=0.1) as it,
        ):
            await until(lambda: it.broker.ignored == 1)
            assert it.broker.connected

    asyncio.run(scene())


@pytest.mark.parametrize("nonsense", ["3002ffff", "900100", "f000", "36"], ids=["topic too long", "short SUBACK", "AUTH", "half"])
def test_a_broker_that_talks_nonsense_is_left(nonsense: str) -> None:
    """Malformed packets end the session, not the thread: connecting goes on."""

    async def scene() -> None:
        async with (
            scripted(lambda level: CONNACK_311 if level == 4 else None, bytes.fromhex(nonsense)) as (port, levels),
            house(port, connected=False, patience_s=0.1, keepalive_s=1),
        ):
            await until(lambda: len(levels) >= 3)

    asyncio.run(scene())


# Brokers that let us in and then say nothing.


def test_a_broker_that_is_frozen_before_its_first_word_costs_five_seconds_at_most(tmp_path: Path) -> None:
    """When the broker hangs but its port is open, the next address is spoken to within 5 s; and the trouble is told."""
    assert acquaintances.ANSWER_MS[0] + 1_000 * link.LOOK_S < 5_000

    async def scene(first: Mosquitto, second: Mosquitto) -> None:
        first.freeze()
        async with house(first.port, connected=False, others=(Address("127.0.0.1", second.port),)) as it:
            await until(lambda: it.broker.connected)
            assert it.broker.address.port == second.port
            assert "does not answer" in it.troubles[0]
        first.thaw()

    with Mosquitto(tmp_path) as first, Mosquitto(tmp_path) as second:
        asyncio.run(scene(first, second))


def test_a_broker_that_thaws_is_spoken_to_in_mqtt_5_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence of a broker that has spoken MQTT 5 is no reason to take it for an old one: limits keep their expiry."""

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port, keepalive_s=1) as it:
            monkeypatch.setattr(acquaintances, "ANSWER_MS", (400,))
            mosquitto.freeze()
            await until(lambda: any("does not answer" in trouble for trouble in it.troubles))
            await asyncio.sleep(3.0)  # more attempts
            mosquitto.thaw()
            await until(lambda: it.broker.connected)
            with ear(mosquitto.port) as other:
                it.limit(6)
                await until(lambda: bool(other.heard(LIMIT)))
                assert [hasattr(said.properties, "MessageExpiryInterval") for said in other.messages if said.topic == LIMIT] == [
                    True
                ]

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


@pytest.mark.parametrize(
    "crooked", ["20060000 03 210000", "20050000 02 0100", "200700 00 04 1f0001ff"], ids=["none at once", "expiry", "text"]
)
def test_crooked_mqtt_5_properties_end_the_session_and_not_the_thread(crooked: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A broker whose welcome breaks the rules of MQTT 5 is left and tried again; nobody sees a traceback."""

    async def scene() -> None:
        async with (
            scripted(lambda _level: bytes.fromhex(crooked)) as (port, levels),
            house(port, connected=False, patience_s=0.1, keepalive_s=1) as it,
        ):
            await until(lambda: len(levels) >= 2)
            await until(lambda: bool(it.troubles))

    asyncio.run(scene())
    assert "Traceback" not in capfd.readouterr().err


@asynccontextmanager
async def quiet(answers: Callable[[int, int], float | None]) -> AsyncIterator[tuple[int, list[int]]]:
    """A broker that lets everybody in and answers CONNECT after ``answers(visit, level)`` seconds, or never."""
    levels: list[int] = []
    guests: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(writer)
        hello = await reader.read(1_000)
        if not hello:
            return
        levels.append(hello[8])
        delay = answers(len(levels), hello[8])
        if delay is not None:
            answer = CONNACK_311 if hello[8] == 4 else CONNACK_5
            asyncio.get_running_loop().call_later(delay, writer.write, answer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], levels
    finally:
        server.close()
        await asyncio.sleep(0.05)  # a guest may be just coming in
        for writer in guests:
            writer.transport.abort()
        await asyncio.sleep(0.01)


def test_a_broker_that_ignores_mqtt_5_is_asked_in_3_1_1_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing to MQTT 5 may be an old one: the next attempt speaks 3.1.1, and the one after that 5 again."""
    monkeypatch.setattr(acquaintances, "ANSWER_MS", (200,))
    monkeypatch.setattr(link, "LOOK_S", 0.05)
    monkeypatch.setattr(acquaintances, "BACK_OFF_S", (0.05,))

    async def scene() -> None:
        async with (
            quiet(lambda visit, level: 0.0 if visit > 3 and level == 4 else None) as (port, levels),
            house(port, connected=False, patience_s=0.1) as it,
        ):
            await until(lambda: it.broker.connected)
            assert levels[:4] == [5, 4, 5, 4]

    asyncio.run(scene())


def test_a_slow_broker_gets_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that needs longer than our first patience to answer is waited for longer from the third attempt on."""
    monkeypatch.setattr(acquaintances, "ANSWER_MS", (200, 200, 1_500))
    monkeypatch.setattr(link, "LOOK_S", 0.05)
    monkeypatch.setattr(acquaintances, "BACK_OFF_S", (0.05,))

    async def scene() -> None:
        async with (
            quiet(lambda visit, _level: 0.6 if visit >= 3 else None) as (port, levels),
            house(port, connected=False, patience_s=0.1) as it,
        ):
            await until(lambda: it.broker.connected)
            assert len(levels) >= 3

    asyncio.run(scene())


def test_a_broker_that_does_not_answer_is_not_stormed() -> None:
    """As long as nobody answers, an attempt takes seconds and a pause follows it: less than one attempt in three seconds."""

    async def scene() -> None:
        async with quiet(lambda _visit, _level: None) as (port, levels), house(port, connected=False, patience_s=0.1):
            began = time.monotonic()
            await asyncio.sleep(6.5)
            assert 1 <= len(levels) <= 1 + (time.monotonic() - began) / 3

    asyncio.run(scene())


def test_a_thread_that_dies_of_a_bug_costs_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in the MQTT library: the connection counts as lost, another is made, and what was in flight is sent again."""
    real = Client.loop
    broken = threading.Event()

    def loop(client: Client, timeout: float) -> Any:
        if broken.is_set() and threading.current_thread().name == "mqtt":
            broken.clear()
            raise AttributeError("'NoneType' object has no attribute 'recv'")
        return real(client, timeout)

    monkeypatch.setattr(Client, "loop", loop)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it:
            for amps in range(6, 16):
                mosquitto.freeze()
                it.limit(amps)
            broken.set()
            await until(lambda: not it.broker.connected)
            mosquitto.thaw()
            await until(lambda: it.broker.connected)
            assert it.connections == [True, False, True]
            with ear(mosquitto.port) as other:
                it.limit(16)
                await until(lambda: b"16" in other.heard(LIMIT))

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


def test_two_gateways_with_one_name_are_told_so(tmp_path: Path) -> None:
    """The second one throws the first one out: the journal says what it looks like, and they do not fight once a second."""

    async def scene(mosquitto: Mosquitto) -> None:
        async with house(mosquitto.port) as it, house(mosquitto.port, connected=False) as other:
            await until(lambda: any("is a second gateway running" in each for each in it.troubles + other.troubles))
            before, began = it.broker.reconnects + other.broker.reconnects, time.monotonic()
            await asyncio.sleep(6)
            assert it.broker.reconnects + other.broker.reconnects - before <= time.monotonic() - began

    with Mosquitto(tmp_path) as mosquitto:
        asyncio.run(scene(mosquitto))


@pytest.mark.parametrize("seconds", [0, 600])
def test_a_broker_that_wants_fewer_pings_is_pinged_all_the_same(seconds: int) -> None:
    """MQTT 5 lets a broker choose how often it is pinged, or never: half-open connections must be noticed as fast as ever."""
    welcome = bytes.fromhex("20060000 0313") + seconds.to_bytes(2, "big")
    pings: list[float] = []
    guests: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(writer)
        await reader.read(1_000)
        writer.write(welcome)
        while data := await reader.read(10_000):
            if data.endswith(bytes.fromhex("c000")):
                pings.append(time.monotonic())
                writer.write(bytes.fromhex("d000"))

    async def scene() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with house(server.sockets[0].getsockname()[1], patience_s=0.1, keepalive_s=1) as it:
            await until(lambda: len(pings) >= 2)
            assert it.connections == [True]
        server.close()
        for writer in guests:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    asyncio.run(scene())


def test_a_broker_that_acknowledges_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers pings and takes no message is connected anew, and then gets the latest limit."""
    monkeypatch.setattr(broker_module, "ACK_MS", 300)
    sent: list[bytes] = []
    guests: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(writer)
        sent.append(b"")
        mine = len(sent) - 1
        await reader.read(1_000)
        writer.write(CONNACK_5)
        while data := await reader.read(10_000):
            sent[mine] += data
            if data == bytes.fromhex("c000"):
                writer.write(bytes.fromhex("d000"))

    async def scene() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with house(server.sockets[0].getsockname()[1], patience_s=0.1) as it:
            for amps in range(6, 36):
                it.limit(amps)
                await asyncio.sleep(0.02)
            await until(lambda: len(sent) >= 2 and LIMIT.encode() in sent[1])
            assert any("acknowledges nothing" in trouble for trouble in it.troubles)
            assert it.connections[:3] == [True, False, True]
        server.close()
        for writer in guests:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    asyncio.run(scene())
