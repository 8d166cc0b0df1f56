"""What a dump gives: bytes, when they came if the dump says so, and how they want to be read."""

from datetime import datetime
from typing import NamedTuple

from han_gateway.adapters.recording import Kind


class Chunk(NamedTuple):
    """Some bytes of a dump. ``at`` is aware where the dump knows its zone, naive where it does not, None without times."""

    at: datetime | None
    data: bytes
    kind: Kind
