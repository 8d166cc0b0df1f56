"""Campaign: the gateway in less than it is given. What it does every day, inside a sandbox narrower than the unit's.

    python -m tests.campaign.sandbox [--seed N] [--fast]

No memory that is writable and executable, no capability and none to be had, 64 open files, 32 tasks, 256 MiB of address space. In there it starts,
cuts, loses its adapter and its broker and finds them again, reads its configuration again and stops. tests/system/test_unit.py runs the
unit itself under a real systemd; this needs none, but Linux 6.3 (PR_SET_MDWE), setpriv and prlimit, and says so where they are missing.
What the unit leaves open is judged by systemd-analyze, where that is.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.campaign import _rig as rig
from tests.campaign._cuts import MOST_S, cuts, rise
from tests.campaign._promise import Promise, arguments, published

FILES, TASKS, ADDRESS_SPACE = 64, 32, 256 << 20
PIDS = Path("/sys/fs/cgroup/pids")
"""Where tasks can be limited for root, too (cgroups of version 1); where that is not, they are only counted."""
PR_SET_MDWE, PR_GET_MDWE, REFUSE_EXEC_GAIN = 65, 66, 1
NO_WRITE_EXECUTE = f"""import ctypes, os, sys
refused = ctypes.CDLL(None).prctl({PR_SET_MDWE}, {REFUSE_EXEC_GAIN}, 0, 0, 0)
sys.exit("no PR_SET_MDWE") if refused else os.execv(sys.argv[1], sys.argv[1:])"""
INSIDE = (
    *("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
    *("prlimit", f"--nofile={FILES}", f"--as={ADDRESS_SPACE}"),
    *(sys.executable, "-c", NO_WRITE_EXECUTE),
)
UNIT = Path(__file__).parents[2] / "systemd" / "han-gateway@.service"
MOST_EXPOSED = 1.5
FAST, FULL = 3, 100
PATIENCE_S = 20.0


class Seen(NamedTuple):
    """Seconds of each cut, how often it healed, and what it takes: open files, tasks, MiB of address space; its exit, and tracebacks."""

    cuts: list[float]
    healed: int
    reloaded: bool
    files: int
    tasks: int
    address_mib: int
    exit: int
    tracebacks: int


def run(rounds: int) -> Seen:
    """Every round the adapter and the broker are pulled."""
    with few_tasks() as few, rig.House(rig.HURRIED, names=("garage",), inside=(*few, *INSIDE)) as house:
        rise(house)
        healed, took = 0, cuts(house, 3)
        for _ in range(rounds):
            house.meter.unplug()
            house.broker.stop()
            time.sleep(0.5)
            house.broker.start()
            house.meter.plug()
            house.chargers[0].heard.clear()
            healed += rise(house, PATIENCE_S)
        house.gateway.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        files, tasks, address_mib = (
            house.gateway.open_files(),
            house.gateway.status("Threads"),
            house.gateway.status("VmSize") // 1024,
        )
        status, log = house.gateway.stop(), house.gateway.log()
        return Seen(took, healed, "configuration read again" in log, files, tasks, address_mib, status, log.count("Traceback"))


@contextmanager
def few_tasks() -> Iterator[tuple[str, ...]]:
    """The beginning of a command that may have no more than so many tasks; nothing where nobody may say so."""
    group = PIDS / f"han-gateway-{os.getpid()}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(TASKS))
    except OSError:
        yield ()
        return
    try:
        yield ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")
    finally:
        group.rmdir()


def missing() -> str | None:
    """Why it cannot be tried here, or None."""
    if not (shutil.which("setpriv") and shutil.which("prlimit")):
        return "no setpriv or no prlimit"
    return None if ctypes.CDLL(None).prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0 else "this Linux has no PR_SET_MDWE"


def exposure() -> list[Promise]:
    """What systemd makes of the unit that is shipped, from 0 (nothing is open) to 10; nothing without systemd-analyze."""
    if not shutil.which("systemd-analyze"):
        return []
    command = ("systemd-analyze", "security", "--offline=yes", "--no-pager", str(UNIT))
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    score = float(found[1]) if found else 10.0
    text, gate = "the service may do little beyond its work", f"exposure <= {MOST_EXPOSED} (`systemd-analyze security`)"
    return [Promise("R-27b", text, gate, f"exposure {score}", holds=score <= MOST_EXPOSED)]


def main() -> int:
    """Run the campaign."""
    given = arguments("The gateway in less than it is given.").parse_args()
    if why := missing():
        print(f"R-27 was not tried: {why}")
        return published(given, exposure())
    rounds = FAST if given.fast else FULL
    seen = run(rounds)
    figure = (
        f"{len(seen.cuts)} cuts, median {1000 * median(seen.cuts):.0f} ms; {seen.healed} of {rounds} times adapter and broker found again; "
        f"reload {'read' if seen.reloaded else 'not read'}; {seen.files} open files, {seen.tasks} tasks, {seen.address_mib} MiB of address space; exit "
        f"{seen.exit}, {seen.tracebacks} tracebacks"
    )
    promise = Promise(
        "R-27",
        "everything works in a sandbox narrower than the one that is shipped",
        f"no writable and executable memory, no capabilities, {FILES} files, {TASKS} tasks, {ADDRESS_SPACE >> 20} MiB: limits, healing, reload, a good stop",
        figure,
        holds=max(seen.cuts) < MOST_S
        and seen.tasks <= TASKS
        and seen.healed == rounds
        and seen.reloaded
        and not (seen.exit or seen.tracebacks),
    )
    return published(given, [promise, *exposure()])


if __name__ == "__main__":
    sys.exit(main())
