"""The whole gateway as a process: bytes into a serial port, limits out of a real broker, and a replay that agrees."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.house import PATIENCE_S, ROOT, House, Listener, at_home

pytestmark = pytest.mark.broker


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with a meter, a broker and a charger."""
    with at_home(tmp_path, record=True) as house:
        yield house


def test_bytes_of_the_meter_become_limits_for_the_charger(house: House) -> None:
    """From start to stop: online, fallback, raised in a quiet house, cut in a loud one, offline; exit 0 and no secret in the log."""
    assert house.ears.next("han/home/status") == b"online"
    assert house.ears.limit()["current_a"] == 6
    house.settle(2_000, 16)
    cut = house.settle(34_000, 0)
    assert cut["state"] == "pause"
    assert "main fuse" in cut["reason"]
    assert house.stop() == 0
    assert house.ears.next("han/home/status") == b"offline"
    assert "Traceback" not in house.log()
    assert "canary-password" not in house.log()
    assert "9900000099999999" not in house.log()


def model(house: House) -> str:
    """The type of the meter as Prometheus reads it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        families = {family.name: family for family in text_string_to_metric_families(page.read().decode())}
    return str(families["han_meter_info"].samples[0].labels["model"])


HOSTILE = 'x\x1b[31m\r\n<0>+/#"\\}\0\x7f'


def test_what_a_meter_calls_itself_reaches_nobody_as_an_instruction(house: House) -> None:
    """Newlines, escapes, wildcards and quotes in the names of a meter: topics are ours, payloads are JSON, labels parse, the log is clean."""
    house.settle(2_000, 16)
    for name in (HOSTILE, HOSTILE + "y" * 100, "+/#", " " * 200 + "z"):
        house.meter.say(2_000, meter_id=name, meter_type=name)
        while (reading := json.loads(house.ears.next("han/home/meter")))["meter_type"] == "MA304H4":
            pass  # what it said while the house settled
        cleaned = "".join(char for char in name if " " <= char <= "~").strip()
        assert (reading["meter_id"], reading["meter_type"]) == (cleaned, cleaned)
        until = time.monotonic() + PATIENCE_S
        while model(house) != cleaned:  # metrics hear of it just after the broker
            assert time.monotonic() < until
    for strange in (b'{"status":"\\ud800\\u001b[31m"}', b'{"status":"\xed\xa0\x80"}', b"\0\n<0>nonsense\x1b[31m", b"x" * 70_000):
        house.ears.publish("han/home/chargers/garage/report", strange)
    house.settle(2_000, 16)
    assert house.stop() == 0
    topics = set()
    while not house.ears.heard.empty():
        topics.add(house.ears.heard.get()[0])
    assert all(re.fullmatch(r"han/home(/[a-z]+){1,3}", topic) for topic in topics)
    assert all(line.isprintable() for line in house.log().splitlines())
    assert "[31m" not in house.log()
    assert "Traceback" not in house.log()
    assert "message for garage refused" in house.log()


def test_a_replay_of_the_recording_equals_the_run(house: House) -> None:
    """What the broker carried is what the replay decides: the same limits in the same order with the same numbers and reasons."""
    told: list[dict[str, Any]] = []
    house.ears.next("han/home/status")
    for second in range(16):
        house.meter.say(2_000 if second % 8 < 6 else 34_000)
        house.ears.publish("han/home/chargers/garage/report", b'{"current_a":{"L1":5,"L2":5,"L3":5},"status":"charging"}')
        time.sleep(0.25)
    assert house.stop() == 0
    while (said := house.ears.heard.get(timeout=PATIENCE_S)) != ("han/home/status", b"offline"):  # its last word
        topic, payload = said
        if topic.endswith("/limit"):
            told.append(json.loads(payload))
    command = [sys.executable, "-m", "han_gateway", "replay", str(house.recording), "--config", str(house.config)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=True)
    replayed = [json.loads(line) for line in done.stdout.splitlines()]
    changes = {each["seq"]: (each["limit_a"], each["reason"]) for each in told}
    assert len(replayed) >= 3
    heard = [each for each in replayed if each["seq"] in changes]
    assert len(heard) >= len(replayed) - 1  # what was said before the broker was there went nowhere
    assert [(each["limit_a"], each["reason"]) for each in heard] == [changes[each["seq"]] for each in heard]


def test_a_meter_that_is_pulled_out_is_lost_and_comes_back(house: House) -> None:
    """Without a meter the limit falls back; with it, the house is computed again, without a restart."""
    house.ears.next("han/home/status")
    house.settle(2_000, 16)
    house.meter.unplug()
    until = time.monotonic() + PATIENCE_S
    while (limit := house.ears.limit())["current_a"] != 6:
        assert time.monotonic() < until
    assert "meter lost" in limit["reason"]
    house.meter.plug()
    house.settle(2_000, 16)
    assert "went away" in house.log() or "unplugged" in house.log()


def test_a_log_that_nobody_reads_holds_nobody_up(house: House) -> None:
    """With a pipe as stderr that is full and never read, as of a journal that hangs, limits go on, and the stop is a good one."""
    house.gateway.kill()
    out, into = os.pipe()
    os.set_blocking(into, False)
    with suppress(BlockingIOError):
        while True:
            os.write(into, b"x" * 4096)
    os.set_blocking(into, True)
    house.gateway.start(into)
    house.process = house.gateway.process
    house.settle(2_000, 16)
    assert house.stop() == 0
    os.close(out)
    os.close(into)


def test_a_broker_that_dies_is_found_again(house: House) -> None:
    """After the broker's return the gateway says online and repeats its limits; nobody restarted anything."""
    house.ears.next("han/home/status")
    house.settle(2_000, 16)
    house.broker.stop()
    time.sleep(0.5)
    house.broker.start()
    house.ears.close()
    house.ears = Listener(house.broker.port)
    assert house.ears.next("han/home/status") == b"online"
    assert house.ears.limit()["current_a"] >= 6
    assert house.process.poll() is None


