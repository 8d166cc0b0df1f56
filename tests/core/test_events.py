"""What is said of an event that says no more than that it happened."""

from han_gateway.core.events import SourceChanged


def test_a_source_says_nothing_of_itself_unless_it_does() -> None:
    """A way to the meter that opened or was lost without a word has no detail that a page or a log could show."""
    assert SourceChanged(at=0, connected=True).detail == ""
