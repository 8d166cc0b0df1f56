"""Operator mistakes in words: where it is, what is wrong, what to do. One line each.

This file must not know pydantic's classes (it gets their plain error records), nor what a house is.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

SHOWN_AT_MOST = 20

# What people write for a key whose name is too far away for a spelling guess.
_SYNONYMS = {
    "lines": "phases", "phase": "phases", "device": "port", "serial": "port", "url": "host", "broker": "host", "server": "host",
    "user": "username", "password": "password_file", "main_fuse": "fuse_a", "amps": "fuse_a", "limit_a": "max_a",
    "net": "grid", "system": "grid", "chargers": "charger", "circuits": "circuit", "fuses": "circuit", "serial_port": "meter",
    "hosts": "other_hosts", "key": "key_file", "encryption_key": "key_file", "gpk60": "key_file", "gpk61": "authentication_key_file",
}  # fmt: skip

# pydantic's word for what is wrong -> ours. ``{ctx}`` values come from the error record.
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "float_type": "is not a number",
    "float_parsing": "is not a number",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "finite_number": "is not a finite number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "string_type": "is not text in quotes",
    "path_type": "is not the name of a file in quotes",
    "literal_error": "is not one of {expected}",
    "greater_than": "is not above {gt:g}",
    "greater_than_equal": "is below {ge:g}, the least allowed",
    "less_than": "is not below {lt:g}",
    "less_than_equal": "is above {le:g}, the most allowed",
    "string_pattern_mismatch": "is not a plain name (lower-case letters, digits, - and _, at most 32)",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "too_long": "has more than {max_length} entries",
    "too_short": "is empty",
    "tuple_type": "must be a list of tables",
    "frozen_set_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
}


class Problem(NamedTuple):
    """One mistake: where, what is wrong, and the remedy."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line, whatever was in the file."""
        text = f"{self.where}: {self.what}" + (f"; {self.remedy}" if self.remedy else "")
        return "".join(char if char.isprintable() else "?" for char in text)


class ConfigError(Exception):
    """The configuration cannot be used: every problem at once. The commands exit with 78."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(listed(self.problems)))


def listed(problems: Sequence[Problem]) -> list[str]:
    """The problems as lines, the first twenty of them: nobody reads ten thousand."""
    lines = [str(problem) for problem in problems[:SHOWN_AT_MOST]]
    if len(problems) > SHOWN_AT_MOST:
        lines.append(f"and {len(problems) - SHOWN_AT_MOST} more like these")
    return lines


def guess(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    names = list(known)
    if _SYNONYMS.get(word) in names:
        return _SYNONYMS[word]
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower()[:64], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A remedy for an unknown word: the nearest known one, else all of them."""
    names = list(known)
    near = guess(word, names)
    return f"did you mean {near}?" if near else "known here: " + (", ".join(names) or "nothing")


def from_record(where: str, error: Mapping[str, Any], examples: Mapping[str, Any], homes: Sequence[str] = ()) -> Problem:
    """A problem from one pydantic error record.

    ``examples``: the keys known at that place, with an example value each; ``homes``: the tables that have this key, as they are written.
    """
    key = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")  # of an entry in a list: the list's
    if error["type"] == "extra_forbidden":  # never its value: people write passwords into keys that do not exist
        if homes:
            return Problem(where, "is not a known key here", f"it belongs under {' or '.join(homes)}")
        return Problem(where, "is not a known key", did_you_mean(key, examples))
    what = "must be a list" if error["type"] == "tuple_type" and _has_example(key, examples) else _words(error)
    if error["type"] not in {"missing", "too_long", "path_type"} and not isinstance(error["input"], Mapping | list):
        what = f"{str(error['input'])[:40]!r} {what}"
    return Problem(where, what, _remedy(error, key, examples))


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":  # our own validators
        return str(error["ctx"]["error"])
    template = _WORDS.get(error["type"])
    return template.format(**error.get("ctx", {})) if template else str(error["msg"]).lower()


def _has_example(key: str, examples: Mapping[str, Any]) -> bool:
    """Tell whether this is a key with a value, not a table."""
    return examples.get(key, Ellipsis) is not Ellipsis


def _remedy(error: Mapping[str, Any], key: str, examples: Mapping[str, Any]) -> str:
    if error["type"] == "too_long" and not _has_example(key, examples):
        return "leave the rest to a gateway of their own"
    if error["type"] in {"tuple_type", "mapping_type", "dict_type"} and not _has_example(key, examples):
        return f"write [[{error['loc'][0]}]] above each one"
    if examples.get(key) is Ellipsis:
        return f"write [{key}] above its keys"
    if key not in examples:
        return ""
    value = examples[key]
    text = f'"{value}"' if isinstance(value, str) and value not in {"true", "false"} and not value.startswith("[") else value
    return f"for example {key} = {text}"
