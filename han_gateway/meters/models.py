"""Meters in software, ready to be played: which lists, how often, at what speed, in which way, encrypted or not.

``METERS`` are those that push lists of DLMS, ``MODELS`` all, with those of P1 ports. The byte-for-byte writing of a list is in
``software_meter.py``. This file must not know time; whoever plays the meter decides when a list is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from dlms.ciphering import ENCRYPTED, Keys
from han_gateway.meters import forms
from han_gateway.meters.forms import Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.sealing import Sealing
from han_gateway.meters.software_meter import message, wrapped
from han_gateway.meters.telegram_meter import TELEGRAM_METERS
from han_gateway.meters.wrapping import LONG_TELEGRAMS, TELEGRAMS, Way, Wrapping


class Model(Protocol):
    """What whoever plays a meter has to know of it. Periods in ms; list 1 and list 3 may not be there."""

    @property
    def name(self) -> str:
        """What it is called here."""

    @property
    def manufacturer(self) -> str:
        """Who made it."""

    @property
    def grid(self) -> str:
        """The net it stands in: TN or IT."""

    @property
    def phases(self) -> int:
        """How many phases it measures."""

    @property
    def list_id(self) -> str:
        """What its lists call themselves."""

    @property
    def meter_type(self) -> str:
        """What it says that it is."""

    @property
    def lists(self) -> tuple[int, ...]:
        """The numbers of the lists that it sends."""

    @property
    def list1_period_ms(self) -> int | None:
        """How often list 1 is due."""

    @property
    def list2_period_ms(self) -> int:
        """How often list 2 is due."""

    @property
    def hourly_at_ms(self) -> int | None:
        """When in an hour list 3 is due."""

    @property
    def baud(self) -> int:
        """The speed of its line."""

    @property
    def parity(self) -> str:
        """N or E."""

    @property
    def keys(self) -> Keys | None:
        """What opens its lists, where they are encrypted."""

    def say(self, number: int, reading: Reading, sent: int = 0) -> bytes:
        """Write a list, the one after ``sent`` others, as it goes over the wire. Raises ValueError for a list that it does not send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareMeter:
    """A model of meter: the lists it sends and how often. Periods in ms; ``list3`` is hourly and, but for Kamstrup, replaces list 2."""

    name: str
    grid: str
    phases: int = 3
    list1: Form | None
    list2: Form
    list3: Form | None
    list1_period_ms: int | None
    list2_period_ms: int = 10_000
    list_id: str
    meter_type: str
    baud: int = 2400
    sealing: Sealing | None = None

    @property
    def manufacturer(self) -> str:
        """Who made it."""
        return self.list2.profile.manufacturer

    @property
    def lists(self) -> tuple[int, ...]:
        """The numbers of its lists."""
        return tuple(number for number, form in enumerate((self.list1, self.list2, self.list3), start=1) if form)

    @property
    def hourly_at_ms(self) -> int | None:
        """In place of the list 2 after the hour, or between two of them where there is no list 1 (Kamstrup)."""
        if self.list3 is None:
            return None
        return 5_000 if self.list1 is None else 10_000

    @property
    def parity(self) -> str:
        """A slow line has a parity bit, but for a Kamstrup's."""
        return "N" if self.baud > 2400 or self.manufacturer == "kamstrup" else "E"

    @property
    def keys(self) -> Keys | None:
        """What opens its lists."""
        return self.sealing.keys if self.sealing else None

    def say(self, number: int, reading: Reading, sent: int = 0) -> bytes:
        """Write a list as it goes over the wire."""
        form = {1: self.list1, 2: self.list2, 3: self.list3}[number]
        if form is None:
            raise ValueError(f"a {self.name} sends no list {number}")
        content = message(form, reading)
        return wrapped(form, self.sealing.seal(content, sent) if self.sealing else content)


def _meter(name: str, grid: str, lists: tuple[Form | None, Form, Form | None], period: int | None, *texts: str) -> SoftwareMeter:
    list_id, meter_type = texts
    list1, list2, list3 = lists
    return SoftwareMeter(
        name=name,
        grid=grid,
        list1=list1,
        list2=list2,
        list3=list3,
        list1_period_ms=period,
        list_id=list_id,
        meter_type=meter_type,
    )


def _one_phase(
    name: str, grid: str, lists: tuple[Form | None, Form, Form | None], period: int | None, *texts: str
) -> SoftwareMeter:
    return replace(_meter(name, grid, lists, period, *texts), phases=1)


def _one_list(name: str, form: Form, period: int, list_id: str = "", *, baud: int = 2400) -> SoftwareMeter:
    """Give a meter with four wires that sends the same list all the time."""
    return replace(_meter(name, "TN", (None, form, None), None, list_id, ""), list2_period_ms=period, baud=baud)


def _over(wrapping: Wrapping, form: Form) -> Form:
    """Give a list as it travels in the field."""
    return replace(form, frame=replace(form.frame, wrapping=wrapping))


