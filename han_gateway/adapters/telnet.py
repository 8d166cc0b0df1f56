"""Whether a serial server speaks telnet: then every byte FF comes twice, and a list that has one is damaged in a way that nobody guesses.

Nothing is decoded here: a server that serves raw bytes is one word away. RFC 854 (commands), RFC 856, 857, 858, 2217 (options).
"""

import re

HEAD_BYTES = 64
"""A server negotiates first: it is in the first bytes of a connection or nowhere."""
REMEDY = "set the server to raw TCP (ser2net: accepter: tcp,PORT without telnet; before ser2net 4: raw in its place)"

_OFFERS = re.compile(rb"(?:\xff[\xfb-\xfe][\x00\x01\x03\x18\x1f-\x22\x2c]){2,}")
"""IAC, one of WILL, WONT, DO, DONT, and an option that serial servers use: binary, echo, go ahead, terminal and window, line, COM port."""


def negotiates(head: bytes) -> bool:
    """Tell whether a connection begins as telnet does. An inverted or idle line has FF and FE, too, but not for two options."""
    offers = _OFFERS.match(head)
    return offers is not None and len(set(offers[0][2::3])) > 1
