"""What the demo borrows from the machine while it runs: a pty as the meter's line, a broker, and the gateway as its own process.

Each is a context that leaves nothing behind. This file must not know what is played or shown.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

PATIENCE_S = 5.0
"""How long a process may take to start or to end before it counts as stuck."""
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Where mosquitto may be although PATH does not say so."""


class ServiceError(Exception):
    """Something that the demo needs did not start; the message says what and how to help."""


@contextmanager
def meter_line() -> Iterator[tuple[str, Callable[[bytes], None]]]:
    """Open a pty: the path of the end that a gateway reads, and a way to send bytes. Nobody listening means bytes are lost."""
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        yield os.ttyname(theirs), lambda data: _send(ours, data)
    finally:
        os.close(ours)
        os.close(theirs)


def _send(line: int, data: bytes) -> None:
    with suppress(BlockingIOError):  # a real meter does not wait for a listener either
        os.write(line, data)


def free_port() -> int:
    """Find a TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mosquitto() -> str | None:
    """Find a mosquitto on this machine."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS)))


@asynccontextmanager
async def broker(port: int, *, embedded: bool) -> AsyncIterator[str]:
    """Run a broker on loopback and give its name: the machine's mosquitto, or amqtt inside this process."""
    program = None if embedded else mosquitto()
    if program:
        async with process(program, "-p", str(port), stderr=subprocess.DEVNULL):
            await _listening(port)
            yield "mosquitto"
        return
    try:
        from han_gateway.demo.embedded_broker import embedded_broker  # noqa: PLC0415 - an extra, and 100 ms to import
    except ImportError as why:
        raise ServiceError('there is no MQTT broker to show this with: install mosquitto or "han-gateway[demo]"') from why
    async with embedded_broker(port):
        yield "amqtt, embedded"


@asynccontextmanager
async def gateway(config: Path, on_line: Callable[[str], None]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the real gateway on a configuration file, as a process of its own; ``on_line`` gets every line of its log."""
    command = (sys.executable, "-m", "han_gateway", "run", "--config", str(config))
    async with process(*command, stderr=subprocess.PIPE) as running:
        reader = asyncio.create_task(_read_lines(running, on_line))
        try:
            yield running
        finally:
            await _end(running)
            await reader


async def _read_lines(running: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
    if running.stderr is None:
        return
    async for line in running.stderr:
        on_line(line.decode(errors="replace").rstrip())


@asynccontextmanager
async def process(*command: str, stderr: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program in its own process group, so that Ctrl-C reaches us alone and we end things in order."""
    running = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env=_environment(),
        process_group=0,
    )
    try:
        yield running
    finally:
        await _end(running)


def _environment() -> dict[str, str]:
    """Ours, without what would override the demo's configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HAN_")}


async def _end(running: asyncio.subprocess.Process) -> None:
    """Ask a process to end, and insist after a while."""
    if running.returncode is not None:
        return
    running.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(running.wait(), PATIENCE_S)
    except TimeoutError:
        running.kill()
        await running.wait()


async def _listening(port: int) -> None:
    """Wait until somebody answers on this port."""
    for _ in range(round(PATIENCE_S / 0.02)):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise ServiceError(f"the broker did not start to listen on port {port} within {PATIENCE_S:g} s")
