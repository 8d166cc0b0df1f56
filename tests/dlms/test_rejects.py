"""Why bytes were not believed, as people and Prometheus read it."""

from dlms.rejects import Reason, Rejected


def test_the_reasons_are_labels_that_stay() -> None:
    """The names of the reasons are part of what is promised: somebody's alert asks for each of them."""
    assert {reason.value for reason in Reason} == {
        "noise",
        "header_check",
        "frame_check",
        "truncated",
        "segmented",
        "encrypted",
        "wrong_key",
        "replayed",
        "unauthenticated",
        "not_push",
        "malformed",
        "unknown_list",
        "unit",
        "out_of_range",
        "foreign_meter",
    }
    assert all(reason.value == reason.name.lower() for reason in Reason)


def test_what_was_not_counted_cost_nothing() -> None:
    """A reject of which nothing more is known cost no bytes and needs no words."""
    assert Rejected(Reason.UNIT) == (Reason.UNIT, 0, "")
