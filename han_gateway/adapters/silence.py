"""What every line to a meter needs, serial or TCP: patience with silence, and a limit on a flood.

This file must not know what a line is.
"""

LONGEST_S = 300.0
FLOOD_BYTES_PER_S = 256_000
"""Twenty times what the fastest HAN port sends. What comes faster is no meter, and must not keep the loop from its work."""
_AT_ONCE = 1024  # bytes that no meter has ready at one time


class Silence:
    """How long a line may say nothing before it is opened again: the second time twice as long, and so on up to five minutes.

    An adapter or a serial server that hangs is mended by that, and a HAN port that is closed is silent, too, and no reason to hurry.
    """

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self.limit_s = first_s
        self.lasting = False

    def passed(self) -> None:
        """The limit has passed without a byte."""
        self.limit_s = max(self._first_s, min(2 * self.limit_s, LONGEST_S))
        self.lasting = True

    def broken(self) -> None:
        """A byte came."""
        self.limit_s = self._first_s
        self.lasting = False


def rest_s(data: bytes) -> float:
    """Give the seconds for which to leave the line alone after these bytes; 0 for what a meter may send."""
    return len(data) / FLOOD_BYTES_PER_S if len(data) >= _AT_ONCE else 0
