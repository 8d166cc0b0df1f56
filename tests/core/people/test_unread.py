"""Lists that cannot be read for want of their key: said to people, seldom, and of no weight for limits."""

from hypothesis import given
from hypothesis import strategies as st

from dlms.rejects import Reason, Rejected
from han_gateway.core.effects import Note
from han_gateway.core.events import MeterGarbled
from han_gateway.core.gateway import start
from han_gateway.core.people import notes
from han_gateway.core.people.unread import TELL_AGAIN_MS, unread
from tests.core.houses import charger, house

SITE = house(charger())
OF_KEYS = {Reason.ENCRYPTED, Reason.WRONG_KEY, Reason.REPLAYED, Reason.UNAUTHENTICATED}
HOUR_MS = 3_600_000

Refused = tuple[int, Reason]


def told(refused: list[Refused]) -> list[tuple[int, Note]]:
    """What people hear of lists that were refused at these instants for these reasons; nothing else may change."""
    state = start(SITE, 0)
    found = []
    for at, reason in refused:
        before = state
        state, words = unread(SITE, state, MeterGarbled(at=at, rejected=Rejected(reason, 100, f"at {at}")))
        assert state._replace(unread=()) == before._replace(unread=())
        found += [(at, each) for each in words]
    return found


@given(st.lists(st.tuples(st.integers(0, HOUR_MS), st.sampled_from(Reason)), max_size=30))
def test_each_reason_is_told_once_an_hour(refused: list[Refused]) -> None:
    """What has to do with keys is said at once and then for an hour no more, each for itself; damage is not said at all."""
    at, line, expected, last = 0, list[Refused](), list[tuple[int, Note]](), dict[Reason, int]()
    for pause, reason in refused:
        at += pause
        line.append((at, reason))
        if reason in OF_KEYS and at - last.get(reason, -HOUR_MS) >= HOUR_MS:
            last[reason] = at
            expected.append((at, notes.unread(reason, f"at {at}")))

    assert told(line) == expected


def test_what_goes_on_is_told_again_after_an_hour_to_the_millisecond() -> None:
    """Lists every 10 s that nobody can open are an entry an hour."""
    assert TELL_AGAIN_MS == HOUR_MS
    assert [at for at, _ in told([(at, Reason.WRONG_KEY) for at in range(0, 2 * HOUR_MS + 1, 10_000)])] == [
        0,
        HOUR_MS,
        2 * HOUR_MS,
    ]
    assert [at for at, _ in told([(at, Reason.REPLAYED) for at in (0, HOUR_MS - 1, HOUR_MS)])] == [0, HOUR_MS]
