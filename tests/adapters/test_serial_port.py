"""A serial port that is pulled out and put back, on a real pty with a link as its name."""

import asyncio
import errno
import gc
import os
import termios
import threading
import time
import tty
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import serial

from han_gateway.adapters import serial_port
from han_gateway.adapters.serial_port import SerialSource
from han_gateway.adapters.silence import FLOOD_BYTES_PER_S
from han_gateway.meters.decoder import Decoder
from tests.adapters.lateness import most_between_ticks

PATIENCE_S = 30.0
FEW_READS = 5 * 4096


class Line:
    """An adapter on a pty: ``plug``, ``send``, ``unplug``. The device is a link, as in /dev/serial/by-id."""

    def __init__(self, folder: Path) -> None:
        self.device = folder / "usb-adapter"
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        """Put the adapter in."""
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.device.symlink_to(os.ttyname(self._ends[1]))

    def send(self, data: bytes) -> None:
        """What the meter says."""
        assert self._ends
        os.write(self._ends[0], data)

    def unplug(self) -> None:
        """Pull the adapter out."""
        if self._ends:
            for end in self._ends:
                os.close(end)
            self._ends = None
            self.device.unlink()


class Listener:
    """What the source told us."""

    def __init__(self) -> None:
        self.data = b""
        self.changes: list[tuple[bool, str]] = []

    def hear(self, data: bytes) -> None:
        """Bytes came."""
        self.data += data

    def changed(self, connected: bool, detail: str) -> None:
        """The port opened or was lost."""
        self.changes.append((connected, detail))

    async def hears(self, line: Line) -> None:
        """Wait until something that is sent on a line is heard; what is sent while the port is being opened is lost, as on a real one."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.data:
                line.send(b"x")
                await asyncio.sleep(0.02)

    async def until(self, condition: Callable[["Listener"], bool]) -> None:
        """Wait until the world looks like that."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(self):  # noqa: ASYNC110  what is waited for has no event
                await asyncio.sleep(0.005)


def listening(source: SerialSource, story: Callable[[Listener], Awaitable[None]], listener: Listener | None = None) -> Listener:
    """Run a source while a story happens to it."""
    listener = listener or Listener()

    async def run() -> Listener:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(source.run(listener.hear, listener.changed))
            await story(listener)
            reading.cancel()
        return listener

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_port, "RETRY_S", 0.02)


