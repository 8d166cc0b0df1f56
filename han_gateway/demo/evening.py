"""The recorded evening that the demo plays, and the pen of the meter that plays it.

The recording travels with the package (``fixtures/demo-evening.han`` is the same file), so the demo needs nothing but an install.
This file must not know what is done with the readings.
"""

from datetime import timedelta
from importlib.resources import files
from io import BytesIO

from han_gateway.adapters.recording import Arrived, read_recording
from han_gateway.demo.world import Heard
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading

MILLISECOND = timedelta(milliseconds=1)
RECORDING = files("han_gateway.simulation") / "demo-evening.han"


def evening() -> tuple[Heard, ...]:
    """Read the recording with the decoder that the gateway has; its time is the meter's own, which is in every list of this make."""
    decoder = Decoder()
    arrived = (item for item in read_recording(BytesIO(RECORDING.read_bytes())) if isinstance(item, Arrived))
    readings = [said for item in arrived for said in decoder.feed(item.data) if isinstance(said, Reading)]
    clocks = [reading.meter_time for reading in readings if reading.meter_time]
    return tuple(Heard((clock - clocks[0]) // MILLISECOND, said) for clock, said in zip(clocks, readings, strict=True))
