"""Server-sent events: news for those who watch, and nobody who is slow costs anything."""

import asyncio
import gc
import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from han_gateway.adapters import streams
from han_gateway.adapters.streams import BEAT, MOST_READERS, Mark, Streams
from tests.adapters.lateness import lateness
from tests.adapters.served import Served
from tests.waiting import until

PATIENCE_S = 30.0


class Paper:
    """News that is printed by hand."""

    def __init__(self) -> None:
        self.edition = 0
        self.text = b"news %d\n\n"

    def __call__(self, mark: Mark) -> tuple[Mark, bytes]:
        """What is new since this edition."""
        now = (self.edition,)
        return now, b"" if mark == now else self.text % self.edition


@pytest.fixture
def paper() -> Paper:
    """A paper of which nothing has been printed."""
    return Paper()


@pytest.fixture
def running(paper: Paper) -> Iterator[Streams]:
    """Streams of that paper."""
    it = Streams(paper)
    yield it
    it.close()
    gc.collect()


def reader(running: Streams, mark: Mark = (0,)) -> socket.socket:
    """The far end of a new reader."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE_S)
    running.add(ours, mark)
    return theirs


def test_news_comes_to_everybody_once(paper: Paper, running: Streams) -> None:
    """Each reader gets each edition once, and one that comes later gets what it does not know."""
    with reader(running) as early:
        paper.edition = 1
        assert early.recv(100) == b"news 1\n\n"
        with reader(running) as late, reader(running, (1,)) as knowing:
            assert late.recv(100) == b"news 1\n\n"
            paper.edition = 2
            assert [each.recv(100) for each in (early, late, knowing)] == [b"news 2\n\n"] * 3


def test_silence_has_a_beat(running: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no news, a reader hears that we are still there."""
    monkeypatch.setattr(streams, "BEAT_ROUNDS", 2)
    with reader(running) as one:
        assert one.recv(100) == BEAT


def test_a_reader_that_does_not_read_is_cut_off(paper: Paper, running: Streams) -> None:
    """A reader whose buffer is full is dropped, and the others do not notice."""
    paper.text = b"x" * 200_000 + b"%d"
    with reader(running), reader(running) as quick:
        for paper.edition in range(1, 4):
            got = 0
            while got < 200_001:
                got += len(quick.recv(1_000_000))
        assert len(running._readers) == 1


def test_half_an_event_is_the_last(paper: Paper, running: Streams) -> None:
    """A reader that could take only a part of an event is cut off with it: nothing is ever appended to a torn one."""
    paper.text = b"x" * 1_000_000 + b"%d"
    with reader(running) as slow:
        paper.edition = 1
        until(lambda: not running._readers, PATIENCE_S)
        got = 0
        while more := slow.recv(1_000_000):
            got += len(more)
    assert 0 < got < 1_000_000


def test_who_has_gone_makes_place(running: Streams) -> None:
    """A reader that hangs up is forgotten within a round or two, without any news."""
    reader(running).close()
    until(lambda: not running._readers, PATIENCE_S)


def test_there_is_a_most(running: Streams) -> None:
    """Beyond so many readers nobody is let in."""
    readers = [reader(running) for _ in range(MOST_READERS)]
    assert running.full
    with reader(running) as too_many:
        assert too_many.recv(1) == b""
    for each in readers:
        each.close()


def test_close_hangs_up() -> None:
    """After close no reader and no thread is left."""
    before = {*threading.enumerate()}
    it = Streams(Paper())
    with reader(it) as one:
        it.close()
        assert one.recv(1) == b""
    with reader(it) as late:
        assert late.recv(1) == b""
    until(lambda: {*threading.enumerate()} <= before, PATIENCE_S)


def hurry(port: int, asking: threading.Event, over: threading.Event) -> None:
    """Ask for everything again and again, or only count."""
    while not over.is_set():
        if not asking.is_set():
            sum(range(10_000))
            continue
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/status.json")
            connection.getresponse().read()
        finally:
            connection.close()


def test_the_loop_does_not_wait_for_those_who_watch() -> None:
    """While a full house of readers does not read and others ask for everything again and again, the loop is never late for long.

    For long: longer than where a thread as busy only counts, on this machine, with whatever else it does just now.
    """
    late: dict[bool, list[float]] = {False: [], True: []}
    over, asking = threading.Event(), threading.Event()

    async def story(served: Served) -> None:
        for _ in range(5):
            for asks in (False, True):
                asking.set() if asks else asking.clear()
                late[asks] += await lateness()
            served.evening.play(served.evening.at + 10_000)

    with Served() as served:
        sleepers = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(MOST_READERS)]
        for sleeper in sleepers:
            sleeper.sendall(b"GET /events HTTP/1.0\r\n\r\n")
        hurried = threading.Thread(target=hurry, args=(served.port, asking, over))
        hurried.start()
        try:
            asyncio.run(story(served))
        finally:
            over.set()
            hurried.join()
        for sleeper in sleepers:
            sleeper.close()
    usual, most = (sorted(late[asks])[len(late[asks]) * 9 // 10] for asks in (False, True))
    assert most < 0.1 + 5 * usual
