"""The command line: finds the command, imports only that one, and turns what people can mend into one line and an exit code.

0 good, 1 the thing failed, 2 usage, 78 configuration. This file must not know what a command does.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from han_gateway.adapters.terminal import speak_plainly
from han_gateway.config.problems import ConfigError

EXIT_USAGE = 2
EXIT_CONFIG = 78
EXIT_INTERRUPTED = 130
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

COMMANDS = {
    "demo": "the whole thing in half a minute, without hardware",
    "run": "the daemon: listen to the meter, tell the chargers",
    "status": "how things stand: phases, chargers, the last decisions of the daemon that runs",
    "detect": "find the adapter and its settings, and name the meter; or say what is wrong with the line",
    "setup": "three questions, and the configuration is written; offers the service",
    "check": "show the configuration as a tree, with warnings",
    "test-charger": "tell one charger a limit, and say what it answers",
    "support-bundle": "one file for whoever helps you, without secrets and without the number of the meter",
    "decode": "meter dumps of any kind to JSON",
    "replay": "what the gateway would have decided on a recording",
    "record": "write the bytes of a meter to a file, with their times",
    "simulate": "control laws on houses in software, or this one on your own recording",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the answer is its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except ConfigError as why:
        for line in str(why).splitlines():
            print(line, file=sys.stderr)
        return EXIT_CONFIG
    except BrokenPipeError:  # `han-gateway decode ... | head`: the reader has enough, and that is no failure
        _silence_stdout()
        return 0
    except OSError as why:
        if why.errno not in _FULL:
            raise
        print(
            f"han-gateway {arguments[0]}: the output cannot be written ({os.strerror(why.errno or 0).lower()})", file=sys.stderr
        )
        _silence_stdout()
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    speak_plainly()
    parser = _parser(arguments)
    if not arguments:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    args = parser.parse_args(arguments)
    code: int = _module(args.command).main(args)
    if sys.stdout is not None:  # whoever started us may have closed it
        sys.stdout.flush()
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, complete for the command that was asked for: configuring it needs the command's module, and only that one."""
    parser = argparse.ArgumentParser(
        prog="han-gateway",
        description="Listens to a smart meter's HAN port and tells EV chargers how much each phase may draw under the main fuse.",
        epilog="Start with: han-gateway demo",
    )
    asked = "--version" in arguments  # finding it out takes 20 ms
    parser.add_argument("--version", action="version", version=f"han-gateway {version() if asked else ''}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for name, words in COMMANDS.items():
        command = commands.add_parser(
            name, help=words, description=words[0].upper() + words[1:] + ".", formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == wanted:
            _module(name).configure(command)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"han_gateway.commands.{command.replace('-', '_')}")


def _silence_stdout() -> None:
    """Python flushes once more on its way out: let that go where nothing fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def version() -> str:
    """The version that is installed."""
    from importlib import metadata

    try:
        return metadata.version("han-gateway")
    except metadata.PackageNotFoundError:  # run from a checkout
        return "(not installed)"
