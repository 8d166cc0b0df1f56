"""The options that name the keys of a meter that encrypts, the same for every command. A key itself is never an argument: others see those."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlms.ciphering import Keys


def add_key_arguments(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Where the keys are."""
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="where the key of a meter that encrypts is: 32 hex digits from the grid company (Denmark: GPK60)",
    )
    parser.add_argument(
        "--authentication-key-file",
        type=Path,
        metavar="FILE",
        help="where its second key is, to believe only what it proves (Denmark: GPK61)",
    )


def keys_of(args: argparse.Namespace) -> "Keys | None":
    """The keys in the files that were named; None where none was. Raises ConfigError."""
    if args.key_file is None and args.authentication_key_file is None:
        return None
    from han_gateway.config.secrets import keys_in

    return keys_in(args.key_file, args.authentication_key_file)