def test_a_cap_is_set_over_mqtt_and_nonsense_is_not(house: House) -> None:
    """A lower cap cuts the limit and is answered, retained; what is no cap changes nothing, is counted and logged with the remedy."""
    caps = "han/home/caps"
    assert json.loads(house.ears.next(caps))["power_w"] == 17_000
    house.settle(2_000, 16)
    house.ears.publish(f"{caps}/power/set", b"8000")
    assert json.loads(house.ears.next(caps))["power_w"] == 8_000
    lowered = house.settle(2_000, 11)
    assert lowered["reason"] == "power cap"
    for nonsense in (b"NaN", b"1e9", b"-1", b"0", b"17001", b"8 kW", b"[" * 40, b"x" * 5_000, b"\xff"):
        house.ears.publish(f"{caps}/power/set", nonsense)
    house.ears.publish(f"{caps}/line/set", b"10")
    house.ears.publish(f"{caps}/power", b"9000")
    house.ears.publish(f"{caps}/power/set", b"8000")  # the answer to this one is the next
    answer = json.loads(house.ears.next(caps))
    assert (answer["power_w"], answer["power_w_bounds"], answer["line_a"]) == (8_000, [2_000, 17_000], None)
    assert house.settle(2_000, 11)["reason"] == "power cap"
    assert "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds" in house.log()
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        text = page.read().decode()
    assert 'han_cap_watts{meter="home"} 8000.0' in text
    assert "han_mqtt_messages_refused_total 9.0" in text
    house.ears.publish(f"{caps}/power/set", b"none")
    house.settle(2_000, 16)
    late = Listener(house.broker.port)
    assert json.loads(late.next(caps))["power_w"] == 17_000
    assert json.loads(late.next("han/home/chargers/garage/state"))["state"] == "allowed"
    late.close()
