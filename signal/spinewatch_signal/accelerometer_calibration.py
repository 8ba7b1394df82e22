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

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats


@dataclass(frozen=True, slots=True)
class AccelerometerCalibrationParams:
    """When a calibration can be had, and what is expected of sensors.

    Args:
        cell_g: windows closer together than this count as one, or a day at the desk would outvote the rest.
        least_windows: fewer say nothing.
        window_error_g: what is left of sway and noise in the mean of a still window; windows further off than this
            count less, because slow turning passes as stillness. A sensor that is off by no more is left alone.
        common_scale_sd, axis_scale_sd, offset_sd_g: prior SD of the scale that the axes share (also wrong units of
            gravity: real sets were 2 % off as a whole), of what each axis adds, and of each offset.
        most_scale, most_offset_g: beyond this the sensor is broken or its unit wrong; that is not for us to mend.
        most_kept: directions that are kept for later recordings.
        most_left_g: mean distance from 1 g that may be left, or the windows do not agree on anything (van Hees 2014).
    """

    cell_g: float = 0.1
    least_windows: int = 3
    window_error_g: float = 0.003
    common_scale_sd: float = 0.03
    axis_scale_sd: float = 0.01
    offset_sd_g: float = 0.025
    most_scale: float = 0.10
    most_offset_g: float = 0.15
    most_left_g: float = 0.010
    most_kept: int = 32


@dataclass(frozen=True, slots=True)
class AccelerometerCalibration:
    """What turns a reading into specific force: ``reading × scale + offset``.

    Args:
        scale: of the three axes.
        offset_m_s2: of the three axes, m/s².
        offset_sd_m_s2: how sure each offset is (posterior SD), m/s²; the prior's where the axis was not seen both ways.
        error_before_g, error_after_g: mean distance of the still windows from 1 g.
        windows: how many it stands on.
        error_across_g: what is to be expected of the offsets that the windows do not show: these tilt, and the length
            of gravity does not tell of them. As large as `error_before_g` where an axis was not seen at all, less by
            as much as the least known offset is better known than before.
        felt_m_s2: mean readings in the directions that it stands on, m/s²: what later recordings add theirs to.

    Raises:
        ValueError: numbers that are none, or a scale that is not positive.
    """

    scale: tuple[float, float, float]
    offset_m_s2: tuple[float, float, float]
    offset_sd_m_s2: tuple[float, float, float]
    error_before_g: float
    error_after_g: float
    windows: int
    error_across_g: float = 0.0
    felt_m_s2: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        numbers = (*self.scale, *self.offset_m_s2, *self.offset_sd_m_s2, self.error_after_g, self.error_across_g)
        is_finite = np.isfinite(numbers).all() and np.isfinite(self.felt_m_s2).all()
        if not is_finite or min(self.scale) <= 0:
            raise ValueError("a calibration is of finite numbers, its scale is positive")

    def apply(self, acc: Floats) -> Floats:
        """(n, 3) specific force, m/s², from (n, 3) readings; a new array."""
        corrected: Floats = acc * np.array(self.scale)
        corrected += np.array(self.offset_m_s2)
        return corrected

    def undo(self, acc: Floats) -> Floats:
        """(n, 3) readings from what `apply` made of them."""
        readings: Floats = (acc - np.array(self.offset_m_s2)) / np.array(self.scale)
        return readings

    def fits(self, windows: Floats, params: AccelerometerCalibrationParams | None = None) -> bool:
        """Whether it brings other still windows (w, 3), m/s², to 1 g; true of none."""
        off = np.linalg.norm(self.apply(windows), axis=1) / STANDARD_GRAVITY_M_S2 - 1
        return len(off) == 0 or float(np.abs(off).mean()) <= (params or AccelerometerCalibrationParams()).most_left_g

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {**plain, "felt_m_s2": [list(row) for row in self.felt_m_s2]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AccelerometerCalibration:
        """What `to_json` gave.

        Raises:
            ValueError: it is not that.
        """
        try:
            return cls(
                _three(np.array(data["scale"], float)),
                _three(np.array(data["offset_m_s2"], float)),
                _three(np.array(data["offset_sd_m_s2"], float)),
                float(data["error_before_g"]),
                float(data["error_after_g"]),
                int(data["windows"]),
                float(data["error_across_g"]),
                tuple(_three(np.array(row, float)) for row in data["felt_m_s2"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not the calibration of an accelerometer") from error


def with_earlier(earlier: AccelerometerCalibration | None, windows: Floats) -> AccelerometerCalibration | None:
    """What earlier recordings and this one tell together: a day upright and another one lying know more than either.

    Args:
        earlier: told by earlier recordings; forgotten when the windows contradict it.
        windows: (w, 3) mean readings of this recording's still windows, m/s².
    """
    own = calibrate_accelerometer(windows)
    if earlier is None:
        return own
    felt = np.array(earlier.felt_m_s2).reshape(-1, 3)
    together = calibrate_accelerometer(np.concatenate([felt, windows]))
    if together is not None and together.fits(felt) and together.fits(windows):
        return together
    return earlier if own is None and earlier.fits(windows) else own


def vertical_by(up: Floats, was: AccelerometerCalibration | None, now: AccelerometerCalibration | None) -> Floats:
    """The vertical (3,) that was seen through one calibration, as another one shows it; None is none at all."""
    reading = up[None] * STANDARD_GRAVITY_M_S2
    reading = reading if was is None else was.undo(reading)
    vertical: Floats = (reading if now is None else now.apply(reading))[0]
    return vertical / np.linalg.norm(vertical)


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
    if before <= p.window_error_g or after >= before or after > p.most_left_g:
        return None
    sd = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))[4:]
    kept = tuple(_three(row) for row in cells[:: 1 + len(cells) // p.most_kept] * STANDARD_GRAVITY_M_S2)
    across = before * min(1.0, float(sd.max()) / p.offset_sd_g)
    offset_m_s2, sd_m_s2 = (_three(values * STANDARD_GRAVITY_M_S2) for values in (offset, sd))
    return AccelerometerCalibration(_three(scale), offset_m_s2, sd_m_s2, before, after, len(felt), across, kept)


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
