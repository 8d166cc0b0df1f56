"""The bytes that a line of text holds, however people write bytes: hex of many kinds, decimal lists, JSON.

Everything is linear in the length of the line. This file must not know about frames or about the lines before.
"""

import ast
import re
from itertools import takewhile
from typing import NamedTuple

LEAST_PAYLOAD = 10  # bytes of hex at the end of prose, so that a meter id of 18 digits is not taken for bytes
LEAST_HEAD = 4  # bytes of hex before prose without a comment sign, so that "be added" is not

_JUNK = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\u200b-\u200f\u2060\ufeff\0]")
_COMMENT = re.compile(r"\s-\s|//|[#;|]")
_LOG_LEVEL = re.compile(r"[^(]{0,8}\([VDIWEA](?: [^)]*)?\) ?")
_JSON_DATA = re.compile(r'"(?:data|hex|payload|frame|raw)"\s*:\s*"((?:[0-9A-Fa-f]{2})+)"')
_HEX = re.compile(r"(?:0x)?(?:[0-9A-Fa-f]{2}|[Xx]{2})+|\*\*|\?\?")
# xxd and hexdump -C: a multiple of 16 before, characters behind. od -t x1: seven digits, and nothing behind.
_OFFSET = re.compile(r"[0-9A-Fa-f]{7}0(: |  )|\d{7} (?=[0-9A-Fa-f]{2}(?: |$))")
_LITERAL = re.compile(r"""\bb(['"])(?:(?!\1|\\)[ -~]|\\(?:x[0-9A-Fa-f]{2}|[tnr'"\\]))*\1""")  # bytes as Python prints them
_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})")
_DASHED = re.compile(
    r"(?<![\w-])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){9,}(?![\w-])"
)  # as .NET prints bytes; no date and no MAC is so long
_MASK = str.maketrans("Xx*?", "0000")  # a masked id becomes zeros: then only the check sequence of its frame is wrong


class Found(NamedTuple):
    """Bytes of a line. ``whole`` when the line says that they belong together and are all: a payload, not a piece of a stream."""

    data: bytes
    whole: bool


def clean(line: bytes) -> str:
    """Decode a line and take out what does not show: colours, zero-width characters, a byte order mark, NUL."""
    return _JUNK.sub("", line.decode("utf-8", "replace")).strip()


def without_log_level(text: str) -> str:
    """Cut off the ``(V) `` that a line of a telnet log begins with, and the keys that its user hit meanwhile."""
    found = _LOG_LEVEL.match(text)
    return text[found.end() :] if found else text


def printed(text: str) -> bytes:
    r"""What a program printed of bytes as it read them: ``b'~\xa0*'``, several in a line, or nothing but ``\x7e\xa0\x2a``; else nothing."""
    if "\\x" not in text and not text.lstrip().startswith(("b'", 'b"')):
        return b""
    literals = [ast.literal_eval(found[0]) for found in _LITERAL.finditer(text)]
    return b"".join(literals) or _unhex(_ESCAPED.findall(text))


def find_bytes(text: str) -> Found | None:
    """Find the bytes in a line whose time is already cut off; None for a line of words."""
    found = _JSON_DATA.search(text) if '"' in text else None
    if found or '"data"' in text:
        return _whole(_unhex(found[1].split())) if found else None
    if text.endswith("]"):
        return _whole(_decimal_list(text))
    if "-" in text:
        text = _DASHED.sub(lambda run: run[0].replace("-", " "), text)
    tokens = _tokens(_without_margins(text))
    head = list(takewhile(_HEX.fullmatch, tokens))
    data = _unhex(head)
    if data and (len(head) == len(tokens) or len(data) >= LEAST_HEAD <= len(head)):
        return Found(data, whole=False)
    tail = list(takewhile(_HEX.fullmatch, reversed(_tokens(text))))
    data = _unhex(tail[::-1])
    return _whole(data) if len(data) >= LEAST_PAYLOAD else None


def _tokens(text: str) -> list[str]:
    """Split at all that people put between bytes, and at the quotes around them."""
    return text.replace(":", " ").replace(",", " ").replace('"', " ").replace("'", " ").split()  # translate takes 5 times as long


def _without_margins(text: str) -> str:
    """Cut off the address that a hex viewer writes before the bytes, and what stands behind a comment sign."""
    offset = _OFFSET.match(text)
    if offset:
        text = text[offset.end() :].split("  ", 1)[0] if offset[1] == ": " else text[offset.end() :]
    return _COMMENT.split(text, maxsplit=1)[0]


def _whole(data: bytes) -> Found | None:
    return Found(data, whole=True) if data else None


def _unhex(tokens: list[str]) -> bytes:
    """Turn words that are all hex, or masked hex, into bytes."""
    if not tokens:
        return b""
    return bytes.fromhex("".join(token.removeprefix("0x") for token in tokens).translate(_MASK))


def _decimal_list(text: str) -> bytes:
    """Read the ``[126, 160, 42]`` that a line ends with; nothing if it is none, or names a number that is no byte."""
    numbers = text[:-1].rpartition("[")[2].split(",")
    try:
        return bytes(map(int, numbers)) if len(numbers) >= LEAST_HEAD else b""
    except ValueError:
        return b""
