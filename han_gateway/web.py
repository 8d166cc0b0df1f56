"""What the daemon serves over HTTP: joins metrics, health and the page with the one port, and the page's words with the inbox.

Nothing here is worth anything against a fuse: without a port the house is protected all the same. This file must not know what is shown.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as TooLate
from functools import partial

from han_gateway import outlets
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.http_server import HttpPort, Route, serve
from han_gateway.adapters.metrics import Metrics
from han_gateway.adapters.page_routes import Page
from han_gateway.adapters.recording import instant
from han_gateway.adapters.systemd import NOTICE
from han_gateway.config.load import Config
from han_gateway.core.words import inbox
from han_gateway.page.board import Board
from han_gateway.page.snapshot import Now
from han_gateway.runtime import Gateway, Live

log = logging.getLogger("han_gateway")

ANSWER_S = 2.0
"""How long somebody who says something on the page waits for the loop."""
AGAIN_S = 30.0
"""A port that cannot be had is asked for so often."""


class Web:
    """What is open, to be closed at the end. A port that cannot be had is asked for again: the address may come with the network."""

    def __init__(self, where: str, serve: Callable[[], HttpPort], page: Page | None) -> None:
        self._where = where
        self._serve = serve
        self._page = page
        self.server: HttpPort | None = None
        self._later: asyncio.TimerHandle | None = None
        self.open()

    def open(self) -> None:
        """Serve, now or as soon as that is possible."""
        try:
            self.server = self._serve()
        except OSError as why:
            if self._later is None:
                what = (why.strerror or str(why)).lower()
                log.log(
                    logging.ERROR,
                    "no metrics and no page: %s cannot be used (%s); write another port under [metrics]",
                    self._where,
                    what,
                )
            self._later = asyncio.get_running_loop().call_later(AGAIN_S, self.open)
        else:
            if self._later is not None:
                log.log(NOTICE, "metrics and page at %s", self._where)

    def close(self) -> None:
        """Stop serving."""
        if self._later is not None:
            self._later.cancel()
        if self.server is not None:
            self.server.close()
        if self._page is not None:
            self._page.close()


class Mouth:
    """Lets other threads say something on a topic below the site's own, as if it had come from the broker."""

    def __init__(self, config: Config, gateway: Gateway, live: Live, refusals: outlets.Refusals) -> None:
        self._prefix, self._base = config.mqtt.prefix, f"{config.mqtt.prefix}/{config.site.name}/"
        self._gateway = gateway
        self._live = live
        self._refusals = refusals
        self._loop = asyncio.get_running_loop()

    def listens(self) -> frozenset[str]:
        """The topics on which the house is spoken to."""
        return frozenset(topic.removeprefix(self._base) for topic in inbox.inlets(self._prefix, self._gateway.site))

    def say(self, topic: str, words: bytes) -> str | None:
        """Hand it to the loop; gives why it was refused."""
        answer = asyncio.run_coroutine_threadsafe(self._hear(self._base + topic, words), self._loop)
        try:
            return answer.result(ANSWER_S)
        except TooLate:
            answer.cancel()
            return "the gateway does not answer"

    async def _hear(self, topic: str, words: bytes) -> str | None:
        refused = self._live.message(topic, words)
        if refused is None:
            return None
        self._refusals.add(refused)
        return refused.why


def open_web(
    config: Config, metrics: Metrics, health: outlets.Health, page: Page | None, routes: Mapping[str, Route]
) -> Web | None:
    """Serve what the configuration wants served, and ``routes``; None where nothing is."""
    if not config.metrics.enabled:
        return None
    host, port = config.metrics.host, config.metrics.port
    reads, posts = {**routes, **(page.routes if page else {})}, page.posts if page else {}
    begin = partial(serve, metrics.registry, host, port, trouble=health.trouble, routes=reads, posts=posts)
    return Web(f"{host}:{port}", begin, page)


def page_of(config: Config, health: outlets.Health, board: Board, mouth: Mouth, clock: SystemClock) -> Page | None:
    """The page, where the configuration wants one and there is a port for it."""
    if not (config.metrics.enabled and config.page.enabled):
        return None
    return Page(
        board,
        lambda: Now(clock.now(), instant(clock.wall())),
        trouble=health.trouble,
        token=config.page_token.get_secret_value() if config.page_token else None,
        say=mouth.say,
        listens=mouth.listens,
    )
