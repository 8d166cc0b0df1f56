"""The control laws by name: our own, what others do, and the oracles. A name here is a name on the command line."""

from collections.abc import Callable

from han_gateway.simulation import oracle
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
LAWS: dict[str, Callable[[Lab], Policy]] = {
    OWN: lambda lab: Gateway(lab.case.site),
    **PEERS,
    "none": lambda lab: NoControl(lab.case.site),
    **ORACLES,
}


def play(case: Case, law: str, *, faithful: bool = False) -> Run:
    """Let a law run a house. Oracles get cars that obey at once. Raises KeyError for a law that is not there."""
    return Lab(ideal(case) if law in ORACLES else case, LAWS[law], faithful=faithful).play()
