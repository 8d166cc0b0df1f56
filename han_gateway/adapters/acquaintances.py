"""What is remembered of each address of the broker: which MQTT it speaks, how long it may take to answer, when it is asked again.

Pure: time comes as figures. This file must not know paho.
"""

from collections import Counter
from typing import NamedTuple

from han_gateway.adapters.broker_settings import Address

ANSWER_MS = (4_000, 4_000, 6_000)
"""How long a broker that has let us in may take to answer our first word; the last one for ever, so that a slow one gets its chance."""
BACK_OFF_S = (1.0, 2.0, 3.0, 4.0)
"""The pause after each round; the last one for ever: with the connecting itself, back within 5 s of the broker's return."""


SHORT_MS = 10_000
SHORT_ONES = 3
"""After so many sessions in a row that ended sooner, such a session is no success: somebody with our name throws us out again and again."""


class Meeting(NamedTuple):
    """How an attempt went.

    The version that we spoke, whether a connection came to be, whether nothing was answered, whether we were let in, and for how long.
    """

    mqtt5: bool
    reached: bool
    silent: bool
    accepted: bool
    lasted_ms: int = SHORT_MS


class Acquaintances:
    """All addresses. Whoever was served in 3.1.1 is asked for that first the next time: a broker that hangs up on MQTT 5 costs that once.

    Silence may mean that it ignores MQTT 5, or that it hangs: it is asked in the other version next time, unless it has spoken 5 before.
    """

    def __init__(self) -> None:
        self._old: set[Address] = set()  # to be asked in 3.1.1
        self._new: set[Address] = set()  # has spoken 5
        self._silences: Counter[Address] = Counter()  # in a row
        self._failures = 0  # in a row, wherever
        self._short = 0  # sessions in a row

    @property
    def thrown_out(self) -> bool:
        """True once in a row of short sessions, when they become too many."""
        return self._short == SHORT_ONES + 1

    def speaks_mqtt5(self, address: Address) -> bool:
        """Tell whether to try MQTT 5 first."""
        return address not in self._old

    def answer_ms(self, address: Address) -> int:
        """How long to wait for its first word."""
        return ANSWER_MS[min(self._silences[address], len(ANSWER_MS) - 1)]

    def met(self, address: Address, meeting: Meeting) -> None:
        """Remember an attempt that has ended."""
        if meeting.accepted:
            spoken, other = (self._new, self._old) if meeting.mqtt5 else (self._old, self._new)
            spoken.add(address)
            other.discard(address)
        elif meeting.silent and address not in self._new:
            self._old ^= {address}
        elif meeting.reached:
            self._old.discard(address)
        self._silences[address] = self._silences[address] + 1 if meeting.silent else 0
        self._short = self._short + 1 if meeting.accepted and meeting.lasted_ms < SHORT_MS else 0
        self._failures = 0 if meeting.accepted and self._short <= SHORT_ONES else self._failures + 1

    def pause_s(self, addresses: int) -> float:
        """How long to wait before the next of so many addresses is tried: not at all while one has not been asked in this round."""
        rounds, asked = divmod(self._failures, addresses)
        return 0.0 if asked else BACK_OFF_S[min(rounds, len(BACK_OFF_S) - 1)]
