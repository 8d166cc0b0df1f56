"""A dashboard, held against the models that Grafana publishes of its own: a key that they do not have, a value of another type.

It must not know what the dashboard shows.
"""

import json
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()  # the models of the panels and of the queries of Prometheus


def strange(document: dict[str, Any]) -> list[str]:
    """The places that Grafana's models do not know, or know otherwise."""
    board = Dashboard.from_json(document)
    understood = json.loads(JSONEncoder().encode(board))
    return [*_lost(document, understood, ""), *_mistyped(board, Dashboard, "")]


def _lost(said: Any, understood: Any, where: str) -> Iterator[str]:
    """What is not there any more after Grafana's model has taken it in."""
    if isinstance(said, dict) and isinstance(understood, dict):
        for key, value in said.items():
            here = f"{where}.{key}".removeprefix(".")
            if key in understood:
                yield from _lost(value, understood[key], here)
            else:
                yield here
    elif isinstance(said, list) and isinstance(understood, list) and len(said) == len(understood):
        for each, other in zip(said, understood, strict=True):
            yield from _lost(each, other, where)
    elif said != understood:
        yield where


def _mistyped(value: Any, hint: Any, where: str) -> Iterator[str]:
    """Where a value is not what the model says."""
    if not _fits(value, hint):
        yield f"{where.removeprefix('.')} = {value!r}"
    elif isinstance(value, list):
        inner = next((get_args(each)[0] for each in _options(hint) if get_origin(each) is list), Any)
        for each in value:
            yield from _mistyped(each, inner, where)
    elif hasattr(type(value), "from_json"):
        for key, inner in get_type_hints(type(value)).items():
            yield from _mistyped(getattr(value, key, None), inner, f"{where}.{key}")


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    return any(_is(value, option) for option in _options(hint))


def _is(value: Any, option: Any) -> bool:
    kind = get_origin(option) or option
    if kind is Literal:
        return value in get_args(option)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value in [each.value for each in kind]
    if kind in (int, float):
        return isinstance(value, int | kind) and not isinstance(value, bool)
    if kind in (None, NoneType):
        return value is None
    if not isinstance(kind, type):  # anything at all, or a union within a union
        return kind is Any or _fits(value, kind)
    return isinstance(value, kind) or hasattr(type(value), "from_json")
