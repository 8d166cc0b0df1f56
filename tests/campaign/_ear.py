"""Who listens at the broker's end of a cable, in a process of its own: prints each message on a line as it comes.

    python -m tests.campaign._ear PORT

A line is a JSON list: the second (of a clock that all processes share), the topic, the payload. It listens until standard input ends, and
must not know, nor import, anything of the gateway.
"""

import json
import sys
import time

from tests.campaign._guest import Guest


def main() -> int:
    """Listen."""
    guest = Guest(
        int(sys.argv[1]),
        ("han/#",),
        lambda topic, payload, _retained: print(json.dumps([time.monotonic(), topic, payload.decode()]), flush=True),
    )
    sys.stdin.read()
    guest.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
