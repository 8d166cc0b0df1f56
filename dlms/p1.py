"""P1 telegrams (DSMR P1 companion standard 5.0.2, 6; IEC 62056-21, mode D): found in a stream, read line by line, and built.

    /XYZ5                        "/", three letters of the maker, a digit, the identification
                                 (an empty line)
    1-0:1.7.0(0001.500*kW)       code, then values in parentheses, each with its unit
    !907A                        "!" and CRC-16/ARC over all from "/" to "!", in four hex digits; older meters send none

A telegram without a check sequence says so (``Telegram.checked``): who believes it must ask for more. A file that was stored with LF
alone still fits its check sequence, because the CR that were sent can be put back. Some meters send an encrypted block in place of the
lines. This file must not know who made the meter or what a code means.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from dlms import ciphering
from dlms.crc import crc16_arc
from dlms.rejects import Reason, Rejected

START = b"/"
SECOND = rb"[A-Za-z]"
"""What follows it: the first letter of a maker."""
MAX_LENGTH = 4096
"""The largest telegram that is waited for, in bytes; the longest ones seen (Belgium, with two gas meters) have some 1,200."""

_LONGEST_NAME = 64  # of an identification; the standard says 16, real ones have up to 25
_HEAD = re.compile(rb"/[A-Za-z]{3}\d[^/!\r\n]{0,%d}\r?\n" % _LONGEST_NAME)
_HEAD_BEGUN = re.compile(rb"/(?:[A-Za-z]{0,3}|[A-Za-z]{3}\d[^/!\r\n]{0,%d}\r?)\Z" % _LONGEST_NAME)
_NEXT_HEAD = re.compile(rb"[\n!]/[A-Za-z]{3}\d")
# One bit makes "!" of ")", or of a "1" that begins a line, and one more bit a "\r" of the "-" behind it: alone it only counts where it may
# stand, before a whole line end or the next telegram.
_END = re.compile(rb"![0-9A-Fa-f]{4}|(?<=[\n)])!(?=\r?\n|/[A-Za-z]{3}\d)")
_BLANK = re.compile(rb"[\r\n]*")

_CODE = r"(?:\d{1,3}-\d{1,3}:)?[0-9A-Z]{1,3}\.[0-9A-Z]{1,3}(?:\.[0-9A-Z]{1,3})?(?:\*\d{1,3})?"  # reduced codes: IEC 62056-21, 6.6
_LINE = re.compile(rf"({_CODE})?((?:\([^()]*\))+)")
_VALUE = re.compile(r"\(([^()*]*)\*?([^()]*)\)")
_NUMERIC_CODE = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\*(\d{1,3}))?")
_DEFAULT_GROUPS = (1, 0, 0, 0, 0, 255)  # of A, B and F where a code leaves them out; C, D and E are always there


class Value(NamedTuple):
    """One value of a line as it was printed; ``unit`` is empty where there is none."""

    text: str
    unit: str = ""


class Line(NamedTuple):
    """One line: its code as printed, and its values."""

    code: str
    values: tuple[Value, ...]


class Telegram(NamedTuple):
    """A telegram: what follows "/", its lines in order, and whether a check sequence vouched for them."""

    identification: str
    lines: tuple[Line, ...]
    checked: bool = True


def examine(buffer: bytes, at: int, *, check: bool = True) -> bytes | Rejected | Reason | None:
    """Judge the "/" at ``at``.

    Gives the telegram that begins there, up to its check sequence (without one: up to "!"); Rejected when it began well and its check
    is wrong (unless ``check`` is False) or another one began before it ended; the reason why no telegram begins there; None while there
    are too few bytes to tell.
    """
    head = _HEAD.match(buffer, at)
    if head is None:
        return None if _HEAD_BEGUN.match(buffer, at) else Reason.NOISE
    limit = at + MAX_LENGTH
    block = _block(buffer, head.end())
    cut = None if block else _NEXT_HEAD.search(buffer, head.end() - 1, limit)
    end = _END.search(buffer, block[1] if block else head.end(), cut.end() if cut else limit)
    if end is None and cut:
        return Rejected(Reason.TRUNCATED, cut.start() + 1 - at)
    if end is None:
        return None if len(buffer) < limit else Rejected(Reason.FRAME_CHECK, MAX_LENGTH, "a telegram without end")
    telegram = buffer[at : end.end()]
    whole_block = block is not None and block[1] == end.start()  # it brings its own authentication
    return telegram if whole_block or not check or _fits(telegram) else Rejected(Reason.FRAME_CHECK, len(telegram))


def parse(telegram: bytes) -> Telegram | Rejected:
    """Read a telegram that ``examine`` found. Without a check sequence every line must have the form that the standard gives it."""
    head = _HEAD.match(telegram)
    end = telegram.rfind(b"!")
    if head is None or end < head.end() or len(telegram) > MAX_LENGTH:
        return Rejected(Reason.MALFORMED, len(telegram), "no telegram")
    if block := _block(telegram, head.end()):
        titled = ciphering.is_sealed(telegram, block[0])
        return Rejected(Reason.ENCRYPTED, len(telegram), ciphering.sender(telegram, block[0]) if titled else "no system title")
    checked = bool(telegram[end + 1 :].strip())
    lines: list[Line] = []
    for text in telegram[head.end() : end].decode("latin-1").replace("\r\n", "\n").split("\n"):
        found = _LINE.fullmatch(text)
        if found is None or not (found[1] or lines):
            if text and not checked:
                return Rejected(Reason.MALFORMED, len(telegram), "a line that is none, and no check sequence")
            continue
        values = tuple(Value(*groups) for groups in _VALUE.findall(found[2]))
        if found[1]:
            lines.append(Line(found[1], values))
        else:  # a value alone belongs to the code of the line before (DSMR 3: the gas meter)
            lines[-1] = Line(lines[-1].code, lines[-1].values + values)
    return Telegram(head[0][1:].decode("latin-1").rstrip("\r\n"), tuple(lines), checked)


def build(telegram: Telegram) -> bytes:
    """Write a telegram, from "/" to the last line end."""
    lines = [line.code + "".join(map(_printed, line.values)) for line in telegram.lines]
    text = "\r\n".join(["/" + telegram.identification, "", *lines, "!"]).encode("latin-1")
    return text + (check_digits(text) if telegram.checked else b"") + b"\r\n"


@lru_cache(maxsize=256)
def octets(code: str) -> bytes | None:
    """Give the six octets of a printed code; without a medium it is electricity, channel 0. None for what is no OBIS code."""
    found = _NUMERIC_CODE.fullmatch(code)
    groups = [int(group or default) for group, default in zip(found.groups(), _DEFAULT_GROUPS, strict=True)] if found else [256]
    return bytes(groups) if max(groups) < 256 else None


def sealed(telegram: bytes) -> bytes | None:
    """Give the envelope that stands where the lines of a telegram should be (``dlms.ciphering``); None when its lines can be read."""
    head = _HEAD.match(telegram)
    block = _block(telegram, head.end()) if head else None
    if block is None or telegram[block[1] : block[1] + 1] != b"!":
        return None
    return telegram[block[0] : block[1]]


def _block(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Find an envelope where the lines should be: where it begins and where its length says that it ends."""
    blank = _BLANK.match(buffer, at)
    start = blank.end() if blank else at
    if not (ciphering.is_sealed(buffer, start) or buffer.startswith(ciphering.UNTITLED, start)):
        return None
    size = ciphering.extent(buffer, start)
    return start, len(buffer) if size is None else start + size


def check_digits(body: bytes) -> bytes:
    """Give the check sequence of a telegram up to "!", as it was sent: a body without CR has lost them in a file."""
    return b"%04X" % crc16_arc(body if b"\r" in body else body.replace(b"\n", b"\r\n"))


def _fits(telegram: bytes) -> bool:
    """Tell whether a telegram fits its check sequence; without one it does."""
    body, _, printed = telegram.rpartition(b"!")
    return not printed or check_digits(body + b"!") == printed.upper()


def _printed(value: Value) -> str:
    return f"({value.text}*{value.unit})" if value.unit else f"({value.text})"
