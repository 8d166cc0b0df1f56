"""What a dump tells of a house, for ``simulate``: each reading with its instant. This file must not know what is made of them."""

from collections import Counter
from typing import TYPE_CHECKING

from han_gateway.adapters.recording import Arrived
from han_gateway.commands.decode import summary
from han_gateway.commands.dump_files import contents
from han_gateway.meters.clock import DEFAULT_ZONE
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.playback import entries, items
from han_gateway.simulation.whatif import NothingToGoOnError
from han_gateway.timeline import Timeline

if TYPE_CHECKING:
    from dlms.ciphering import Keys
    from han_gateway.simulation.whatif import Readings


def readings_in(name: str, keys: "Keys | None") -> "Readings":
    """All readings of a file. Raises UnreadableError, and NothingToGoOnError where there is none, with what to do."""
    decoder, timeline = Decoder(keys=keys), Timeline()
    found = []
    rejects: Counter[str] = Counter()
    for entry in contents(name, lambda stream: entries(stream, DEFAULT_ZONE)):
        if isinstance(entry, Arrived):
            for item in items(decoder, entry):
                at = timeline.place(entry.at, item)
                if isinstance(item, Reading):
                    found.append((at, item))
                else:
                    rejects[item.reason.value] += 1
    if not found:
        raise NothingToGoOnError(f"{name}: {summary(0, rejects)}")
    return found
