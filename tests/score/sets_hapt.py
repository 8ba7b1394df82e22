"""HAPT: twenty people with a phone at the waist, segments labelled from video (Reyes-Ortiz et al., UCI HAPT)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from score.worn import START_S, Worn, worn
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Role, SensorInfo, Site

RATE_HZ = 50.0


class Label(IntEnum):
    """The labels of the set."""

    WALKING = 1
    WALKING_UPSTAIRS = 2
    WALKING_DOWNSTAIRS = 3
    SITTING = 4
    STANDING = 5
    LYING = 6
    STAND_TO_SIT = 7
    SIT_TO_STAND = 8
    SIT_TO_LIE = 9
    LIE_TO_SIT = 10
    STAND_TO_LIE = 11
    LIE_TO_STAND = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """A labelled stretch ``[start_s, end_s)``, UNIX seconds; what lies between segments carries no label."""

    label: Label
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Experiment:
    """One person's recording: x up when standing; z points out of the belly, 2.3 % too much gravity."""

    number: int
    person: int
    sensor: Worn
    segments: tuple[Segment, ...]


def experiments(data: Path) -> Iterator[Experiment]:
    """The experiments, in order."""
    folder = data / "hapt" / "RawData"
    labels = np.loadtxt(folder / "labels.txt", dtype=int, ndmin=2)
    for number in np.unique(labels[:, 0]).tolist():
        rows = labels[labels[:, 0] == number]
        person = int(rows[0, 1])
        acc, gyr = (_table(folder / f"{kind}_exp{number:02d}_user{person:02d}.txt.gz") for kind in ("acc", "gyro"))
        info = SensorInfo("waist", "phone", Site.PELVIS, Role.LOWER, RATE_HZ)
        sensor = worn(info, np.arange(len(acc)) / RATE_HZ, acc * STANDARD_GRAVITY_M_S2, gyr)
        yield Experiment(number, person, sensor, tuple(_segment(*row) for row in rows[:, 2:].tolist()))


def _table(path: Path) -> Floats:
    with gzip.open(path, "rt") as file:
        words = file.read().split()
    return np.array(words, np.float64).reshape(-1, 3)


def _segment(label: int, first: int, last: int) -> Segment:
    """Rows count from 1, the last is included."""
    return Segment(Label(label), START_S + (first - 1) / RATE_HZ, START_S + last / RATE_HZ)
