"""Listening to one port for a while, on real ptys and sockets. A pty has no parity and no counters: those are not proven here."""

import errno
import os
import pty
import socket
import subprocess
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from han_gateway.adapters import ports
from han_gateway.adapters.probe import listen_serial, listen_tcp


@contextmanager
def adapter() -> Iterator[tuple[int, str]]:
    """A pty: the meter's end, and the name of the device."""
    meter, device = pty.openpty()
    tty.setraw(device)
    name = os.ttyname(device)
    os.close(device)
    yield meter, name
    os.close(meter)


def until(data: list[bytes], size: int) -> Callable[[], float]:
    """Listen until so many bytes have come, for 200 questions at most."""
    asked = iter(range(200))
    return lambda: 0 if len(b"".join(data)) >= size or next(asked, None) is None else 0.05


def test_bytes_of_a_port_are_heard() -> None:
    """What the meter says while we listen is heard, and nothing is wrong."""
    heard: list[bytes] = []
    with adapter() as (meter, device):
        timer = threading.Timer(0.1, os.write, (meter, b"\x7e\xa0\x00"))
        end = listen_serial(device, 2400, "N", heard.append, until(heard, 3), timer.start)
        timer.join()

    assert b"".join(heard) == b"\x7e\xa0\x00"
    assert end.trouble is None


def test_a_setting_that_the_adapter_cannot_do_is_refused() -> None:
    """A pty that is set up already refuses even parity, as a poor adapter may."""
    with adapter() as (_, device):
        listen_serial(device, 2400, "N", print, lambda: 0)
        assert listen_serial(device, 2400, "E", print, lambda: 1).trouble == "refused"


def test_a_port_that_goes_away_is_gone() -> None:
    """An adapter that is pulled out ends the listening at once."""
    meter, device = pty.openpty()
    tty.setraw(device)
    name = os.ttyname(device)
    os.close(device)
    timer = threading.Timer(0.1, os.close, (meter,))

    assert listen_serial(name, 2400, "N", print, lambda: 5, timer.start).trouble == "gone"
    timer.join()


def test_listening_begins_when_the_port_is_open(tmp_path: Path) -> None:
    """Whoever waits is told that listening begins, and hears nothing of it where there is no port."""
    opened: list[int] = []
    with adapter() as (_, device):
        listen_serial(device, 2400, "N", print, lambda: 0, lambda: opened.append(1))
    listen_serial(str(tmp_path / "none"), 2400, "N", print, lambda: 0, lambda: opened.append(2))
    with socket.create_server(("127.0.0.1", 0)) as server:
        listen_tcp("127.0.0.1", server.getsockname()[1], print, lambda: 0, lambda: opened.append(3))
    listen_tcp("no..host", 1, print, lambda: 0, lambda: opened.append(4))
    assert opened == [1, 3]


def test_an_adapter_that_hangs_is_no_wrong_parity(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the adapter itself, at opening or at setting it up, is told apart from a parity that it cannot do."""
    found = []
    for why in (
        termios.error(errno.EIO, "I/O"),
        OSError(errno.EIO, "I/O"),
        termios.error(errno.EINVAL, "no"),
        OSError(errno.EMFILE, ""),
    ):

        def fail(*_arguments: object, why: Exception = why, **_options: object) -> None:
            raise why

        monkeypatch.setattr(serial, "Serial", fail)
        found.append(listen_serial("/dev/adapter", 2400, "E", print, lambda: 0)[:2])
    assert [trouble for trouble, _ in found] == ["gone", "gone", "refused", "unusable"]
    assert found[3][1] == "too many open files"


def test_ports_that_cannot_be_opened(tmp_path: Path) -> None:
    """Not there, not a serial port, and already open are told apart."""
    (tmp_path / "file").touch()
    with adapter() as (_, device):
        nested: list[str | None] = []
        asked = iter((1.0, 0.0))

        def left() -> float:
            nested.append(listen_serial(device, 2400, "N", print, lambda: 0).trouble)
            return next(asked) - 1

        listen_serial(device, 2400, "N", print, left)

    assert nested == ["busy"]
    assert listen_serial(str(tmp_path / "none"), 2400, "N", print, lambda: 0).trouble == "no_port"
    assert listen_serial(str(tmp_path / "file"), 2400, "N", print, lambda: 0).trouble == "unusable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_port_that_is_not_ours_is_denied(tmp_path: Path) -> None:
    """Missing rights are told apart from a missing port."""
    (tmp_path / "file").touch(mode=0)
    assert listen_serial(str(tmp_path / "file"), 2400, "N", print, lambda: 0).trouble == "denied"


def test_a_serial_server() -> None:
    """Bytes are heard; one that hangs up, is not there, or has no such name is unreachable, each with its reason."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"abc")

        thread = threading.Thread(target=serve)
        thread.start()
        end = listen_tcp("127.0.0.1", port, heard.append, lambda: 5)
        thread.join()

    assert b"".join(heard) == b"abc"
    assert end[:2] == ("unreachable", "it hung up")
    assert listen_tcp("127.0.0.1", port, print, lambda: 1)[:2] == ("unreachable", "connection refused")
    assert listen_tcp("no..host", 1, print, lambda: 1)[:2] == ("unreachable", "unknown host")


def test_who_holds_a_port(tmp_path: Path) -> None:
    """A process that has the device open is named; nobody is no one, and neither are we ourselves."""
    device = tmp_path / "device"
    device.touch()
    with device.open():
        assert ports.holder(str(device)) is None
    with device.open() as file, subprocess.Popen(["sleep", "60"], stdin=file) as other:
        held = ports.holder(str(device))
        other.kill()

    assert held == f"sleep (process {other.pid})"


def test_adapters_have_lasting_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device is named by its link in /dev/serial/by-id where there is one; a link of somebody's own stays."""
    monkeypatch.setattr(ports, "BY_ID", tmp_path / "by-id")
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "han").symlink_to(tmp_path / "ttyUSB0")

    assert ports.lasting_name(str(tmp_path / "ttyUSB0")) == str(tmp_path / "ttyUSB0")
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-FTDI").symlink_to(tmp_path / "ttyUSB0")
    assert ports.lasting_name(str(tmp_path / "ttyUSB0")) == str(tmp_path / "by-id" / "usb-FTDI")
    assert ports.lasting_name(str(tmp_path / "han")) == str(tmp_path / "han")
    assert ports.adapters() == [str(tmp_path / "by-id" / "usb-FTDI")]
