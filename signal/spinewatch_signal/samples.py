"""The vocabulary that all three folders share: sensors, sites, samples.

Units are SI (m/s², rad/s, s). Degrees appear only in names that end in ``_deg``. Intervals are half-open
``[start, end)``. A missing sample is missing: never NaN, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]

STANDARD_GRAVITY_M_S2 = 9.80665

POSSIBLE_RATES_HZ = (0.01, 10_000.0)
"""No inertial sensor is slower or faster; beyond lie damaged files and division by zero."""
MOST_ACC_M_S2 = 1e4
"""1000 g: shock sensors end there, those that people wear at 16-200 g."""
MOST_GYR_RAD_S = 1e3
"""Ten times what the fastest gyroscopes measure (4000 °/s)."""


class Site(StrEnum):
    """Where on the back a sensor is worn."""

    UPPER_BACK = "upper_back"
    T12 = "t12"
    PELVIS = "pelvis"


class Role(StrEnum):
    """Which end of the measured stretch of the spine a sensor is."""

    UPPER = "upper"
    LOWER = "lower"


class SampleFlag(IntFlag):
    """What is known about one sample beside its values (one bit each, stored as uint8)."""

    NONE = 0
    SATURATED = 1
    MOTOR_ON = 2
    DROPPED_BEFORE = 4
    CLOCK_STEPPED = 8


class BadSamplesError(ValueError):
    """Samples that no step may see: wrong shape, NaN, more than a sensor can give, or times that do not increase."""


@dataclass(frozen=True, slots=True)
class SensorInfo:
    """One sensor as every result names it.

    ``nominal_rate_hz`` is the family's stated rate at its setting; the real rate is measured and usually 1 % off.

    Raises:
        ValueError: on a rate outside `POSSIBLE_RATES_HZ`.
    """

    id: str
    family: str
    site: Site = Site.UPPER_BACK
    role: Role = Role.UPPER
    nominal_rate_hz: float = 100.0
    has_gyr: bool = True

    def __post_init__(self) -> None:
        low, high = POSSIBLE_RATES_HZ
        if not low <= self.nominal_rate_hz <= high:  # NaN neither
            raise ValueError(f"sensor {self.id} cannot run at {self.nominal_rate_hz:g} Hz")


@dataclass(frozen=True, eq=False, slots=True)
class ImuBatch:
    """Consecutive samples of one sensor, in the sensor frame as printed on the device.

    Args:
        sensor: id of the sensor.
        t_s: (n,) UNIX seconds on the host clock, strictly increasing.
        acc: (n, 3) specific force, m/s²; at rest +1 g along the axis that points up.
        gyr: (n, 3) angular rate, rad/s, or None for a sensor without gyroscope.
        flags: (n,) bits of `SampleFlag`.

    Raises:
        BadSamplesError: on a wrong shape, a value that is not finite or beyond any sensor, or times that do not
            increase.
    """

    sensor: str
    t_s: Floats
    acc: Floats
    gyr: Floats | None
    flags: Flags

    def __post_init__(self) -> None:
        n = len(self.t_s)
        _check_shape("t_s", self.t_s, (n,))
        _check_shape("acc", self.acc, (n, 3))
        _check_shape("flags", self.flags, (n,))
        _check_values("t_s", self.t_s)
        _check_values("acc", self.acc, MOST_ACC_M_S2)
        if self.gyr is not None:
            _check_shape("gyr", self.gyr, (n, 3))
            _check_values("gyr", self.gyr, MOST_GYR_RAD_S)
        if n > 1 and not bool(np.all(np.diff(self.t_s) > 0)):
            raise BadSamplesError(f"sample times of {self.sensor} do not increase")

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, part: slice) -> ImuBatch:
        """The samples of `part`, as views."""
        gyr = None if self.gyr is None else self.gyr[part]
        return ImuBatch(self.sensor, self.t_s[part], self.acc[part], gyr, self.flags[part])

    def between(self, start_s: float, end_s: float) -> ImuBatch:
        """The samples with ``start_s <= t_s < end_s``, as views."""
        first, last = np.searchsorted(self.t_s, (start_s, end_s))
        return self[int(first) : int(last)]


def empty_batch(sensor: str, *, has_gyr: bool = True) -> ImuBatch:
    """A batch without samples."""
    rows = np.empty((0, 3))
    return ImuBatch(sensor, np.empty(0), rows, rows.copy() if has_gyr else None, np.empty(0, np.uint8))


def concatenate(batches: Sequence[ImuBatch]) -> ImuBatch:
    """Join batches of one sensor in time order; at least one is needed."""
    first = batches[0]
    if any(b.sensor != first.sensor or (b.gyr is None) != (first.gyr is None) for b in batches):
        raise BadSamplesError("only batches of one sensor can be joined")
    gyr = None if first.gyr is None else np.concatenate([b.gyr for b in batches if b.gyr is not None])
    return ImuBatch(
        first.sensor,
        np.concatenate([b.t_s for b in batches]),
        np.concatenate([b.acc for b in batches]),
        gyr,
        np.concatenate([b.flags for b in batches]),
    )


def _check_shape(name: str, values: np.ndarray, shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise BadSamplesError(f"{name} has shape {values.shape}, expected {shape}")


def _check_values(name: str, values: Floats, most: float = np.finfo(float).max) -> None:
    if values.size == 0:
        return
    low, high = float(values.min()), float(values.max())
    if -most <= low and high <= most:  # NaN neither: it is the least and the largest wherever it is
        return
    if not (math.isfinite(low) and math.isfinite(high)):
        raise BadSamplesError(f"{name} holds NaN or infinity; leave missing samples out")
    raise BadSamplesError(f"{name} holds {max(-low, high):.3g}, and no sensor can give more than {most:g}")
