"""The HTTP port: ``/metrics`` for Prometheus, ``/healthz`` for whoever restarts things, and the routes that others bring.

A route is a path, and a function that answers. A crowd can cost no more than ``MOST_CALLERS`` threads: who comes beyond that waits, and
is hung up on after two seconds, as is a caller that says nothing. This file must not know what is served, nor what health means.
"""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

PORT = 9755
PATIENCE_S = 2.0
MOST_CALLERS = 8
MOST_BODY = 4_096
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
_SAFE = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-cache"), ("Referrer-Policy", "no-referrer"))


class Asked(NamedTuple):
    """What a caller wants: the values of the query (the last of each name), the headers, and what a POST brings."""

    query: Mapping[str, str]
    headers: Message
    body: bytes = b""


class Answer(NamedTuple):
    """What the caller gets. ``stay`` takes over the connection once that is sent; without it the connection is closed."""

    body: bytes
    kind: str = TEXT
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    stay: Callable[[socket.socket], None] | None = None


Route = Callable[[Asked], Answer]
"""Answers one caller, in a thread of its own. It must not wait for long, and never for the loop."""


def metrics(registry: CollectorRegistry) -> Route:
    """Everything that is measured, in the format that is asked for."""

    def answer(asked: Asked) -> Answer:
        encode, kind = choose_encoder(asked.headers.get("Accept", ""))
        return Answer(encode(registry), kind)

    return answer


def health(trouble: Callable[[], str | None]) -> Route:
    """200 and ``ok``, or 503 and why not."""

    def answer(_asked: Asked) -> Answer:
        wrong = trouble()
        return Answer(f"{wrong or 'ok'}\n".encode(), status=503 if wrong else 200)

    return answer


class HttpPort:
    """Serves until ``close``. ``port`` is the port it really has (0 was asked for: a free one). Raises OSError when it is taken."""

    def __init__(self, routes: Mapping[str, Route], posts: Mapping[str, Route], host: str, port: int) -> None:
        self._server = _Server(routes, posts, host, port)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; takes up to half a second, in a crowd two more."""
        self._server.shutdown()
        self._thread.join(2 * PATIENCE_S)
        self._server.server_close()


def serve(
    registry: CollectorRegistry,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    trouble: Callable[[], str | None] = lambda: None,
    routes: Mapping[str, Route] | None = None,
    posts: Mapping[str, Route] | None = None,
) -> HttpPort:
    """Begin to serve ``registry``, health and more ``routes`` (GET) and ``posts`` (POST).

    ``trouble`` returns why we are not healthy, or None; like every route it is called in a thread of the server.
    """
    ours = {"/metrics": metrics(registry), "/healthz": health(trouble)}
    return HttpPort({**(routes or {}), **ours}, posts or {}, host, port)


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, routes: Mapping[str, Route], posts: Mapping[str, Route], host: str, port: int) -> None:
        self.routes = {"GET": routes, "POST": posts}
        self._places = threading.BoundedSemaphore(MOST_CALLERS)
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = family
        super().__init__((str(address[0]), port), _Handler)

    def server_bind(self) -> None:
        """HTTPServer would ask the DNS for our own name, and wait for the answer."""
        TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a caller in. One for whom there is no file descriptor stays in the queue, and must not be asked for without a pause."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(PATIENCE_S / 4)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """A caller gets a thread, as soon as few others have one. Nobody but further callers waits here."""
        if not self._places.acquire(timeout=PATIENCE_S):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the machine gives us no thread
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The work of that thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, *_: Any) -> None:
        """A caller that hangs up early is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        self._do("GET", b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length[:9]) > MOST_BODY:
            self._answer(Answer(f"a POST has a Content-Length, of {MOST_BODY} at most\n".encode(), status=413))
            return
        self._do("POST", self.rfile.read(int(length)))

    def _do(self, method: str, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        route = self.server.routes[method].get(path)
        if route is None:
            there = ", ".join(sorted(self.server.routes[method])) or "nothing"
            self._answer(Answer(f"not found; there is: {there}\n".encode(), status=404))
            return
        words = {name: values[-1] for name, values in parse_qs(query, max_num_fields=16).items()} if query else {}
        self._answer(route(Asked(words, self.headers, body)))

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        if answer.stay is None:
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in (*_SAFE, *answer.headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.stay is not None:
            answer.stay(socket.socket(fileno=self.connection.detach()))

    def version_string(self) -> str:
        """Who we are, without the version of Python that the default tells everybody."""
        return "han-gateway"

    def log_message(self, *_: Any) -> None:
        """A scrape every 15 s is not worth a line."""
