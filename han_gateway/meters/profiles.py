"""What manufacturers made of the standard, as data: one frozen record per family of lists. No logic that knows a maker.

Families differ in two ways: the *shape* of the body, and what the wire *leaves out* (positions instead of codes, scalers). A
profile supplies what is left out; what the wire says wins. Adding a meter is a literal here, a form in ``forms.py``, and a fixture.
Sources: KFM_001 (Kaifa/Nuri), Aidon HAN interface description v1.1A and its RJ12 edition, Kamstrup HAN-NVE rev. 3.1 and OMNIA
description; where documents and captured frames differ, the frames won.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from dlms.obis import Unit
from han_gateway.meters.reading import ClockRule


class Shape(Enum):
    """How a body names its values."""

    POSITIONAL = "positional"  # a structure of values; the place and the count say what they are
    PAIRS = "pairs"  # a structure of code, value, code, value; perhaps a list id first; null-data between
    REGISTERS = "registers"  # an array of structures: code, value, and for numbers scaler and unit


Columns = tuple[str, ...]
"""The names of a positional list's values in order; names as in ``dlms.obis.REGISTERS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family of lists.

    ``list_id`` is how its list id begins; ``nameless`` are the sizes of the lists without an id that belong to it. ``exponents`` are
    the powers of ten per unit that the wire leaves out. ``placeholders`` are the quantities that are not measured on three-wire nets
    although the list carries them as 0 (U2 = 0 between two real voltages gives them away). ``drifts`` marks meters whose firmware
    changed a scale without saying so, which ``plausible.py`` undoes. ``clock`` None means: nobody has found out.
    """

    name: str
    manufacturer: str
    shape: Shape
    list_id: str
    nameless: range = range(0)
    clock: ClockRule | None
    columns: Mapping[int, Columns] = field(default_factory=lambda: MappingProxyType({}))
    exponents: Mapping[Unit, int] = field(default_factory=lambda: MappingProxyType({}))
    placeholders: frozenset[str] = frozenset({"voltage_l2_mv"})
    drifts: bool = False


_IDENTITY = ("list_id", "meter_id", "meter_type")
_POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
_ENERGIES = ("energy_import_wh", "energy_export_wh", "reactive_energy_import_varh", "reactive_energy_export_varh")
_ONE_PHASE = ("current_l1_ma", "voltage_l1_mv")
_THREE_PHASES = (
    *("current_l1_ma", "current_l2_ma", "current_l3_ma"),
    *("voltage_l1_mv", "voltage_l2_mv", "voltage_l3_mv"),
)

KAIFA_COLUMNS: Mapping[int, Columns] = MappingProxyType(
    {
        1: ("power_import_w",),
        9: (*_IDENTITY, *_POWERS, *_ONE_PHASE),
        13: (*_IDENTITY, *_POWERS, *_THREE_PHASES),
        14: (*_IDENTITY, *_POWERS, *_ONE_PHASE, "clock", *_ENERGIES),
        18: (*_IDENTITY, *_POWERS, *_THREE_PHASES, "clock", *_ENERGIES),
    }
)
_KAIFA_EXPONENTS = MappingProxyType({Unit.AMPERE: -3, Unit.VOLT: -1})

KAIFA = Profile(
    name="kaifa",
    manufacturer="kaifa",
    shape=Shape.POSITIONAL,
    list_id="KFM_001",
    nameless=range(1, 2),  # list 1 is a bare number
    clock=ClockRule.LOCAL,
    columns=KAIFA_COLUMNS,
    exponents=_KAIFA_EXPONENTS,
)
KAIFA_SE = Profile(
    name="kaifa-se",
    manufacturer="kaifa",
    shape=Shape.PAIRS,
    list_id="KFM_001",
    clock=ClockRule.LOCAL,
    exponents=_KAIFA_EXPONENTS,
)
AIDON = Profile(
    name="aidon",
    manufacturer="aidon",
    shape=Shape.REGISTERS,
    list_id="AIDON_V",
    nameless=range(1, 2),  # list 1
    clock=ClockRule.STANDARD,
)
AIDON_SE = Profile(
    name="aidon-se",
    manufacturer="aidon",
    shape=Shape.REGISTERS,
    list_id="AIDON_H",
    nameless=range(2, 64),  # 27 registers, 15 with one phase
    clock=None,  # whether it follows summer time has not been seen
)
EMBRIQ = Profile(
    name="embriq",  # Landis+Gyr E350 with the EMBRIQ module
    manufacturer="landis-gyr",
    shape=Shape.REGISTERS,
    list_id="EMBRIQ_",
    clock=None,  # no list with a clock has been captured
    placeholders=frozenset({"voltage_l2_mv", "current_l2_ma"}),
)
KAMSTRUP = Profile(
    name="kamstrup",
    manufacturer="kamstrup",
    shape=Shape.PAIRS,
    list_id="Kamstrup_V",
    clock=ClockRule.STANDARD,
    exponents=MappingProxyType({Unit.AMPERE: -2, Unit.WATT_HOUR: 1, Unit.VAR_HOUR: 1}),
    drifts=True,
)

PROFILES: tuple[Profile, ...] = (KAIFA, KAIFA_SE, AIDON, AIDON_SE, EMBRIQ, KAMSTRUP)


def identify(shape: Shape, list_id: str | None, size: int) -> Profile | None:
    """Find the family of a list of ``size`` values by its signature; at most one fits, and none is a good answer too."""
    for profile in PROFILES:
        known = size in profile.nameless if list_id is None else list_id.startswith(profile.list_id)
        if profile.shape is shape and known:
            return profile
    return None
