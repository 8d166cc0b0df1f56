"""The receiving end of a line that is encrypted: which messages are believed, and in which order."""

import pytest

from dlms import ciphering
from dlms.apdu import LLC, NO_TIME, build
from dlms.axdr import Data, Tag
from dlms.ciphering import ENCRYPTED, Keys
from dlms.rejects import Reason, Rejected
from dlms.unsealer import IN_A_ROW, Unsealer

KEYS = Keys(bytes(range(16)), bytes(range(100, 116)))
ENCRYPTION_ONLY = Keys(KEYS.encryption)
TITLE = b"XYZ\x00\x00\x00\x00\x07"


def message(number: int) -> bytes:
    """A message, each another."""
    return build(bytes(4), NO_TIME, None, Data(Tag.STRUCTURE, (Data(Tag.UINT32, number),)))[len(LLC) :]


def envelope(counter: int, number: int | None = None, *, title: bytes = TITLE, keys: Keys = KEYS) -> bytes:
    """A message in its envelope."""
    return ciphering.build(ciphering.seal(message(counter if number is None else number), keys, title, counter))


def told(unsealer: Unsealer, *counters: int, title: bytes = TITLE) -> list[bool]:
    """Which of these messages are believed; the others must be called replays."""
    found = [unsealer.message(envelope(counter, title=title)) for counter in counters]
    assert all(item.reason is Reason.REPLAYED for item in found if isinstance(item, Rejected))
    assert all(item == message(counter) for item, counter in zip(found, counters, strict=True) if isinstance(item, bytes))
    return [isinstance(item, bytes) for item in found]


def test_rising_counters_are_believed() -> None:
    """Each message above the one before is given, whatever was lost between."""
    assert told(Unsealer(KEYS), 0, 1, 2, 9, 2**32 - 1) == [True] * 5


def test_an_old_message_is_refused_and_both_counters_are_named() -> None:
    """A counter that is not above the last one is Rejected(REPLAYED), also for other content."""
    unsealer = Unsealer(KEYS)
    assert told(unsealer, 7, 9, 8, 9, 7, 10) == [True, True, False, False, False, True]
    assert unsealer.message(envelope(10, 99)) == Rejected(Reason.REPLAYED, len(message(10)) + 12, "frame counter 10 after 10")


def test_each_sender_has_a_course_of_its_own() -> None:
    """A meter that takes another's place is believed at once, however it counts."""
    unsealer = Unsealer(KEYS)
    assert told(unsealer, 1_000) == [True]
    assert told(unsealer, 3, 4, title=b"ANOTHER1") == [True, True]
    assert told(unsealer, 1_000, 1_001) == [False, True]


def test_many_senders_take_no_memory() -> None:
    """After any number of senders only eight at most are remembered."""
    unsealer, kept = Unsealer(KEYS), []
    for number in range(100):
        unsealer.message(envelope(5, title=number.to_bytes(8, "big")))
        kept.append(len(unsealer._courses))
    assert max(kept) == 8


def test_a_meter_that_counts_anew_is_believed_after_a_while() -> None:
    """Thirty rising counters in a row, and the next is believed; those after it follow the new course."""
    for first in (0, 1):
        unsealer = Unsealer(KEYS)
        assert told(unsealer, 1_000) == [True]
        assert told(unsealer, *range(first, first + 30)) == [False] * 30
        assert told(unsealer, first + 30, first + 31, first + 31) == [True, True, False]


def test_a_gateway_that_sends_all_twice_does_not_hinder_that() -> None:
    """Repeats of a refused message count neither for nor against."""
    unsealer = Unsealer(KEYS)
    told(unsealer, 1_000)
    assert told(unsealer, *(counter for counter in range(1, IN_A_ROW + 1) for _ in range(3))) == [False] * 3 * IN_A_ROW
    assert told(unsealer, IN_A_ROW + 1) == [True]


def test_a_recording_that_is_played_beside_the_meter_is_never_believed() -> None:
    """While the meter itself is heard, no number of old messages is believed."""
    unsealer = Unsealer(KEYS)
    for step in range(10 * IN_A_ROW):
        assert told(unsealer, 5_000 + step, step, step + 1) == [True, False, False]


@pytest.mark.parametrize("old", [[5] * 500, [*range(IN_A_ROW)] * 20, [*range(500, 0, -1)]])
def test_messages_that_do_not_go_on_are_never_believed(old: list[int]) -> None:
    """One message again and again, a short loop, or an order that falls are replays for ever."""
    unsealer = Unsealer(KEYS)
    told(unsealer, 1_000)
    assert not any(told(unsealer, *old))


def test_what_does_not_open_moves_no_counter() -> None:
    """A message under another key says nothing about the course of the meter."""
    unsealer = Unsealer(KEYS)
    other = Keys(bytes(16), bytes(16))
    assert told(unsealer, 7) == [True]
    refused = unsealer.message(envelope(2**32 - 1, keys=other))
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.WRONG_KEY
    assert told(unsealer, 8) == [True]


def test_a_message_without_an_envelope() -> None:
    """It is given as it is, unless an authentication key is configured: then nothing proves its sender."""
    plain = message(5)
    for keys, expected in (
        (ENCRYPTION_ONLY, plain),
        (KEYS, Rejected(Reason.UNAUTHENTICATED, len(LLC + plain), ciphering.UNPROVEN)),
    ):
        assert Unsealer(keys).message(LLC + plain, len(LLC)) == expected


def test_the_envelope_is_found_behind_other_bytes() -> None:
    """The envelope may begin anywhere, and ends with the buffer; what is none is refused."""
    assert Unsealer(KEYS).message(LLC + envelope(5), len(LLC)) == message(5)
    cut = Unsealer(KEYS).message(envelope(5)[:-1])
    assert isinstance(cut, Rejected)
    assert cut.reason is Reason.MALFORMED


def test_without_authentication_old_messages_are_noticed_too() -> None:
    """The counter is compared in every mode."""
    unsealer = Unsealer(ENCRYPTION_ONLY)
    sealed = ciphering.seal(message(1), ENCRYPTION_ONLY, TITLE, 7, ENCRYPTED)
    assert unsealer.sealed(sealed) == message(1)
    again = unsealer.sealed(sealed)
    assert isinstance(again, Rejected)
    assert again.reason is Reason.REPLAYED
