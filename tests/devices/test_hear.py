"""What chargers say, hostile until proved otherwise."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core import inbox
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.devices.hear import HELD_MS, KEPT_MS, MAX_BYTES, Heard, hear
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Device

CHARGER = Charger(name="garage", lines=frozenset(LINES), counts_own=True)
SITE = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(CHARGER,)))


def link(device: Device) -> Link:
    """A charger of this make."""
    return Link(charger=CHARGER, device=device, base="han/home/chargers/garage", identity="some")


GO_E, SMARTEVSE, AMINA = (link(DEVICES[name]) for name in ("go-e", "smartevse", "amina"))


def report(where: Link, *said: tuple[str, object, int]) -> dict[str, object]:
    """What the last of these messages (topic below the id, payload, ms) amounts to."""
    heard, answer = Heard(), None
    for topic, payload, at in said:
        words = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        heard, answer = hear(where, heard, where.topic(f"<id>/{topic}"), words, at)
    return {} if answer is None else dict(json.loads(answer))


junk = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=20) | st.dictionaries(st.sampled_from(["current", "state", "max_current", "x"]), inner)
        ),
        max_leaves=40,
    ).map(lambda value: json.dumps(value).encode()),
)


@given(device=st.sampled_from(sorted(DEVICES)), messages=st.lists(st.tuples(st.integers(0, 9), junk), max_size=8))
def test_whatever_a_charger_says_the_core_gets_a_good_report_or_none(device: str, messages: list[tuple[int, bytes]]) -> None:
    """No message can raise an error, and every report that comes of one is understood."""
    where = link(DEVICES[device])
    heard, topics = Heard(), [where.topic(topic) for topic in where.device.read] or ["nowhere"]
    for number, (place, payload) in enumerate(messages):
        heard, answer = hear(where, heard, topics[place % len(topics)], payload, 1000 * number)
        if answer is not None:
            understood = inbox.understood(SITE, inbox.Inlet("charger", "garage"), answer, 0)
            assert not isinstance(understood, inbox.Refused), (payload, answer, understood)


@pytest.mark.parametrize("said", [b"10", b'"10"', b" 10 ", b"10.0", b'"10.0"'])
def test_a_number_may_be_text(said: bytes) -> None:
    """10, "10" and 10.0 are the same limit."""
    assert report(GO_E, ("amp", said, 0)) == {"limit_a": 10}


@pytest.mark.parametrize(
    "said",
    [b"null", b"", b"true", b"NaN", b"-3", b"1e9", b"[10]", b'{"a":10}', b"ten", b"\xff", b"[" * 300, b"9" * (MAX_BYTES + 1)],
)
def test_what_is_no_number_says_nothing(said: bytes) -> None:
    """Null, nonsense and what no charger can mean are no limit, and never 0."""
    assert report(GO_E, ("amp", said, 0)) == {}


def test_a_limit_counts_only_in_the_message_that_names_it() -> None:
    """An old echo says nothing of a new command: it is not repeated when the charger speaks of something else."""
    assert report(GO_E, ("amp", 16, 0), ("car", 2, 1_000)) == {"status": "charging"}


def test_currents_on_topics_of_their_own_are_put_together() -> None:
    """L1, L2 and L3 that come one by one make one report."""
    said = [(f"EVCurrentL{place}", 10 * place, 100 * place) for place in (1, 2, 3)]
    assert report(SMARTEVSE, *said) == {"current_a": {"L1": 1.0, "L2": 2.0, "L3": 3.0}}


def test_an_old_current_is_not_believed() -> None:
    """A current that was not said again for 30 s is left out, even if the charger speaks of other things."""
    said = ("EVCurrentL1", 100, 0)
    assert "current_a" in report(SMARTEVSE, said, ("State", "Charging", KEPT_MS - 1))
    assert "current_a" not in report(SMARTEVSE, said, ("State", "Charging", KEPT_MS))


def test_who_speaks_only_of_changes_still_draws_what_it_said_last() -> None:
    """A charger that says only what changes is believed for ten minutes, as long as it shows that it lives."""
    said = ("nrg", [230, 230, 230, 0, 9, 9, 9], 0)
    assert "current_a" in report(GO_E, said, ("rbt", 1, HELD_MS - 1))
    assert "current_a" not in report(GO_E, said, ("rbt", 1, HELD_MS))


def test_a_pause_outweighs_the_limit_that_is_named_with_it() -> None:
    """A go-e that is switched off names its last current all the same: the report says 0, until it is on again."""
    assert report(GO_E, ("frc", 1, 0), ("amp", 16, 1)) == {"limit_a": 0}
    assert report(GO_E, ("frc", 1, 0), ("frc", 0, 1), ("amp", 16, 2)) == {"limit_a": 16}


def test_a_sign_of_life_alone_is_worth_a_report_now_and_then() -> None:
    """The uptime that a go-e publishes every second renews what is known every other second."""
    heard, reports = Heard(), 0
    for second in range(60):
        heard, answer = hear(GO_E, heard, "some/rbt", b"1", 1000 * second)
        reports += answer is not None
    assert reports == 30


def test_an_object_with_nulls_says_what_it_knows() -> None:
    """Zigbee2MQTT sends null for what was not measured yet; the rest counts."""
    state = {"charge_limit_with_on_off": 12, "current": None, "current_phase_b": 3, "ev_connected": True, "charging": False}
    heard, answer = hear(AMINA, Heard(), "zigbee2mqtt/some", json.dumps(state).encode(), 0)
    assert answer is not None
    assert json.loads(answer) == {"current_a": {"L2": 3.0}, "status": "connected", "limit_a": 12}
    assert heard.status is not None


def test_a_single_current_is_not_that_of_three_lines() -> None:
    """A charger that measures one current says nothing of the other two: to believe too much would make room that is not there."""
    openevse = link(DEVICES["openevse"])
    assert report(openevse, ("amp", b"9500", 0)) == {"current_a": {"L1": 9.5}}


def test_what_is_not_on_its_topics_is_not_heard() -> None:
    """A message on another charger's topic changes nothing."""
    other = replace(GO_E, identity="other")
    assert hear(other, Heard(), "some/amp", b"10", 0) == (Heard(), None)
