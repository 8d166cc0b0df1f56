"""``setup``: asks the three questions that matter (adapter, fuse and net, chargers), writes the ten lines, offers the service.

This file must not know how an adapter is tried (``trials``), how a charger is known (``sightings``) nor how the lines look (``answers``).
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from han_gateway.commands import answers
from han_gateway.commands.answers import Answers, BrokerAnswer
from han_gateway.commands.detect import SECONDS, patience
from han_gateway.commands.questions import Asker, NoAnswerError

if TYPE_CHECKING:  # pydantic and pyserial take their time, and --help needs neither
    from han_gateway.commands.seek_meter import Found

FUSE = "The main fuse in amperes, as printed on the main breaker (25, 32, 40, 63)"
NETS = (
    "  TN is 400 V with a neutral (the meter's plate says 3x230/400 V); IT and TT are 230 V without one (3x230 V), and alike here"
)
EXAMPLE = """examples:
  han-gateway setup                           asks, and writes home.toml (as root: /etc/han-gateway/home.toml)
  han-gateway setup --port /dev/ttyUSB0 --parity E --fuse 25 --grid TN --charger garage --yes --out home.toml
  han-gateway setup --charger garage=L1,L3 --charger yard=go-e:go-eCharger/012345,L1,L2,L3

What an option answers is not asked. With --yes nothing is asked at all: what no option answers takes its default or is a mistake, a meter that
is not heard is a warning, and a file that is there already is never overwritten.
Exit 0 when the file was written, 1 when it was not.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("--port", help="a device, or tcp:HOST:PORT (default: the USB adapters are listened to)")
    parser.add_argument("--parity", choices=("E", "N", "O"), help="with --port: you know it, so nobody listens")
    parser.add_argument("--baud", type=int, default=2400, help="with --parity (default %(default)s)")
    parser.add_argument("--fuse", type=_reader(answers.fuse), metavar="A", help="the main fuse")
    parser.add_argument("--grid", type=_reader(answers.grid), metavar="NET", help="TN (400 V), IT or TT (230 V)")
    parser.add_argument(
        "--charger", type=_reader(answers.charger), action="append", metavar="NAME[=...]", help="once for each; phases, make, id"
    )
    parser.add_argument(
        "--broker",
        type=_reader(answers.broker),
        metavar="HOST[:PORT]",
        help="the MQTT broker (default localhost); with TLS mqtts://HOST[:PORT]",
    )
    parser.add_argument("--ca-file", metavar="FILE", help="with mqtts://, and a CA that is your own: its certificate")
    parser.add_argument("--username", help="at the broker")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password alone")
    parser.add_argument(
        "--seconds", type=patience, default=SECONDS, metavar="S", help="listen so long to each adapter (default %(default)g)"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--service", action="store_true", help="install and start the service, too (as root)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the configuration to write")


def _reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of an answer as argparse wants it."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except ValueError as why:
            raise argparse.ArgumentTypeError(str(why)) from why

    return convert


def main(args: argparse.Namespace) -> int:
    """0 when the file was written (and the service runs, if it was wanted), 1 when not."""
    from han_gateway.commands.written import offer_service, steps_at_chargers, steps_here, write

    asker = Asker(silent=args.yes)
    out = args.out or (Path("/etc/han-gateway/home.toml") if os.geteuid() == 0 else Path("home.toml"))
    try:
        found, text, warnings = write(out, _asked(args, asker, out))
    except NoAnswerError as why:
        print(f"han-gateway setup: {why}; nothing was written", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        raise
    asker.say(f"\n{out} is written:\n")
    for line in text.splitlines():
        asker.say(f"    {line}")
    asker.say()
    for warning in warnings:
        asker.say(f"worth a thought: {warning}")
    sudo = "sudo " if found.broker.password_file and os.geteuid() == 0 else ""  # the password is for nobody else
    for line in steps_at_chargers(found):
        asker.say(line)
    for number, line in enumerate(steps_here(found, out, sudo)):
        asker.say(f"{'' if number else 'next:':<6} {line}")
    return offer_service(asker, out, found, wanted=args.service)


def _asked(args: argparse.Namespace, asker: Asker, out: Path) -> Answers:
    """Everything that has to be known. Raises NoAnswerError."""
    from han_gateway.commands.seek_chargers import seek_broker, seek_chargers
    from han_gateway.commands.seek_meter import known, seek
    from han_gateway.commands.written import check_place, site_name

    broker = _broker(args)
    check_place(asker, out)
    asker.say("1. The meter")
    heard = known(args.port, args.baud, args.parity) if args.port and args.parity else seek(asker, args.port, args.seconds)
    asker.say("\n2. The main fuse and the net")
    fuse_a = args.fuse if args.fuse is not None else asker.ask(FUSE, answers.fuse, option="--fuse A")
    grid = args.grid or _grid(asker, heard)
    asker.say("\n3. The chargers")
    chargers = tuple(args.charger or ())
    if not chargers:
        broker, seen = seek_broker(asker, broker)
        chargers = seek_chargers(asker, seen, grid, heard.phases)
    return Answers(site_name(out), grid, fuse_a, heard.meter, broker, chargers)


def _broker(args: argparse.Namespace) -> BrokerAnswer:
    """The broker as the options have it. Raises NoAnswerError."""
    from han_gateway.commands.seek_chargers import password, usable_ca

    broker: BrokerAnswer = args.broker or BrokerAnswer()
    if args.ca_file and not broker.tls:
        raise NoAnswerError("--ca-file is for a broker with TLS: write it as --broker mqtts://HOST[:PORT]")
    if args.password_file and not args.username:
        raise NoAnswerError("--password-file belongs to a user: add --username NAME")
    try:
        ca_file = usable_ca(args.ca_file) if args.ca_file else None
    except ValueError as why:
        raise NoAnswerError(f"--ca-file: {why}") from why
    password_file = str(args.password_file.resolve()) if args.password_file else None
    broker = broker._replace(ca_file=ca_file, username=args.username, password_file=password_file)
    password(broker)
    return broker


def _grid(asker: Asker, heard: "Found") -> str:
    """The kind of net; where the meter's lists show that there is no neutral they are believed, and said so."""
    if heard.net:
        asker.say(f"  from the meter: {heard.net}")
    asker.say(NETS)
    guess = {True: "IT", False: "TN", None: None}[heard.three_wire]
    return asker.ask("The net", answers.grid, guess, option="--grid TN, IT or TT")
