"""Hostile MQTT: payloads on every topic that the gateway listens to, none of which is a report that a charger could mean.

Whoever may write a charger's topic can lie in good form, and must be believed; the example ACL keeps others out. So nothing in here is
plausible: all of it must be refused, and none may be felt. It must not know what becomes of it.
"""

import random
from collections.abc import Iterator

TOPICS = (
    "han/home/chargers/garage/report",
    "han/home/chargers/yard/report",
    "han/home/chargers/nobody/report",
    "han/home/caps/power/set",
    "han/home/caps/line/set",
    "han/home/circuits/shed/load",
    "homeassistant/status",
)
WORDS = (
    b"",
    b"null",
    b"NaN",
    b"-Infinity",
    b"true",
    b"[]",
    b"1e400",
    b'{"current_a":{"L1":NaN}}',
    b'{"current_a":{"L1":1e400}}',
    b'{"current_a":{"L1":true}}',
    b'{"current_a":{"L1":-1e9,"L4":3}}',
    b'{"current_a":{"L1":' + b"9" * 3_000 + b"}}",
    b'{"current_a":"' + b"\\ud800" * 100 + b'"}',
    b'{"status":"charging\\u0000","limit_a":"6"}',
    b'{"status":["full"],"status":{}}',
    b'{"limit_a":-3}',
    b"[" * 4_000,
    b'{"a":' * 700,
    b"\xff\xfe\x00",
    b'{"current_a"',
    b"x" * 4_097,
    b"x" * 20_000,
)


def payloads(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Topics and what to say on them, without end."""
    while True:
        word = rng.choice(WORDS)
        if rng.random() < 0.3:
            word = rng.randbytes(rng.randrange(200))
        yield rng.choice(TOPICS), word
