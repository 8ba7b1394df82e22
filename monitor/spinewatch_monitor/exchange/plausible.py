"""Do the numbers fit their units? Checked before anything is written, because a wrong unit spoils every angle silently.

At rest an accelerometer reads 1 g. While the wearer leans, the turn rate must explain how gravity moves through the
sensor frame: du/dt = -w x u. Both checks only speak when the file holds enough rest, or enough leaning, to judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinewatch_monitor.exchange.imported import ImportRefusedError
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats

ACC_UNITS = {"m_s2": 1.0, "g": STANDARD_GRAVITY_M_S2, "mg": STANDARD_GRAVITY_M_S2 / 1000.0}
GYR_UNITS = {"rad_s": 1.0, "deg_s": math.pi / 180.0}
UNIT_WORDS = {"m_s2": "m/s²", "g": "g", "mg": "mg", "rad_s": "rad/s", "deg_s": "deg/s"}

# Worn sensors on record read 0.95 to 1.05 g at rest (uncalibrated, all makes); twice that is a fault to name,
# and beyond a quarter no sensor is that far off: it is the unit.
_FLAG_G, _REFUSE_LOW_G, _REFUSE_HIGH_G = 0.10, 0.75, 1.25
_QUIET_SD_G = 0.03
_LARGEST_G = 1000.0
_FASTEST_DEG_S = 4000.0  # the widest range any back sensor offers
_MIN_LEANING_RAD = 0.5  # summed tilt change below which turn rates cannot be judged
_UNIT_MIX_UP = 20.0  # rad/s and deg/s differ by 57; scale errors by a few per cent


@dataclass(frozen=True, slots=True)
class Units:
    """The unit of each half of the table; ``gyr`` is None without gyroscope."""

    acc: str
    gyr: str | None

    @property
    def acc_scale(self) -> float:
        """m/s² per unit."""
        return ACC_UNITS[self.acc]

    @property
    def gyr_scale(self) -> float | None:
        """rad/s per unit."""
        return None if self.gyr is None else GYR_UNITS[self.gyr]


def check_units(path: Path, sensor: str, values: Floats, units: Units, rate_hz: float) -> list[str]:
    """Refuse impossible units; return warnings about doubtful ones.

    Args:
        path: for refusals.
        sensor: name of the sensor in them.
        values: (n, 6) or (n, 3) in the file's own units.
        units: what those are said to be.
        rate_hz: sampling rate.

    Raises:
        ImportRefusedError: when the numbers cannot be in these units.
    """
    window = max(1, round(rate_hz))
    _check_largest(path, sensor, values[:, :3], units)
    warnings = _check_rest(path, sensor, values[:, :3], units, window)
    if units.gyr is not None:
        _check_fastest(path, sensor, values[:, 3:6], units.gyr)
        _check_turning(path, sensor, values, units, rate_hz)
    return warnings


def _check_largest(path: Path, sensor: str, acc: Floats, units: Units) -> None:
    largest = float(np.max(np.abs(acc), initial=0.0))
    if largest > _LARGEST_G * STANDARD_GRAVITY_M_S2 / units.acc_scale:
        what = f"{sensor} reads {largest:.3g} {UNIT_WORDS[units.acc]}, more than any sensor can measure"
        raise ImportRefusedError(path, what, "Check the unit and the scale of the accelerometer columns")


def _check_rest(path: Path, sensor: str, acc: Floats, units: Units, window: int) -> list[str]:
    rest_g = rest_acc(acc, window) * units.acc_scale / STANDARD_GRAVITY_M_S2
    if math.isnan(rest_g):
        return [f"{sensor} is never still: whether its accelerometer reads 1 g at rest was not checked"]
    if not _REFUSE_LOW_G <= rest_g <= _REFUSE_HIGH_G:
        rest = rest_g * STANDARD_GRAVITY_M_S2 / units.acc_scale
        what = (
            f"at rest the accelerometer of {sensor} reads {rest:.3g} {UNIT_WORDS[units.acc]}, which is {rest_g:.2g} g"
        )
        raise ImportRefusedError(path, f"{what}; it must be 1 g", _unit_advice(rest))
    if abs(rest_g - 1.0) > _FLAG_G:
        return [f"{sensor} reads {rest_g:.2f} g at rest: its accelerometer is off; angles may be wrong by degrees"]
    return []


def rest_acc(acc: Floats, window: int) -> float:
    """Median |acc| over the quiet windows, in the unit of `acc`; NaN when no window is quiet.

    A window is quiet by its spread relative to its mean, so that the test also finds rest in a wrong unit.
    """
    count = len(acc) // window
    norm = np.linalg.norm(acc[: count * window], axis=1).reshape(count, window)
    mean, spread = norm.mean(axis=1), norm.std(axis=1)
    quiet = mean[spread < _QUIET_SD_G * np.maximum(mean, 1e-12)]
    return float(np.median(quiet)) if len(quiet) else math.nan


def _unit_advice(rest: float) -> str:
    for unit, scale in ACC_UNITS.items():
        if 0.75 < rest * scale / STANDARD_GRAVITY_M_S2 < _REFUSE_HIGH_G:
            return f"The numbers look like {UNIT_WORDS[unit]}: name that unit in the column or by --acc-unit {unit}"
    if rest < 0.3:
        return "Gravity may have been taken out of the numbers: give the raw accelerometer"
    return "Check the unit and the scale of the accelerometer columns"


def _check_fastest(path: Path, sensor: str, gyr: Floats, unit: str) -> None:
    fastest_deg_s = math.degrees(float(np.max(np.abs(gyr), initial=0.0)) * GYR_UNITS[unit])
    if fastest_deg_s > _FASTEST_DEG_S:
        what = f"{sensor} turns at {fastest_deg_s:.0f} deg/s, faster than any sensor can measure"
        do = "If the numbers are deg/s, name that unit in the column or by --gyr-unit deg_s"
        raise ImportRefusedError(path, what, do)


def _check_turning(path: Path, sensor: str, values: Floats, units: Units, rate_hz: float) -> None:
    factor = turn_rate_factor(values, units, rate_hz)
    if factor is None or 1 / _UNIT_MIX_UP < factor < _UNIT_MIX_UP:
        return
    other = "rad_s" if factor > 1 else "deg_s"
    size = f"{factor:.0f} times too small" if factor > 1 else f"{1 / factor:.0f} times too large"
    what = f"the turn rates of {sensor} are {size} for how it leans, so they cannot be {UNIT_WORDS[str(units.gyr)]}"
    do = f"They look like {UNIT_WORDS[other]}: name that unit in the column or by --gyr-unit {other}"
    raise ImportRefusedError(path, what, do)


def turn_rate_factor(values: Floats, units: Units, rate_hz: float) -> float | None:
    """By what the turn rates must be multiplied to explain the leaning; None when it cannot be told.

    Means over quarter seconds; least squares of the change of the unit vertical on -w x u, kept only where the two
    agree in direction (correlation above 0.7).
    """
    window = max(1, round(rate_hz / 4))
    count = len(values) // window
    if count < 8:
        return None
    means = values[: count * window].reshape(count, window, 6).mean(axis=1)
    up = means[:, :3] / np.maximum(np.linalg.norm(means[:, :3], axis=1, keepdims=True), 1e-12)
    gyr = (means[:, 3:] - np.median(means[:, 3:], axis=0)) * GYR_UNITS[str(units.gyr)]
    change = up[2:] - up[:-2]
    told = -np.cross(gyr[1:-1], up[1:-1]) * (2 * window / rate_hz)
    if float(np.linalg.norm(change, axis=1).sum()) < _MIN_LEANING_RAD:
        return None
    cross, square = float((change * told).sum()), float((told * told).sum())
    if square <= 0.0 or cross < 0.7 * math.sqrt(square * float((change * change).sum())):
        return None
    return cross / square