def _sealed(meter: SoftwareMeter, sealing: Sealing) -> SoftwareMeter:
    """Give the meter that says the same encrypted."""
    return replace(meter, name=f"{meter.name}-encrypted", sealing=sealing)


def _title(maker: str) -> bytes:
    """Invent a system title: three letters of the maker, and a number."""
    return maker.encode("ascii") + (17).to_bytes(5, "big")


_KAIFA_3P = (forms.KAIFA_LIST1, forms.KAIFA_3P_LIST2, forms.KAIFA_3P_LIST3)
_KAMSTRUP_3P = (None, forms.KAMSTRUP_3P_LIST2, forms.KAMSTRUP_3P_LIST3)
_KAMSTRUP_DK = _meter("kamstrup-dk", "TN", (None, forms.KAMSTRUP_DK_3P, None), None, "Kamstrup_V0001", "")
_KAIFA_AT = _one_list("kaifa-at", _over(TELEGRAMS, forms.KAIFA_AT_3P), 5_000, "KFM1200900000017")
_POLISH = _over(Wrapping(Way.PORT, 0, "KFM5KAIFA-METER"), forms.KAIFA_AT_3P)
_KAIFA_PL = _one_list("kaifa-pl", _POLISH, 5_000, "KFM1200900000017", baud=115_200)
_SAGEMCOM_AT = _one_list("sagemcom-at", _over(LONG_TELEGRAMS, forms.SAGEMCOM_3P), 5_000)
_E450_AT = _one_list("e450-at", forms.E450_BURGENLAND, 5_000)

METERS: Mapping[str, SoftwareMeter] = MappingProxyType(
    {
        meter.name: meter
        for meter in (
            _meter("kaifa-tn", "TN", _KAIFA_3P, 2_000, "KFM_001", "MA304H4"),
            _meter("kaifa-it", "IT", _KAIFA_3P, 2_000, "KFM_001", "MA304H3E"),
            _one_phase(
                "kaifa-1p",
                "TN",
                (forms.KAIFA_LIST1, forms.KAIFA_1P_LIST2, forms.KAIFA_1P_LIST3),
                2_000,
                *("KFM_001", "MA105H2E"),
            ),
            _meter(
                "aidon-tn",
                "TN",
                (forms.AIDON_LIST1, forms.AIDON_TN_LIST2, forms.AIDON_TN_LIST3),
                2_500,
                *("AIDON_V0001", "6534"),
            ),
            _meter(
                "aidon-it",
                "IT",
                (forms.AIDON_LIST1, forms.AIDON_IT_LIST2, forms.AIDON_IT_LIST3),
                2_500,
                *("AIDON_V0001", "6525"),
            ),
            _one_phase(
                "aidon-1p",
                "TN",
                (forms.AIDON_LIST1, forms.AIDON_1P_LIST2, forms.AIDON_1P_LIST3),
                2_500,
                *("AIDON_V0001", "6515"),
            ),
            _meter("aidon-se", "TN", (None, forms.AIDON_SE_3P, None), None, "", ""),
            _meter("kamstrup-tn", "TN", _KAMSTRUP_3P, None, "Kamstrup_V0001", "6841131BN243101040"),
            _meter("kamstrup-it", "IT", _KAMSTRUP_3P, None, "Kamstrup_V0001", "6841121BN243101040"),
            _one_phase(
                "kamstrup-1p",
                "TN",
                (None, forms.KAMSTRUP_1P_LIST2, forms.KAMSTRUP_1P_LIST3),
                None,
                *("Kamstrup_V0001", "6861111BN242101040"),
            ),
            _KAMSTRUP_DK,
            _sealed(_KAMSTRUP_DK, Sealing(_title("KAM"), length_size=2)),
            _meter("e350-it", "IT", (forms.EMBRIQ_LIST1, forms.EMBRIQ_LIST2, None), 2_500, "EMBRIQ_V1_1", "ZFF1"),
            _KAIFA_AT,
            _sealed(_KAIFA_AT, Sealing(_title("KFM"), ENCRYPTED | 1)),
            _sealed(_KAIFA_PL, Sealing(b"")),
            _SAGEMCOM_AT,
            _sealed(_SAGEMCOM_AT, Sealing(_title("SAG"), ENCRYPTED)),
            _E450_AT,
            _sealed(_E450_AT, Sealing(_title("LGZ"))),
            _one_list("e450-ch", _over(Wrapping(Way.BLOCKS, 112), forms.E450_LINES), 10_000),
            _one_list("iskra-si", forms.ISKRA_3P, 5_000, "ISK1030900000017", baud=115_200),
            _one_list("iskra-celje", forms.ISKRA_CELJE_3P, 1_000, "ISK1030900000017", baud=115_200),
            _one_list("iskra-hr", _over(Wrapping(Way.SEGMENTS, 154), forms.ISKRA_HR_3P), 10_000),
        )
    }
)
"""Those that push lists of DLMS, by name."""

MODELS: Mapping[str, Model] = MappingProxyType({**METERS, **TELEGRAM_METERS})
"""Every meter that can be played, by name."""
