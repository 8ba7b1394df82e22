"""What orientation hands on: the unit vertical in the sensor frame, sample by sample, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.samples import Floats


@dataclass(frozen=True, eq=False, slots=True)
class UpBatch:
    """Consecutive orientations of one sensor; a sample without a valid one is left out.

    Only a sensor without gyroscope leaves its moving samples in, with NaN for the vertical: that it moves is known.

    Args:
        sensor: id of the sensor.
        t_s: (n,) UNIX seconds, strictly increasing.
        up: (n, 3) unit vertical in the SENSOR frame; NaN as said above.
        acc_norm: (n,) length of the specific force, m/s².
        acc_up: (n,) specific force along the vertical, m/s²: 1 g at rest, more while the body is thrown upwards. Its
            length where no vertical is known.
        gyr_norm: (n,) length of the angular rate after the bias was taken away, rad/s (0 without a gyroscope).
        sensor_uncertainty_deg: (n,) 95 % half-width of the inclination.
        segment: (n,) running number; nothing may be computed across a change of it.
    """

    sensor: str
    t_s: Floats
    up: Floats
    acc_norm: Floats
    acc_up: Floats
    gyr_norm: Floats
    sensor_uncertainty_deg: Floats
    segment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, part: slice | NDArray[np.bool_]) -> UpBatch:
        """The orientations of `part` (views for a slice)."""
        return UpBatch(
            self.sensor,
            self.t_s[part],
            self.up[part],
            self.acc_norm[part],
            self.acc_up[part],
            self.gyr_norm[part],
            self.sensor_uncertainty_deg[part],
            self.segment[part],
        )

    def known(self) -> UpBatch:
        """Those with a vertical."""
        is_known = ~np.isnan(self.up[:, 0])
        return self if bool(is_known.all()) else self[is_known]

    def between(self, start_s: float, end_s: float) -> UpBatch:
        """The orientations with ``start_s <= t_s < end_s``, as views."""
        first, last = np.searchsorted(self.t_s, (start_s, end_s))
        return self[int(first) : int(last)]


def empty_ups(sensor: str) -> UpBatch:
    """A batch without orientations."""
    none = np.empty(0)
    return UpBatch(sensor, none, np.empty((0, 3)), none, none, none, none, np.empty(0, np.int64))


def concatenate_ups(sensor: str, parts: Sequence[UpBatch]) -> UpBatch:
    """Join batches of one sensor in time order; none gives an empty batch."""
    filled = [part for part in parts if len(part)]
    if len(filled) <= 1:
        return filled[0] if filled else empty_ups(sensor)
    return UpBatch(
        sensor,
        np.concatenate([p.t_s for p in filled]),
        np.concatenate([p.up for p in filled]),
        np.concatenate([p.acc_norm for p in filled]),
        np.concatenate([p.acc_up for p in filled]),
        np.concatenate([p.gyr_norm for p in filled]),
        np.concatenate([p.sensor_uncertainty_deg for p in filled]),
        np.concatenate([p.segment for p in filled]),
    )


def up_from_quat(quat: Floats) -> Floats:
    """The vertical in the sensor frame: third row of the rotation matrix.

    Args:
        quat: (n, 4) unit quaternions, scalar first (w, x, y, z) as in vqf, sensor to earth, earth z up.

    Returns:
        (n, 3) unit vectors.
    """
    w, x, y, z = quat[:, 0], quat[:, 1], quat[:, 2], quat[:, 3]
    up = np.empty((len(quat), 3))
    up[:, 0] = 2 * (x * z - w * y)
    up[:, 1] = 2 * (y * z + w * x)
    up[:, 2] = 1 - 2 * (x * x + y * y)
    return up


def norms(rows: Floats) -> Floats:
    """(n,) lengths of the rows of an (n, 3) array, without a temporary of its size."""
    lengths: Floats = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return lengths


def along(acc: Floats, up: Floats) -> Floats:
    """(n,) specific force (n, 3) along the vertical (n, 3), m/s²; its length where the vertical is NaN."""
    part: Floats = np.einsum("ij,ij->i", acc, up)
    hidden = np.isnan(part)
    if hidden.any():
        part[hidden] = norms(acc[hidden])
    return part
