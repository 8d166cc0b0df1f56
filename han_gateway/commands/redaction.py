"""What must not leave the house, taken out of texts: secrets by their value, meter ids and the like by their form, keys by a list.

Pure. This file must not know where a text comes from, nor where it goes.
"""

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

HIDDEN = "(hidden)"

_FORMS = re.compile(
    r"(?<![\d.])\d{14,}(?!\d)"  # the number of a meter or of a measuring point; instants in ms have 13 digits
    r"|\b1?[A-Z]{3}\d{8,}"  # the logical device name of a meter: maker, type, serial number
    r"|(?i:\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b)"  # an address of a network card
    r"|(?:3\d[ :]?){14,}"  # such a number in hexadecimal, as dumps have it
    r"|(?<=system title )[0-9A-F]+"  # the number of a meter that encrypts is in it
)
_SHORT = 4  # a shorter secret is taken out where it stands as a word; else half of all words would go

SECRET_KEYS = frozenset({"username", "password_file", "token_file", "key_file", "authentication_key_file"})
"""Keys of the configuration that are known and yet not shown. What is not a known key is never shown."""


class Redactor:
    """Takes these words out of texts, however they are written, and all that looks like the number of a meter."""

    def __init__(self, secrets: Iterable[str]) -> None:
        written = {form for secret in secrets if secret for form in _written(secret)}
        parts = [
            re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
            for form in sorted(written, key=len, reverse=True)
        ]
        self._words = re.compile("|".join(parts)) if parts else None

    def clean(self, text: str) -> str:
        """The text without them."""
        if self._words:
            text = self._words.sub(HIDDEN, text)
        return _FORMS.sub(HIDDEN, text)


def _written(secret: str) -> Iterator[str]:
    """A secret as programs write it: plain, in quotes, in an address, in a header."""
    yield from (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""))
    if len(secret) >= _SHORT:
        yield base64.b64encode(secret.encode()).decode().rstrip("=")


def shown(document: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """A configuration line by line, without comments: values of known keys only, and of those not the secret ones."""
    for name, part in document.items():
        tables = part if isinstance(part, list) else [part]
        for table in tables:
            if not isinstance(table, Mapping):
                yield f"{name if name in known else HIDDEN} = {HIDDEN}"
                continue
            title = name if name in known else HIDDEN
            yield f"[[{title}]]" if isinstance(part, list) else f"[{title}]"
            for key, value in table.items():
                told = json.dumps(value, default=str) if key in known and key not in SECRET_KEYS else HIDDEN
                yield f"{key if key in known else HIDDEN} = {told}"
