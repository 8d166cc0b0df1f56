"""Patience with silence, and a limit on a flood."""

from han_gateway.adapters.silence import FLOOD_BYTES_PER_S, LONGEST_S, Silence, rest_s


def test_patience_doubles_up_to_five_minutes_and_begins_anew_with_a_byte() -> None:
    """20, 40, 80, 160, 300, 300 s; a byte brings back 20."""
    silence = Silence(20)
    limits = []
    for _ in range(6):
        limits.append(silence.limit_s)
        silence.passed()

    assert limits == [20, 40, 80, 160, 300, 300]
    assert silence.lasting
    silence.broken()
    assert (silence.limit_s, silence.lasting) == (20, False)


def test_a_configured_patience_is_never_shortened() -> None:
    """Who configures ten minutes gets ten minutes, each time."""
    silence = Silence(2 * LONGEST_S)
    silence.passed()

    assert silence.limit_s == 2 * LONGEST_S


def test_a_meter_is_never_made_to_wait() -> None:
    """The longest list of any meter is read at once; a full buffer costs the time that the limit gives it."""
    assert rest_s(bytes(700)) == 0
    assert rest_s(bytes(4096)) == 4096 / FLOOD_BYTES_PER_S
