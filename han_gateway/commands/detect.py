"""``detect``: finds the adapter, speed and parity, and names the meter; or says what is wrong with the line, and what to do next.

This file must not know how a line is tried (``trials``) nor judged (``signs``, ``verdicts``).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from han_gateway.commands.durations import seconds_up_to
from han_gateway.commands.keys import add_key_arguments, keys_of

if TYPE_CHECKING:  # pydantic and pyserial take their time, and --help needs neither
    from han_gateway.commands.portrait import Portrait
    from han_gateway.commands.trials import Result, Trial
    from han_gateway.config.load import Config

SECONDS = 16.0  # one list of every meter that we know: the slowest send one every 15 s
EXAMPLE = """examples:
  han-gateway detect                        every USB adapter that is plugged in
  han-gateway detect /dev/ttyUSB0
  han-gateway detect tcp:192.168.1.20:2001  a serial server (ser2net, ESPHome)

It only listens. A port takes up to 48 s: 16 s at each of 2400 8E1, 2400 8N1 and 115200 8N1, because the slowest meters send only every
15 s, and as long again once a meter has spoken, to learn how often it does. Stop the gateway first: a port has one reader.
Exit 0 when a meter was named, 1 otherwise.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    way = parser.add_mutually_exclusive_group()
    way.add_argument("port", nargs="?", help="a device, or tcp:HOST:PORT (default: every USB adapter)")
    way.add_argument("--config", type=Path, metavar="FILE", help="take the port from a configuration")
    parser.add_argument(
        "--seconds", type=patience, default=SECONDS, metavar="S", help="listen so long at each setting (default %(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, for programs")
    add_key_arguments(parser)


patience = seconds_up_to(3600)
"""How long to listen."""


def main(args: argparse.Namespace) -> int:
    """0 when a meter was named, 1 otherwise; a port or configuration that cannot be one is 78 (ConfigError)."""
    from han_gateway.commands.signs import Kind
    from han_gateway.commands.trials import SETTINGS, try_port
    from han_gateway.config.load import load

    config = load(args.config) if args.config else None
    keys = keys_of(args) or (config.keys if config else None)
    ways = list(_ways(args, config))
    if not ways:
        _no_adapter()
    results: list[Result] = []
    for port, tcp in ways:
        opened = announcer(port, args.seconds, 1 if tcp else len(SETTINGS))
        results.append(try_port(port, tcp, args.seconds, tell, opened, keys))
        if results[-1].best.verdict.kind is Kind.METER:
            break
    found = bool(results) and results[-1].best.verdict.kind is Kind.METER
    if args.json:
        print(json.dumps({"found": found, "ports": [_as_json(result) for result in results]}))
    else:
        _show(results)
    return 0 if found else 1


def _ways(args: argparse.Namespace, config: "Config | None") -> Iterator[tuple[str, tuple[str, int] | None]]:
    """The ports to try."""
    from han_gateway.adapters.ports import adapters
    from han_gateway.commands.source import refuse_mqtt
    from han_gateway.config.load import meter_at

    if config or args.port:
        meter = config.meter if config else meter_at(args.port, 2400, "E")
        refuse_mqtt(meter)
        yield meter.port, meter.tcp
    else:
        yield from ((port, None) for port in adapters())


def _no_adapter() -> None:
    from han_gateway.adapters.ports import built_in

    print("no USB serial adapter is plugged in; plug it in, or name a port: han-gateway detect PORT", file=sys.stderr)
    if own := built_in():
        print(f"not tried, because they may be a console or a radio: {', '.join(own)}", file=sys.stderr)


def announcer(port: str, seconds: float, settings: int) -> Callable[[], None]:
    """Say how long it may take when there is a port to listen to, once, and not before."""
    print(port, file=sys.stderr, flush=True)
    words = [f"  listening, up to {(settings + 1) * seconds:g} s"]

    def announce() -> None:
        while words:
            print(words.pop(), file=sys.stderr, flush=True)

    return announce


def tell(trial: "Trial") -> None:
    """One line as each trial ends."""
    print(f"  {trial.setting or 'as served'!s:<11} {trial.verdict.what}", file=sys.stderr, flush=True)


def _show(results: "Sequence[Result]") -> None:
    """What was found, what to do about it, and the lines for the configuration."""
    for result in results:
        trial = result.best
        print(f"{result.name}: {trial.verdict.what}")
        if trial.meter:
            for line in described(trial.meter):
                print(f"  {line}")
        print(f"  next: {trial.verdict.todo}")
        if trial.meter:
            print()
            print(_toml(result))


def described(meter: "Portrait") -> Iterator[str]:
    """A meter in three lines."""
    named = [
        meter.manufacturer,
        *(f"{name} {value}" for name, value in (("type", meter.meter_type), ("lists", meter.list_id)) if value),
    ]
    yield ", ".join(named)
    yield "heard: " + ", ".join(f"{count} x list {number}" for number, count in meter.lists.items()) + _periods(meter)
    volts = [f"{volt:g} V" for volt in meter.voltage_v if volt is not None]
    yield (", ".join(volts) + ": " if volts else "") + meter.wires


def _periods(meter: "Portrait") -> str:
    words = [
        f"{name} every {period:g} s"
        for name, period in (("power", meter.power_period_s), ("currents", meter.current_period_s))
        if period is not None
    ]
    return "; " + ", ".join(words) if words else ""


def _toml(result: "Result") -> str:
    """The lines for the configuration; a serial server has its own speed and parity."""
    lines = ["[meter]", f"port = {json.dumps(result.name)}"]
    if setting := result.best.setting:
        lines += [f"baud = {setting.baud}", f'parity = "{setting.parity}"']
    return "\n".join(lines)


def _as_json(result: "Result") -> dict[str, Any]:
    trial = result.best
    return {
        "port": result.name,
        "verdict": trial.verdict.kind.value,
        "what": trial.verdict.what,
        "todo": trial.verdict.todo,
        **_setting_as_json(trial),
        "meter": trial.meter and trial.meter._asdict(),
        "toml": _toml(result) if trial.meter else None,
        "trials": [
            {**_setting_as_json(each), "verdict": each.verdict.kind.value, "what": each.verdict.what, "bytes": each.size}
            for each in result.trials
        ],
    }


def _setting_as_json(trial: "Trial") -> dict[str, Any]:
    setting = trial.setting
    return {"baud": setting and setting.baud, "parity": setting and setting.parity}
