"""The notify socket and the journal's prefixes, against a socket of our own."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from han_gateway.adapters.systemd import NOTICE, JournalFormatter, Log, Notifier, priority, under_journald


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """What systemd would put into NOTIFY_SOCKET, and the socket at which it listens."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@han-gateway-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0"))
        listening.settimeout(30)
        yield name, listening


def test_every_word_that_systemd_knows(manager: tuple[str, socket.socket]) -> None:
    """Each call is one datagram with the assignments of sd_notify(3), over sockets with a path and abstract ones."""
    name, listening = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready("waiting for the meter")
    notifier.alive()
    notifier.status("meter fresh,\nbroker connected\nREADY=1")
    notifier.reloading(1_234_567)
    notifier.ready()
    notifier.stopping()
    notifier.close()
    notifier.alive()
    assert [listening.recv(4096) for _ in range(6)] == [
        b"READY=1\nSTATUS=waiting for the meter",
        b"WATCHDOG=1",
        b"STATUS=meter fresh, broker connected READY=1",
        b"RELOADING=1\nMONOTONIC_USEC=1234567",
        b"READY=1",
        b"STOPPING=1",
    ]


def test_nothing_happens_without_systemd() -> None:
    """Without NOTIFY_SOCKET every call is a no-op, and no watchdog is asked for."""
    notifier = Notifier({})
    notifier.ready("on a terminal")
    notifier.alive()
    notifier.close()
    assert notifier.watchdog_s is None


def test_a_manager_that_does_not_listen_is_no_trouble(tmp_path: Path) -> None:
    """A socket that is not there, or one whose queue is full, neither raises nor blocks."""
    absent = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    absent.alive()
    absent.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "deaf")})
        for _ in range(10_000):
            notifier.alive()
        notifier.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "²"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_twice_in_its_time(environment: dict[str, str], seconds: float | None) -> None:
    """``watchdog_s`` is half of WATCHDOG_USEC, and None when nobody asks us, or somebody asks nonsense."""
    assert Notifier(environment).watchdog_s == seconds


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (NOTICE, 5), (logging.INFO, 6), (logging.DEBUG, 7), (1, 7)],
)
def test_each_level_has_its_syslog_priority(level: int, number: int) -> None:
    """Logging levels become the priorities of sd-daemon(3)."""
    assert priority(level) == number


def test_every_line_of_a_record_carries_the_priority() -> None:
    """A record of several lines is several lines for journald; each keeps its priority."""
    record = logging.LogRecord("house", NOTICE, __file__, 1, "limit %d A\nmain fuse, L2", (10,), None)
    assert JournalFormatter().format(record) == "<5>limit 10 A\n<5>main fuse, L2"


def test_journald_is_recognised_by_its_stream(tmp_path: Path) -> None:
    """Prefixes are for journald only: not for a file to which somebody redirected us, nor for a terminal."""
    with (tmp_path / "stream").open("w") as stream, (tmp_path / "other").open("w") as other:
        ours = os.fstat(stream.fileno())
        environment = {"JOURNAL_STREAM": f"{ours.st_dev}:{ours.st_ino}"}
        assert under_journald(environment, stream.fileno())
        assert not under_journald(environment, other.fileno())
        assert not under_journald({}, stream.fileno())
        descriptor = os.dup(other.fileno())
    os.close(descriptor)
    assert not under_journald(environment, descriptor)


def test_nobody_waits_for_a_log_that_is_not_read() -> None:
    """When the pipe is full lines are lost, without an error and without a word; when it is read again, the next ones arrive."""
    out, into = os.pipe()
    with open(into, "w", encoding="utf-8") as stream, open(out, "rb", buffering=0) as reader:  # noqa: PTH123  descriptors
        handler = Log(stream)
        for number in range(3_000):
            handler.emit(logging.makeLogRecord({"msg": f"line {number} {'x' * 100}"}))
        assert reader.read(1 << 20).startswith(b"line 0 ")
        handler.emit(logging.makeLogRecord({"msg": "read again"}))
        assert b"read again" in reader.read(1 << 20)


def test_a_line_that_cannot_be_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the line itself is not hidden."""
    Log(sys.stdout).emit(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    assert "no number" in capsys.readouterr().err
