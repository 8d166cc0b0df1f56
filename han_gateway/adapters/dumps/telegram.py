"""P1 telegrams in text: the lines of one, plain or behind what a log writes before each, with the line ends that the meter sent.

A file that was edited or copied has lost its CR, and the check sequence counts them, so every line gets its own back.
This file must not know what a telegram means, nor whether it is good.
"""

import re

_HEAD = re.compile(r"(?:.*[\s:>\]|])?(?=(/[A-Za-z]{3}\d[^/!()]{0,64})$)")
_LINE = re.compile(r"[0-9A-Z*.:-]{0,24}\(|!")
_LINE_END = b"\r\n"


class TelegramLines:
    """Recognises the lines of a telegram, one after the other, and knows how much of each is not the meter's."""

    def __init__(self) -> None:
        self._margin: int | None = None  # so many characters a log writes before each line; None outside a telegram

    @property
    def inside(self) -> bool:
        """Whether a telegram has begun and not ended."""
        return self._margin is not None

    def read(self, words: str) -> bytes | None:
        """Give what the meter sent of a line (cleaned text); None for a line that belongs to no telegram."""
        head = _HEAD.match(words) if "/" in words else None
        if head:
            self._margin = head.end()
            return head[1].encode("latin-1", "replace") + _LINE_END
        if self._margin is None:
            return None
        text = words[self._margin :].strip()
        if text and not _LINE.match(text):
            self._margin = None
            return None
        if "!" in text:
            self._margin = None
        return text.encode("latin-1", "replace") + _LINE_END
