"""Why bytes were not believed.

Bad input is a value here, never an exception: every reader of this package returns either what it read or a
``Rejected``. This file must not know who counts the rejects or who made the meter.
"""

from enum import Enum
from typing import NamedTuple


class Reason(Enum):
    """The closed list of reasons; the values are the ``reason`` label of the frame error metric."""

    NOISE = "noise"  # bytes between frames that start no frame
    HEADER_CHECK = "header_check"  # HCS wrong: not even the length can be believed
    FRAME_CHECK = "frame_check"  # FCS or closing flag wrong: the frame was damaged on its way
    TRUNCATED = "truncated"  # the input ended, or something else began, before a frame or the pieces of a message did end
    SEGMENTED = "segmented"  # a piece of a longer message, without the pieces before it
    ENCRYPTED = "encrypted"  # general-glo-ciphering: not readable without a key
    WRONG_KEY = "wrong_key"  # encrypted and whole, but the configured key does not open it
    REPLAYED = "replayed"  # encrypted, and its frame counter is not above that of the message before it
    UNAUTHENTICATED = "unauthenticated"  # nothing proves its sender, although an authentication key is configured
    NOT_PUSH = "not_push"  # a whole frame that is no data-notification
    MALFORMED = "malformed"  # A-XDR that breaks its own rules: length, depth, unknown tag, bytes left over
    UNKNOWN_LIST = "unknown_list"  # well-formed, but no profile knows this list
    UNIT = "unit"  # a register whose unit contradicts its OBIS code
    OUT_OF_RANGE = "out_of_range"  # a value no meter of this kind can measure
    FOREIGN_METER = "foreign_meter"  # another make of meter than the one this line has carried so far


class Rejected(NamedTuple):
    """Bytes that yielded nothing: the reason, how many bytes it cost, and words for a log (never raw bytes)."""

    reason: Reason
    size: int = 0
    detail: str = ""
