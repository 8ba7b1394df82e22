"""A sensor's own accelerometer, calibrated by gravity: in any still moment it should feel exactly 1 g.

Real accelerometers were 1-4 % off, and an offset of 35 mg tilts every angle by 2°. As in van Hees et al. 2014 (J Appl
Physiol 117:738) the readings of still windows of 10 s should lie on the unit sphere, and the scale and offset of each
axis are what brings them there. But a sensor on a back sees few orientations, and then many scales and offsets do so.
What sensors usually are off by (data sheets: sensitivity ±1-3 %, zero-g offset ±25-60 mg) is therefore weighed in as a
prior: what the windows show is set right, an axis of which they show nothing keeps its own zero, and the scale that the
axes share is nearly always found. How sure each offset is stands beside the result.

Local gravity differs from the standard one by up to 0.3 %; the common scale takes that up, angles do not notice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from spinewatch_signal.gyro_bias import Blocks
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats


@dataclass(frozen=True, slots=True)
class AccelerometerCalibrationParams:
    """When a calibration can be had, and what is expected of sensors.

    Args:
        window_s: length of a still window (van Hees 2014).
        still_sd_g: largest SD of each axis within it (van Hees 2014).
        cell_g: windows closer together than this count as one, or a day at the desk would outvote the rest.
        least_windows: fewer say nothing.
        window_error_g: what is left of sway and noise in the mean of a still window; windows further off than this
            count less, because slow turning passes as stillness.
        common_scale_sd, axis_scale_sd, offset_sd_g: prior SD of the scale that the axes share (also wrong units of
            gravity: real sets were 2 % off as a whole), of what each axis adds, and of each offset.
        most_scale, most_offset_g: beyond this the sensor is broken or its unit wrong; that is not for us to mend.
    """

    window_s: float = 10.0
    still_sd_g: float = 0.013
    cell_g: float = 0.1
    least_windows: int = 3
    window_error_g: float = 0.003
    common_scale_sd: float = 0.03
    axis_scale_sd: float = 0.01
    offset_sd_g: float = 0.025
    most_scale: float = 0.10
    most_offset_g: float = 0.15


@dataclass(frozen=True, slots=True)
class AccelerometerCalibration:
    """What turns a reading into specific force: ``reading × scale + offset``.

    Args:
        scale: of the three axes.
        offset_m_s2: of the three axes, m/s².
        offset_sd_m_s2: how sure each offset is (posterior SD), m/s²; the prior's where the axis was not seen both ways.
        error_before_g, error_after_g: mean distance of the still windows from 1 g.
        windows: how many it stands on.
    """

    scale: tuple[float, float, float]
    offset_m_s2: tuple[float, float, float]
    offset_sd_m_s2: tuple[float, float, float]
    error_before_g: float
    error_after_g: float
    windows: int

    def apply(self, acc: Floats) -> Floats:
        """(n, 3) specific force, m/s², from (n, 3) readings; a new array."""
        corrected: Floats = acc * np.array(self.scale)
        corrected += np.array(self.offset_m_s2)
        return corrected


def still_windows(blocks: Blocks, block_s: float, params: AccelerometerCalibrationParams | None = None) -> Floats:
    """Mean readings of the still windows.

    Args:
        blocks: consecutive blocks of one stretch without gaps, judged for rest.
        block_s: their length.
        params: what counts as still.

    Returns:
        (w, 3) m/s², one row for each window; windows do not overlap.
    """
    p = params or AccelerometerCalibrationParams()
    n = max(2, round(p.window_s / block_s))
    count = len(blocks.still) // n
    means = blocks.acc_mean[: count * n].reshape(count, n, 3)
    still = blocks.still[: count * n].reshape(count, n).all(axis=1)
    still &= (means.std(axis=1) < p.still_sd_g * STANDARD_GRAVITY_M_S2).all(axis=1)
    found: Floats = means[still].mean(axis=1)
    return found


def calibrate_accelerometer(
    windows: Floats, params: AccelerometerCalibrationParams | None = None
) -> AccelerometerCalibration | None:
    """The most probable scale and offset of each axis; None where the windows do not tell or there is nothing to mend.

    Args:
        windows: (w, 3) mean readings of still windows, m/s²; of several recordings of one sensor if there are.
        params: what is enough, and what is expected.
    """
    p = params or AccelerometerCalibrationParams()
    felt = windows / STANDARD_GRAVITY_M_S2
    felt = felt[np.abs(np.linalg.norm(felt, axis=1) - 1) < p.most_scale + p.most_offset_g]
    if len(felt) < p.least_windows:
        return None
    cells = _cells(felt, p.cell_g)
    fit = least_squares(lambda x: _misfit(x, cells, p), np.zeros(7), loss="soft_l1")
    scale, offset = _scale(fit.x), fit.x[4:]
    if np.abs(scale - 1).max() > p.most_scale or np.abs(offset).max() > p.most_offset_g:
        return None
    before, after = (float(np.abs(_off(felt, s, o)).mean()) for s, o in ((1.0, 0.0), (scale, offset)))
    if after >= before:
        return None
    sd = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))[4:]
    offset_m_s2, sd_m_s2 = (_three(values * STANDARD_GRAVITY_M_S2) for values in (offset, sd))
    return AccelerometerCalibration(_three(scale), offset_m_s2, sd_m_s2, before, after, len(felt))


def _cells(felt: Floats, size: float) -> Floats:
    """(c, 3) one mean for each cell of the sphere that holds windows."""
    _, cell = np.unique(np.floor(felt / size), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    counts = np.bincount(cell)
    return np.stack([np.bincount(cell, felt[:, axis]) / counts for axis in range(3)], axis=1)


def _misfit(x: Floats, cells: Floats, p: AccelerometerCalibrationParams) -> Floats:
    """All that speaks against `x` = (common scale − 1, own scale of the axes, offsets in g), in SDs."""
    off = _off(cells, _scale(x), x[4:]) / p.window_error_g
    expected = np.repeat([p.common_scale_sd, p.axis_scale_sd, p.offset_sd_g], [1, 3, 3])
    return np.concatenate([off, x / expected])


def _scale(x: Floats) -> Floats:
    scale: Floats = 1 + x[0] + x[1:4]
    return scale


def _off(felt: Floats, scale: Floats | float, offset: Floats | float) -> Floats:
    """(n,) how far from 1 g the corrected readings are."""
    distance: Floats = np.linalg.norm(felt * scale + offset, axis=1) - 1
    return distance


def _three(values: Floats) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