def open_files() -> int:
    """How many files this process holds open."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  counts what a Path would not


def ups(listener: Listener) -> int:
    """How often the port has opened."""
    return sum(connected for connected, _ in listener.changes)


def test_a_port_that_is_pulled_out_comes_back_by_itself(tmp_path: Path) -> None:
    """Bytes before and after arrive, each change is told once, and no file stays open."""
    before = open_files()
    line = Line(tmp_path)
    line.plug()

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: len(it.changes) == 1)
        for letter in (b"a", b"b", b"c"):
            line.send(letter)
            await listener.until(lambda it: len(it.data) == ups(it))
            line.unplug()
            await listener.until(lambda it: it.changes[-1][0] is False)
            await asyncio.sleep(0.1)  # several retries
            line.plug()
            await listener.until(lambda it: it.changes[-1][0] is True)
        line.send(b"d")
        await listener.until(lambda it: len(it.data) == ups(it))

    listener = listening(SerialSource(str(line.device), parity="N"), story)
    line.unplug()
    assert open_files() == before
    assert listener.changes[0][0] is True
    assert ups(listener) == 4
    assert len(listener.changes) <= 4 + 3 * 2  # lost, and at most once "is not there": never once a retry
    assert listener.data == b"abcd"


def test_a_port_that_is_not_there_is_told_once_with_the_remedy(tmp_path: Path) -> None:
    """The message names the device and asks whether it is plugged in; it is not repeated with every retry."""

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))
        await asyncio.sleep(0.2)

    listener = listening(SerialSource(str(tmp_path / "nothing")), story)
    ((connected, detail),) = listener.changes
    assert not connected
    assert "nothing is not there: unplugged, or another name?" in detail


def test_a_port_that_refuses_its_parity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that cannot do 8E1 gets the advice to try parity N, not a traceback."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise termios.error(22, "Invalid argument")

    monkeypatch.setattr(serial, "Serial", refuse)

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))

    (connected, detail) = listening(SerialSource("/dev/adapter", parity="E"), story).changes[0]
    assert not connected
    assert 'try parity = "N"' in detail


def configuring(*error: object) -> serial.SerialException:
    """What pyserial makes of an error between opening a port and setting it up."""
    wrapped = serial.SerialException("Could not configure port")
    wrapped.__context__ = termios.error(*error)
    return wrapped


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (termios.error(errno.EIO, "Input/output error"), "take the adapter out"),
        (configuring(errno.EIO, "Input/output error"), "take the adapter out"),
        (serial.SerialException(errno.EIO, "Input/output error"), "take the adapter out"),
        (serial.SerialException(errno.ENODEV, "No such device"), "take the adapter out"),
        (configuring(errno.ENOTTY, "Inappropriate ioctl for device"), "not a serial port"),
        (serial.SerialException(errno.ENOENT, "No such file"), "unplugged, or another name?"),
        (serial.SerialException(errno.EACCES, "Permission denied"), "dialout"),
        (serial.SerialException(errno.EBUSY, "Device or resource busy"), "in use by another program"),
        (serial.SerialException(errno.EMFILE, "Too many open files"), "too many open files"),
        (serial.SerialException(errno.ENOMEM, "Cannot allocate memory"), "cannot allocate memory"),
        (ValueError("embedded null byte"), "not a serial port"),
    ],
)
def test_each_reason_why_a_port_does_not_open_has_its_remedy(why: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that hangs is not called a wrong parity nor no serial port; nothing that the system says ends the source."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise why

    monkeypatch.setattr(serial, "Serial", fail)

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))

    (connected, detail) = listening(SerialSource("/dev/adapter"), story).changes[0]
    assert not connected
    assert words in detail


def test_a_port_is_ours_alone(tmp_path: Path) -> None:
    """A second program does not steal every other byte: it is told that the port is in use."""
    line = Line(tmp_path)
    line.plug()
    second = SerialSource(str(line.device), parity="N")

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))
        other = Listener()
        task = asyncio.create_task(second.run(other.hear, other.changed))
        await other.until(lambda it: bool(it.changes))
        task.cancel()
        assert "is in use by another program" in other.changes[0][1]

    listening(SerialSource(str(line.device), parity="N"), story)
    line.unplug()


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    """Something that is not a serial port is refused in words."""
    (tmp_path / "file").write_bytes(b"")

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))

    ((connected, detail),) = listening(SerialSource(str(tmp_path / "file")), story).changes[:1]
    assert not connected
    assert "file" in detail


def test_silence_is_told_once_and_the_port_opened_again_quietly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A HAN port that is closed, or an adapter that hangs: one warning a silence, no news of reopening, and bytes are heard after it."""
    line = Line(tmp_path)
    line.plug()
    before = open_files()

    async def story(listener: Listener) -> None:
        await listener.until(lambda _: len(caplog.records) == 1)
        await asyncio.sleep(0.3)  # two or three times opened again
        assert len(caplog.records) == 1
        await listener.hears(line)
        await listener.until(lambda _: len(caplog.records) >= 2)  # a byte may come behind a second silence, and end that one, too
        assert open_files() - before < 10

    listener = listening(SerialSource(str(line.device), parity="N", silent_after_s=0.05), story)
    line.unplug()
    assert len(listener.changes) == 1
    assert "is the HAN port opened" in caplog.text
    assert f"han-gateway detect {line.device}" in caplog.text


