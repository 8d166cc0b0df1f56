"""The serial ports of this machine: which are there, by which name they will be found again, who holds them, and why one does not open.

This file must not know what comes out of a port.
"""

import os
import termios
from pathlib import Path

from serial.tools import list_ports

BY_ID = Path("/dev/serial/by-id")
PROCESSES = Path("/proc")
PSEUDO = "/dev/pts/"  # a pseudo-terminal is always held by whoever plays the device


def adapters() -> list[str]:
    """Every USB adapter that is plugged in, by a name that stays when another one is plugged in beside it, where there is one."""
    named = {os.path.realpath(path): str(path) for path in _entries(BY_ID)}
    plain = [port.device for port in list_ports.comports() if port.vid is not None]
    return sorted(named.values()) + sorted(device for device in plain if os.path.realpath(device) not in named)


def built_in() -> list[str]:
    """Ports of the board itself. They may be a console or a radio, so nobody should open one unasked."""
    return sorted(port.device for port in list_ports.comports() if port.vid is None)


def lasting_name(device: str) -> str:
    """Give the name under /dev/serial/by-id of a device, or the device itself where it has none (or is a link of somebody's own)."""
    if Path(device).is_symlink():
        return device
    real = os.path.realpath(device)
    return next((str(path) for path in sorted(_entries(BY_ID)) if os.path.realpath(path) == real), device)


def holder(device: str) -> str | None:
    """Name a process that has the device open, other than this one; None where there is none, or none that we may see."""
    real = os.path.realpath(device)
    if real.startswith(PSEUDO):
        return None
    for process in _entries(PROCESSES):
        if process.name.isdecimal() and int(process.name) != os.getpid() and _holds(process, real):
            return f"{_name(process)} (process {process.name})"
    return None


def errno_of(why: BaseException) -> int | None:
    """Give the number of the system's error behind one of pyserial's, which hides it where a port opens but cannot be set up; None for none."""
    code = getattr(why, "errno", None)
    if code is None and isinstance(why, termios.error) and why.args:
        code = why.args[0]
    if code is None and why.__context__ is not None:
        return errno_of(why.__context__)
    return code if isinstance(code, int) else None


def _holds(process: Path, real: str) -> bool:
    """Tell whether a process has a file open; those of other users cannot be looked at."""
    for link in _entries(process / "fd"):
        try:
            if str(link.readlink()) == real:
                return True
        except OSError:  # closed in the meantime
            continue
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "another program"


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
