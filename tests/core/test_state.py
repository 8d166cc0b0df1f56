"""The memory begins empty: what was neither heard nor told counts as nothing."""

from typing import NamedTuple

import pytest

from han_gateway.core import accord, course, state
from han_gateway.core.accord import Accord
from han_gateway.core.people import wish
from han_gateway.core.state import Conduct, State
from han_gateway.core.units import FIRST

RECORDS = [
    kind
    for module in (accord, course, state, wish)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, tuple) and kind.__module__ == module.__name__ and kind is not wish.Request
]
"""All but a command, which begins as accepted."""
NOTHING = (None, 0, FIRST, Conduct.UNKNOWN, Accord.AGREES)


def empty(value: object) -> bool:
    """Nothing seen, counted, drawn or asked; an instant is the first there is."""
    return all(map(empty, value)) if isinstance(value, tuple) else value in NOTHING


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_nothing_is_remembered_before_it_was_seen(record: type[NamedTuple]) -> None:
    """What need not be given stands for nothing."""
    assert [name for name, value in record._field_defaults.items() if not empty(value)] == []


def test_the_memory_is_among_them() -> None:
    """The test above looks where the memory is."""
    assert State in RECORDS
