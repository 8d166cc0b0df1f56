"""What a finding means for people, and what to do next: one table, and the choice of the most telling of several trials.

This file must not know how the bytes came here, nor how a finding is found (``signs``).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dlms.rejects import Reason
from han_gateway.adapters.telnet import REMEDY
from han_gateway.commands.signs import UNKNOWN, UNOPENED, Evidence, Kind

GO_ON = frozenset(
    {
        Kind.P1,
        Kind.INVERTED,
        Kind.DAMAGED,
        Kind.NO_PARITY,
        Kind.SEVEN_BITS,
        Kind.TEXT,
        Kind.POLARITY,
        Kind.NOISE,
        Kind.GARBLED,
        Kind.REFUSED,
    }
)
"""After these another speed or parity may do better. A line that is silent at one setting is silent at all of them."""


class Words(NamedTuple):
    """What is the case, and what to do next; ``{size}`` and the like are filled in. ``over_tcp`` is the remedy where a network is between."""

    what: str
    todo: str
    over_tcp: str = ""


_ASK = "`han-gateway record --port PORT --out meter.han` keeps what it sends: send that to us, or decode it with its maker's description"
_AT_SERVER = (
    "speed and parity are set at the serial server (ser2net, ESPHome): 2400 8E1 for Kaifa and Aidon, 2400 8N1 for Kamstrup, "
    "115200 8N1 for P1"
)

WORDS: Mapping[Kind, Words] = {
    Kind.METER: Words("a meter that we read", "write these lines into the configuration"),
    Kind.TELNET: Words("a serial server that speaks telnet, which doubles some bytes and so damages lists", REMEDY),
    Kind.ENCRYPTED: Words(
        "whole lists, but encrypted ({detail})",
        "ask the grid company for the key (Denmark: GPK60) and name its file, here with --key-file and in the configuration with key_file "
        "under [meter] (docs/encrypted.md); or ask it to switch encryption off",
    ),
    Kind.WRONG_KEY: Words(
        "whole encrypted lists that this key does not open ({detail})",
        "compare the key with the paper of the grid company, or ask it: a key belongs to one meter, and of two keys the other may be meant",
    ),
    Kind.UNKNOWN_METER: Words("whole frames, but of a meter or list that we do not know ({detail})", _ASK),
    Kind.P1: Words(
        "lines of P1 telegrams, but no whole one",
        "the speed is right: try a shorter cable (3 m at most) or another adapter, and see that nothing else has the port open",
    ),
    Kind.MBUS: Words(
        "telegrams of wired M-Bus (68 .. 68), but no whole list",
        "their other parts are lost: a shorter cable, another adapter (cheap ones cut long lists off); if it stays so, " + _ASK,
    ),
    Kind.INVERTED: Words(
        "the line is inverted: {size} bytes, each upside down",
        "an RJ12 (P1) port sends inverted and needs an adapter or cable that inverts it back (P1 or DSMR cable; on an ESP, `inverted: true`)",
        "tell the serial server to invert what it receives (ESPHome: `inverted: true` at the rx_pin)",
    ),
    Kind.DAMAGED: Words(
        "frames that are damaged on their way ({detail})",
        "speed and parity are nearly right: try another parity, a shorter cable, another adapter (cheap ones cut long lists off)",
        "the serial server's speed is right: try the other parity there, a shorter cable, another adapter",
    ),
    Kind.NO_PARITY: Words(
        "a Kamstrup list, read with a parity that it does not have",
        'write parity = "N" under [meter]',
        "set the serial server to 8N1",
    ),
    Kind.SEVEN_BITS: Words(
        "frames whose highest bit is lost: {size} bytes, all with 7 bits",
        "the adapter is set to 7 data bits; try another one, or another driver",
        "set the serial server to 8 data bits",
    ),
    Kind.TEXT: Words("text, not a meter", "is this the right port? Another device seems to be behind it"),
    Kind.POLARITY: Words(
        "{size} bytes, nearly all 00 or FF",
        "the signal is inverted, the speed is wrong, or the M-Bus adapter is wired to the wrong pins (M-Bus: 1 and 2 of the RJ45); an "
        "RJ12 port needs an adapter that inverts",
        "the signal is inverted or the speed is wrong; " + _AT_SERVER,
    ),
    Kind.NOISE: Words(
        "only {size} bytes in {seconds:g} s, too few for a list",
        "noise on an idle line: the HAN port is probably closed; ask your grid company to open it, and see that the cable is all the way in",
    ),
    Kind.GARBLED: Words(
        "{size} bytes, but no frame{errors}",
        "speed or parity is wrong, the cable is bad, or the signal is inverted: an RJ12 port needs an adapter that inverts",
        _AT_SERVER,
    ),
    Kind.GONE: Words("the adapter went away while we listened", "plug it in firmly, perhaps into a hub with a supply of its own"),
    Kind.SILENT: Words(
        "no bytes in {seconds:g} s",
        "the HAN port is probably closed; ask your grid company to open it. If it is open: is the cable in, and the M-Bus adapter on pins 1 "
        "and 2 of the RJ45? A P1 port (RJ12) sends only while 5 V are on its pin 2",
        "the serial server answers, but nothing comes through: the HAN port is probably closed (ask your grid company to open it), or "
        "another client has the serial port",
    ),
    Kind.BUSY: Words(
        "in use by {holder}",
        "stop that first: two readers take the bytes from each other (`sudo fuser -v` and the port name it; "
        "ModemManager looks at every new adapter: sudo systemctl stop ModemManager)",
    ),
    Kind.DENIED: Words("this user may not open it", "sudo usermod -a -G dialout $USER, then log out and in again"),
    Kind.NO_PORT: Words("there is no such port", "is the adapter plugged in? `ls -l /dev/serial/by-id/` shows those that are"),
    Kind.UNREACHABLE: Words("cannot be reached ({detail})", "is the serial server on, and are address and port right?"),
    Kind.UNUSABLE: Words("cannot be read ({detail})", "name a serial device, or tcp:HOST:PORT"),
    Kind.REFUSED: Words("the adapter cannot do this speed or parity", "use another adapter if nothing else was found"),
}


_HDLC_HEAD = re.compile(rb"\x7e[\xa0-\xaf]")  # flag and format


class Verdict(NamedTuple):
    """What was found, in words and as a word for programs."""

    kind: Kind
    what: str
    todo: str


def verdict(
    kind: Kind, evidence: Evidence, *, seconds: float, over_tcp: bool = False, detail: str = "", holder: str = ""
) -> Verdict:
    """Put a finding into words. ``detail`` and ``holder`` (who has the port open) are about trouble with the port itself."""
    words = WORDS[kind]
    what = words.what.format(
        size=evidence.size,
        seconds=seconds,
        errors=_errors(evidence),
        detail=detail or _detail(kind, evidence),
        holder=holder or "another program",
    )
    return Verdict(kind, what, words.over_tcp if over_tcp and words.over_tcp else words.todo)


def best(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Of the verdicts of all trials on one port, the most telling."""
    order = list(Kind)
    return min(verdicts, key=lambda each: order.index(each.kind))


def _detail(kind: Kind, evidence: Evidence) -> str:
    """What the decoder said about it."""
    if kind is Kind.DAMAGED:
        return f"{evidence.rejects[Reason.FRAME_CHECK]} with a wrong check sequence"
    reasons = {Kind.ENCRYPTED: (Reason.ENCRYPTED,), Kind.WRONG_KEY: UNOPENED}.get(kind, UNKNOWN)
    reason = next((each for each in reasons if each in evidence.rejects), None)
    return "" if reason is None else evidence.details[reason] or reason.value.replace("_", " ")


def _errors(evidence: Evidence) -> str:
    """What the UART and the flags tell about garbled bytes."""
    errors, heads = evidence.errors, len(_HDLC_HEAD.findall(evidence.sample))
    if errors is not None and (errors.frame or errors.parity):
        return f"; the UART counted {errors.frame} framing and {errors.parity} parity errors"
    if heads:
        return f", although {heads} began as one: parity or noise"
    return ""
