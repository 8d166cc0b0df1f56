"""The P1 telegrams of one line: from the bytes between "/" and check sequence to a reading.

A line remembers whether its telegrams have check sequences: one that has lost its own was damaged, however well it reads.
This file must not know a maker, nor how bytes become telegrams (``dlms.p1``) or telegrams readings (``telegram``).
"""

from dlms import p1
from dlms.rejects import Reason, Rejected
from han_gateway.meters.reading import Reading
from han_gateway.meters.telegram import read


class Telegrams:
    """Reads the telegrams of one line."""

    def __init__(self, ct_ratio: int, *, check_fcs: bool = True) -> None:
        """Start without having seen one."""
        self._ct_ratio = ct_ratio
        self._check_fcs = check_fcs
        self._checked = False

    def find(self, message: bytes) -> bytes | Rejected:
        """Find the telegram in bytes that nobody has looked at yet and that begin with it; what follows it is left aside."""
        found = p1.examine(
            message + b"\r\n", 0, check=self._check_fcs
        )  # which says that there is no check sequence, where there is none
        if isinstance(found, Reason) or found is None:
            return Rejected(found or Reason.TRUNCATED, len(message))
        return found

    def read(self, wire: bytes) -> Reading | Rejected:
        """Read a telegram that was found whole."""
        telegram = p1.parse(wire)
        if isinstance(telegram, Rejected):
            return telegram
        if self._checked and not telegram.checked:
            return Rejected(Reason.FRAME_CHECK, len(wire), "no check sequence, although the telegrams of this line have one")
        self._checked = self._checked or telegram.checked
        found = read(telegram, ct_ratio=self._ct_ratio)
        return found._replace(size=len(wire)) if isinstance(found, Rejected) else found
