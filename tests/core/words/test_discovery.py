"""What Home Assistant is told of the house. Whether it understands that is for tests/homeassistant to say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.site import CapRule, Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.core.words.discovery import birth_topic, discovery, undiscovered
from han_gateway.core.words.topics import Message

SLUG = st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,31}\Z")


def house(name: str = "home", *chargers: str) -> Site:
    """A house with these chargers."""
    parts = tuple(Charger(name=charger, lines=frozenset(LINES)) for charger in chargers)
    return Site(name=name, grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=parts))


def told(site: Site) -> dict[str, dict[str, Any]]:
    """The devices by their topics, without what all topics begin with."""
    messages = discovery("homeassistant", "han", site, "1.0")
    return {message.topic.removeprefix("homeassistant/device/"): json.loads(message.payload) for message in messages}


def ids(site: Site) -> list[str]:
    """Every id that must be unique in Home Assistant."""
    devices = told(site).values()
    entities = [entity["unique_id"] for device in devices for entity in device["components"].values()]
    return entities + [device["device"]["identifiers"][0] for device in devices] + list(told(site))


def test_home_assistant_is_told_the_same_as_ever() -> None:
    """Entities keep their ids, names, units and templates: dashboards and months of history hang on them.

    What is told is in ``discovery.json``, as the real Home Assistant was seen to take it (tests/homeassistant); who changes it on purpose
    writes it anew from here.
    """
    power = CapRule(default=8_000, least=2_000, most=17_000)
    line = CapRule(default=20_000, least=20_000, most=20_000)
    site = replace(house("home", "garage"), power_cap=power, line_cap=line)
    known: dict[str, Any] = json.loads(Path(__file__).with_name("discovery.json").read_text(encoding="utf-8"))

    assert told(site) == known


def test_one_device_for_the_site_the_meter_and_each_charger() -> None:
    """Each device has its own retained message, and meter and chargers hang on the site."""
    site = house("home", "left", "right")
    for message in discovery("homeassistant", "han", site, "1.0"):
        assert message.retain
        assert message.qos == 1
    devices = told(site)
    assert list(devices) == [f"han-gateway_home/{name}/config" for name in ("site", "meter", "charger_left", "charger_right")]
    (owner,) = devices["han-gateway_home/site/config"]["device"]["identifiers"]
    assert {device["device"].get("via_device") for device in devices.values()} == {None, owner}


@given(st.lists(SLUG, min_size=2, max_size=2, unique=True), st.lists(SLUG, max_size=4, unique=True))
def test_no_id_occurs_twice(names: list[str], chargers: list[str]) -> None:
    """Whatever sites and chargers are called, no two topics, devices or entities in one Home Assistant have the same id."""
    found = [one for name in names for one in ids(house(name, *chargers))]
    assert len(found) == len(set(found))


def test_values_expire_when_lists_stay_away() -> None:
    """What the meter measures is shown for three list periods, a limit for as long as it is valid, and the state of a charger until it changes."""
    site = house("home", "garage")
    meter = told(site)["han-gateway_home/meter/config"]["components"]
    charger = told(site)["han-gateway_home/charger_garage/config"]["components"]
    assert {meter[key]["expire_after"] for key in ("power_import", "current_L1", "voltage_L3")} == {30}
    assert charger["limit"]["expire_after"] == site.policy.valid_for_ms // 1000
    assert "expire_after" not in charger["state"]
    slow = replace(site, policy=replace(site.policy, list_period_ms=15_000))
    assert told(slow)["han-gateway_home/meter/config"]["components"]["current_L1"]["expire_after"] == 45


def test_a_cap_can_be_set_between_its_bounds_and_not_without() -> None:
    """A cap with bounds is a number with these bounds on the topic where caps are set; one without is only shown; no cap, no entity."""
    site = house()
    bounded = replace(
        site,
        power_cap=CapRule(default=8_000, least=2_000, most=17_000),
        line_cap=CapRule(default=20_000, least=10_500, most=25_000),
    )
    fixed = replace(site, power_cap=CapRule(default=8_000, least=8_000, most=8_000))

    def caps(of: Site) -> dict[str, Any]:
        components = told(of)["han-gateway_home/site/config"]["components"]
        return {key: entity for key, entity in components.items() if key.endswith("_cap")}

    assert caps(site) == {}
    power, line = caps(bounded)["power_cap"], caps(bounded)["line_cap"]
    assert (power["platform"], power["min"], power["max"], power["command_topic"]) == (
        "number",
        2_000,
        17_000,
        "han/home/caps/power/set",
    )
    assert (line["min"], line["max"], line["command_topic"]) == (10.5, 25, "han/home/caps/line/set")
    assert [(cap["platform"], "command_topic" in cap) for cap in caps(fixed).values()] == [("sensor", False)]


def test_buttons_say_one_word_to_their_charger() -> None:
    """Each button publishes its bare word where its charger is asked to do something, and retains nothing."""
    components = told(house("home", "garage"))["han-gateway_home/charger_garage/config"]["components"]
    buttons = [entity for entity in components.values() if entity["platform"] == "button"]
    assert [button["payload_press"] for button in buttons] == ["restart", "pause", "resume", "boost"]
    assert {button["command_topic"] for button in buttons} == {"han/home/chargers/garage/command"}
    assert not any(button.get("retain") for button in buttons)


def test_who_cannot_restart_has_no_button_for_it() -> None:
    """A button that could only be refused is not offered, and taken back from whom it was: an entity with no more than its platform."""
    site = house("home", "garage")
    (garage,) = site.chargers
    site = replace(site, root=replace(site.root, parts=(replace(garage, restarts=False),)))
    components = told(site)["han-gateway_home/charger_garage/config"]["components"]
    assert components.pop("restart") == {"platform": "button"}
    assert [each["payload_press"] for each in components.values() if each["platform"] == "button"] == ["pause", "resume", "boost"]
    assert all("unique_id" in each for each in components.values())


def test_a_charger_that_is_gone_is_taken_back() -> None:
    """An empty retained message removes the device of a charger that the new house does not have, and no other."""
    messages = list(undiscovered("homeassistant", house("home", "left", "right"), house("home", "right", "new")))
    assert messages == [Message("homeassistant/device/han-gateway_home/charger_left/config", b"", qos=1, retain=True)]


def test_prefixes_are_those_of_the_configuration() -> None:
    """Another discovery prefix, another prefix of our own: every topic follows."""
    messages = list(discovery("ha/discovery", "energy/han", house("home", "garage"), "1.0"))
    assert all(message.topic.startswith("ha/discovery/device/") for message in messages)
    assert not any(b'"han/' in message.payload for message in messages)
    assert birth_topic("ha/discovery") == "ha/discovery/status"


def test_a_device_fits_into_the_packets_of_a_broker() -> None:
    """No device is larger than 16 KiB, a quarter of what config/mosquitto.conf lets through, so that thirty chargers are no trouble."""
    site = house("n" * 32, *(f"{place:02}{'c' * 30}" for place in range(30)))
    messages = list(discovery("homeassistant", "han", site, "1.0"))
    assert max(len(message.payload) for message in messages) < 16 * 1024
    assert len(messages) == 32


def test_a_cap_is_set_in_whole_amperes_and_in_hundreds_of_watts() -> None:
    """The arrows beside the number go in steps that mean something: 1 A for a line, 100 W for the house."""
    rule = CapRule(default=8_000, least=2_000, most=17_000)
    components = told(replace(house(), power_cap=rule, line_cap=rule))["han-gateway_home/site/config"]["components"]
    assert (components["line_cap"]["step"], components["power_cap"]["step"]) == (1, 100)


def test_values_expire_in_whole_seconds_and_never_at_once() -> None:
    """Of a meter that sends five lists a second each value is shown for a second: 0 would mean for ever."""
    site = house()
    fast = replace(site, policy=replace(site.policy, list_period_ms=200))
    assert told(fast)["han-gateway_home/meter/config"]["components"]["current_L1"]["expire_after"] == 1
