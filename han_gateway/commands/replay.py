"""``replay``: the same controller on a recording or a dump; one JSON object a decision on stdout, a summary on stderr."""

import argparse
import json
import sys
from pathlib import Path

from han_gateway.adapters.recording import iso_from_instant, moment
from han_gateway.commands.decode import summary
from han_gateway.commands.keys import add_key_arguments, keys_of
from han_gateway.commands.pace import MAX, Pace
from han_gateway.config.problems import listed
from han_gateway.core.effects import Effect, SetLimit, ShowHeadroom
from han_gateway.core.events import Event
from han_gateway.core.site import Site
from han_gateway.core.words import topics

EXAMPLE = """examples:
  han-gateway replay evening.han --config home.toml
  han-gateway replay evening.log --config home.toml --speed 60 | jq -c '[.time, .charger, .current_a, .reason]'
  han-gateway replay evening.han --serve tcp:2001 --speed 10       (play the bytes for another program)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("files", nargs="+", metavar="FILE", help="our own recording, or a dump in any known format")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the house that decides (not needed with --serve)")
    parser.add_argument(
        "--speed", type=_speed, metavar="max|N", help="N times as fast as it happened (default max, with --serve 1)"
    )
    parser.add_argument("--serve", type=_serve, metavar="tcp:PORT|pty", help="decide nothing: play the bytes to another program")
    add_key_arguments(parser)
    parser.set_defaults(parser=parser)


def _speed(text: str) -> float:
    try:
        speed = MAX if text == "max" else float(text)
    except ValueError:
        speed = 0
    if not speed > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither max nor a number above 0")
    return speed


def _serve(text: str) -> tuple[str, int] | str:
    """Host and port, or ``pty``. A bare port is one on this machine only."""
    if text == "pty":
        return text
    kind, _, where = text.partition(":")
    host, _, port = where.rpartition(":")
    if kind != "tcp" or not port.isdecimal() or int(port[:6]) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is neither tcp:PORT nor pty")
    return host or "127.0.0.1", int(port)


def main(args: argparse.Namespace) -> int:
    """1 when a file could not be read or held no reading."""
    if args.serve:
        from han_gateway.commands.serve import serve

        return serve(args.files, args.serve, args.speed or 1.0, keys_of(args))
    if args.config is None:
        args.parser.error("--config is needed (or --serve, to decide nothing)")
    return _decide(args)


def _decide(args: argparse.Namespace) -> int:
    from han_gateway.commands.dump_files import UnreadableError, contents
    from han_gateway.commands.source import decoder
    from han_gateway.config.load import load
    from han_gateway.playback import Playback, entries
    from han_gateway.timeline import Timeline

    config = load(args.config)
    for problem in listed(config.problems):
        print(f"han-gateway replay: left out: {problem}", file=sys.stderr)
    meter, prefix, keys = config.meter, config.mqtt.prefix, keys_of(args) or config.keys
    timeline = Timeline(rule=meter.clock_rule, zone=meter.zone)
    decisions = Decisions(config.site, prefix, Pace(args.speed or MAX))
    playback = Playback(config.site, prefix, lambda: decoder(meter, keys), timeline, (decisions.show,))
    unreadable = False
    for name in args.files:
        try:
            playback.play(contents(name, lambda stream: entries(stream, meter.zone)))
        except UnreadableError as why:
            print(f"han-gateway replay: {why}", file=sys.stderr)
            unreadable = True
    playback.close()
    sys.stdout.flush()
    words = summary(playback.readings, playback.rejects)
    if playback.readings:
        words += f"; {decisions.count:,} decision{'' if decisions.count == 1 else 's'}"
    if decisions.other_net:
        words += f'; the meter shows another net than grid = "{config.site.grid.value}": these limits may be wrong'
    if playback.readings or playback.rejects or not unreadable:
        print(words, file=sys.stderr)
    return int(unreadable or not playback.readings)


class Decisions:
    """An outlet that prints each limit that differs from the one before it, as the contract's limit object with time and charger.

    ``other_net`` becomes true when the meter shows another net than the configured one.
    """

    def __init__(self, site: Site, prefix: str, pace: Pace) -> None:
        self.count = 0
        self.other_net = False
        self._site = site
        self._prefix = prefix
        self._pace = pace
        self._last: dict[str, int] = {}

    def show(self, event: Event, effects: tuple[Effect, ...]) -> None:
        """Look at what came of an event."""
        self._pace.wait_for(event.at)
        for effect in effects:
            if isinstance(effect, SetLimit) and self._last.get(effect.grant.charger) != effect.grant.limit_ma:
                self._last[effect.grant.charger] = effect.grant.limit_ma
                self._print(effect, event.at)
            elif isinstance(effect, ShowHeadroom):
                self.other_net |= effect.other_net

    def _print(self, effect: SetLimit, at: int) -> None:
        self.count += 1
        message = topics.message(self._prefix, self._site, effect, moment(at))
        payload = json.loads(message.payload) if message else {}
        print(json.dumps({"time": iso_from_instant(at), "charger": effect.grant.charger, **payload}), flush=self._pace.waits)
