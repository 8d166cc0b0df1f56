"""The page of the whole gateway as a process: what a person sees while it runs, and what they may change."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import HOUSE, PATIENCE_S, ROOT, House, at_home

pytestmark = pytest.mark.broker

TOKEN = "canary-token-canary-token"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose page has a token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setattr("tests.house.HOUSE", HOUSE + '[page]\ntoken_file = "token"\n')
    with at_home(tmp_path) as house:
        yield house


def board(house: House) -> dict[str, Any]:
    """What there is to see now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.metrics_port}/status.json", timeout=PATIENCE_S) as answer:
        value: dict[str, Any] = json.load(answer)
    return value


def say(house: House, to: str, words: str, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
    """Say something on the page."""
    data = json.dumps({"to": to, "words": words}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.metrics_port}/say", data, {"Authorization": f"Bearer {token}"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own address
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as why:
        return why.code, json.load(why)


def test_the_page_shows_what_the_broker_carries(house: House) -> None:
    """Load, limit, reason and the last decision on the page are those that chargers and Home Assistant hear; `status` says the same."""
    house.settle(2_000, 16)
    cut = house.settle(34_000, 0)
    shown = board(house)

    (garage,) = shown["chargers"]
    assert (garage["limit_a"], garage["reason"]["en"]) == (0, cut["reason"])
    assert [line["load_a"] for line in shown["lines"]] == [34.0] * 3
    assert (shown["meter"]["state"], shown["broker"], shown["trouble"]) == ("fresh", True, None)
    assert any(told["text"]["en"].startswith("paused garage ") for told in shown["log"])
    assert shown["hour"]
    command = [sys.executable, "-m", "han_gateway", "status", "--config", str(house.config)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    assert "OVER   9.0 A" in said.stdout
    assert cut["reason"] in said.stdout


def test_a_charger_that_is_paused_on_the_page_is_paused(house: House) -> None:
    """A button of the page does what the command over MQTT does: the charger is told to pause, and the page says why."""
    house.settle(2_000, 16)
    assert board(house)["commands"] == ["garage"]
    assert say(house, "chargers/garage/command", "dance")[0] == 400
    assert say(house, "chargers/garage/command", "pause")[0] == 200
    assert house.settle(2_000, 0)["reason"] == "paused by you"
    (garage,) = board(house)["chargers"]
    assert (garage["limit_a"], garage["reason"]["nb"], garage["wish"]) == (0, "pauset av deg", "pause")


def test_a_cap_that_is_set_on_the_page_is_in_force(house: House) -> None:
    """With the token a cap is set as over MQTT: within its bounds, heard by all, shown; without the token it is not."""
    house.settle(2_000, 16)
    assert say(house, "caps/power/set", "4000", "another-token-of-someone")[0] == 403
    assert say(house, "caps/power/set", "17001") == (
        400,
        {"refused": "must be from 2000 to 17000 W; power_min_w and power_max_w under [caps] are the bounds"},
    )
    assert say(house, "chargers/garage/report", "{}")[0] == 404
    assert say(house, "caps/power/set", "4000") == (200, {"said": "caps/power/set"})

    until = time.monotonic() + PATIENCE_S
    while (payload := json.loads(house.ears.next("han/home/caps")))["power_w"] != 4_000:
        assert time.monotonic() < until
        house.meter.say(2_000)
    assert board(house)["caps"][0]["value"] == 4_000
    assert payload["power_w_bounds"] == [2_000, 17_000]
    assert house.stop() == 0
    assert TOKEN not in house.log()
    assert "Traceback" not in house.log()
