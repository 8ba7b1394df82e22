"""TrunkyXL: six people on a stool with a string of three back sensors; 3 bends each way, 3 turns each way.

Read by the project's own importer `qsense`: rows that the string lost are missing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from score.worn import START_S, Worn, from_import
from spinewatch_monitor.exchange import qsense
from spinewatch_monitor.exchange.imported import ImportRequest, RoleFile

UNITS = (1, 2, 3)
"""Upper back (C7), T10, L4/5."""

REPETITIONS = 3
"""Bends forward, to the left, to the right of every trial of the protocol."""


@dataclass(frozen=True, eq=False, slots=True)
class Session:
    """One folder of three synchronous sensors.

    Args:
        person: such as ``807_pp08``.
        folder: such as ``QSM_20230131104830``.
        role: the authors' number of the trial (``trial 1``, …) or ``extra``; only trials hold the protocol once.
        remark: the authors' remark.
        sensors: by unit number.
        rate_hz: lost rows counted; far below 50 Hz samples were lost without a trace; None where no length is known.
        lost_rows: known losses.
    """

    person: str
    folder: str
    role: str
    remark: str
    sensors: Mapping[int, Worn]
    rate_hz: float | None
    lost_rows: int

    @property
    def is_trial(self) -> bool:
        """Whether the protocol was done exactly once."""
        return self.role.startswith("trial")


def sessions(data: Path, *, only_trials: bool = False, units: tuple[int, ...] = UNITS) -> Iterator[Session]:
    """The folders, in the order of the derived table."""
    with (data / "trunkyxl" / "trials.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["role"].startswith("trial") or not only_trials:
                yield _session(data / "trunkyxl", row, units)


def _session(folder: Path, row: Mapping[str, str], units: tuple[int, ...]) -> Session:
    at = folder / row["person"] / row["folder"]
    files = tuple(RoleFile(at / f"Back_Sensor_{unit}.csv.gz") for unit in units)
    read = qsense.load(ImportRequest(files, start_s=START_S))
    sensors = {int(sensor.channel.sensor.id[-1]): from_import(sensor) for sensor in read.sensors}
    return Session(
        row["person"],
        row["folder"],
        row["role"],
        row["authors_remark"],
        sensors,
        float(rate) if (rate := row["rate_hz_lost_rows_counted"]) else None,
        int(row["lost_rows"]),
    )
