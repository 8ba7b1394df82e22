"""QMT: one person in a full-body suit with pelvis, lower back and upper back (qmt example data, MIT licence)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io

from score.worn import START_S, Worn, worn
from spinewatch_signal.samples import Floats, Role, SensorInfo, Site

RATE_HZ = 100.0
PLACES = {
    "hip": (Site.PELVIS, Role.LOWER),
    "lower_back": (Site.T12, Role.UPPER),
    "upper_back": (Site.UPPER_BACK, Role.UPPER),
}
STANDING, SITTING, WALKING = ((START_S + a, START_S + b) for a, b in ((40.5, 44.0), (55.0, 75.0), (96.0, 114.0)))
"""What the person does when, UNIX seconds."""

FIRST_GOOD_ROW = 5
"""The suit's quaternions jump before it."""


@dataclass(frozen=True, eq=False, slots=True)
class Suit:
    """The recording.

    Args:
        sensors: by the suit's names: hip, lower_back, upper_back.
        segments: per name (n, 4) orientation of the body segment (scalar first; x forward, y up, z right to earth with
            z up), row by row with the samples. A constant turn lies between segment and sensor.
    """

    sensors: Mapping[str, Worn]
    segments: Mapping[str, Floats]


def suit(data: Path) -> Suit:
    """The recording, without its first five rows."""
    mat = scipy.io.loadmat(data / "qmt" / "full_body_example_data.mat", squeeze_me=True, struct_as_record=False)
    t_s, sensors, segments = mat["t"][FIRST_GOOD_ROW:], {}, {}
    for name, (site, role) in PLACES.items():
        segment = mat[name]
        info = SensorInfo(name, "suit", site, role, RATE_HZ)
        sensors[name] = worn(info, t_s, segment.acc[FIRST_GOOD_ROW:], segment.gyr[FIRST_GOOD_ROW:])
        segments[name] = np.ascontiguousarray(segment.quat[FIRST_GOOD_ROW:], np.float64)
    return Suit(sensors, segments)
