"""A cable that can be pulled: a broker in a network of its own, behind a link that goes down without a word to anybody.

It takes root and iproute2. It must not know what is tested.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tests.house import configured
from tests.mosquitto import PROGRAM

PORT = 1883
_NUMBERS = count()


def ip(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run ``ip``."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


def missing() -> str:
    """Why there can be no cable here; nothing if there can."""
    return "networks of their own take iproute2 and root" if shutil.which("ip") is None or os.geteuid() else ""


class Cable:
    """A link between us and another network, ``there``, in which a broker listens, for us at ``address``."""

    def __init__(self, folder: Path) -> None:
        number, name = next(_NUMBERS), os.getpid() % 1_000_000
        self.there = f"han{name}-{number}"
        self._ends = f"h{name}-{number}a", f"h{name}-{number}b"
        net = f"10.{200 + number % 50}.{name % 250}"
        self._here, self.address = f"{net}.1", f"{net}.2"
        self._config = folder / "mosquitto.conf"
        listeners = (f"listener {PORT} {address}\nallow_anonymous true\n" for address in (self.address, "127.0.0.1"))
        self._config.write_text("user root\n" + "".join(listeners))
        self._broker: subprocess.Popen[bytes] | None = None

    def lay(self) -> str:
        """Lay the cable, and start the broker behind it; the answer is why that is not possible here."""
        ours, theirs = self._ends
        inside = ("-n", self.there)
        for words in (
            ("netns", "add", self.there),
            ("link", "add", ours, "type", "veth", "peer", "name", theirs),
            ("link", "set", theirs, "netns", self.there),
            ("address", "add", f"{self._here}/24", "dev", ours),
            ("link", "set", ours, "up"),
            (*inside, "address", "add", f"{self.address}/24", "dev", theirs),
            (*inside, "link", "set", theirs, "up"),
            (*inside, "link", "set", "lo", "up"),
        ):
            done = ip(*words)
            if done.returncode:
                return f"no network of its own here: ip {' '.join(words)}: {done.stderr.strip()}"
        command = self.behind(str(PROGRAM), "-c", str(self._config))
        self._broker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return ""

    def behind(self, *command: str) -> Sequence[str]:
        """The command that runs this one at the broker's end."""
        return ["ip", "netns", "exec", self.there, *command]

    def configured(self, folder: Path, port: Path, metrics_port: int) -> Path:
        """The configuration of a house whose meter is at this port, and whose broker is at the other end."""
        return configured(folder, port, PORT, metrics_port, host=self.address)

    def pull(self) -> None:
        """From now on nothing arrives on either side, and nobody is told."""
        ip("-n", self.there, "link", "set", self._ends[1], "down")

    def plug(self) -> None:
        """And now it does again."""
        ip("-n", self.there, "link", "set", self._ends[1], "up")

    def take_away(self) -> None:
        """Leave nothing behind."""
        if self._broker is not None:
            self._broker.kill()
            self._broker.wait()
        ip("link", "del", self._ends[0])
        ip("netns", "del", self.there)
