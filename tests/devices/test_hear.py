"""What chargers say, hostile until proved otherwise."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.core.words import inbox
from han_gateway.devices.hear import HELD_MS, KEPT_MS, MAX_BRACKETS, MAX_BYTES, Heard, hear
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import Device

CHARGER = Charger(name="garage", lines=frozenset(LINES), counts_own=True)
SITE = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(CHARGER,)))


def link(device: Device) -> Link:
    """A charger of this make."""
    return Link(charger=CHARGER, device=device, base="han/home/chargers/garage", identity="some")


GO_E, OPENEVSE, SMARTEVSE, AMINA = (link(DEVICES[name]) for name in ("go-e", "openevse", "smartevse", "amina"))


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


def test_a_list_that_ends_before_the_currents_names_none() -> None:
    """Neither does one that ends in their midst name those behind its end."""
    assert report(GO_E, ("nrg", [230, 230, 230, 0], 0)) == {}
    assert report(GO_E, ("nrg", [230, 230, 230, 0, 7], 0)) == {"current_a": {"L1": 7.0}}


@pytest.mark.parametrize(("said", "status"), [(b"True", "charging"), (b"true", "charging"), (b"False", "connected")])
def test_true_is_true_however_it_is_written(said: bytes, status: str) -> None:
    """Bridges in Python say True."""
    assert report(link(DEVICES["evcc-loadpoint"]), ("charging", said, 0)) == {"status": status}


def test_an_old_current_is_not_believed() -> None:
    """A current that was not said again for 30 s is left out, even if the charger speaks of other things."""
    assert KEPT_MS == 30_000
    said = ("amp", 10_000, 500_000)
    assert "current_a" in report(OPENEVSE, said, ("state", 3, 500_000 + KEPT_MS - 1))
    assert "current_a" not in report(OPENEVSE, said, ("state", 3, 500_000 + KEPT_MS))


def test_who_speaks_only_of_changes_still_draws_what_it_said_last() -> None:
    """A charger that says only what changes is believed for ten minutes, as long as it shows that it lives."""
    said = ("nrg", [230, 230, 230, 0, 9, 9, 9], 0)
    assert "current_a" in report(GO_E, said, ("rbt", 1, HELD_MS - 1))
    assert "current_a" not in report(GO_E, said, ("rbt", 1, HELD_MS))


def test_a_pause_outweighs_the_limit_that_is_named_with_it() -> None:
    """A go-e that is switched off names its last current all the same: the report says 0, until it is on again."""
    assert report(GO_E, ("frc", 1, 0)) == {"limit_a": 0}, "and it says so at once"
    assert report(GO_E, ("frc", 1, 0), ("amp", 16, 1)) == {"limit_a": 0}
    assert hear(GO_E, Heard(paused=True), "some/frc", b"0", 1)[1] == b"{}", "free again, at a limit that it names next"
    assert report(GO_E, ("frc", 1, 0), ("frc", 0, 1), ("amp", 16, 2)) == {"limit_a": 16}
    assert report(GO_E, ("frc", 1, 0), ("frc", None, 1), ("amp", 16, 2)) == {"limit_a": 0}, "null changes nothing"


def test_a_sign_of_life_alone_is_worth_a_report_now_and_then() -> None:
    """The uptime that a go-e publishes every second renews what is known every other second."""
    heard, reports = Heard(), 0
    for second in range(60):
        heard, answer = hear(GO_E, heard, "some/rbt", b"1", 1000 * second)
        reports += answer is not None
    assert reports == 30


def test_an_object_with_nulls_says_what_it_knows() -> None:
    """Zigbee2MQTT sends null for what was not measured yet; the rest counts."""
    state = {"charge_limit": 12, "current": None, "current_phase_b": 3, "ev_connected": True, "charging": False}
    heard, answer = hear(AMINA, Heard(), "zigbee2mqtt/some", json.dumps(state).encode(), 0)
    assert answer is not None
    assert json.loads(answer) == {"current_a": {"L2": 3.0}, "status": "connected", "limit_a": 12}
    assert heard.statuses[1] is not None


def test_without_a_car_nothing_else_matters() -> None:
    """Of several words for its state in one message the first one that says anything counts."""
    assert report(link(DEVICES["openevse"]), ("state", b"1", 0)) == {"status": "idle"}
    state = {"ev_connected": False, "charging": False}
    _, answer = hear(AMINA, Heard(), "zigbee2mqtt/some", json.dumps(state).encode(), 0)
    assert answer == b'{"status":"idle"}'


def test_a_single_current_is_not_that_of_three_lines() -> None:
    """A charger that measures one current says nothing of the other two: to believe too much would make room that is not there."""
    openevse = link(DEVICES["openevse"])
    assert report(openevse, ("amp", b"9500", 0)) == {"current_a": {"L1": 9.5}}


def test_what_is_not_on_its_topics_is_not_heard() -> None:
    """A message on another charger's topic changes nothing."""
    other = replace(GO_E, identity="other")
    assert hear(other, Heard(), "some/amp", b"10", 0) == (Heard(), None)


def test_energy_is_kept_in_watt_hours() -> None:
    """1.25 kWh and 1250 Wh are the same session, rounded down; more than any car holds is none."""
    heard, _ = hear(AMINA, Heard(), "zigbee2mqtt/some", b'{"last_session_energy":1.2509}', 0)
    assert heard.session_wh == 1_250
    assert report(GO_E, ("wh", 1_250.9, 0), ("amp", 10, 1)) == {"limit_a": 10, "session_wh": 1_250}
    assert report(GO_E, ("wh", 10_000_001, 0), ("amp", 10, 1)) == {"limit_a": 10}


