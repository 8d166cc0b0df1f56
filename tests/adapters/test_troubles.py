"""What a broker does to us, in words for people."""

from han_gateway.adapters.troubles import MOST, Troubles, refused
from han_gateway.core.words.topics import Message


def test_a_trouble_is_told_once_an_outage() -> None:
    """What is tried again every two seconds is told once; after a connection it is news again."""
    told: list[str] = []
    troubles = Troubles(told.append, "canary")
    for _ in range(3):
        troubles.say("cannot reach 10.0.0.1:1883")
    troubles.over()
    troubles.say("cannot reach 10.0.0.1:1883")

    assert told == ["cannot reach 10.0.0.1:1883"] * 2
    assert troubles.count == 4


def test_an_outage_has_an_end_of_words() -> None:
    """Ever new troubles do not fill the log."""
    told: list[str] = []
    troubles = Troubles(told.append, None)
    for number in range(2 * MOST):
        troubles.say(str(number))

    assert len(told) == MOST


def test_what_to_do_is_said_with_what_is_wrong() -> None:
    """A refused message names its topic and the remedy, a refused connection its own; what is unknown is left to the broker's log."""
    told: list[str] = []
    troubles = Troubles(told.append, None)
    troubles.unpublished(Message("han/home/meter", b"{}"), "Not authorized")
    troubles.unpublished(Message("han/home/meter", b"{}"), "Weather")

    assert told == [
        "han/home/meter was not published: Not authorized; let the broker's ACL allow anonymous to write it",
        "han/home/meter was not published: Weather; see the broker's log",
    ]
    assert "max_qos" in refused("QoS not supported")
    assert refused("Weather") == "the broker refused us: Weather; see its log"


def test_a_limit_that_is_not_taken_is_known_until_one_is() -> None:
    """Only commands count, not what is shown to people; each topic for itself, until the broker takes a command there or we are connected anew."""
    told: list[str] = []
    refusals: list[str] = []
    troubles = Troubles(told.append, None)
    troubles.on_denied = refusals.append
    garage, yard = (Message(f"han/home/chargers/{name}/limit", b"{}", 1, expiry_s=60) for name in ("garage", "yard"))
    for shown in (
        Message("han/home/headroom", b"{}", retain=True),
        Message("evcc/a", b"0", 1, True),
        Message("han/home/meter", b"{}"),
    ):
        troubles.unpublished(shown, "Not authorized")
    assert (troubles.denied, refusals) == (None, [])
    for _ in range(2):
        troubles.unpublished(garage, "Not authorized")
        troubles.unpublished(yard, "Quota exceeded")
    assert (troubles.denied, refusals) == (garage.topic, [garage.topic, yard.topic] * 2)
    troubles.published(garage)
    assert (troubles.denied, len(told)) == (yard.topic, 5)
    troubles.published(garage)
    troubles.published(yard)
    assert troubles.denied is None
    troubles.unpublished(yard, "Not authorized")
    troubles.over()
    assert (troubles.denied, len(refusals)) == (None, 5)
