"""The small HTTP server: what it serves, and that nobody can make it costly."""

import gc
import http.client
import json
import resource
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge, parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from han_gateway.adapters.http_server import JSON, MOST_BODY, MOST_CALLERS, Answer, Asked, HttpPort, serve

PATIENCE_S = 30.0
sick: list[str] = []


@pytest.fixture
def server() -> Iterator[HttpPort]:
    """A server on a free port with one gauge."""
    sick.clear()
    registry = CollectorRegistry()
    Gauge("han_headroom_amperes", "Room.", registry=registry).set(7.4)
    routes = {"/data.json": lambda _: Answer(b"{}", JSON) if not sick else Answer(b"not now\n", status=503)}
    it = serve(registry, "127.0.0.1", 0, trouble=lambda: sick[0] if sick else None, routes=routes)
    yield it
    it.close()
    gc.collect()


def get(port: int, path: str, accept: str = "") -> tuple[int, str, str]:
    """Status, content type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers={"Accept": accept} if accept else {})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_metrics_in_the_format_that_is_asked_for(server: HttpPort) -> None:
    """A browser gets the plain text, Prometheus OpenMetrics when it asks; both can be parsed."""
    status, kind, text = get(server.port, "/metrics?whatever")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert [family.name for family in parser.text_string_to_metric_families(text)] == ["han_headroom_amperes"]
    status, kind, text = get(server.port, "/metrics", "application/openmetrics-text; version=1.0.0")
    assert (status, kind.split(";")[0]) == (200, "application/openmetrics-text")
    families = parse_openmetrics(text)
    assert [family.name for family in families] == ["han_headroom_amperes"]


def test_health_is_what_we_are_told(server: HttpPort) -> None:
    """/healthz is 200 and ok, or 503 and the reason."""
    assert get(server.port, "/healthz")[::2] == (200, "ok\n")
    sick.append("the controller stands still")
    assert get(server.port, "/healthz")[::2] == (503, "the controller stands still\n")


def test_a_route_of_others_answers_for_itself(server: HttpPort) -> None:
    """What others serve has the body, the type and the status that they say, each time anew."""
    assert get(server.port, "/data.json?1") == (200, "application/json", "{}")
    sick.append("anything")
    assert get(server.port, "/data.json")[::2] == (503, "not now\n")


def test_anything_else_is_not_found(server: HttpPort) -> None:
    """Another path is 404 and names those that exist."""
    status, _, text = get(server.port, "/")
    assert status == 404
    assert all(path in text for path in ("/metrics", "/healthz", "/data.json"))


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def echo(asked: Asked) -> Answer:
    """Say what was asked."""
    return Answer(json.dumps([asked.query, asked.body.decode()]).encode(), JSON, 202, (("X-Extra", "1"),))


@pytest.fixture
def routed() -> Iterator[HttpPort]:
    """A server with a route to read and one to speak to."""
    it = serve(CollectorRegistry(), "127.0.0.1", 0, routes={"/read": echo}, posts={"/say": echo})
    yield it
    it.close()
    gc.collect()


def test_a_route_of_others_is_served(routed: HttpPort) -> None:
    """A route gets the query and its answer is what the caller gets: status, type, headers, body."""
    status, headers, body = ask(routed.port, "GET", "/read?lang=nb&x=1&x=2")
    assert (status, headers["Content-Type"], headers["X-Extra"], json.loads(body)) == (
        202,
        JSON,
        "1",
        [{"lang": "nb", "x": "2"}, ""],
    )


def test_what_is_read_cannot_be_posted_to_and_the_other_way_round(routed: HttpPort) -> None:
    """GET and POST are two tables."""
    assert ask(routed.port, "POST", "/read", b"x")[0] == 404
    assert ask(routed.port, "GET", "/say")[0] == 404
    assert ask(routed.port, "POST", "/say", b"hello")[2] == b'[{}, "hello"]'


@pytest.mark.parametrize("length", [None, "-1", "x", "1e3", str(MOST_BODY + 1), "9" * 5000])
def test_what_is_posted_is_bounded_before_it_is_read(routed: HttpPort, length: str | None) -> None:
    """A POST without a length, or with one that is no number or too large, is refused unread."""
    head = "" if length is None else f"Content-Length: {length}\r\n"
    with socket.create_connection(("127.0.0.1", routed.port), timeout=PATIENCE_S) as caller:
        caller.sendall(f"POST /say HTTP/1.0\r\n{head}\r\n".encode())
        assert b" 413 " in caller.recv(100)


def test_a_crowd_costs_a_bounded_number_of_threads(server: HttpPort) -> None:
    """However many callers say nothing, few threads wait for them, and whoever speaks is answered within seconds."""
    before = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MOST_CALLERS)]
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    try:
        assert get(server.port, "/healthz")[0] == 200
        assert threading.active_count() - before <= MOST_CALLERS
    finally:
        for connection in silent:
            connection.close()


def test_a_machine_without_file_descriptors_is_not_kept_busy(server: HttpPort) -> None:
    """A caller who cannot be taken in waits, costs a look now and then, and is served when there is room again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as caller:
        caller.settimeout(PATIENCE_S)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # fewer than are open: nobody gets another one
        try:
            caller.connect(("127.0.0.1", server.port))
            before = time.process_time()
            time.sleep(1)
            used = time.process_time() - before
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        caller.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.0 200")
    assert used < 0.3


def test_who_stays_has_the_connection_for_good() -> None:
    """A route may keep the connection of its caller, who then hears what is said there."""
    kept: list[socket.socket] = []
    it = serve(CollectorRegistry(), "127.0.0.1", 0, routes={"/stay": lambda _asked: Answer(b"first\n", stay=kept.append)})
    with socket.create_connection(("127.0.0.1", it.port), timeout=PATIENCE_S) as caller, caller.makefile("rb") as heard:
        caller.sendall(b"GET /stay HTTP/1.1\r\n\r\n")
        assert b"first\n" in iter(heard.readline, b"")
        while not kept:
            time.sleep(0.01)
        kept[0].sendall(b"second\n")
        assert heard.readline() == b"second\n"
        kept[0].close()
        assert heard.readline() == b""
    it.close()


def test_a_closed_server_is_gone() -> None:
    """After close the port is free and the thread is gone."""
    other = serve(CollectorRegistry(), "127.0.0.1", 0)
    other.close()
    assert sum(thread.name == "http" for thread in threading.enumerate()) == 0
    with pytest.raises(ConnectionRefusedError):
        get(other.port, "/healthz")


def test_a_port_that_is_taken_is_an_error_at_once(server: HttpPort) -> None:
    """Nothing is served when the port belongs to somebody else."""
    with pytest.raises(OSError, match="in use"):
        serve(CollectorRegistry(), "127.0.0.1", server.port)


def test_ipv6() -> None:
    """An IPv6 address is served as well, where there is IPv6."""
    try:
        other = serve(CollectorRegistry(), "::1", 0)
    except OSError:
        pytest.skip("no IPv6 here")
    socket.create_connection(("::1", other.port)).close()
    other.close()