def test_a_state_is_believed_for_ten_minutes() -> None:
    """A state that was not said again for longer is left out."""
    assert HELD_MS == 600_000
    assert "status" in report(SMARTEVSE, ("State", "Charging", HELD_MS), ("ChargeCurrentOverride", 60, HELD_MS + 1))
    assert report(SMARTEVSE, ("State", "Charging", 0), ("ChargeCurrentOverride", 60, HELD_MS - 1))["status"] == "charging"
    assert "status" not in report(SMARTEVSE, ("State", "Charging", 0), ("ChargeCurrentOverride", 60, HELD_MS))


@pytest.mark.parametrize(("said", "believed"), [(1_000, True), (1_000.1, False), (0, True)])
def test_a_limit_has_bounds(said: float, believed: bool) -> None:
    """What the contract would refuse is not passed on."""
    assert ("limit_a" in report(GO_E, ("amp", said, 0))) == believed


@pytest.mark.parametrize("size", [MAX_BYTES, MAX_BYTES + 1])
def test_a_message_has_a_largest_size(size: int) -> None:
    """A number in a message that is too large is not even looked at."""
    assert bool(report(GO_E, ("amp", b"10".ljust(size), 0))) == (size == MAX_BYTES)


@pytest.mark.parametrize(("depth", "believed"), [(MAX_BRACKETS - 1, True), (MAX_BRACKETS, False)])
def test_a_message_has_a_most_of_brackets(depth: int, believed: bool) -> None:
    """Deeper ones are not parsed."""
    words = b'{"last_session_energy":1,"charge_limit":7,"x":' + b"[" * depth + b"]" * depth + b"}"
    _, answer = hear(AMINA, Heard(), "zigbee2mqtt/some", words, 0)
    assert (answer is not None) == believed


def test_what_is_not_plugged_in_is_not_merely_idle_for_a_moment() -> None:
    """Plug and charging are told on two topics, again and again: without a car it is idle after either of them."""
    unplugged = ("get/plug_state", False, 0), ("get/charge_state", False, 1)
    secondary = link(DEVICES["openwb-secondary"])
    said = [(f"openWB/internal_chargepoint/some/{topic}", json.dumps(value).encode(), at) for topic, value, at in unplugged]
    heard, answer = Heard(), None
    for topic, payload, at in (*said, *said):
        heard, answer = hear(secondary, heard, topic, payload, at)
    assert answer is not None
    assert json.loads(answer)["status"] == "idle"
    heard, _ = hear(secondary, heard, "openWB/internal_chargepoint/some/get/plug_state", b"true", 2)
    heard, answer = hear(secondary, heard, "openWB/internal_chargepoint/some/get/charge_state", b"false", 3)
    assert answer is not None
    assert json.loads(answer)["status"] == "connected"


def test_a_word_that_nobody_knows_says_nothing() -> None:
    """A new firmware's word for a state is no state, whatever came before it."""
    assert report(SMARTEVSE, ("State", "Charging", 0), ("State", "Modem Setup", 1)) == {}
    assert report(GO_E, ("car", b"2.5", 0)) == report(GO_E, ("car", b"[2]", 0)) == {}
    assert report(GO_E, ("car", b"2.0", 0)) == {"status": "charging"}


def test_an_uptime_is_told_in_seconds_when_it_is_named() -> None:
    """A restart shows by an uptime that falls; a message that does not name it does not repeat the old one."""
    assert report(GO_E, ("rbt", 498_429_772, 0)) == {"uptime_s": 498_429}
    assert report(GO_E, ("rbt", 498_429_772, 0), ("amp", 10, 1)) == {"limit_a": 10}
    assert [len(report(GO_E, ("rbt", ms, 0))) for ms in (2_199_023_255_552, 2_199_023_255_553)] == [1, 0], "nobody is that old"


LOADPOINT = link(DEVICES["evcc-loadpoint"])


def owned(*said: tuple[str, bytes], before: Heard | None = None) -> tuple[str, bool]:
    """The owner's word after these, and whether it is only kept from before us."""
    heard = before or Heard()
    for topic, payload in said:
        heard, _ = hear(LOADPOINT, heard, LOADPOINT.topic(topic), payload, 0)
    return heard.own, heard.lent


def test_the_owners_word_is_what_was_last_heard_in_its_place() -> None:
    """Live words count before the one that the broker has kept, whichever comes first; junk is no word."""
    kept, live = ("<base>/mode", b"pv"), ("<id>/mode", b"now")
    assert owned(kept) == ("pv", True)
    assert owned(kept, live) == owned(live, kept) == ("now", False)
    assert (
        owned(("<base>/mode", b"")) == owned(("<base>/mode", b"a b"), ("<id>/mode", b"x" * 33), ("<id>/mode", b"")) == ("", False)
    )


def test_an_echo_that_is_late_is_no_word_of_the_owner() -> None:
    """The word of a pause that we have just ended may be heard once more; only one that comes anew is the owner's."""
    late = ("<id>/mode", b"off")
    assert owned(late, before=Heard(own="pv", paused=True)) == ("pv", False)
    assert owned(late, before=Heard(own="pv")) == ("", False)
