"""BROAD: a sensor with optical markers, moved by hand (Laidig et al. 2021, doi 10.3390/data6070072)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray

from score.worn import Worn, worn
from spinewatch_signal.samples import Floats, SensorInfo
from spinewatch_signal.up_vectors import up_from_quat


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """One trial.

    Args:
        name: number and kind, as the file is called.
        sensor: the samples, at 285.7 Hz.
        true_up: (n, 3) the vertical in the sensor frame by the optical system; NaN where it saw nothing.
        scored: (n,) where the trial is to be judged: in motion, and seen.
        moving: (n,) in motion, whether seen or not.
    """

    name: str
    sensor: Worn
    true_up: Floats
    scored: NDArray[np.bool_]
    moving: NDArray[np.bool_]


def trials(data: Path) -> Iterator[Trial]:
    """The trials, in the order of their numbers."""
    for path in sorted((data / "broad").glob("*.mat")):
        yield _trial(path)


def _trial(path: Path) -> Trial:
    mat = scipy.io.loadmat(path, squeeze_me=True)
    rate_hz, quat = float(mat["sampling_rate"]), mat["opt_quat"].astype(np.float64)
    seen, moving = ~np.isnan(quat).any(axis=1), mat["movement"].astype(bool)
    true_up = np.where(seen[:, None], up_from_quat(np.nan_to_num(quat)), np.nan)
    info = SensorInfo("broad", "myon", nominal_rate_hz=rate_hz)
    sensor = worn(info, np.arange(len(quat)) / rate_hz, mat["imu_acc"], mat["imu_gyr"])
    return Trial(path.stem, sensor, true_up, moving & seen, moving)
