"""Listening on a real broker for a while: what is heard, and what is said where nobody answers as a broker."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from han_gateway.adapters import lookout
from han_gateway.adapters.broker_settings import BrokerSettings, TlsSettings
from han_gateway.adapters.lookout import Lacks, Trouble, listen
from tests.certificates import tls_config
from tests.house import Listener
from tests.mosquitto import Mosquitto, free_port


def heard(
    host: str, port: int, *topics: str, username: str | None = None, tls: TlsSettings | None = None
) -> tuple[list[tuple[str, bytes]], Trouble | None]:
    """What is heard within half a second, and what went wrong."""
    messages: list[tuple[str, bytes]] = []
    settings = BrokerSettings(host=host, port=port, username=username, tls=tls)
    trouble = listen(settings, topics or ("+/amp",), 0.5, lambda topic, payload: messages.append((topic, payload)))
    return messages, trouble


@pytest.mark.broker
def test_only_what_was_asked_for_is_heard(tmp_path: Path) -> None:
    """Messages on the topics are heard, retained ones too; others are not, and nothing is published."""
    with Mosquitto(tmp_path) as broker:
        somebody = Listener(broker.port)
        somebody.publish("a/amp", b"16", retain=True)
        somebody.publish("b/volt", b"230", retain=True)
        somebody.next("b/volt")
        messages, trouble = heard("127.0.0.1", broker.port)
        somebody.close()
        assert (messages, trouble) == ([("a/amp", b"16")], None)
        assert {topic for topic, _ in (somebody.heard.get() for _ in range(somebody.heard.qsize()))} <= {"a/amp", "b/volt"}


@pytest.mark.broker
def test_a_broker_that_wants_a_password_says_so(tmp_path: Path) -> None:
    """Who is not let in is told that the broker refused, which is not the same as no broker."""
    with Mosquitto(tmp_path, "allow_anonymous false") as broker:
        _, trouble = heard("127.0.0.1", broker.port, username="nobody")
    assert trouble is not None
    assert trouble.words.startswith("the broker refused us")
    assert trouble.lacks is Lacks.USER


def test_where_no_broker_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port, a name that nobody has, and something that accepts and says nothing or nonsense are each one sentence."""
    monkeypatch.setattr(lookout, "CONNECT_S", 0.5)
    port = free_port()
    assert heard("127.0.0.1", port) == ([], Trouble(f"127.0.0.1:{port} cannot be reached (connection refused)"))
    assert heard("no such host.invalid", 1883) == ([], Trouble("no such host.invalid:1883 cannot be reached (unknown host)"))
    for answer in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve(listening: socket.socket = server, said: bytes = answer) -> None:
                with suppress(ConnectionError), listening.accept()[0] as line:
                    line.sendall(said)
                    while line.recv(100):
                        pass

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            port = server.getsockname()[1]
            messages, trouble = heard("127.0.0.1", port)
            thread.join(10)
        assert messages == []
        assert trouble is not None
        assert str(port) in trouble.words


@pytest.mark.broker
@pytest.mark.filterwarnings("ignore:Exception ignored in. <s:pytest.PytestUnraisableExceptionWarning")
def test_each_trouble_with_tls_names_what_would_help(tmp_path: Path, certificates: Path) -> None:
    """An unknown CA is not a wrong name, and neither is a port that speaks no TLS, or one that wants a certificate of ours."""
    ours, other = (TlsSettings(ca_file=certificates / f"{name}.crt") for name in ("ca", "other"))
    with Mosquitto(tmp_path, tls_config(certificates, asks=False)) as broker:
        troubles = [
            heard(host, broker.port, tls=tls)[1] for host, tls in (("localhost", other), ("127.0.0.1", ours), ("localhost", ours))
        ]
    assert [trouble and trouble.lacks for trouble in troubles] == [Lacks.CA, Lacks.ADDRESS, None]
    with Mosquitto(tmp_path) as broker:
        _, trouble = heard("localhost", broker.port, tls=ours)
    assert trouble == Trouble(f"localhost:{broker.port} does not speak TLS; without it, write mqtt:// before its name")
    with Mosquitto(tmp_path, tls_config(certificates)) as broker:
        _, trouble = heard("localhost", broker.port, tls=ours)
    assert trouble is not None
    assert "a certificate of ours" in trouble.words
