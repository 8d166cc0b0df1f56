"""The decoder: bytes from one meter's line in, readings and rejects out. All its state is about that one line.

    feed --dlms.hdlc--> Frame --layout known and fits?--> read
                           `--dlms.apdu--> Apdu --learn--> Layout --> read

With keys a frame is opened first (``dlms.unsealer``), and what was in it goes the same way as a bare message.

This file must not know a maker, a clock, or who uses the readings.
"""

from dlms import apdu
from dlms.ciphering import Keys
from dlms.hdlc import CHECK_SIZE, Deframer, information_at, is_segmented
from dlms.rejects import Reason, Rejected
from dlms.unsealer import Unsealer
from han_gateway.meters.layout import Layout, learn
from han_gateway.meters.numbers import Scaling
from han_gateway.meters.profiles import Profile
from han_gateway.meters.reading import Reading

_LAYOUTS_KEPT = 16  # a meter sends three or four lists; a line that shows more than this forgets and learns again
_FOREIGN_FRAMES_BEFORE_EXCHANGE = 10


class Decoder:
    """Decodes what one HAN port sends. Total: no bytes make it raise.

    With ``lock`` the first family that names itself owns the line: a list of another family is Rejected(FOREIGN_METER), until ten of
    them have come in a row (the meter was exchanged). ``check_fcs=False`` is for masked dumps only. Without ``keys`` an encrypted list
    is Rejected(ENCRYPTED); what they protect from is told in ``dlms.ciphering`` and ``dlms.unsealer``.
    """

    def __init__(
        self,
        *,
        ct_ratio: int = 1,
        energy_count_wh: int | None = None,
        current_count_ma: int | None = None,
        lock: bool = False,
        check_fcs: bool = True,
        keys: Keys | None = None,
    ) -> None:
        """Start knowing nothing of the meter."""
        self._scaling = Scaling(ct_ratio, energy_count_wh, current_count_ma)
        self._deframer = Deframer(check_fcs=check_fcs)
        self._unsealer = Unsealer(keys) if keys else None
        self._layouts: dict[int, Layout] = {}  # by length
        self._lock = lock
        self._owner: Profile | None = None
        self._foreign = 0

    def feed(self, data: bytes) -> list[Reading | Rejected]:
        """Take bytes of the stream, cut anywhere, and give what they complete."""
        items: list[Reading | Rejected] = []
        for item in self._deframer.feed(data):
            if isinstance(item, bytes):
                layout = self._layouts.get(len(item))
                reading = layout.read(item) if layout else None
                if reading is None:
                    reading = self._frame(item)
                else:
                    self._foreign = 0
                items.append(reading)
            else:
                items.append(item)
        return items

    def message(self, message: bytes) -> Reading | Rejected:
        """Decode one message that came without HDLC: an APDU with or without LLC, encrypted or not."""
        plain = self._plain(message)
        if isinstance(plain, Rejected):
            return plain._replace(size=len(message))
        layout = self._layouts.get(len(plain))
        reading = layout.read(plain) if layout else None
        if reading is None:
            return self._decode(plain, framed=False)
        self._foreign = 0
        return reading

    def close(self) -> list[Reading | Rejected]:
        """Say that the stream ended; what was pending is rejected."""
        return [item for item in self._deframer.close() if isinstance(item, Rejected)]

    def _frame(self, raw: bytes) -> Reading | Rejected:
        """Decode a frame of no known layout."""
        if self._unsealer is None or is_segmented(raw):
            return self._decode(raw, framed=True)
        item = self.message(raw[information_at(raw) : -CHECK_SIZE])
        return item._replace(size=len(raw)) if isinstance(item, Rejected) else item

    def _plain(self, message: bytes) -> bytes | Rejected:
        """Take a message out of its envelope; one that has none is given as it is, but for what ``dlms.unsealer`` refuses."""
        if self._unsealer is None:
            return message
        return self._unsealer.message(message, len(apdu.LLC) if message.startswith(apdu.LLC) else 0)

    def _decode(self, raw: bytes, *, framed: bool) -> Reading | Rejected:
        """Parse a frame or message in full, learn its layout, and read it through that."""
        learned = self._learn(raw, framed=framed)
        if isinstance(learned, Rejected):
            return learned
        refused = self._meet(learned, len(raw))
        if refused is not None:
            return refused
        if len(self._layouts) >= _LAYOUTS_KEPT:
            self._layouts.clear()
        self._layouts[len(raw)] = learned
        return learned.read(raw) or Rejected(Reason.MALFORMED, len(raw))

    def _learn(self, raw: bytes, *, framed: bool) -> Layout | Rejected:
        """Parse a frame in full."""
        start, check_size = (information_at(raw), CHECK_SIZE) if framed else (0, 0)
        if framed and is_segmented(raw):
            return Rejected(Reason.SEGMENTED, len(raw))
        message = apdu.parse(raw[: len(raw) - check_size], start)
        if isinstance(message, Rejected):
            return message._replace(size=len(raw))
        return learn(raw, message, check_size, self._scaling, self._owner)

    def _meet(self, layout: Layout, size: int) -> Rejected | None:
        """Meet a new layout: refuse it if another family owns the line, or let the one that names itself own it from now on."""
        if layout.profile is self._owner:
            self._foreign = 0
            return None
        if self._lock and self._owner is not None:
            self._foreign += 1
            if self._foreign < _FOREIGN_FRAMES_BEFORE_EXCHANGE:
                return Rejected(Reason.FOREIGN_METER, size, f"{layout.profile.name} on a line of {self._owner.name}")
            self._owner = None  # the meter was exchanged
            self._layouts.clear()
        if layout.identified:
            self._owner, self._foreign = layout.profile, 0
            self._layouts.clear()  # nameless lists were learned as another family's
        return None
