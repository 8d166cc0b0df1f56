"""What a search with atheris once found at any of the ways in holds what is promised there, and so do its examples."""

from pathlib import Path

import pytest

from tests.fuzz.targets import FOUND, TARGETS, Target

KEPT = sorted(FOUND.glob("*/*"))


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_examples_hold_what_is_promised(target: Target) -> None:
    """What a search starts from breaks no promise, whole or cut short anywhere in its beginning."""
    for seed in target.seeds():
        for size in (0, 1, 2, 3, 7, 50, len(seed) - 1, len(seed)):
            target.try_(seed[:size])


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_holds_for_ever(path: Path) -> None:
    """Bytes that once reached what no example reaches, or broke a promise there, hold what is promised of any bytes."""
    TARGETS[path.parent.name].try_(path.read_bytes())
