"""The decoder: bytes from one meter's line in, readings and rejects out. All its state is about that one line.

    feed --dlms.sniffer--> frame --layout known and fits?--> read
                             `--dlms.assembly--> message --layout known and fits?--> read
                                                    `--dlms.apdu--> Apdu --learn--> Layout --> read
                                                    `--P1: dlms.p1--> Telegram --> read

With keys a message is opened first (``dlms.unsealer``), and what was in it goes the same way.

This file must not know a maker, a clock, or who uses the readings.
"""

from typing import NamedTuple

from dlms import apdu, p1
from dlms.assembly import Assembler, Joined, Message
from dlms.ciphering import Keys
from dlms.rejects import Reason, Rejected
from dlms.sniffer import Sniffer
from dlms.unsealer import Unsealer
from han_gateway.meters.layout import Layout, learn
from han_gateway.meters.numbers import Scaling
from han_gateway.meters.profiles import Profile
from han_gateway.meters.reading import Reading
from han_gateway.meters.telegrams import Telegrams

_LAYOUTS_KEPT = 16  # a meter sends three or four lists; a line that shows more than this forgets and learns again
_FOREIGN_FRAMES_BEFORE_EXCHANGE = 10
_NOTHING: dict[int, Layout] = {}


class _Odd(NamedTuple):
    """What has come since the last list that was as expected: foreign lists in a row, and the list that a weak check let through."""

    foreign: int = 0
    doubted: Layout | None = None


