"""What a family of lists is, as a record: how it is recognised, how its bodies are built, what its wire leaves out. Knows no maker.

``profiles.py`` fills it in, once for each family.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from dlms.axdr import Data, Tag
from dlms.obis import Unit
from han_gateway.meters.reading import ClockRule


class Shape(Enum):
    """How a body names its values."""

    POSITIONAL = "positional"  # a structure of values; the place, the types and the count say what they are
    PAIRS = (
        "pairs"  # a structure of code, value, perhaps (scaler, unit); some of them in structures of their own; null-data between
    )
    REGISTERS = "registers"  # an array of structures: code, value, and for numbers scaler and unit
    OBJECTS = "objects"  # a structure: an array that says what is pushed (class, code, attribute), then the values in that order


Columns = tuple[str, ...]
"""The names of a positional list's values in order; those of ``dlms.obis.REGISTERS`` are understood, any other is not read."""

_LETTERS: Mapping[Tag, str] = MappingProxyType(
    {
        Tag.NULL: "n",
        Tag.ARRAY: "g",
        Tag.STRUCTURE: "g",
        Tag.BOOLEAN: "b",
        Tag.INT32: "I",
        Tag.UINT32: "U",
        Tag.OCTET_STRING: "o",
        Tag.VISIBLE_STRING: "v",
        Tag.INT8: "c",
        Tag.INT16: "i",
        Tag.UINT8: "c",
        Tag.UINT16: "u",
        Tag.INT64: "Q",
        Tag.UINT64: "Q",
        Tag.ENUM: "e",
    }
)


def types(values: tuple[Data, ...]) -> str:
    """Spell the types of values, one letter each: o and v texts, c i u I U Q numbers by size, e enum, b boolean, n null, g group."""
    return "".join(_LETTERS[value.tag] for value in values)


class Positions(NamedTuple):
    """One positional list: what stands where, and the types that prove it, as a regular expression over the letters of ``types``."""

    names: Columns
    types: str


class Signature(NamedTuple):
    """What can be told of a list before anybody knows whose it is. ``size`` counts its values without codes and scalers."""

    shape: Shape
    list_id: str | None
    size: int
    types: str = ""
    meter_id: str | None = None


class About(NamedTuple):
    """What people want to know of a family: the row of the table of supported meters. ``seen``: from real frames, not from documents alone."""

    models: str
    countries: str
    framing: str
    sends: str
    currents: str
    seen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family of lists.

    It is recognised by its shape and how its list id begins; ``nameless`` are the sizes of its lists without an id. ``types`` is the
    pattern of the outermost types where that is not enough, ``meter_id`` that of the meter ids where two makers share a list.
    ``exponents`` are the powers of ten per unit that the wire leaves out. ``placeholders`` are the quantities that are not measured on
    three-wire nets although the list carries them as 0 (U2 = 0 between two real voltages gives them away). ``drifts`` marks meters whose
    firmware changed a scale without saying so, which ``plausible.py`` undoes; ``doubtful`` those whose places or scales nothing on the
    wire confirms: each of their lists must agree with itself. ``clock`` None means: nobody has found out.
    """

    name: str
    manufacturer: str
    shape: Shape
    list_id: str = ""
    nameless: range = range(0)
    types: str = ""
    meter_id: str = ""
    clock: ClockRule | None
    lists: tuple[Positions, ...] = ()
    exponents: Mapping[Unit, int] = field(default_factory=lambda: MappingProxyType({}))
    placeholders: frozenset[str] = frozenset({"voltage_l2_mv"})
    drifts: bool = False
    doubtful: bool = False
    about: About

    def fits(self, signature: Signature) -> bool:
        """Tell whether a list may be one of this family."""
        anonymous = self.shape is Shape.POSITIONAL and not self.list_id  # then the first text is something else
        list_id = None if anonymous else signature.list_id
        named = list_id is not None and self.list_id != "" and list_id.startswith(self.list_id)
        return (
            self.shape is signature.shape
            and (named or (list_id is None and signature.size in self.nameless))
            and (not self.types or re.fullmatch(self.types, signature.types) is not None)
            and (not self.meter_id or re.fullmatch(self.meter_id, signature.meter_id or "") is not None)
        )

    def may_send(self, signature: Signature) -> bool:
        """Tell whether a meter of this family may have sent a list that names nobody."""
        known = not self.lists or self.columns(signature.types) is not None
        return signature.list_id is None and self.shape is signature.shape and known

    def columns(self, spelled: str) -> Columns | None:
        """Find the positional list of values with these types."""
        return next((each.names for each in self.lists if re.fullmatch(each.types, spelled)), None)
