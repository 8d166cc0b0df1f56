"""The evening that the demo plays, as any meter would tell it.

The recording travels with the package (``fixtures/demo-evening.han`` is the same file), so the demo needs nothing but an install.
This file must not know what is done with the readings.
"""

from datetime import datetime, timedelta
from importlib.resources import files
from io import BytesIO

from han_gateway.adapters.recording import Arrived, read_recording
from han_gateway.core.site import Grid
from han_gateway.demo.world import Heard
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import MODELS
from han_gateway.meters.reading import Reading
from han_gateway.simulation.evening import Evening, Sent, unfold
from han_gateway.simulation.families import family

METER = "kaifa-tn"
"""The one that was recorded."""
NAMES = sorted(name for name, model in MODELS.items() if model.grid == Grid.TN.value and model.phases == 3)
"""Those that can be played: the house of the demo has three phases and a neutral."""
COUNTRIES = {
    "at": "Austria",
    "be": "Belgium",
    "celje": "Slovenia, Celje",
    "ch": "Switzerland",
    "dk": "Denmark",
    "hr": "Croatia",
    "nl": "Netherlands",
    "pl": "Poland",
    "se": "Sweden",
    "si": "Slovenia",
    "tn": "Norway",
}
"""By a part of the name; the first meters here were Norwegian, and have the net in its place."""
MILLISECOND = timedelta(milliseconds=1)
RECORDING = files("han_gateway.simulation") / "demo-evening.han"
_FAMILY = 11  # its minutes are tuned to this family
_EARLY_MIN = 4.867  # so that the kettle is put on just before the fourth second of the demo


def described(name: str) -> str:
    """A meter that can be played, in words: whose it is, where it stands, and how it talks."""
    model, parts = MODELS[name], name.split("-")
    country = next(COUNTRIES[part] for part in parts if part in COUNTRIES)
    talks = "P1 port" if parts[0] == "p1" else f"HAN port, {model.baud} 8{model.parity}1"
    return f"{model.manufacturer}, {country}: {talks}" + (", encrypted" if model.keys else "")


def quiet(meter: str = METER) -> Evening:
    """Set the evening up: the house alone, as the cars are added live."""
    return Evening(
        meter=meter,
        house=family(Grid.TN, _FAMILY, early_min=_EARLY_MIN),
        begins=datetime(2026, 1, 15, 17, 30),  # noqa: DTZ001 - a meter's clock has no zone
        minutes=25,
        meter_id=f"{_FAMILY:016d}",
    )


def evening(meter: str = METER) -> tuple[Heard, ...]:
    """Read the recording, or for another meter let the same evening pass in software."""
    return _recorded() if meter == METER else tuple(Heard(*said) for said in unfold(quiet(meter)) if isinstance(said, Sent))


def _recorded() -> tuple[Heard, ...]:
    """Read the recording with the decoder that the gateway has; its time is the meter's own, which is in every list of this make."""
    decoder = Decoder()
    arrived = (item for item in read_recording(BytesIO(RECORDING.read_bytes())) if isinstance(item, Arrived))
    readings = [said for item in arrived for said in decoder.feed(item.data) if isinstance(said, Reading)]
    clocks = [reading.meter_time for reading in readings if reading.meter_time]
    return tuple(Heard((clock - clocks[0]) // MILLISECOND, said) for clock, said in zip(clocks, readings, strict=True))
