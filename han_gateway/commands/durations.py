"""Times on the command line, in seconds. This file must not know what waits for so long."""

import argparse
from collections.abc import Callable


def seconds_up_to(most: float) -> Callable[[str], float]:
    """A kind of argument: above 0, and ``most`` seconds at most. What is no number (``nan``, too) is a usage error."""

    def seconds(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = 0
        if not 0 < found <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, {most:g} at most")
        return found

    return seconds
