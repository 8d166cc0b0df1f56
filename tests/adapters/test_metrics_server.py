"""The small HTTP server: what it serves, and that nobody can make it costly."""

import gc
import http.client
import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge, parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from han_gateway.adapters.metrics_server import JSON, Answer, MetricsServer, serve

sick: list[str] = []


@pytest.fixture
def server() -> Iterator[MetricsServer]:
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": accept} if accept else {})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_metrics_in_the_format_that_is_asked_for(server: MetricsServer) -> None:
    """A browser gets the plain text, Prometheus OpenMetrics when it asks; both can be parsed."""
    status, kind, text = get(server.port, "/metrics?whatever")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert [family.name for family in parser.text_string_to_metric_families(text)] == ["han_headroom_amperes"]
    status, kind, text = get(server.port, "/metrics", "application/openmetrics-text; version=1.0.0")
    assert (status, kind.split(";")[0]) == (200, "application/openmetrics-text")
    families = parse_openmetrics(text)
    assert [family.name for family in families] == ["han_headroom_amperes"]


def test_health_is_what_we_are_told(server: MetricsServer) -> None:
    """/healthz is 200 and ok, or 503 and the reason."""
    assert get(server.port, "/healthz")[::2] == (200, "ok\n")
    sick.append("the controller stands still")
    assert get(server.port, "/healthz")[::2] == (503, "the controller stands still\n")


def test_a_route_of_others_answers_for_itself(server: MetricsServer) -> None:
    """What others serve has the body, the type and the status that they say, each time anew."""
    assert get(server.port, "/data.json?1") == (200, "application/json", "{}")
    sick.append("anything")
    assert get(server.port, "/data.json")[::2] == (503, "not now\n")


def test_anything_else_is_not_found(server: MetricsServer) -> None:
    """Another path is 404 and names those that exist."""
    status, _, text = get(server.port, "/")
    assert status == 404
    assert all(path in text for path in ("/metrics", "/healthz", "/data.json"))


def test_one_thread_whatever_callers_do(server: MetricsServer) -> None:
    """Callers that say nothing, or hang up, neither start threads nor keep others waiting for long."""
    before = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    try:
        assert get(server.port, "/healthz")[0] == 200
        assert threading.active_count() == before
    finally:
        for connection in silent:
            connection.close()


def test_a_closed_server_is_gone() -> None:
    """After close the port is free and the thread is gone."""
    other = serve(CollectorRegistry(), "127.0.0.1", 0)
    other.close()
    assert sum(thread.name == "metrics" for thread in threading.enumerate()) == 0
    with pytest.raises(ConnectionRefusedError):
        get(other.port, "/healthz")


def test_a_port_that_is_taken_is_an_error_at_once(server: MetricsServer) -> None:
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
