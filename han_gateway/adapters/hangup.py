"""SIGHUP, which ends whoever does not expect it: expected from the first moment on, heard when there is somebody who can reload.

A word that comes while the daemon starts is kept for it, as the configuration may have been read before; one that comes while it stops is for nobody.
This file must not know what a reload is. signal(7).
"""

import asyncio
import signal
from collections.abc import Callable


class Hangup:
    """Belongs to the main thread. It expects the signal from its making on."""

    def __init__(self) -> None:
        self._came = False
        signal.signal(signal.SIGHUP, self._keep)

    def hear(self, reload: Callable[[], None]) -> None:
        """From now on each signal is a reload in the running loop; so is one that came before, however often."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, reload)
        if self._came:
            loop.call_soon(reload)

    def over(self) -> None:
        """The end has begun: nothing is reloaded any more, and nobody is ended halfway."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _keep(self, *_: object) -> None:
        self._came = True
