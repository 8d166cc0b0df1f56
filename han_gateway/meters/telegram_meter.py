"""Meters in software that speak P1: which telegram, and how often. The byte-for-byte writing is in ``telegram_forms.py``.

This file must not know time; whoever plays the meter decides when a telegram is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dlms.ciphering import Keys
from han_gateway.meters import telegram_forms as forms
from han_gateway.meters.family import About
from han_gateway.meters.reading import Reading
from han_gateway.meters.telegram_forms import TelegramForm

_P1 = "P1, 115200 8N1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramMeter:
    """A model of meter with a P1 port: everything is in each telegram. ``list2_period_ms`` is how often it comes."""

    name: str
    form: TelegramForm
    about: About
    grid: str = "TN"
    list2_period_ms: int = 10_000

    @property
    def manufacturer(self) -> str:
        """Who made it."""
        return self.form.manufacturer

    @property
    def list_id(self) -> str:
        """What its telegrams call themselves."""
        return self.form.identification

    @property
    def meter_type(self) -> str:
        """No telegram says it."""
        return ""

    @property
    def phases(self) -> int:
        """All of these measure three."""
        return 3

    @property
    def lists(self) -> tuple[int, ...]:
        """All is in one."""
        return (2,)

    @property
    def list1_period_ms(self) -> None:
        """There is no list of power alone."""
        return

    @property
    def hourly_at_ms(self) -> None:
        """There is no list of energy alone."""
        return

    @property
    def baud(self) -> int:
        """As every P1 port of today has it."""
        return 115_200

    @property
    def parity(self) -> str:
        """None."""
        return "N"

    @property
    def keys(self) -> Keys | None:
        """None of these encrypts."""
        return None

    def say(self, number: int, reading: Reading, sent: int = 0) -> bytes:
        """Write a telegram, however many there were before."""
        del sent
        if number != 2:
            raise ValueError(f"a {self.name} sends no list {number}")
        return forms.write(self.form, reading)


TELEGRAM_METERS: Mapping[str, TelegramMeter] = MappingProxyType(
    {
        meter.name: meter
        for meter in (
            TelegramMeter(
                name="p1-se-kamstrup",
                form=forms.SWEDEN_KAMSTRUP,
                about=About("Kamstrup Omnia", "Sweden, Norway", _P1, "all every 10 s", "all"),
            ),
            TelegramMeter(
                name="p1-se-sagemcom",
                form=forms.SWEDEN_SAGEMCOM,
                about=About("Sagemcom (ELL5)", "Sweden", _P1, "all every 10 s", "all"),
            ),
            TelegramMeter(
                name="p1-se-e360",
                form=forms.SWEDEN_E360,
                about=About("Landis+Gyr E360", "Sweden, Denmark", _P1, "all every 10 s", "all"),
            ),
            TelegramMeter(
                name="p1-dk-nes",
                form=forms.DENMARK_NES,
                about=About("NES 83335", "Denmark", _P1, "all every 10 s", "all"),
            ),
            TelegramMeter(
                name="p1-nl",
                form=forms.NETHERLANDS,
                about=About(
                    "any with DSMR 4 or 5", "Netherlands", _P1, "all every 10 s (4) or every second (5)", "all, whole amperes"
                ),
                list2_period_ms=1_000,
            ),
            TelegramMeter(
                name="p1-be",
                form=forms.BELGIUM,
                about=About("any with the Belgian e-MUCS", "Belgium", _P1, "all every second", "all"),
                list2_period_ms=1_000,
            ),
            TelegramMeter(
                name="p1-si",
                form=forms.SLOVENIA,
                about=About(
                    "Iskraemeco AM550 (ISK9)",
                    "Slovenia",
                    f"{_P1}, no check sequence",
                    "all in every telegram",
                    "all, whole amperes",
                ),
                list2_period_ms=5_000,
            ),
        )
    }
)
"""Models to play, by name."""
