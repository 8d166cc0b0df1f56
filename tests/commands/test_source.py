"""Where the meter's bytes come from."""

from dlms.rejects import Rejected
from han_gateway.commands.source import decoder
from han_gateway.config.load import meter_at
from han_gateway.meters.forms import KAMSTRUP_3P_LIST3
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write

LIST = write(
    KAMSTRUP_3P_LIST3,
    Reading(manufacturer="kamstrup", list=3, list_id="Kamstrup_V0001", current_l1_ma=12_340, energy_import_wh=1_234_560),
)


def test_counts_of_the_configuration_reach_the_decoder() -> None:
    """What is configured as Wh and mA of one count is what a count means."""
    settings = meter_at("/dev/null", 2400, "N")

    (usual,) = decoder(settings).feed(LIST)
    (other,) = decoder(settings.model_copy(update={"energy_count_wh": 1, "current_count_ma": 1})).feed(LIST)

    assert not isinstance(usual, Rejected)
    assert not isinstance(other, Rejected)
    assert (usual.energy_import_wh, usual.current_l1_ma) == (1_234_560, 12_340)
    assert (other.energy_import_wh, other.current_l1_ma) == (123_456, 1_234)
