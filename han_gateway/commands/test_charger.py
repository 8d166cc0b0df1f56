"""``test-charger``: one limit to one charger, by the same translation as always, and what it answered, in plain words.

Afterwards the charger gets its fallback. While the gateway runs for this site it would tell the charger otherwise, so that is refused.
"""

import argparse
import sys
from pathlib import Path

from han_gateway.commands.durations import seconds_up_to

EXAMPLE = """example:
  han-gateway test-charger garage 10 --config /etc/han-gateway/home.toml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("name", metavar="NAME", help="the charger, as the configuration calls it")
    parser.add_argument("amps", metavar="AMPS", type=_amps, help="the limit; 0 pauses")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument(
        "--wait", type=seconds_up_to(3600), default=30.0, metavar="S", help="how long it may take to answer (default %(default)g)"
    )


def _amps(text: str) -> float:
    try:
        return float(text.replace(",", ".").removesuffix("A"))
    except ValueError as why:
        raise argparse.ArgumentTypeError(f"{text!r} are no amperes: write for example 10, or 0 for a pause") from why


def main(args: argparse.Namespace) -> int:
    """0 when the charger did as told, or when its make never says; 1 when it did not or cannot be reached; 2 for a wrong name or number."""
    import asyncio

    from han_gateway.adapters.broker_settings import TlsUnusableError
    from han_gateway.config.load import load
    from han_gateway.config.problems import did_you_mean, listed
    from han_gateway.trial import trial

    config = load(args.config)
    for problem in listed(config.problems):
        print(f"left out: {problem}", file=sys.stderr)
    charger = next((charger for charger in config.site.chargers if charger.name == args.name), None)
    if charger is None:
        names = [charger.name for charger in config.site.chargers]
        print(f"han-gateway test-charger: there is no charger {args.name!r}; {did_you_mean(args.name, names)}", file=sys.stderr)
        return 2
    least, most = charger.minimum_ma / 1000, charger.maximum_ma / 1000
    if args.amps and not least <= args.amps <= most:
        print(f"han-gateway test-charger: AMPS must be 0, or {least:g} to {most:g} (min_a, max_a)", file=sys.stderr)
        return 2
    try:
        return asyncio.run(trial(config, charger, round(args.amps * 1000), args.wait, lambda line: print(line, flush=True)))
    except TlsUnusableError as why:
        print(f"han-gateway test-charger: {why}", file=sys.stderr)
        return 1
