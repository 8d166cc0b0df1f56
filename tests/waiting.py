"""Waiting for what another thread does. This file must not know what."""

import time
from collections.abc import Callable

PATIENCE_S = 10.0


def until(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait for it, so long at most."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)
