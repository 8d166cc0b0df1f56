"""The outbox: the latest of each topic, never too late, never too much."""

from hypothesis import given
from hypothesis import strategies as st

from han_gateway.adapters.outbox import Outbox
from han_gateway.core.words.topics import Message


def limit(amps: int, charger: str = "garage", expiry_s: int | None = 60) -> Message:
    """A limit as it would be sent to ``charger``."""
    return Message(f"han/home/chargers/{charger}/limit", b"%d" % amps, 1, False, expiry_s)


def state(value: bytes, topic: str = "han/home/headroom") -> Message:
    """A retained state."""
    return Message(topic, value, 1, True, None)


def emptied(outbox: Outbox, now_ms: int = 0) -> list[bytes]:
    """The payloads of all that can be taken at ``now_ms``."""
    payloads = []
    while waiting := outbox.take(now_ms):
        payloads.append(waiting.message.payload)
    return payloads


def test_only_the_latest_value_of_a_topic_waits() -> None:
    """Of many values of one topic only the last is sent, at the place in the queue that the topic had."""
    outbox = Outbox()
    for message in (limit(16), limit(10, "yard"), limit(6)):
        outbox.put(message, 0)
    assert len(outbox) == 2
    assert emptied(outbox) == [b"6", b"10"]
    assert emptied(outbox) == []
    assert outbox.overflowed == outbox.expired == 0


def test_what_is_said_in_one_breath_on_one_topic_is_sent_whole() -> None:
    """A charger that is resumed and limited on the same topic hears both, in their order; a newer breath takes the place of all of it."""
    outbox = Outbox()

    def breath(*payloads: bytes) -> None:
        for nth, payload in enumerate(payloads):
            outbox.put(Message("shed/set", payload, 1, False, 60, nth), 0)

    breath(b"on", b"10")
    assert emptied(outbox) == [b"on", b"10"]
    breath(b"on", b"10")
    outbox.put(limit(6), 0)
    breath(b"off")
    assert emptied(outbox) == [b"off", b"6"]


def test_half_a_breath_is_not_sent_again() -> None:
    """What was lost on its way comes back behind nothing newer: an old limit must not follow a pause."""
    outbox = Outbox()
    outbox.put(Message("shed/set", b"on", 1, False, 60), 0)
    outbox.put(Message("shed/set", b"10", 1, False, 60, 1), 0)
    lost = [outbox.take(0), outbox.take(0)]
    outbox.put(Message("shed/set", b"off", 1, False, 60), 0)
    for waiting in reversed(lost):
        assert waiting is not None
        outbox.put_back(waiting)
    assert emptied(outbox) == [b"off"]


def test_a_limit_is_never_sent_late() -> None:
    """A limit that has waited for the whole of its life is dropped and counted; a state without end is kept."""
    outbox = Outbox()
    outbox.put(limit(16), 1_000)
    outbox.put(state(b"room"), 1_000)
    assert emptied(outbox, 61_000) == [b"room"]
    assert outbox.expired == 1


def test_waiting_shortens_the_life_that_is_left() -> None:
    """A message of 60 s that waited 20.5 s is sent with an expiry of 39 s, and with less than one second it is not sent."""
    outbox = Outbox()
    outbox.put(limit(16), 0)
    waiting = outbox.take(20_500)
    assert waiting is not None
    assert waiting.remaining_s(20_500) == 39
    outbox.put_back(waiting)
    assert outbox.take(59_001) is None


def test_what_comes_back_gives_way_to_a_newer_value() -> None:
    """A message that was lost on its way waits again, unless its topic got a newer value in the meantime."""
    outbox = Outbox()
    outbox.put(limit(16), 0)
    lost = outbox.take(0)
    assert lost is not None
    outbox.put_back(lost)
    assert emptied(outbox) == [b"16"]
    outbox.put(limit(6), 0)
    outbox.put_back(lost)
    assert emptied(outbox) == [b"6"]


def test_retained_states_are_sent_again_to_a_new_broker_and_limits_are_not() -> None:
    """After ``renew`` the latest of each retained topic waits once more; a limit that was sent does not."""
    outbox = Outbox()
    for message in (state(b"old"), limit(16), state(b"new")):
        outbox.put(message, 0)
    emptied(outbox)
    outbox.renew()
    assert emptied(outbox) == [b"new"]


def test_a_lost_state_never_returns_over_a_newer_one_that_arrived() -> None:
    """When an older retained value comes back after the newer one was taken, the newer one is what is sent again."""
    outbox = Outbox()
    outbox.put(state(b"old"), 0)
    lost = outbox.take(0)
    outbox.put(state(b"new"), 0)
    assert emptied(outbox) == [b"new"]
    assert lost is not None
    outbox.put_back(lost)
    assert emptied(outbox) == [b"new"]


def test_no_room_is_counted_and_never_leaves_an_old_value_behind() -> None:
    """A new topic beyond the bound is dropped; so is a value too large, and the older value of its topic with it."""
    outbox = Outbox(max_topics=2, max_bytes=200)
    for message in (limit(1, "a"), limit(2, "b"), limit(3, "c")):
        outbox.put(message, 0)
    assert outbox.overflowed == 1
    outbox.put(limit(1, "a")._replace(payload=b"x" * 200), 0)
    assert outbox.overflowed == 2
    assert emptied(outbox) == [b"2"]


def test_what_has_expired_makes_room() -> None:
    """A full outbox of expired messages takes a new one and counts the old ones as expired."""
    outbox = Outbox(max_topics=2)
    outbox.put(limit(1, "a"), 0)
    outbox.put(limit(2, "b"), 0)
    outbox.put(limit(3, "c"), 60_000)
    assert (outbox.overflowed, outbox.expired) == (0, 2)
    assert emptied(outbox, 60_000) == [b"3"]


def test_what_comes_back_to_a_full_outbox_is_counted() -> None:
    """A message that was lost on its way and finds no room any more counts as overflowed."""
    outbox = Outbox(max_topics=1)
    outbox.put(limit(1, "a"), 0)
    lost = outbox.take(0)
    assert lost is not None
    outbox.put(limit(2, "b"), 0)
    outbox.put_back(lost)
    assert outbox.overflowed == 1
    assert emptied(outbox) == [b"2"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3), st.booleans(), st.sampled_from("ptbr"))))
def test_bounds_hold_and_no_value_is_older_than_the_last_one_put(steps: list[tuple[str, int, bool, str]]) -> None:
    """Whatever is put, taken, put back and renewed: bounds hold, and what is put last on a topic is what is taken from it."""
    outbox = Outbox(max_topics=4, max_bytes=200)
    newest: dict[str, bytes] = {}
    taken = []
    for number, (name, size, retain, verb) in enumerate(steps):
        if verb == "p":
            newest[name] = b"%d" % number * (size + 1)
            outbox.put(Message(name, newest[name], 1, retain, None), 0)
        elif verb == "t" and (waiting := outbox.take(0)):
            assert waiting.message.payload == newest[waiting.message.topic]
            taken.append(waiting)
        elif verb == "b" and taken and taken[-1].message.payload == newest[taken[-1].message.topic]:
            outbox.put_back(taken.pop())
        elif verb == "r":
            outbox.renew()
        held = [waiting.message for waiting in outbox._latest.values()]
        assert len(held) <= 4
        assert outbox._bytes == sum(len(message.topic) + len(message.payload) for message in held) <= 200
        assert outbox._due.keys() <= outbox._latest.keys()
