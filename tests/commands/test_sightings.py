"""Chargers are known by what they publish, and what is not a charger's is nobody's."""

import pytest

from han_gateway.commands.sightings import FILTERS, OWN, SIGNS, TITLES, Sighting, recognised


def test_the_table_is_whole() -> None:
    """Every make has a sign and a title, every sign has one place for what is its owner's, and is subscribed to."""
    assert {sign.device for sign in SIGNS} == set(TITLES)
    assert [sign for sign in SIGNS if sign.topic.count("<id>") != 1] == []
    assert len(FILTERS) == len({sign.topic for sign in SIGNS})


@pytest.mark.parametrize(
    ("topic", "payload", "sighting"),
    [
        ("/go-eCharger/012345/amp", b"16", Sighting("go-e", "012345", "go-e-012345")),
        ("zigbee2mqtt/Garasje", b'{"ev_connected":true}', Sighting("amina", "Garasje", "amina-garasje")),
        ("zigbee2mqtt/Garasje", b'{"state":"ON"}', None),
        ("han/home/chargers/yard/report", b"{}", Sighting(OWN, "yard", "yard")),
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
