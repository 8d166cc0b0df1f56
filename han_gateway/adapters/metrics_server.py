"""``/metrics`` for Prometheus, ``/healthz`` for whoever restarts things, the routes of others: one daemon thread, one request at a time.

One at a time is enough for a scraper, and bounds what a crowd can cost; a caller that says nothing is let go after two seconds.
It must not know what is measured, nor what health means: both are asked for.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

PORT = 9755
PATIENCE_S = 2.0
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


class Answer(NamedTuple):
    """What a caller gets."""

    body: bytes
    kind: str = TEXT
    status: int = 200


Route = Callable[[Any], Answer]
"""Answers a GET, in the server's thread. It must not wait for anybody."""


class MetricsServer:
    """Serves until ``close``. ``port`` is the port it really has (0 was asked for: a free one). Raises OSError when it is taken.

    ``trouble`` returns why we are not healthy, or None; it is called in the server's thread.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        host: str,
        port: int,
        *,
        trouble: Callable[[], str | None],
        routes: Mapping[str, Route],
    ) -> None:
        self._server = _Server(registry, host, port, trouble)
        self._server.routes = routes
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; takes up to half a second."""
        self._server.shutdown()
        self._thread.join(PATIENCE_S)
        self._server.server_close()


def serve(
    registry: CollectorRegistry,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    trouble: Callable[[], str | None] = lambda: None,
    routes: Mapping[str, Route] | None = None,
) -> MetricsServer:
    """Begin to serve ``registry``, health, and more routes by their path; see MetricsServer."""
    return MetricsServer(registry, host, port, trouble=trouble, routes=routes or {})


class _Server(HTTPServer):
    routes: Mapping[str, Route]

    def __init__(self, registry: CollectorRegistry, host: str, port: int, trouble: Callable[[], str | None]) -> None:
        self.registry = registry
        self.trouble = trouble
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = family
        super().__init__((str(address[0]), port), _Handler)

    def server_bind(self) -> None:
        """HTTPServer would ask the DNS for our own name, and wait for the answer."""
        TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """A caller that hangs up early is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            self._answer(Answer(encode(self.server.registry), content_type))
        elif path == "/healthz":
            trouble = self.server.trouble()
            self._answer(Answer(f"{trouble or 'ok'}\n".encode(), status=503 if trouble else 200))
        elif path in self.server.routes:
            self._answer(self.server.routes[path](None))
        else:
            there = ", ".join(("/metrics", "/healthz", *self.server.routes))
            self._answer(Answer(f"not found; there is: {there}\n".encode(), status=404))

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def version_string(self) -> str:
        """Who we are, without the version of Python that the default tells everybody."""
        return "han-gateway"

    def log_message(self, *_: Any) -> None:
        """A scrape every 15 s is not worth a line."""
