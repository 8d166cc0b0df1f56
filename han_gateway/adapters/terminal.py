"""What a terminal cannot show is shown in plain letters: a bar of blocks as a bar of signs, an arrow as ``->``.

This file must not know what is written, nor by whom.
"""

import codecs
import io
import sys

PLAIN = {
    "█": "#",
    "▓": "=",
    "░": ".",
    "┃": "|",
    "│": "|",
    "├": "|",
    "└": "`",
    "─": "-",
    "→": "->",
    "–": "-",
    "…": "...",
    "≈": "~",
    "·": "-",
    "Æ": "Ae",
    "Ø": "O",
    "Å": "A",
    "æ": "ae",
    "ø": "o",
    "å": "a",
}
"""Signs of ours that older encodings do not have. Any other becomes ``?``."""
HANDLER = "han-gateway-plain"


def speak_plainly() -> None:
    """From now on stdout and stderr replace what their encoding does not have. Nothing changes where they speak UTF-8."""
    codecs.register_error(HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end