def test_an_adapter_that_is_exchanged_in_a_silence_is_found(tmp_path: Path) -> None:
    """When a silent adapter is another one under the same name, opening again finds it, without anybody seeing the first one go."""
    first, second = Line(tmp_path / "a"), Line(tmp_path / "b")
    for line in (first, second):
        line.device.parent.mkdir()
        line.plug()
    name = tmp_path / "adapter"
    name.symlink_to(first.device)

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))
        name.unlink()
        name.symlink_to(second.device)
        await listener.hears(second)

    listener = listening(SerialSource(str(name), parity="N", silent_after_s=0.1), story)
    first.unplug()
    second.unplug()
    assert ups(listener) == 1


def test_settings_that_somebody_changes_are_set_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program leaves the port at 9600 baud and line by line: within a look it is as the meter needs it, and that is told once."""
    monkeypatch.setattr(serial_port, "LOOK_S", 0.05)
    line = Line(tmp_path)
    line.plug()

    async def story(listener: Listener) -> None:
        await listener.hears(line)
        other = os.open(line.device, os.O_RDWR | os.O_NOCTTY)
        ours = termios.tcgetattr(other)
        theirs = [*ours[:3], ours[3] | termios.ICANON | termios.ECHO, termios.B9600, termios.B9600, ours[6]]
        termios.tcsetattr(other, termios.TCSANOW, theirs)
        await listener.until(lambda _: termios.tcgetattr(other)[:6] == ours[:6])
        os.close(other)
        listener.data = b""
        await listener.hears(line)
        await asyncio.sleep(0.2)  # some more looks

    listener = listening(SerialSource(str(line.device), parity="N"), story)
    line.unplug()
    assert ups(listener) == len(listener.changes) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"another program has changed the settings of {line.device}; they are set again; stop that program"
    ]


def test_bytes_that_another_program_takes_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody reads the port in spite of our lock: that is no unplugged adapter, and what is left is heard."""
    line = Line(tmp_path)
    line.plug()
    over = threading.Event()

    def rob(thief: int) -> None:
        while not over.is_set():
            with suppress(BlockingIOError):
                os.read(thief, 4096)

    async def story(listener: Listener) -> None:
        await listener.hears(line)
        thief = os.open(line.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        thread = threading.Thread(target=rob, args=(thief,), daemon=True)
        thread.start()
        async with asyncio.timeout(6 * PATIENCE_S):  # who gets a byte is a matter of luck, and on a busy machine seldom the thief
            while "another program takes bytes" not in caplog.text:
                line.send(b"x")
                await asyncio.sleep(0.001)
        for _ in range(200):
            line.send(b"x")
            await asyncio.sleep(0.001)
        over.set()
        await asyncio.to_thread(thread.join, 2)
        os.close(thief)
        listener.data = b""
        await listener.hears(line)

    listener = listening(SerialSource(str(line.device), parity="N"), story)
    line.unplug()
    assert ups(listener) == len(listener.changes) == 1
    assert caplog.text.count("another program takes bytes") == 1


def test_a_flood_does_not_starve_the_loop(tmp_path: Path) -> None:
    """A device that sends without end is read at a bounded speed, and the loop has its turn after a few reads at most."""
    line = Line(tmp_path)
    line.plug()
    decoder = Decoder()
    most: list[int] = []
    flood = threading.Event()

    def pour() -> None:
        with suppress(OSError):
            while not flood.is_set():
                line.send(bytes(range(256)) * 16)

    async def story(listener: Listener) -> None:
        await listener.until(lambda it: bool(it.changes))
        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        most.append(await most_between_ticks(lambda: len(listener.data)))
        flood.set()
        await asyncio.to_thread(thread.join, 2)

    class Decoding(Listener):
        def hear(self, data: bytes) -> None:
            super().hear(data)
            decoder.feed(data)

    began = time.monotonic()
    heard = listening(SerialSource(str(line.device), parity="N"), story, Decoding())
    line.unplug()
    assert 0 < len(heard.data) < 2 * FLOOD_BYTES_PER_S * (time.monotonic() - began)
    assert 0 < most[0] < FEW_READS
