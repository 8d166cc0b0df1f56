"""Chargers are known by what they publish, and what is not a charger's is nobody's."""

import pytest

from han_gateway.commands.sightings import FILTERS, OWN, SIGNS, TITLES, Sighting, recognised
from han_gateway.devices.makes import DEVICES


def test_the_table_is_whole() -> None:
    """Every make that can be seen has a title, no two signs are alike, and each is subscribed to."""
    assert {sign.device for sign in SIGNS} <= set(TITLES)
    assert len({sign.filter for sign in SIGNS}) == len(SIGNS) == len(FILTERS)
    assert [sign for sign in SIGNS if "+" in sign.before + sign.after or "+" not in sign.own] == []


@pytest.mark.parametrize(
    ("topic", "payload", "sighting"),
    [
        ("/go-eCharger/012345/amp", b"16", Sighting("go-e", "/go-eCharger/012345", "go-e-012345")),
        ("openevse-55ad/claim", b"{}", Sighting("openevse", "openevse-55ad", "openevse-55ad")),
        ("warp3/AbCd/evse/state", b"{}", Sighting("warp", "warp3/AbCd", "warp-abcd")),
        ("evcc/loadpoints/2/maxCurrent", b"16", Sighting("evcc-loadpoint", "evcc/loadpoints/2", "evcc-loadpoint-2")),
        ("easee2mqtt/EH123456/chargerOpMode", b"3", Sighting("easee", "easee2mqtt/EH123456", "easee-eh123456")),
        ("zigbee2mqtt/Garasje", b'{"ev_connected":true}', Sighting("amina", "Garasje", "amina-garasje")),
        ("zigbee2mqtt/Garasje", b'{"state":"ON"}', None),
        ("han/home/chargers/yard/report", b"{}", Sighting(OWN, "", "yard")),
        ("han/home/chargers/yard/limit", b"{}", None),
        ("warp3/A\nb/evse/state", b"{}", None),
        ('warp3/A"/evse/state', b"{}", None),
        ("warp3/" + "x" * 65 + "/evse/state", b"{}", None),
        ("x/warp3/AbCd/evse/state", b"{}", None),
    ],
)
def test_a_message_is_somebodys_or_nobodys(topic: str, payload: bytes, sighting: Sighting | None) -> None:
    """A maker's topic names the charger; what could not stand in a configuration, or is another device's, names nobody."""
    assert recognised(topic, payload) == sighting


def test_names_are_names_of_the_configuration() -> None:
    """Whatever an owner calls it, the name proposed is one that the configuration takes."""
    for identity in ("ÆØÅ", "Min bil!", "a" * 64, "..."):
        sighting = recognised(f"evcc/loadpoints/{identity}/maxCurrent", b"")
        assert sighting is None or (sighting.name[0].isalnum() and len(sighting.name) <= 32)


def test_every_make_that_is_seen_can_be_configured() -> None:
    """What setup writes is a make that the configuration knows, and no make is missing among its names."""
    assert set(TITLES) - {OWN} == set(DEVICES)
