"""Asking a daemon how things stand."""

import socket
import threading

import pytest
from prometheus_client import CollectorRegistry

from han_gateway.adapters.asking import NoAnswerError, snapshot
from han_gateway.adapters.http_server import Answer, serve
from tests.adapters.served import Served
from tests.mosquitto import free_port


def test_a_daemon_that_runs_tells_all() -> None:
    """The whole snapshot is had, with or without a slash at the end of the address."""
    with Served() as served:
        assert snapshot(served.address)["site"] == snapshot(served.address.rstrip("/"))["site"] == "home"


@pytest.mark.parametrize("address", ["", "home", "https://127.0.0.1", "http://", "http://[::1", "http://h:99999", "ftp://h"])
def test_what_is_no_address_is_said(address: str) -> None:
    """An address that cannot be one is answered with an example of one."""
    with pytest.raises(NoAnswerError, match=r"for example http://127\.0\.0\.1:9755"):
        snapshot(address)


def test_nobody_there() -> None:
    """A port on which nobody listens is said in plain words, with what to look at."""
    with pytest.raises(NoAnswerError, match=r"connection refused.*systemctl status"):
        snapshot(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize("body", [b"hello", b"[]", b"{}", b"\xff"])
def test_somebody_else_there(body: bytes) -> None:
    """Another program on that port is not taken for us."""
    other = serve(CollectorRegistry(), "127.0.0.1", 0, routes={"/status.json": lambda _asked: Answer(body)})
    try:
        with pytest.raises(NoAnswerError, match="not the page of a han-gateway"):
            snapshot(f"http://127.0.0.1:{other.port}")
        with pytest.raises(NoAnswerError, match="not the page of a han-gateway"):
            snapshot(f"http://127.0.0.1:{other.port}/elsewhere")
    finally:
        other.close()


def test_who_hangs_up_has_not_answered() -> None:
    """A connection that is closed without an answer is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(NoAnswerError, match="no answer"):
            snapshot(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
