"""Mobilise-D's example laboratory recordings: a healthy adult, one with multiple sclerosis, sensor on the back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from score.worn import START_S, Worn, worn
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, Role, SensorInfo, Site

RATE_HZ = 100.0
PEOPLE = ("HA/001", "MS/001")

Span = tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """What another system saw.

    Args:
        bouts: walking, UNIX seconds.
        contacts_s: initial contacts within the bouts, UNIX seconds; what it lists twice counts once.
        untimed: contacts that it counts but could not time.
    """

    bouts: tuple[Span, ...]
    contacts_s: Floats
    untimed: int


@dataclass(frozen=True, eq=False, slots=True)
class Test:
    """One trial of one test.

    Args:
        person: such as ``HA/001``.
        test: ``Test5`` straight walk, ``Test11`` simulated daily activities.
        trial: such as ``Trial1``.
        sensor: x up, y right, z forward; as it was, 2 % too little gravity.
        optical: motion capture, which sees only its own volume.
        insoles: instrumented shoes and foot units.
    """

    __test__ = False  # not one of pytest's

    person: str
    test: str
    trial: str
    sensor: Worn
    optical: Reference
    insoles: Reference


def tests(data: Path) -> Iterator[Test]:
    """All trials."""
    for person in PEOPLE:
        path = data / "mobgap" / "data" / "lab" / person / "data.mat"
        mat = scipy.io.loadmat(path, squeeze_me=True, struct_as_record=False)["data"].TimeMeasure1
        for test in mat._fieldnames:
            for trial in getattr(mat, test)._fieldnames:
                yield _test(person, test, trial, getattr(getattr(mat, test), trial))


def _test(person: str, test: str, trial: str, mat: Any) -> Test:
    unit = mat.SU.LowerBack
    info = SensorInfo("lower_back", "mm+", Site.PELVIS, Role.LOWER, RATE_HZ)
    sensor = worn(info, np.arange(len(unit.Acc)) / RATE_HZ, unit.Acc * STANDARD_GRAVITY_M_S2, np.radians(unit.Gyr))
    references = (_reference(getattr(mat.Standards, name)) for name in ("Stereophoto", "INDIP"))
    return Test(person, test, trial, sensor, *references)


def _reference(mat: Any) -> Reference:
    """One bout is a struct, several are an array of them, none is an empty array."""
    bouts = [bout for bout in np.atleast_1d(mat.ContinuousWalkingPeriod) if hasattr(bout, "Start")]
    events = [np.atleast_1d(bout.InitialContact_Event).astype(np.float64) for bout in bouts]
    contacts = np.concatenate([np.empty(0), *events])
    timed = np.isfinite(contacts)
    spans = tuple((START_S + float(bout.Start), START_S + float(bout.End)) for bout in bouts)
    return Reference(spans, START_S + np.unique(contacts[timed]), int(np.sum(~timed)))
