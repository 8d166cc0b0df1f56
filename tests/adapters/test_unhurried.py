"""A recording on a disk that takes its time, in the person of a pipe that nobody reads."""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from han_gateway.adapters import unhurried
from han_gateway.adapters.recording import Arrived, Recorder, Started, instant_from_iso, read_recording
from han_gateway.adapters.unhurried import Unhurried
from tests.waiting import PATIENCE_S, until

LINE = b"\x7e" * 100
PIPE_BYTES = 4_096


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe with room for some lines."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """In order and whole: closing waits for what the disk has not taken yet."""
    path = tmp_path / "run.han"
    recorder = Unhurried(path.open("ab", buffering=0), 0)
    for at in range(1_000):
        recorder.arrived(at, b"\x7e")
    recorder.close()
    with path.open("rb") as file:
        assert list(read_recording(file)) == [Started(0), *(Arrived(at, b"\x7e") for at in range(1_000))]
    assert (recorder.failed, recorder.lost) == (None, 0)


def test_a_disk_that_stalls_holds_nobody_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more than it takes is recorded in no time; the trouble is known; when it goes on the rest is there, and each gap in its place."""
    monkeypatch.setattr(unhurried, "MOST_LINES", 50)
    monkeypatch.setattr(unhurried, "PATIENCE_S", PATIENCE_S)
    out = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    into = pipe.open("ab", buffering=0)
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    recorder = Unhurried(into, 0)
    numbers = count(1)
    began = time.monotonic()
    _record_until_refused(recorder, numbers)
    assert time.monotonic() - began < PATIENCE_S
    os.set_blocking(out, True)
    with os.fdopen(out, "rb") as file, ThreadPoolExecutor(1) as reader:
        read = reader.submit(file.readlines)
        until(lambda: not recorder._waiting.full())
        last = next(numbers)
        recorder.arrived(last, LINE)
        recorder.close()
        lines = read.result(PATIENCE_S)
    assert recorder.failed is None
    assert _numbered(lines) == ([*range(1, last + 1)], recorder.lost)


def _record_until_refused(recorder: Recorder, numbers: Iterator[int]) -> None:
    """Record a thousand lines, and more until one is refused."""
    for _ in range(1_000):
        recorder.arrived(next(numbers), LINE)
    while recorder.failed is None:
        recorder.arrived(next(numbers), LINE)


def _numbered(lines: list[bytes]) -> tuple[list[int], int]:
    """Give the instants of a recording with those that its gaps stand for, in order, and how many these are."""
    numbers, lost = list[int](), 0
    for line in lines:
        if gap := re.fullmatch(rb"# (\d+) lines are missing here\n", line):
            numbers.extend(range(numbers[-1] + 1, numbers[-1] + 1 + int(gap[1])))
            lost += int(gap[1])
        elif not line.startswith(b"#"):
            numbers.append(instant_from_iso(line.split()[0].decode()))
    return numbers, lost


def test_the_end_does_not_wait_for_a_disk_that_is_dead(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last lines are lost with it."""
    monkeypatch.setattr(unhurried, "PATIENCE_S", 0.1)
    out = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    recorder = Unhurried(pipe.open("ab", buffering=0), 0)
    for at in range(2 * unhurried.MOST_LINES):
        recorder.arrived(at, LINE)
    began = time.monotonic()
    recorder.close()
    assert time.monotonic() - began < PATIENCE_S
    os.close(out)
