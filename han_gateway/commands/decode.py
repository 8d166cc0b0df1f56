"""``decode``: any dump format in, one JSON object a reading out, a summary on stderr. Never a traceback."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from han_gateway.commands.keys import add_key_arguments, keys_of

if TYPE_CHECKING:
    from dlms.rejects import Rejected
    from han_gateway.meters.decoder import Decoder
    from han_gateway.meters.reading import Reading

EXAMPLE = """examples:
  han-gateway decode evening.log | jq .power_import_w
  cat /dev/ttyUSB0 | han-gateway decode -
  han-gateway decode --key-file meter.key evening.log          (a meter that encrypts)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("files", nargs="+", metavar="FILE", help="a dump in any known format; - is standard input")
    parser.add_argument(
        "--ignore-fcs", action="store_true", help="believe frames with a wrong checksum (masked or hand-edited dumps)"
    )
    add_clock_arguments(parser)
    parser.add_argument("--ct-ratio", type=_ratio, default=1, metavar="N", help="ratio of the current transformers (default 1)")
    add_key_arguments(parser)


def add_clock_arguments(parser: argparse.ArgumentParser) -> None:
    """How the meter's clock is to be understood."""
    parser.add_argument(
        "--clock", choices=("standard", "local", "utc"), help="what the meter's clock shows (default: its maker's rule)"
    )
    parser.add_argument("--zone", type=_zone, default="Europe/Oslo", help="the zone of a local clock (default %(default)s)")


def _ratio(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:9]) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time zone; for example Europe/Oslo") from None
    return text


def main(args: argparse.Namespace) -> int:
    """1 when a file could not be read or nothing could be decoded: damage alone is no failure. Raises ConfigError for a bad key."""
    from han_gateway.commands.dump_files import UnreadableError

    args.keys = keys_of(args)
    rejects: Counter[str] = Counter()
    count = 0
    unreadable = False
    for name in args.files:
        try:
            for line in _lines(name, args, rejects):
                sys.stdout.write(line)
                count += 1
        except UnreadableError as why:
            print(f"han-gateway decode: {why}", file=sys.stderr)
            unreadable = True
    sys.stdout.flush()
    if count or rejects or not unreadable:
        print(summary(count, rejects), file=sys.stderr)
    return int(unreadable or not count)


def _lines(name: str, args: argparse.Namespace, rejects: Counter[str]) -> Iterator[str]:
    """One line of JSON a reading; what could not be decoded is counted."""
    from dlms.rejects import Rejected
    from han_gateway.meters.as_json import as_json
    from han_gateway.meters.clock import ClockRule, utc
    from han_gateway.meters.decoder import Decoder

    rule = ClockRule(args.clock) if args.clock else None
    decoder = Decoder(ct_ratio=args.ct_ratio, check_fcs=not args.ignore_fcs, keys=args.keys)
    extra = {"file": name} if len(args.files) > 1 else {}
    write = json.JSONEncoder().encode
    for item in _items(name, decoder):
        if isinstance(item, Rejected):
            rejects[item.reason.value] += 1
        else:
            yield write(as_json(item, utc(item, rule=rule, zone=args.zone)) | extra) + "\n"


def _items(name: str, decoder: "Decoder") -> "Iterator[Reading | Rejected]":
    """All that the decoder makes of a dump."""
    from han_gateway.adapters.dumps import Kind, read
    from han_gateway.commands.dump_files import contents

    for chunk in contents(name, read):
        if chunk.kind is Kind.MESSAGE:
            yield decoder.message(chunk.data)
        else:
            yield from decoder.feed(chunk.data)
        if name == "-":
            sys.stdout.flush()  # standard input may be a meter: show each list as it comes
    yield from decoder.close()


HINTS = {
    "encrypted": "the meter encrypts: ask the grid company for the key (--key-file), or to switch that off",
    "wrong_key": "the lists are whole but do not decrypt: check the key, or the second one if they do without --authentication-key-file",
    "unauthenticated": "nothing proves who sent the lists: leave --authentication-key-file out",
    "frame_check": "damaged or edited frames: --ignore-fcs believes them anyway",
}


def summary(count: int, rejects: Counter[str]) -> str:
    """What was found, and what to do when it was nothing."""
    words = f"{count:,} reading{'' if count == 1 else 's'}, {rejects.total():,} rejected"
    if rejects:
        words += " (" + ", ".join(f"{number:,} {reason}" for reason, number in rejects.most_common()) + ")"
    if not count:
        hints = [hint for reason, hint in HINTS.items() if reason in rejects]
        words += "\n" + ("; ".join(hints) or "no meter list was found: is this a dump of a HAN port?")
    return words
