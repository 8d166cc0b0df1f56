"""The process that ``benchmarks.replay`` compares with: amshan decodes a file of hex lines, and does nothing with what it reads.

At its best: the hex of the whole file becomes bytes in one call, and goes in 4 KiB at a time. Prints how many lists there were.

    python -m benchmarks.only_decode FILE
"""

import sys
from pathlib import Path

from han.autodecoder import AutoDecoder
from han.hdlc import HdlcFrameReader

CHUNK = 4_096


def main() -> None:
    """Decode the file."""
    raw = bytes.fromhex(Path(sys.argv[1]).read_text("ascii"))
    read, decode = HdlcFrameReader().read, AutoDecoder().decode_message_payload
    count = 0
    for start in range(0, len(raw), CHUNK):
        for message in read(raw[start : start + CHUNK]):
            if message.is_valid and message.payload and decode(message.payload):
                count += 1
    print(count)


main()
