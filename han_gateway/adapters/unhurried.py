"""A recording on a disk that takes its time: cards stall for seconds, some for minutes, and the house cannot wait for them.

Lines wait for the disk in a queue, and a thread of their own writes them. When the queue is full lines are lost, and the recording says so, as it does
after any trouble. This file must not know what is recorded.
"""

import errno
from queue import Full, Queue
from threading import Thread
from typing import BinaryIO

from han_gateway.adapters.recording import Recorder
from han_gateway.core.units import Instant

MOST_LINES = 1_024
"""Some minutes of a lively house."""
SICK_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What a disk says that is full or dying; the system makes a card read-only when it finds its file system damaged."""
PATIENCE_S = 2.0
"""So long the end of the program waits for the last lines."""


class Unhurried(Recorder):
    """A recorder whose caller never waits. ``failed`` and ``lost`` are right a moment later."""

    def __init__(self, file: BinaryIO, started: Instant) -> None:
        self._waiting: Queue[tuple[Instant, bytes, int] | None] = Queue(MOST_LINES)
        self._refused = 0
        self._thread = Thread(target=self._run, name="recording", daemon=True)
        super().__init__(file, started)
        self._thread.start()

    def close(self) -> None:
        """Write what waits and close the file, or leave both to a disk that does not answer."""
        try:
            self._waiting.put(None, timeout=PATIENCE_S)
        except Full:
            return
        self._thread.join(PATIENCE_S)

    def _write(self, at: Instant, line: bytes) -> None:
        try:
            self._waiting.put_nowait((at, line, self._refused))
        except Full:
            self._refused += 1  # told to the file in the place where they are missing: before the next line that is taken
            self.failed = OSError("the disk does not answer")
        else:
            self._refused = 0

    def _run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            at, line, refused = waiting
            self._lose(refused)
            super()._write(at, line)
        super().close()
