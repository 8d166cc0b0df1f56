"""``status``: what the page shows, as text: asked from the daemon over HTTP. It must not know what the daemon knows."""

import argparse
import os
import shutil
import sys
from pathlib import Path

EXAMPLE = """examples:
  han-gateway status
  han-gateway status --config /etc/han-gateway/home.toml --watch
  han-gateway status --url http://192.168.1.20:9755/
  han-gateway status --language nb          (without it, your locale decides: English or Norwegian)

0: the house is protected. 1: the daemon does not answer, or the meter or the broker is not there,
   or the broker refuses our limits, and it says which.
"""
DEFAULT = "http://127.0.0.1:9755"
EVERY_S = 1.0
CLEAR = "\x1b[H\x1b[2J"


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", type=Path, metavar="FILE", help="the configuration of the daemon: it says which port")
    where.add_argument("--url", default=DEFAULT, metavar="URL", help=f"where the daemon's page is (default: {DEFAULT})")
    parser.add_argument("--watch", action="store_true", help="again every second, until Ctrl-C")
    parser.add_argument("--language", choices=("en", "nb"), help="English or Norwegian (default: by the locale)")


def main(args: argparse.Namespace) -> int:
    """0 when the house is protected, 1 when nobody answers or something is wrong; a configuration that cannot be used is 78."""
    from time import sleep

    from han_gateway.page.words import language_of_locale

    address = _address(args.config) if args.config else args.url
    language = args.language or language_of_locale(os.environ)
    code = _show(address, language, clear=args.watch and sys.stdout.isatty())
    while args.watch:
        sleep(EVERY_S)
        code = _show(address, language, clear=sys.stdout.isatty())
    return code


def _address(path: Path) -> str:
    """Where the daemon of this configuration is found on this machine. Raises ConfigError."""
    from han_gateway.config.load import load
    from han_gateway.config.problems import ConfigError, Problem

    config = load(path)
    if not (config.metrics.enabled and config.page.enabled):
        raise ConfigError(
            [Problem("[page]", "is not enabled, so nobody can be asked", "write enabled = true in [metrics] and [page]")]
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.metrics.host, config.metrics.host)  # noqa: S104 - where to ask, not to listen
    return f"http://{f'[{host}]' if ':' in host else host}:{config.metrics.port}"


def _show(address: str, language: str, *, clear: bool) -> int:
    from han_gateway.adapters.asking import NoAnswerError, snapshot
    from han_gateway.page.text import WIDTH, lines, protected

    try:
        board = snapshot(address)
    except NoAnswerError as why:
        print(f"{CLEAR if clear else ''}han-gateway status: {why}", file=sys.stderr, flush=True)
        return 1
    width = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() else WIDTH
    print((CLEAR if clear else "") + "\n".join(lines(board, language, width)), flush=True)
    return 0 if protected(board) else 1
