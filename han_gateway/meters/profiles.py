"""What manufacturers made of the standard, as data: one frozen record per family of lists. No logic that knows a maker.

Families differ in two ways: the *shape* of the body, and what the wire *leaves out* (positions instead of codes, scalers). A
profile supplies what is left out; what the wire says wins. Adding a meter is a literal here, a form in ``forms/``, and a fixture.
Sources: KFM_001 (Kaifa/Nuri), Aidon HAN interface description v1.1A and its RJ12 edition, Kamstrup HAN-NVE rev. 3.1 and OMNIA
description, Netz Niederoesterreich 218_12 and TINETZ (customer interface); where documents and captured frames differ, the frames won.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dlms.obis import Unit
from han_gateway.meters.family import About, Columns, Positions, Profile, Shape, Signature
from han_gateway.meters.reading import ClockRule

__all__ = ["PROFILES", "Profile", "Shape", "Signature", "identify"]

_IDENTITY = ("list_id", "meter_id", "meter_type")
_POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
_ENERGIES = ("energy_import_wh", "energy_export_wh", "reactive_energy_import_varh", "reactive_energy_export_varh")
_ONE_PHASE = ("current_l1_ma", "voltage_l1_mv")
_AMPERES = ("current_l1_ma", "current_l2_ma", "current_l3_ma")
_VOLTS = ("voltage_l1_mv", "voltage_l2_mv", "voltage_l3_mv")
_THREE_PHASES = (*_AMPERES, *_VOLTS)
_LINE_POWERS = tuple(f"power_{way}_l{line}_w" for way in ("import", "export") for line in (1, 2, 3))
_NO_PLACEHOLDERS = frozenset[str]()
"""Four wires: a voltage of 0 is a phase that is dead."""


def _any(lists: tuple[Positions, ...]) -> str:
    """Give the pattern of the types of any of these lists."""
    return "|".join(each.types for each in lists)


# --- Kaifa (Nuri) ------------------------------------------------------------------------------------------------------------------

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
_TEXT, _NUMBER = "[ov]", "[iIuUQ]"


def _kaifa_types(columns: Columns) -> str:
    """Texts and the clock are strings; the size of a number differs from model to model (energies of the MA304T4 have 64 bits)."""
    if len(columns) == 1:
        return "U"  # there is nothing else to know it by
    return "".join(_TEXT if name in (*_IDENTITY, "clock") else _NUMBER for name in columns)


_KAIFA_LISTS = tuple(Positions(columns, _kaifa_types(columns)) for columns in KAIFA_COLUMNS.values())
KAIFA = Profile(
    name="kaifa",
    manufacturer="kaifa",
    shape=Shape.POSITIONAL,
    list_id="KFM_001",
    nameless=range(1, 2),  # list 1 is a bare number
    clock=ClockRule.LOCAL,
    types=_any(_KAIFA_LISTS),
    lists=_KAIFA_LISTS,
    exponents=_KAIFA_EXPONENTS,
    about=About(
        "Kaifa (Nuri) MA105, MA304",
        "Norway, Sweden",
        "HDLC, 2400 8E1",
        "power every 2 s, currents every 10 s, energy hourly; Sweden: all every 15 s",
        "all, also on three wires",
    ),
)
KAIFA_SE = Profile(
    name="kaifa-se",
    manufacturer="kaifa",
    shape=Shape.PAIRS,
    list_id="KFM_001",
    types="[^g]*",
    clock=ClockRule.LOCAL,
    exponents=_KAIFA_EXPONENTS,
    about=About("Kaifa MA304H4, list with codes", "Sweden", "HDLC, 2400 8E1", "all every 15 s", "all"),
)
KAIFA_AT = Profile(
    name="kaifa-at",
    manufacturer="kaifa",
    shape=Shape.PAIRS,
    list_id="KFM",  # the logical device name: maker, type, serial number
    types=".*g{4}.*",  # values in structures of their own
    clock=ClockRule.LOCAL,
    placeholders=_NO_PLACEHOLDERS,
    about=About(
        "Kaifa MA309 (TINETZ, Vorarlberg, Stoen)", "Austria, Poland", "M-Bus, 2400 8E1, encrypted", "all every 5 s", "all"
    ),
)
# Netz Niederoesterreich prescribes one list to two makers: clock, eleven groups or fewer, number of the meter. Scale and unit of each value
# are on the wire; only whose it is, is not: the numbers tell, 18... in the grid company's example of a Kaifa, 178... in all Sagemcom seen.
_NOE_LIST = "o(o[iIuUQ]g)+o"  # the power factor has a sign in some
KAIFA_NOE = Profile(
    name="kaifa-noe",
    manufacturer="kaifa",
    shape=Shape.PAIRS,
    nameless=range(3, 32),
    types=_NOE_LIST,
    meter_id="18.*",
    clock=ClockRule.LOCAL,
    placeholders=_NO_PLACEHOLDERS,
    about=About("Kaifa MA309 (Netz NÖ)", "Austria", "M-Bus, 2400 8E1, encrypted", "all every 5 s", "all", seen=False),
)
SAGEMCOM = Profile(
    name="sagemcom",
    manufacturer="sagemcom",
    shape=Shape.PAIRS,
    nameless=range(3, 32),
    types=_NOE_LIST,
    meter_id="(?!18).*",
    clock=ClockRule.LOCAL,
    placeholders=_NO_PLACEHOLDERS,
    about=About("Sagemcom T210-D (Netz NÖ)", "Austria", "M-Bus, 2400 8E1, encrypted", "all every 5 s", "all"),
)

# --- Aidon, Landis+Gyr E350 with EMBRIQ, Kamstrup -----------------------------------------------------------------------------------

AIDON = Profile(
    name="aidon",
    manufacturer="aidon",
    shape=Shape.REGISTERS,
    list_id="AIDON_V",
    nameless=range(1, 2),  # list 1
    clock=ClockRule.STANDARD,
    about=About(
        "Aidon 6515, 6525, 6534, 6540, 6550",
        "Norway",
        "HDLC, 2400 8E1",
        "power every 2.5 s, currents every 10 s, energy hourly",
        "all; L2 not measured on three wires; behind transformers the ratio is yours to say",
    ),
)
AIDON_SE = Profile(
    name="aidon-se",
    manufacturer="aidon",
    shape=Shape.REGISTERS,
    list_id="AIDON_H",
    nameless=range(2, 64),  # 27 registers, 15 with one phase
    clock=None,  # whether it follows summer time has not been seen
    about=About(
        "Aidon 6511, 6534, 6550, 6560 with the Swedish list", "Sweden", "HDLC, 2400 8E1 or 115200", "all every 10 s", "all"
    ),
)
EMBRIQ = Profile(
    name="embriq",  # Landis+Gyr E350 with the EMBRIQ module
    manufacturer="landis-gyr",
    shape=Shape.REGISTERS,
    list_id="EMBRIQ_",
    clock=None,  # no list with a clock has been captured
    placeholders=frozenset({"voltage_l2_mv", "current_l2_ma"}),
    about=About(
        "Landis+Gyr E350 with EMBRIQ",
        "Norway",
        "HDLC, 2400 8E1",
        "power every 2.5 s, currents every 10 s",
        "all; L2 not measured on three wires",
    ),
)
KAMSTRUP = Profile(
    name="kamstrup",
    manufacturer="kamstrup",
    shape=Shape.PAIRS,
    list_id="Kamstrup_V",
    clock=ClockRule.STANDARD,
    exponents=MappingProxyType({Unit.AMPERE: -2, Unit.WATT_HOUR: 1, Unit.VAR_HOUR: 1}),
    drifts=True,
    about=About(
        "Kamstrup Omnipower",
        "Norway, Sweden, Denmark, Switzerland",
        "HDLC, 2400 8N1; encrypted in Denmark",
        "currents every 10 s, energy hourly; Denmark: all every 10 s",
        "all, also on three wires",
    ),
)

# --- Landis+Gyr E450 ----------------------------------------------------------------------------------------------------------------

# Whole volts in every frame seen; decoders in the field assume 0.1 V. Which it is shows in the size.
_E450_EXPONENTS = MappingProxyType({Unit.AMPERE: -2})

E450 = Profile(
    name="e450",
    manufacturer="landis-gyr",
    shape=Shape.OBJECTS,
    nameless=range(3, 64),
    clock=None,  # its deviation is not specified, and nobody noted when a list arrived
    exponents=_E450_EXPONENTS,
    placeholders=_NO_PLACEHOLDERS,
    drifts=True,
    doubtful=True,
    about=About(
        "Landis+Gyr E450",
        "Switzerland",
        "HDLC in blocks (GBT), 2400 8E1",
        "what its grid company chose",
        "where the list has them",
    ),
)
BURGENLAND = Profile(
    name="e450-burgenland",  # no names and no list id; nothing else sends six uint16, four uint32, three uint16 and a text
    manufacturer="landis-gyr",
    shape=Shape.POSITIONAL,
    nameless=range(14, 15),
    types="u{6}U{4}u{3}o",
    clock=None,
    lists=(
        Positions(
            (
                *(*_VOLTS, *_AMPERES, "power_import_w", "power_export_w", "energy_import_wh", "energy_export_wh"),
                *("unknown_10", "unknown_11", "unknown_12", "meter_id"),
            ),
            "u{6}U{4}u{3}o",
        ),
    ),
    exponents=_E450_EXPONENTS,
    placeholders=_NO_PLACEHOLDERS,
    drifts=True,
    doubtful=True,
    about=About("Landis+Gyr E450 (Netz Burgenland)", "Austria", "HDLC, 2400 8E1, encrypted", "all in every list", "all"),
)

# --- Iskraemeco AM550 and IE.5: every grid company has a list of its own ---------------------------------------------------------------

_ISKRA_EXPONENTS = MappingProxyType({Unit.AMPERE: -2, Unit.VOLT: -1})
_TARIFFS = ("energy_import_wh", "import_t1_wh", "import_t2_wh", "energy_export_wh", "export_t1_wh", "export_t2_wh")
# The first text is the logical device name, which begins with the maker's three letters; the second a number of the list or of the meter.
ISKRA_LISTS = (
    Positions(("list_id", "meter_id", *_POWERS, *_VOLTS, *_AMPERES, *_LINE_POWERS), "o{2}U{4}u{6}U{6}"),
    Positions(("list_id", "meter_id", "disconnector", "tariff", *_TARIFFS, *_ENERGIES[2:]), "o{2}[be]oU{8}"),
    Positions(
        ("list_id", "meter_id", *_POWERS, "voltage_l1_mv", "current_l1_ma", "power_import_l1_w", "power_export_l1_w"),
        "o{2}U{4}u{2}U{2}",
    ),
    Positions(("list_id", "meter_id", *_POWERS, "voltage_l1_mv", "unknown_7", "unknown_8"), "o{2}U{4}uU{2}"),
    Positions(
        ("list_id", "unknown_1", "unknown_2", *_TARIFFS), "oU{8}"
    ),  # the sums of the tariffs prove the energies, nothing the rest
)
ISKRA_CELJE_LISTS = (
    Positions(("list_id", "meter_id", *_VOLTS, *_AMPERES, *_POWERS), "o{2}u{6}U{4}"),
    Positions(("list_id", "meter_id", "voltage_l1_mv", "current_l1_ma", *_POWERS), "o{2}u{2}U{4}"),
)
ISKRA_HR_LISTS = (
    Positions(
        (
            *("meter_id", "time", "date", *_TARIFFS, "unknown_9", "unknown_10", "unknown_11", "unknown_12"),
            *("power_import_w", "power_export_w", "power_factor", *_LINE_POWERS, *_VOLTS, *_AMPERES),
            *("unknown_28", "unknown_29", "unknown_30", "unknown_31", "unknown_32"),
        ),
        "o{3}U{12}uU{6}u{6}Ug{3}[be]",
    ),
)
ISKRA_AT_LISTS = (
    Positions(
        ("unknown_0", "meter_id", "time", "date", *_ENERGIES, "power_import_w", "power_export_w", "unknown_10", "unknown_11"),
        "o{4}U{6}o{2}",
    ),
)


def _iskra(name: str, lists: tuple[Positions, ...], clock: ClockRule | None, about: About, list_id: str = "") -> Profile:
    return Profile(
        name=name,
        manufacturer="iskraemeco",
        shape=Shape.POSITIONAL,
        list_id=list_id,
        nameless=range(64) if not list_id else range(0),
        types=_any(lists),
        clock=clock,
        lists=lists,
        exponents=_ISKRA_EXPONENTS,
        placeholders=_NO_PLACEHOLDERS,
        doubtful=True,
        about=about,
    )


ISKRA = _iskra(
    "iskra",
    ISKRA_LISTS,
    ClockRule.LOCAL,
    About(
        "Iskraemeco AM550 (Elektro Ljubljana)",
        "Slovenia",
        "HDLC, 115200 or 38400 8N1",
        "currents every 1 to 5 s, energy every 15 min",
        "three phases; with one phase none in some lists",
    ),
    "ISK",
)
ISKRA_CELJE = _iskra(
    "iskra-celje",
    ISKRA_CELJE_LISTS,
    None,  # the deviation of its clock was right in winter; no summer was seen
    About("Iskraemeco AM550 (Elektro Celje)", "Slovenia", "HDLC, 115200 8N1", "currents every second", "all"),
    "ISK",
)
ISKRA_HR = _iskra(
    "iskra-hr",
    ISKRA_HR_LISTS,
    None,
    About("Iskraemeco IE.5", "Croatia", "HDLC in segments", "all in every list", "all"),
)
ISKRA_AT = _iskra(
    "iskra-at",
    ISKRA_AT_LISTS,
    ClockRule.LOCAL,
    About(
        "Iskraemeco AM550 (KELAG)", "Austria", "HDLC, 9600 8N1, encrypted", "power and energy in every list", "none", seen=False
    ),
)

PROFILES: tuple[Profile, ...] = (
    *(KAIFA, KAIFA_SE, KAIFA_AT, KAIFA_NOE),
    *(AIDON, AIDON_SE, KAMSTRUP),
    *(EMBRIQ, E450, BURGENLAND),
    *(SAGEMCOM, ISKRA, ISKRA_CELJE, ISKRA_HR, ISKRA_AT),
)


def identify(signature: Signature) -> Profile | None:
    """Find the family of a list by its signature; at most one fits, and none is a good answer too."""
    return next((profile for profile in PROFILES if profile.fits(signature)), None)
