"""``run``: the daemon. Joins the meter, the controller, the broker, the metrics and systemd; decides nothing itself."""

import argparse
from pathlib import Path

EXAMPLE = """examples:
  han-gateway run --config /etc/han-gateway/home.toml
  han-gateway run --config home.toml --record evening.han      (and explain every decision afterwards with replay)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write down all that comes from outside, for replay")


def main(args: argparse.Namespace) -> int:
    """0 after SIGTERM or SIGINT; a configuration that cannot be used is 78 (ConfigError)."""
    from han_gateway.adapters.hangup import Hangup

    hangup = Hangup()  # before all that takes its time

    from han_gateway.config.load import load
    from han_gateway.daemon import daemon

    return daemon(lambda: load(args.config), args.record, hangup)
