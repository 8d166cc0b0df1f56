"""The daemon as a process: what it costs to run, how fast it is there, and how fast a list becomes a limit.

``han-gateway run`` with a real mosquitto on loopback and a meter in software on a pty. Three parts:

* size: with lists as often as a meter sends them, a charger that reports and a scrape of the metrics now and then;
* start: from exec until the broker delivers a charger's report to the gateway, asked for every 2 ms;
* reaction: from the closing flag of a list that demands a cut, written to the pty, until the lower limit is with a subscriber.

    python -m benchmarks.daemon [--seconds 45] [--starts 9] [--cuts 240]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import NamedTuple
from urllib.request import urlopen

from benchmarks.gateway_process import FUSE_A, MAXIMUM_A, REPORT, Daemon, Line, Subscriber
from benchmarks.household import LIST1_S, LIST2_S, frame
from benchmarks.machine import machine
from tests.mosquitto import PROGRAM, Mosquitto

SETTLING_S = 15
SCRAPE_S = 10
RESPONSE_S = 0.03
"""How long the charger may take to follow, and the raise window, in the part about reaction: short, so that there are many cuts."""

QUIET_MA, LOUD_MA = 2_000, 1_000 * FUSE_A + 1_000

AT_EASE = ""
IN_A_HURRY = f"list_period_s = 1\nraise_window_s = {RESPONSE_S}\n"


class Size(NamedTuple):
    """What a process takes: memory in MiB, and the share of one core in percent."""

    resident: float
    proportional: float
    share: float
    threads: int


@contextmanager
def house(policy: str) -> Iterator[tuple[Mosquitto, Line, Daemon]]:
    """A broker, a meter's line and a daemon between them, started."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Mosquitto(folder))
        line = stack.enter_context(Line())
        yield broker, line, stack.enter_context(Daemon(folder, line.device, broker.port, policy, RESPONSE_S))


def size(seconds: int) -> Size:
    """Let it work as it does all day, and look at it after a while."""
    with house(AT_EASE) as (broker, line, daemon), Subscriber(broker.port) as charger:
        charger.wait_for_gateway()
        begin = time.monotonic()
        used = since = 0.0
        for second in range(0, SETTLING_S + seconds, LIST1_S):
            if second >= SETTLING_S and not since:
                used, since = daemon.cpu_s(), time.monotonic()
            line.write(frame(second, 6_000))
            charger.publish(REPORT, b'{"current_a":{"L1":5.8,"L2":5.8,"L3":5.8},"status":"charging"}')
            if second % SCRAPE_S == 0:
                urlopen(f"http://127.0.0.1:{daemon.metrics_port}/metrics", timeout=5).close()
            time.sleep(max(0.0, begin + second + LIST1_S - time.monotonic()))
        share = 100 * (daemon.cpu_s() - used) / (time.monotonic() - since)
        return Size(daemon.memory_mib("status", "VmRSS"), daemon.memory_mib("smaps_rollup", "Pss"), share, daemon.threads())


def start_s() -> float:
    """Seconds from exec until the gateway would get a charger's report."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Mosquitto(folder))
        line = stack.enter_context(Line())
        charger = stack.enter_context(Subscriber(broker.port))
        begin = time.perf_counter()
        stack.enter_context(Daemon(folder, line.device, broker.port, AT_EASE, RESPONSE_S))
        charger.wait_for_gateway()
        return time.perf_counter() - begin


def reactions_ms(cuts: int) -> list[float]:
    """Milliseconds from closing flag to limit, of so many cuts by one ampere.

    The charger never reports, so a load of one ampere too much costs it one ampere. From its maximum it is cut step by step down to
    a pause, then a quiet house raises it again.
    """
    random = Random("reactions")
    found: list[float] = []
    with house(IN_A_HURRY) as (broker, line, _), Subscriber(broker.port) as charger:
        limit, second, quiet = 0, 0, True
        while len(found) < cuts:
            second += LIST2_S
            sent = line.write(frame(second, QUIET_MA if quiet else LOUD_MA))
            at, told = charger.next_limit(limit)
            if told < limit:
                found.append(1_000 * (at - sent))
            limit = told
            quiet = limit == 0 or (quiet and limit < MAXIMUM_A)
            # Settled, and at no particular phase of the daemon's seconds.
            time.sleep(RESPONSE_S + random.uniform(0.01, 0.05))
    return found


def spread(values: Sequence[float], digits: int, unit: str) -> str:
    """Median and range."""
    return f"{median(values):.{digits}f} {unit} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="the daemon as a process")
    parser.add_argument("--seconds", type=int, default=45, help="of watching the size")
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--cuts", type=int, default=240)
    options = parser.parse_args(arguments)
    if PROGRAM is None:
        print("the daemon: skipped, there is no mosquitto (apt install mosquitto)")
        return
    print(machine())
    starts = [start_s() for _ in range(options.starts)]
    print(
        f"start     {spread(starts, 2, 's')} from exec to the first subscription, {len(starts)} starts; promised < 1 s",
        flush=True,
    )
    times = reactions_ms(options.cuts)
    percent = quantiles(times, n=100, method="inclusive")
    told = f"p50 {percent[49]:.1f} ms, p99 {percent[98]:.1f} ms, max {max(times):.1f} ms"
    print(f"reaction  {told} from closing flag to limit, {len(times)} cuts; promised p99 < 20 ms", flush=True)
    found = size(options.seconds)
    print(f"memory    {found.resident:.1f} MiB resident, {found.proportional:.1f} MiB proportional; promised <= 48 MiB resident")
    print(f"processor {found.share:.2f} % of one core over {options.seconds} s, {found.threads} threads; promised < 1 %")


if __name__ == "__main__":
    main()
