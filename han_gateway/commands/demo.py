"""The demo: the main job on a machine with nothing but Python.

A recorded evening is played by a meter in software on a real pty, ten times as fast as it was. The real gateway reads it and
publishes to a real broker; two simulated chargers hear their limits there, obey and report, and what they draw is in the meter's
next list. What is shown is what the broker carries. This file must not know how any of that is done, only in which order.
"""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from han_gateway.commands.durations import seconds_up_to
from han_gateway.demo.evening import METER, NAMES, described
from han_gateway.demo.screen import screen
from han_gateway.demo.services import ServiceError, broker, free_port, gateway, meter_line
from han_gateway.demo.stage import STEP_S, Stage, configuration, key_files
from han_gateway.demo.totals import totals

LONGEST_S = 86_400
EXAMPLE = """\
meters that can play:
{}

example:
  han-gateway demo --duration 10
  han-gateway demo --meter p1-se-kamstrup
"""


def configure(parser: ArgumentParser) -> None:
    """Describe the options."""
    parser.epilog = EXAMPLE.format("\n".join(f"  {name:<22} {described(name)}" for name in NAMES))
    parser.add_argument(
        "--duration", type=seconds_up_to(LONGEST_S), default=30.0, metavar="S", help="how many seconds to show (default: 30)"
    )
    parser.add_argument(
        "--meter",
        choices=NAMES,
        default=METER,
        metavar="NAME",
        help=f"the meter that plays (default: {METER}); see below",
    )
    parser.add_argument("--plain", action="store_true", help="lines of text instead of the live table, as in a pipe")
    parser.add_argument("--embedded-broker", action="store_true", help="use amqtt although there is a mosquitto on this machine")


def main(args: Namespace) -> int:
    """Show the gateway at work; 0 when it went well, 1 when something could not start or broke."""
    try:
        return asyncio.run(_demo(args.duration, args.meter, plain=args.plain, embedded_broker=args.embedded_broker))
    except ServiceError as why:
        print(f"han-gateway demo: {why}", file=sys.stderr)
        return 1


async def _demo(duration_s: float, meter: str, *, plain: bool, embedded_broker: bool) -> int:
    enough = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, enough.set)
    async with AsyncExitStack() as services:
        folder = Path(services.enter_context(TemporaryDirectory(prefix="han-gateway-demo-")))
        stage = Stage(meter)
        shown = services.enter_context(screen(plain=plain))
        shown.show(stage.scene)
        port, send = services.enter_context(meter_line())
        mqtt_port, metrics_port = free_port(), free_port()
        served = await services.enter_async_context(broker(mqtt_port, embedded=embedded_broker))
        stage.begin(port, served, f"http://127.0.0.1:{metrics_port}/")
        services.enter_context(stage.on_air(mqtt_port))
        config = folder / "demo.toml"
        config.write_text(
            configuration(port, mqtt_port, metrics_port, meter=meter, keys=key_files(meter, folder)), encoding="utf-8"
        )
        running = await services.enter_async_context(gateway(config, stage.log))
        while not enough.is_set() and stage.scene.seconds < duration_s:
            if running.returncode is not None:
                raise ServiceError(f"the gateway ended by itself, exit code {running.returncode}: {stage.last_words}")
            stage.step(send)
            shown.show(stage.scene)
            await _pause(enough)
        counted = await asyncio.to_thread(totals, metrics_port)
    print("\n".join(stage.summary(counted)))
    return 0


async def _pause(enough: asyncio.Event) -> None:
    """Wait one step, or until somebody has seen enough."""
    with suppress(TimeoutError):
        await asyncio.wait_for(enough.wait(), STEP_S)
