"""SFU: two people with sensors on sternum and waist, one task per trial; gyroscope offsets of 12 to 69 °/s at rest.

Read by the project's own importer `opal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from score.worn import Worn, from_import
from spinewatch_monitor.exchange import opal
from spinewatch_monitor.exchange.imported import ImportRequest, RoleFile

TASKS = {
    "SQ": "quiet standing",
    "NW": "walking",
    "POG": "picking up from the ground",
    "DSS": "stand to sit",
    "RSS": "sit to stand",
    "DSL": "stand to lie",
    "AS": "stairs up",
    "DS": "stairs down",
}


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """One task of one person: sensors ``sternum`` (worn in front: x down, z forward) and ``waist`` (the same axes)."""

    person: str
    task: str
    number: int
    sensors: Mapping[str, Worn]


def trials(data: Path, *tasks: str) -> Iterator[Trial]:
    """The trials of these tasks, all without; person by person."""
    for path in sorted((data / "sfu").glob("sub*/ADLs/*.csv.gz")):
        _, task, number = path.name.removesuffix(".csv.gz").split("_")
        if not tasks or task in tasks:
            read = opal.load(ImportRequest((RoleFile(path),)))
            sensors = {sensor.channel.sensor.id: from_import(sensor) for sensor in read.sensors}
            yield Trial(path.parts[-3], task, int(number.removeprefix("trial")), sensors)
