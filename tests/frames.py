"""Captured frames of real meters, where they are: ../shared/recordings beside the repository. It must not know how they are decoded.

None of their bytes or ids are in this repository. Tests that need them are marked ``recordings`` and are skipped without them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

RECORDINGS = Path(__file__).resolve().parent.parent.parent / "shared" / "recordings"

_TRUTH_NAMES: dict[str, tuple[str, int]] = {
    "P_import_W": ("power_import_w", 1),
    "P_export_W": ("power_export_w", 1),
    "Q_import_var": ("reactive_import_var", 1),
    "Q_export_var": ("reactive_export_var", 1),
    **{f"I{line}_A": (f"current_l{line}_ma", 1000) for line in (1, 2, 3)},
    **{f"U{line}_V": (f"voltage_l{line}_mv", 1000) for line in (1, 2, 3)},
    "E_import_Wh": ("energy_import_wh", 1),
    "E_export_Wh": ("energy_export_wh", 1),
    "Eq_import_varh": ("reactive_energy_import_varh", 1),
    "Eq_export_varh": ("reactive_energy_export_varh", 1),
    **{f"P{line}_{way}_W": (f"power_{way}_l{line}_w", 1) for line in (1, 2, 3) for way in ("import", "export")},
}
_TEXTS = ("meter_id", "list_id", "meter_type")


class RealFrame(NamedTuple):
    """One captured frame; ``truth`` has the names of a ``Reading`` and is None where nobody agreed on the values, ``grid`` where nobody knows."""

    name: str
    kind: str
    vendor: str
    encrypted: bool
    fcs_ok: bool | None
    raw: bytes
    truth: dict[str, Any] | None
    grid: str | None = None


def real_frames(folder: Path = RECORDINGS) -> Iterator[RealFrame]:
    """Give every distinct frame of ``frames.jsonl``."""
    truths = {line["id"]: line["values"] for line in _lines(folder / "truth.jsonl")}
    for line in _lines(folder / "frames.jsonl"):
        truth = truths.get(line["id"])
        yield RealFrame(
            name=line["id"],
            kind=line["kind"],
            vendor=line["vendor"],
            encrypted=line["encrypted"],
            fcs_ok=line["fcs_ok"],
            raw=bytes.fromhex(line["hex"]),
            truth=None if truth is None else _in_our_names(truth),
            grid=line["grid"],
        )


def twelve_hours(folder: Path = RECORDINGS) -> bytes:
    """Give the 12.8 hours of one Kaifa meter on a three-wire net as a stream."""
    lines = (folder / "AmsToMqttBridge/Samples/Kaifa/raw-20170915.txt").read_text().split()
    return bytes.fromhex("".join(lines))


def _in_our_names(truth: dict[str, Any]) -> dict[str, Any]:
    scaled = {
        ours: None if truth[theirs] is None else round(truth[theirs] * factor) for theirs, (ours, factor) in _TRUTH_NAMES.items()
    }
    for way in ("import", "export"):
        tariffs = [truth[name] for tariff in (1, 2) if (name := f"E_{way}_T{tariff}_Wh") in truth]
        if tariffs and scaled[f"energy_{way}_wh"] is None:  # P1 meters send no total: it is their sum
            scaled[f"energy_{way}_wh"] = round(sum(tariffs))
    clock = truth["meter_time"]
    return {**scaled, **{name: truth[name] for name in _TEXTS}, "meter_time": None if clock is None else clock[:19]}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