_AS_EXPECTED = _Odd()


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
        self._sniffer = Sniffer(check_fcs=check_fcs)
        self._telegrams = Telegrams(ct_ratio, check_fcs=check_fcs)
        self._assembler = Assembler()
        self._unsealer = Unsealer(keys) if keys else None
        self._proven = keys is not None and keys.authentication is not None  # then all that is opened has a good tag
        self._layouts: dict[int, Layout] = {}  # by length
        self._at_once = self._layouts  # the same, but nothing while a message is pending
        self._lock = lock
        self._owner: Profile | str | None = None  # a family, or what P1 telegrams call themselves
        self._odd = _AS_EXPECTED

    def feed(self, data: bytes) -> list[Reading | Rejected]:
        """Take bytes of the stream, cut anywhere, and give what they complete: frames of a known layout at once, all else as messages."""
        items: list[Reading | Rejected] = []
        for item in self._sniffer.feed(data):
            if isinstance(item, bytes):
                layout = self._at_once.get(len(item))
                reading = layout.read(item) if layout else None
                if reading is None:
                    items += self._frame(item)
                else:
                    self._odd = _AS_EXPECTED
                    items.append(reading)
            else:
                items += self._missed(item)
        return items

    def message(self, message: bytes) -> Reading | Rejected:
        """Decode one message that came without a frame: an APDU with LLC or not, all of its blocks, its body alone, or a P1 telegram."""
        if message.startswith(p1.START):
            found = self._telegrams.find(message)
            return found if isinstance(found, Rejected) else self._message(Message(found))
        assembler = Assembler()
        *_, last = (*assembler.whole(apdu.headed(message)), *assembler.close())
        return self._joined(last)

    def close(self) -> list[Reading | Rejected]:
        """Say that the stream ended: what is pending is rejected, or found behind what was cut off."""
        items: list[Reading | Rejected] = []
        for item in self._sniffer.close():
            items += self._missed(item) if isinstance(item, Rejected) else self._frame(item)
        return items + self._assembled(self._assembler.close())

    def _frame(self, frame: bytes) -> list[Reading | Rejected]:
        """Read a frame as the message that it is or completes."""
        return self._assembled(self._assembler.take(frame))

    def _missed(self, rejected: Rejected) -> list[Reading | Rejected]:
        """Pass on what the sniffer rejected; a message that this leaves without its end comes before it."""
        return [*self._assembled(self._assembler.missed()), rejected]

    def _assembled(self, joined: list[Joined]) -> list[Reading | Rejected]:
        """Read what the assembler gave; while a message is pending in it, no frame may pass it by."""
        items = [self._joined(item) for item in joined]
        self._at_once = _NOTHING if self._assembler.pending else self._layouts
        return items

    def _joined(self, item: Joined) -> Reading | Rejected:
        """Read what the assembler gave; a message that was cut off may still say that it is encrypted, and by whom."""
        if isinstance(item, Message):
            return self._message(item)
        if isinstance(item, Rejected):
            return item
        told = apdu.parse(item.begun)
        if self._unsealer is None and isinstance(told, Rejected) and told.reason is Reason.ENCRYPTED:
            return told
        return Rejected(Reason.TRUNCATED, len(item.begun), item.words)

    def _message(self, sent: Message) -> Reading | Rejected:
        """Read a whole message: through its layout if that is known, and else in full."""
        message = self._plain(sent)
        if isinstance(message, Rejected):
            return message
        if message.raw.startswith(p1.START):
            return self._telegram(message.raw)
        layout = self._layouts.get(len(message.raw))
        reading = layout.read(message.raw) if layout else None
        if reading is None:
            return self._decode(message)
        self._odd = _AS_EXPECTED
        return reading

    def _plain(self, message: Message) -> Message | Rejected:
        """Take a message out of its envelope; one that has none is given as it is, but for what ``dlms.unsealer`` refuses."""
        if self._unsealer is None:
            return message
        octets = message.octets
        envelope = (p1.sealed(octets) if octets.startswith(p1.START) else None) or octets
        plain = self._unsealer.message(envelope, apdu.past_llc(envelope))
        if not isinstance(plain, Rejected) and plain.startswith(p1.START):
            plain = self._telegrams.find(plain)
        elif message.bare and not self._proven and not isinstance(plain, Rejected):
            return Rejected(
                Reason.FRAME_CHECK, len(octets), "nothing vouches for an envelope without a frame, and it holds no telegram"
            )
        if isinstance(plain, Rejected):
            return plain._replace(size=len(message.raw))
        return Message(plain, vouched=message.vouched or self._proven)

    def _decode(self, message: Message) -> Reading | Rejected:
        """Parse a message in full, learn its layout, and read it through that."""
        raw = message.raw
        learned = self._learn(message)
        if isinstance(learned, Rejected):
            return learned
        if not message.vouched and self._doubts(learned, raw):
            return Rejected(
                Reason.FRAME_CHECK, len(raw), "what never changes has changed, and only a weak check vouches for that"
            )
        refused = self._meet(learned.profile, len(raw), named=learned.identified)
        if refused is not None:
            return refused
        if len(self._layouts) >= _LAYOUTS_KEPT:
            self._layouts.clear()
        self._layouts[len(raw)] = learned
        return learned.read(raw) or Rejected(Reason.MALFORMED, len(raw))

    def _doubts(self, learned: Layout, raw: bytes) -> bool:
        """Tell whether a message deviates from the known list of its length in what never changes, and is the first to do so."""
        doubted = self._odd.doubted
        again = doubted is not None and doubted.read(raw) is not None
        self._odd = self._odd._replace(doubted=None if again else learned)
        return len(raw) in self._layouts and not again

    def _learn(self, message: Message) -> Layout | Rejected:
        """Parse a message in full."""
        raw = message.raw
        parsed = apdu.parse(raw[: len(raw) - message.tail], message.at)
        if isinstance(parsed, Rejected):
            return parsed._replace(size=len(raw))
        owner = None if isinstance(self._owner, str) else self._owner
        return learn(raw, parsed, message.tail, self._scaling, owner)

    def _telegram(self, wire: bytes) -> Reading | Rejected:
        """Read a P1 telegram; its meter owns the line as the family of a layout does."""
        found = self._telegrams.read(wire)
        if isinstance(found, Rejected):
            return found
        return self._meet(found.list_id or "", len(wire), named=True) or found

    def _meet(self, family: Profile | str, size: int, *, named: bool) -> Rejected | None:
        """Meet a family: refuse it if another one owns the line, or let the one that names itself own it from now on."""
        if family == self._owner:
            self._odd = self._odd._replace(foreign=0)
            return None
        if self._lock and self._owner is not None:
            self._odd = self._odd._replace(foreign=self._odd.foreign + 1)
            if self._odd.foreign < _FOREIGN_FRAMES_BEFORE_EXCHANGE:
                return Rejected(Reason.FOREIGN_METER, size, f"{_name(family)} on a line of {_name(self._owner)}")
            self._owner = None  # the meter was exchanged
            self._layouts.clear()
        if named:
            self._owner, self._odd = family, _AS_EXPECTED
            self._layouts.clear()  # nameless lists were learned as another family's
        return None


def _name(family: Profile | str) -> str:
    return family if isinstance(family, str) else family.name
