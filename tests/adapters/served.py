"""The page of an evening on a free port: what a browser, or anybody, can be pointed at. It must not know who asks."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from han_gateway.adapters.http_server import HttpPort, serve
from han_gateway.adapters.page_routes import Page
from han_gateway.page.snapshot import Now
from tests.page.evening import Evening

TOKEN = "correct horse battery staple"
TOPICS = frozenset({"caps/power/set", "chargers/garage/command", "chargers/garage/report"})


class Served:
    """``with Served() as served:`` ``said`` is what was said on the page; ``trouble`` may be set.

    The wall clock is the machine's, so that ages in a browser are right; the instant is the evening's.
    """

    def __init__(
        self, evening: Evening | None = None, *, token: str | None = None, say: Callable[[str, bytes], str | None] | None = None
    ) -> None:
        self.evening = evening or Evening()
        self.said: list[tuple[str, bytes]] = []
        self.trouble: str | None = None
        self._token = token
        self._say = say or self._hear

    def __enter__(self) -> Self:
        self.page = Page(
            self.evening.board,
            lambda: Now(self.evening.at, time.time_ns() // 1_000_000),
            trouble=lambda: self.trouble,
            token=self._token,
            say=self._say,
            listens=lambda: TOPICS,
        )
        self._server: HttpPort = serve(
            CollectorRegistry(), "127.0.0.1", 0, routes=self.page.routes, posts=self.page.posts, trouble=lambda: self.trouble
        )
        self.port = self._server.port
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        self.page.close()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def _hear(self, topic: str, words: bytes) -> str | None:
        self.said.append((topic, words))
        return "must be from 2000 to 17000 W" if words == b"1" else None
