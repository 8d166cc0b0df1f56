"""The interpreter over reloads and with several chargers; what it does for each make is in tests/devices."""

from dataclasses import replace
from datetime import UTC, datetime

from han_gateway.core.effects import Cause, Grant, Reason, RestartCharger, SetLimit
from han_gateway.core.events import BrokerChanged, Tick
from han_gateway.core.site import Charger
from han_gateway.core.units import LINES
from han_gateway.core.words.topics import Message
from han_gateway.devices.link import Link
from han_gateway.devices.makes import DEVICES
from han_gateway.interpreter import Interpreter


def link(name: str, make: str = "go-e") -> Link:
    """A charger of this name."""
    charger = Charger(name=name, lines=frozenset(LINES))
    return Link(charger=charger, device=DEVICES[make], base=f"han/home/chargers/{name}", identity=f"id-{name}")


class Clock:
    """A clock that stands."""

    def now(self) -> int:
        """An instant."""
        return 1_000

    def wall(self) -> datetime:
        """A time of day."""
        return datetime.fromtimestamp(1, UTC)


class Spoken:
    """An interpreter and all that it said."""

    def __init__(self, *links: Link) -> None:
        self.sent: list[Message] = []
        self.interpreter = Interpreter(links, self.sent.append, Clock(), heard=False)
        self.broker(connected=True)

    def broker(self, *, connected: bool) -> None:
        """The broker comes or goes."""
        self.interpreter.see(BrokerChanged(at=1_000, connected=connected), ())

    def tell(self, name: str, amps: int) -> list[str]:
        """The topics of what is said for a limit."""
        self.sent.clear()
        grant = Grant(charger=name, limit_ma=1000 * amps, reason=Reason(cause=Cause.FUSE))
        self.interpreter.see(Tick(at=1_000), (SetLimit(grant=grant, lines=frozenset(LINES), seq=0, valid_for_ms=60_000),))
        return [message.topic for message in self.sent]


def test_a_charger_with_our_own_topics_hears_nothing_else() -> None:
    """Who has no make is spoken to by the contract alone."""
    assert Spoken(link("left")).tell("right", 10) == []


def test_after_a_change_who_stays_is_known_and_who_is_new_is_not() -> None:
    """A reload does not set free again a charger that its owner stopped; a charger that is another now is told everything."""
    it = Spoken(link("left"), link("right"))
    for name in ("left", "right"):
        it.tell(name, 10)
    other = replace(link("right"), identity="id-other")
    it.interpreter.change([link("left"), other])
    assert it.tell("left", 10) == ["id-left/amp/set"]
    assert it.tell("right", 10) == ["id-other/frc/set", "id-other/amp/set"]
    assert "id-right/amp" not in it.interpreter.topics()


def test_what_somebody_else_may_have_changed_is_said_whole() -> None:
    """After its last will may have spoken, a charger is told its next limit as if it were the first."""
    it = Spoken(link("left"))
    it.tell("left", 10)
    it.interpreter.forget("left")
    it.interpreter.forget("unknown")
    assert it.tell("left", 10) == ["id-left/frc/set", "id-left/amp/set"]


def test_what_is_said_into_an_outage_counts_as_not_said() -> None:
    """A broker that comes up minutes after us, or is away while a pause ends: the charger is told whole what it has missed."""
    it = Spoken(link("left"))
    it.broker(connected=False)
    assert it.tell("left", 10) == []
    it.broker(connected=True)
    assert it.tell("left", 10) == ["id-left/frc/set", "id-left/amp/set"]
    it.tell("left", 0)
    it.broker(connected=False)
    assert it.tell("left", 10) == []
    it.broker(connected=True)
    assert it.tell("left", 10) == ["id-left/frc/set", "id-left/amp/set"]


def test_who_is_back_hears_its_limit_once_more_and_is_not_set_free() -> None:
    """The last message before an outage may be lost, so the limit is repeated; who was stopped by its owner stays stopped."""
    it = Spoken(link("left"))
    it.tell("left", 10)
    it.broker(connected=False)
    it.broker(connected=True)
    assert it.tell("left", 10) == ["id-left/amp/set"]


def test_only_a_charger_of_ours_is_translated() -> None:
    """A message on a topic of the contract is left alone; one of a charger becomes a report on its topic of the contract."""
    it = Spoken(link("left"))
    assert it.interpreter.hear("han/home/chargers/left/report", b"{}") is None
    assert it.interpreter.hear("id-left/amp", b"12") == (("han/home/chargers/left/report", b'{"limit_a":12.0}'),)
    assert it.interpreter.hear("id-left/amp", b"null") == ()


def test_a_restart_is_said_in_the_words_of_the_charger() -> None:
    """A charger that can restart is told so, and its next limit whole; one that cannot hears nothing."""
    it = Spoken(link("left"), link("right", "smartevse"))
    for name in ("left", "right"):
        it.tell(name, 10)
    it.sent.clear()
    it.interpreter.see(Tick(at=1_000), tuple(RestartCharger(charger=name) for name in ("left", "right", "unknown")))
    assert [message[:2] for message in it.sent] == [("id-left/rst/set", b"true")]
    assert it.tell("left", 10) == ["id-left/frc/set", "id-left/amp/set"]
    assert it.tell("right", 10) == ["id-right/Set/CurrentOverride"]


def test_who_has_not_been_heard_is_known() -> None:
    """Of the makes that speak in any case; a bridge that speaks only of changes, or a make that never does, is not missed."""
    it = Spoken(link("left"), link("right"), link("bridge", "wallbox"), link("mute", "evcc"))
    assert [each.charger.name for each in it.interpreter.unheard()] == ["left", "right"]
    it.interpreter.hear("id-left/amp", b"10")
    assert [each.charger.name for each in it.interpreter.unheard()] == ["right"]


def test_who_was_refused_a_word_is_told_again_with_the_next_limit() -> None:
    """A broker that took nothing must not leave a charger at its old limit until its next reminder; the others are not told twice."""
    it = Spoken(link("left", "wallbox"), link("right", "wallbox"))
    both = [it.tell(name, 10) for name in ("left", "right")]
    assert all(both)
    assert it.tell("left", 10) == []
    it.interpreter.refused(both[0][-1])
    it.interpreter.refused("han/home/headroom")
    assert it.tell("left", 10) == both[0]
    assert it.tell("right", 10) == []
