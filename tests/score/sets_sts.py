"""Five-times-sit-to-stand of two people on force plates, sensors on pelvis and trunk (eurobench pi_bench)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from score.worn import START_S, Worn, worn
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

RATE_HZ = 127.9
UNITS = {"pelvis": (4, Site.PELVIS, Role.LOWER), "trunk": (5, Site.UPPER_BACK, Role.UPPER)}
PEOPLE = ("subject_01", "subject_02")


@dataclass(frozen=True, eq=False, slots=True)
class Rises:
    """Five rises from a chair.

    Args:
        person: such as ``subject_01``.
        sensors: ``pelvis`` and ``trunk``; x lies along the spine, its sign differs by unit and person.
        calibration: the same sensors in the recording taken before.
        seat_off_s, seat_on_s: UNIX seconds at which the seat's force crosses a fifth of its range.
    """

    person: str
    sensors: Mapping[str, Worn]
    calibration: Mapping[str, Worn]
    seat_off_s: Floats
    seat_on_s: Floats


def rises(data: Path) -> Iterator[Rises]:
    """Both people."""
    folder = data / "sts"
    with (folder / "seat_events.tsv").open(encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file, delimiter="\t"))
    for person in PEOPLE:
        off, on = (_times(events, person, kind) for kind in ("seat_off", "seat_on"))
        trial, calibration = (_sensors(folder / f"{person}_{what}_chair_raw_01.csv.gz") for what in ("5sts", "calib"))
        yield Rises(person, trial, calibration, off, on)


def _times(events: Sequence[Mapping[str, str]], person: str, kind: str) -> Floats:
    return START_S + np.array([float(e["time_s"]) for e in events if e["subject"] == person and e["event"] == kind])


def _sensors(path: Path) -> dict[str, Worn]:
    """The units, without the first row, which the authors drop too; times are the file's own."""
    with gzip.open(path, "rt") as file:
        head, *rows = csv.reader(file)
    table, column = np.array(rows[1:], np.float64), head.index
    sensors = {}
    for name, (unit, site, role) in UNITS.items():
        acc, gyr = (table[:, column(f"{kind}x{unit}") : column(f"{kind}z{unit}") + 1] for kind in ("A", "G"))
        sensors[name] = worn(SensorInfo(name, "shimmer", site, role, RATE_HZ), table[:, 0], acc, np.radians(gyr))
    return sensors
