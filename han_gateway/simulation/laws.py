"""The control laws by name: our own, what others do, and the oracles. A name of ``LAWS`` is a name on the command line."""

from collections.abc import Callable, Iterable

from han_gateway.simulation import oracle
from han_gateway.simulation.bound import Bound, Manner
from han_gateway.simulation.classes import ideal
from han_gateway.simulation.lab import Case, Lab, Run
from han_gateway.simulation.peers import Evcc, NoControl, OpenWb, SmartEvse
from han_gateway.simulation.peers_with_memory import Cryptotomte, HassEvse, Warp
from han_gateway.simulation.policy import Gateway, Policy

OWN = "han-gateway"
PEERS: dict[str, Callable[[Lab], Policy]] = {
    "evcc": lambda lab: Evcc(lab.case.site),
    "openwb": lambda lab: OpenWb(lab.case.site),
    "smartevse": lambda lab: SmartEvse(lab.case.site),
    "warp": lambda lab: Warp(lab.case.site),
    "hass-evse": lambda lab: HassEvse(lab.case.site),
    "cryptotomte": lambda lab: Cryptotomte(lab.case.site),
}
ORACLES: dict[str, Callable[[Lab], Policy]] = {"oracle": oracle.now, "oracle-late": oracle.late}
"""With cars that obey at once; they are the measure of utilisation."""


BARE, SEES, HEARS = "oracle-cars", "oracle-sees", "oracle-lists"


def _bound(manner: Manner) -> Callable[[Lab], Policy]:
    return lambda lab: Bound(lab, manner)


def _name(manner: Manner) -> str:
    words = [f"{manner.patience_s}s"] * bool(manner.patience_s) + [f"{manner.reserve_ma // 1000}A"] * bool(manner.reserve_ma)
    return "+".join([HEARS if manner.hears else BARE, *words])


def _family(manners: Iterable[Manner]) -> dict[str, Callable[[Lab], Policy]]:
    return {_name(manner): _bound(manner) for manner in manners}


RESERVES = (0, 1_000, 2_000)
FRONT = _family(Manner(wait, reserve) for reserve in RESERVES for wait in (0, 20, 60, 180, 600))
"""The oracle with real cars, and how much room it leaves."""
LISTS = _family(Manner(wait, reserve, hears=True) for reserve in RESERVES for wait in (10, 30, 90))
"""The same, when it hears the house by its lists only."""
LAWS: dict[str, Callable[[Lab], Policy]] = {
    OWN: lambda lab: Gateway(lab.case.site),
    **PEERS,
    "none": lambda lab: NoControl(lab.case.site),
    **ORACLES,
    BARE: _bound(Manner()),
    SEES: _bound(Manner(foresees=True)),
}
EVERY = LAWS | FRONT | LISTS


def play(case: Case, law: str, *, faithful: bool = False) -> Run:
    """Let a law run a house. Two oracles get cars that obey at once. Raises KeyError for a law that is not there."""
    return Lab(ideal(case) if law in ORACLES else case, EVERY[law], faithful=faithful).play()
