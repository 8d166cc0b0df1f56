"""A real mosquitto for one test: on a free loopback port, with a configuration of its own, ended by its process id.

It must not know what is tested. Whoever uses it marks the test with ``pytest.mark.broker``: skipped where mosquitto is not.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
PATIENCE_S = 30.0
_kept: list[socket.socket] = []


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, and that nobody else is given until this process ends.

    The system gives a port that is bound to nobody, but whoever asks for it by its number, with SO_REUSEADDR as servers do, may listen there.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    _kept.append(keeper)
    port: int = keeper.getsockname()[1]
    return port


class Mosquitto:
    """``with Mosquitto(tmp_path) as broker:`` ``broker.port`` stays the same over ``stop()`` and ``start()``.

    ``config`` are further lines of mosquitto.conf; without any, everybody may do everything.
    """

    def __init__(self, folder: Path, config: str = "allow_anonymous true", *, port: int = 0) -> None:
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._log = folder / f"mosquitto-{self.port}.log"
        # mosquitto gives up root for the user "mosquitto", who may not read the test's folder.
        who = "user root\n" if os.geteuid() == 0 else ""
        self._config.write_text(f"{who}listener {self.port} 127.0.0.1\n{config}\n")

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        assert PROGRAM is not None, "no mosquitto on this machine: mark the test with pytest.mark.broker"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self._process.poll() is None, self._log.read_text()
                time.sleep(0.01)
            else:
                return
        raise TimeoutError(self._log.read_text())

    def stop(self) -> None:
        """End it at once, as a power cut would. It keeps nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def reread(self) -> None:
        """Let it read its users and rules again, as ``systemctl reload`` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def freeze(self) -> None:
        """Let it hang: connections stay open, nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """End the hanging."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
