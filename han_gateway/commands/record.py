"""``record``: every byte of a meter's line into a file, with its time. No controller, no broker."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from han_gateway.commands.durations import seconds_up_to

if TYPE_CHECKING:  # pydantic and pyserial take their time, and --help needs neither
    from han_gateway.adapters.recording import Recorder
    from han_gateway.commands.source import Source
    from han_gateway.config.meter import MeterSettings

EXAMPLE = """examples:
  han-gateway record --config home.toml --out evening.han
  han-gateway record --port /dev/ttyUSB0 --parity N --out evening.han
"""


LONGEST_S = 366 * 86_400


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--config", type=Path, metavar="FILE", help="take the port from a configuration")
    way.add_argument("--port", help="a device, or tcp:HOST:PORT")
    parser.add_argument("--baud", type=int, default=2400, help="with --port (default %(default)s)")
    parser.add_argument("--parity", choices=("E", "N", "O"), default="E", help="with --port (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="appended to when it is there already")
    parser.add_argument("--duration", type=seconds_up_to(LONGEST_S), metavar="S", help="stop after so many seconds")


def main(args: argparse.Namespace) -> int:
    """0 when something was recorded, 1 when not a byte came or the file could not be written."""
    import asyncio

    from han_gateway.adapters.clock import SystemClock
    from han_gateway.adapters.recording import append
    from han_gateway.commands.source import source

    meter = _meter(args)
    way = source(meter)
    clock = SystemClock()
    try:
        recorder = append(args.out, clock.now())
    except OSError as why:
        reason = (why.strerror or str(why)).lower()
        print(f"han-gateway record: {args.out} cannot be written ({reason}): name another file with --out", file=sys.stderr)
        return 1
    count = asyncio.run(_record(way, recorder, clock.now, args.duration))
    recorder.close()
    print(f"{count:,} bytes in {args.out}", file=sys.stderr)
    if recorder.failed:
        print(f"han-gateway record: {args.out}: {recorder.failed}; {recorder.lost} lines are missing", file=sys.stderr)
    return 0 if count and not recorder.failed else 1


def _meter(args: argparse.Namespace) -> "MeterSettings":
    from han_gateway.config.load import load, meter_at

    return load(args.config).meter if args.config else meter_at(args.port, args.baud, args.parity)


async def _record(way: "Source", recorder: "Recorder", now: Callable[[], int], duration_s: float | None) -> int:
    """Record until stopped; the answer is how many bytes came."""
    from han_gateway.runtime import together

    count = 0

    def hear(data: bytes) -> None:
        nonlocal count
        count += len(data)
        recorder.arrived(now(), data)

    def changed(connected: bool, detail: str) -> None:
        print(detail if connected else f"han-gateway record: {detail}", file=sys.stderr)

    await together(way.run(hear, changed), duration_s=duration_s)
    return count
