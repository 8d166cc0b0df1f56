"""What is remembered of each address of the broker."""

from han_gateway.adapters.acquaintances import ANSWER_MS, BACK_OFF_S, Acquaintances, Meeting
from han_gateway.adapters.broker_settings import Address

HERE, THERE = Address("here", 1883), Address("there", 1883)
AWAY = Meeting(mqtt5=True, reached=False, silent=False, accepted=False)
HUNG_UP = Meeting(mqtt5=True, reached=True, silent=False, accepted=False)
SILENT = Meeting(mqtt5=True, reached=True, silent=True, accepted=False)
SERVED = Meeting(mqtt5=True, reached=True, silent=False, accepted=True)
SERVED_OLD = SERVED._replace(mqtt5=False)


def test_an_address_that_was_not_asked_in_this_round_is_asked_at_once() -> None:
    """Only after a whole round is there a pause, and it grows to a bound; a connection that was lost is followed by the shortest."""
    known = Acquaintances()
    pauses = []
    for address in (HERE, THERE) * 5:
        known.met(address, AWAY)
        pauses.append(known.pause_s(2))
    assert pauses == [0, BACK_OFF_S[1], 0, BACK_OFF_S[2], 0, BACK_OFF_S[3], 0, BACK_OFF_S[3], 0, BACK_OFF_S[3]]
    known.met(HERE, SERVED)
    assert known.pause_s(2) == BACK_OFF_S[0] > 0


def test_who_was_served_in_3_1_1_is_asked_in_it_until_that_fails() -> None:
    """A broker that cannot speak MQTT 5 is not asked for it with every connection; one that was exchanged is."""
    known = Acquaintances()
    assert known.speaks_mqtt5(HERE)
    known.met(HERE, SERVED_OLD)
    assert not known.speaks_mqtt5(HERE)
    assert known.speaks_mqtt5(THERE)
    known.met(HERE, AWAY._replace(mqtt5=False))
    assert not known.speaks_mqtt5(HERE)
    known.met(HERE, HUNG_UP._replace(mqtt5=False))
    assert known.speaks_mqtt5(HERE)


def test_sessions_that_last_a_moment_are_no_success() -> None:
    """Two gateways with one name throw each other out: not once a second for ever, but ever more rarely."""
    known = Acquaintances()
    pauses, told = [], []
    for _ in range(8):
        known.met(HERE, SERVED._replace(lasted_ms=50))
        pauses.append(known.pause_s(1))
        told.append(known.thrown_out)
    assert told == [False] * 3 + [True] + [False] * 4
    assert pauses == [BACK_OFF_S[0]] * 3 + [*BACK_OFF_S[1:], BACK_OFF_S[-1], BACK_OFF_S[-1]]
    known.met(HERE, SERVED)
    assert known.pause_s(1) == BACK_OFF_S[0]


def test_silence_is_answered_in_the_other_version_unless_it_has_spoken_5() -> None:
    """A broker that ignores MQTT 5 is found; one that spoke it and hangs is not taken for an old one."""
    known = Acquaintances()
    versions = []
    for _ in range(4):
        versions.append(known.speaks_mqtt5(HERE))
        known.met(HERE, SILENT)
    assert versions == [True, False, True, False]
    known.met(THERE, SERVED)
    known.met(THERE, SILENT)
    assert known.speaks_mqtt5(THERE)


def test_a_slow_broker_is_waited_for_longer_and_a_quick_one_no_longer_than_before() -> None:
    """The patience with each address grows with its own silences, to a bound, and begins anew when it speaks."""
    known = Acquaintances()
    waited = []
    for _ in range(4):
        waited.append(known.answer_ms(HERE))
        known.met(HERE, SILENT)
    assert waited == [*ANSWER_MS, ANSWER_MS[-1]]
    assert known.answer_ms(THERE) == ANSWER_MS[0]
    known.met(HERE, SERVED)
    assert known.answer_ms(HERE) == ANSWER_MS[0]
