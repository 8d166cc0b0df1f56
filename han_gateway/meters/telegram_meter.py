"""Meters in software that speak P1: which telegram, and how often. The byte-for-byte writing is in ``telegram_forms.py``.

This file must not know time; whoever plays the meter decides when a telegram is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from han_gateway.meters import telegram_forms as forms
from han_gateway.meters.telegram_forms import TelegramForm

BYTE_MS = 10 * 1000 / 115_200
"""A byte at 115200 8N1, with start and stop bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramMeter:
    """A model of meter with a P1 port: everything is in each telegram. ``list2_period_ms`` is how often it comes."""

    name: str
    form: TelegramForm
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


TELEGRAM_METERS: Mapping[str, TelegramMeter] = MappingProxyType(
    {
        meter.name: meter
        for meter in (
            TelegramMeter(name="p1-se-kamstrup", form=forms.SWEDEN_KAMSTRUP),
            TelegramMeter(name="p1-se-sagemcom", form=forms.SWEDEN_SAGEMCOM),
            TelegramMeter(name="p1-se-e360", form=forms.SWEDEN_E360),
            TelegramMeter(name="p1-dk-nes", form=forms.DENMARK_NES),
            TelegramMeter(name="p1-nl", form=forms.NETHERLANDS, list2_period_ms=1_000),
            TelegramMeter(name="p1-be", form=forms.BELGIUM, list2_period_ms=1_000),
            TelegramMeter(name="p1-si", form=forms.SLOVENIA, list2_period_ms=5_000),
        )
    }
)
"""Models to play, by name."""
