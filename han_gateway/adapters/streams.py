"""Server-sent events: those who watch get the news as it comes, all from one thread, and nobody waits for them.

News is asked for four times a second and sent as far as the kernel takes it at once. A reader that has let its buffer fill is cut off:
browsers come back by themselves, and then get the present rather than the past. This file must not know what the news is.
"""

import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

MOST_READERS = 8
ROUND_S = 0.25
BEAT_ROUNDS = 20
"""After so many rounds without news a beat is sent, by which a reader knows that we are still there, and we that it is."""
MOST_UNREAD = 131_072
"""Bytes that wait for one reader; the kernel takes twice as many for its own books (socket(7))."""
BEAT = b"event: beat\ndata: {}\n\n"

Mark = tuple[int, ...]
"""Up to where a reader knows everything."""
News = Callable[[Mark], tuple[Mark, bytes]]
"""Takes the mark of a reader; gives the new mark, and what there is to send (nothing: no bytes)."""


class _Reader(NamedTuple):
    connection: socket.socket
    mark: Mark
    quiet: int


class Streams:
    """Takes readers by ``add``, in any thread, until ``close``."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._lock = threading.Lock()
        self._readers: tuple[_Reader, ...] = ()
        self._some = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """No more readers now."""
        return len(self._readers) >= MOST_READERS

    def add(self, connection: socket.socket, mark: Mark) -> None:
        """Here is a reader that knows everything up to ``mark``."""
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_UNREAD)
        with self._lock:
            if self.full or self._over.is_set():
                connection.close()
                return
            self._readers += (_Reader(connection, mark, 0),)
            self._some.set()

    def close(self) -> None:
        """Hang up."""
        self._over.set()
        self._some.set()
        self._thread.join(2 * ROUND_S)

    def _run(self) -> None:
        while not self._over.is_set():
            self._some.wait()
            self._over.wait(ROUND_S)
            self._round()
        with self._lock:
            for reader in self._readers:
                reader.connection.close()
            self._readers = ()

    def _round(self) -> None:
        before = self._readers
        told = {mark: self._news(mark) for mark in {reader.mark for reader in before}}
        after = {id(reader.connection): _served(reader, *told[reader.mark]) for reader in before}
        with self._lock:  # somebody may have come meanwhile
            later = (after.get(id(reader.connection), reader) for reader in self._readers)
            self._readers = tuple(reader for reader in later if reader is not None)
            if not self._readers and not self._over.is_set():
                self._some.clear()


def _served(reader: _Reader, mark: Mark, news: bytes) -> _Reader | None:
    """The reader after this round; None once it is gone, or was too slow."""
    beat = not news and reader.quiet + 1 >= BEAT_ROUNDS
    words = BEAT if beat else news
    try:
        gone = _gone(reader.connection) or reader.connection.send(words) < len(words)
    except OSError:  # broken; or too slow, and its buffer is full
        gone = True
    if gone:
        reader.connection.close()
        return None
    return _Reader(reader.connection, mark, 0 if words else reader.quiet + 1)


def _gone(connection: socket.socket) -> bool:
    """True once the other side has hung up; it has nothing to say meanwhile. Raises OSError when the connection broke."""
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
