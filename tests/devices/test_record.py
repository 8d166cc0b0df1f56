"""The record of a make, and its templates."""

from dataclasses import replace

import pytest

from han_gateway.core.site import Charger
from han_gateway.core.units import LINES, PerLine
from han_gateway.devices.link import Link, fed_values, values_of
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import IN_FEEDS, IN_LIMITS, Device, Say, Value, blanks, filled

PLAIN = Device(name="plain", title="", charge=(Say("<id>/set", "<amps>"),), pause=(Say("<id>/set", "0"),))


def test_a_make_of_which_only_the_words_are_known_is_like_most() -> None:
    """6 to 32 A, six seconds, every repetition passed on, no failsafe: what a user's own words amount to."""
    assert (PLAIN.minimum_ma, PLAIN.maximum_ma, PLAIN.response_ms) == (6_000, 32_000, 6_000)
    assert (PLAIN.raise_after_ms, PLAIN.repeat_ms, PLAIN.failsafe_ma) == (0, 0, None)
    assert (PLAIN.failsafe, PLAIN.source, PLAIN.switches) == ("keeps its last limit", "the configuration", False)
    assert not Say("a", "b").retain


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_who_has_a_failsafe_says_which(device: Device) -> None:
    """The words for people and the figure for the core tell the same."""
    assert (device.failsafe == PLAIN.failsafe) == (device.failsafe_ma is None)


@pytest.mark.parametrize(
    ("device", "talks"),
    [
        (PLAIN, False),
        (replace(PLAIN, on_change=True), False),
        (replace(PLAIN, currents=(Value("<id>/l1"),)), True),
        (replace(PLAIN, currents=(Value("<id>/l1"),), on_change=True), False),
        (replace(PLAIN, currents=(Value("<id>/l1"),), on_change=True, alive=("<id>/up",)), True),
    ],
)
def test_who_is_heard_though_nothing_changes(device: Device, talks: bool) -> None:
    """A make that tells anything, unless it speaks only on a change; a sign of life is one, whatever else it tells."""
    assert device.talks is talks


def test_every_blank_that_is_allowed_is_filled() -> None:
    """Whatever the configuration may name has a value, and nothing else has."""
    link = Link(charger=Charger(name="a", lines=frozenset(LINES)), device=PLAIN, base="b")
    assert values_of(link, frozenset(LINES), 6_000, 0).keys() == IN_LIMITS
    assert fed_values(link, PerLine(1, 2, 3), 1).keys() == IN_FEEDS


def test_a_template_is_filled_and_nothing_else_is_touched() -> None:
    """Braces, quotes and percent signs are what they are."""
    assert filled('{"a":<amps>,"b":"<>%s"}', {"amps": 7, "": "x"}) == '{"a":7,"b":"x%s"}'
    assert blanks("<id>/a/<base>") == {"id", "base"}
    assert blanks("a < b") == set()


def test_topics_are_named_once() -> None:
    """Who writes and reads one topic for several reasons asks for it once; a device_id is needed only where a topic has it."""
    assert PLAIN.written == ("<id>/set",)
    assert PLAIN.needs_id
    amina = DEVICES["amina"]
    assert amina.read == ("zigbee2mqtt/<id>",)
    assert not DEVICES["evcc"].needs_id
    assert Value("a").milli == 1_000
