"""What the daemon serves over HTTP, and that it does without where it must."""

import asyncio
import json
import threading
import time
from pathlib import Path

import pytest

from han_gateway import outlets
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.http_server import Answer
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.troubles import Troubles
from han_gateway.config.load import Config, load
from han_gateway.core.site import Cap
from han_gateway.core.state import Caps
from han_gateway.meters.decoder import Decoder
from han_gateway.page.board import Board
from han_gateway.runtime import Gateway, Live
from han_gateway.web import Mouth, Web, open_web, page_of
from tests.adapters.test_http_server import PATIENCE_S, ask
from tests.mosquitto import free_port

HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "/dev/null"
[caps]
power_w = 8000
power_min_w = 2000
[metrics]
port = {port}
"""


def configured(folder: Path, more: str = "", port: int = 0) -> Config:
    """A house in a file."""
    path = folder / "home.toml"
    path.write_text(HOUSE.format(port=port or free_port()) + more)
    return load(path)


class Parts:
    """What ``open_web`` joins, of the real kind. To be made where a loop runs."""

    def __init__(self, config: Config) -> None:
        self.clock = SystemClock()
        self.gateway = Gateway(config.site, Decoder(), self.clock.now())
        self.live = Live(self.gateway, self.clock, prefix="han")
        self.board = Board(lambda: self.gateway.site)
        self.gateway.attach(self.board.see)
        self.refusals = outlets.Refusals(self.clock)
        self.health = outlets.Health(self.clock, Troubles(lambda _: None, None))
        self.metrics = Metrics(config.site, version="1", python="3")
        self.mouth = Mouth(config, self.gateway, self.live, self.refusals)


def serving(web: Web) -> bool:
    """Tell whether it has its port."""
    return web.server is not None


def port_of(web: Web) -> int:
    """Where it serves."""
    assert web.server is not None
    return web.server.port


def nobody_serves() -> None:
    """Wait until the last thread has gone."""
    end = time.monotonic() + PATIENCE_S
    while {thread.name for thread in threading.enumerate()} & {"http", "streams"}:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_serves_page_metrics_and_what_others_bring(tmp_path: Path) -> None:
    """One port has the page, the metrics, health, and the routes that are handed in."""

    async def story() -> list[int]:
        config = configured(tmp_path)
        parts = Parts(config)
        page = page_of(config, parts.health, parts.board, parts.mouth, parts.clock)
        web = open_web(config, parts.metrics, parts.health, page, {"/data.json": lambda _asked: Answer(b"{}")})
        assert web is not None
        paths = ("/", "/status.json", "/metrics", "/healthz", "/data.json")
        found = [(await asyncio.to_thread(ask, port_of(web), "GET", path))[0] for path in paths]
        web.close()
        return found

    assert asyncio.run(story()) == [200] * 5
    nobody_serves()


@pytest.mark.parametrize(("more", "statuses"), [("[page]\nenabled = false\n", [404, 404, 200])])
def test_without_a_page_there_are_the_metrics(tmp_path: Path, more: str, statuses: list[int]) -> None:
    """A page that is switched off is not served, and nothing of it."""

    async def story() -> list[int]:
        config = configured(tmp_path, more)
        parts = Parts(config)
        assert page_of(config, parts.health, parts.board, parts.mouth, parts.clock) is None
        web = open_web(config, parts.metrics, parts.health, None, {})
        assert web is not None
        found = [(await asyncio.to_thread(ask, port_of(web), "GET", path))[0] for path in ("/", "/status.json", "/metrics")]
        web.close()
        return found

    assert asyncio.run(story()) == statuses


def test_a_port_that_is_taken_is_said_once_and_had_when_it_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the port, or before its address is there, the house is protected all the same; the page comes when it can."""
    monkeypatch.setattr("han_gateway.web.AGAIN_S", 0.01)

    async def story() -> int:
        config = configured(tmp_path)
        parts = Parts(config)
        pages = [page_of(config, parts.health, parts.board, parts.mouth, parts.clock) for _ in range(2)]
        first, second = (open_web(config, parts.metrics, parts.health, page, {}) for page in pages)
        assert first is not None
        assert second is not None
        await asyncio.sleep(0.1)  # some more attempts
        assert not serving(second)
        first.close()
        async with asyncio.timeout(10):
            while not serving(second):  # noqa: ASYNC110  what is waited for has no event
                await asyncio.sleep(0.01)
        status, _, _ = await asyncio.to_thread(ask, port_of(second), "GET", "/status.json")
        second.close()
        return status

    assert asyncio.run(story()) == 200
    assert caplog.text.count("no metrics and no page") == 1
    nobody_serves()


def test_a_switched_off_port_serves_nothing(tmp_path: Path) -> None:
    """[metrics] enabled = false opens no port, for the page neither."""

    async def story() -> None:
        config = configured(tmp_path)
        config = load_without_port(tmp_path)
        parts = Parts(config)
        assert page_of(config, parts.health, parts.board, parts.mouth, parts.clock) is None
        assert open_web(config, parts.metrics, parts.health, None, {}) is None

    asyncio.run(story())


def load_without_port(folder: Path) -> Config:
    """The same house without a port."""
    path = folder / "home.toml"
    path.write_text(HOUSE.format(port=9755).replace("[metrics]\n", "[metrics]\nenabled = false\n"))
    return load(path)


def test_what_is_said_is_heard_by_the_inbox_on_the_loop(tmp_path: Path) -> None:
    """Words from another thread become an event on the loop, or come back as refused and are counted."""

    async def story() -> None:
        config = configured(tmp_path)
        parts = Parts(config)
        mouth = parts.mouth
        assert "caps/power/set" in mouth.listens()
        assert await asyncio.to_thread(mouth.say, "caps/power/set", b"5000") is None
        assert parts.gateway._state.caps == Caps(power_w=5_000)
        refused = await asyncio.to_thread(mouth.say, "caps/power/set", b"1")
        assert refused is not None
        assert refused.startswith("must be from 2000 to 8000 W")
        assert parts.refusals.count == 1

    asyncio.run(story())


def test_a_loop_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says something while the gateway hangs is told so after a while."""
    monkeypatch.setattr("han_gateway.web.ANSWER_S", 0.05)

    async def story() -> str | None:
        parts = Parts(configured(tmp_path))
        answers: list[str | None] = []
        thread = threading.Thread(target=lambda: answers.append(parts.mouth.say("caps/power/set", b"5000")))
        thread.start()
        thread.join()  # the loop does nothing meanwhile
        return answers[0]

    assert asyncio.run(story()) == "the gateway does not answer"


def test_the_token_of_the_configuration_opens_the_page(tmp_path: Path) -> None:
    """What token_file holds is what a caller must know."""
    (tmp_path / "token").write_text("0123456789abcdef\n")

    async def story() -> tuple[int, dict[str, object]]:
        config = configured(tmp_path, '[page]\ntoken_file = "token"\n')
        parts = Parts(config)
        page = page_of(config, parts.health, parts.board, parts.mouth, parts.clock)
        web = open_web(config, parts.metrics, parts.health, page, {})
        assert web is not None
        status, _, body = await asyncio.to_thread(ask, port_of(web), "GET", "/status.json")
        web.close()
        return status, json.loads(body)

    status, board = asyncio.run(story())
    assert (status, board["actions"]) == (200, True)
    assert Cap.POWER.value in str(board["caps"])
