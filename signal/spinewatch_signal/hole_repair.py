"""The tilt that a filled gap missed, told afterwards by the specific force on both sides of it.

In a frame that the rates alone carry along, gravity stands still, and each hole in the rates turns it by the little
that its filling missed. On either side the sensor feels gravity and its own acceleration, but nobody accelerates one
way for long: the speed stays near zero. So for each axis of that frame

    force = gravity + rate of change of speed
    gravity: a random walk, with a step in each hole
    speed: comes back to zero

(a first-order Gauss-Markov process), and the most probable steps are one banded least-squares problem, the same as
smoothing with a Kalman filter both ways (Rauch, Tung & Striebel 1965, AIAA J 3:1445). What it says of the step across a
hole is put into the rates that fill it; the orientation filter itself stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.spatial.transform import Rotation
from vqf import VQF

from spinewatch_signal.gap_filling import Feed
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats


@dataclass(frozen=True, slots=True)
class RepairParams:
    """What is known of bodies and gyroscopes; how far holes missed is known from their filling.

    The figures are round ones. Less speed gains more in a hand that stays within a metre (0.5 m/s for 0.3 s: a third of
    the error instead of a fifth), but takes a walker's turns for tilt: in three sets of people who walk it did harm.
    With 1.5 m/s four fifths of the gain remain.

    Args:
        least_deg: a hole that may have missed less than this (SD) is left: it is lost in the filter's own error.
        around_s: what is looked at on each side: a few memories of the filter.
        speed_m_s: SD of the speed along one axis: people walk at up to 1.4 m/s, along one of two axes.
        speed_memory_s: for how long speed lasts: walking is taken up, stopped and turned within a step or two.
        drift_deg_per_root_s: how fast the rates go astray by themselves: what offset and scale leave.
        noise_m_s_per_root_s: the same for the speed by the accelerometer: noise, and lever arms between the chips.
    """

    least_deg: float = 0.2
    around_s: float = 10.0
    speed_m_s: float = 1.0
    speed_memory_s: float = 1.0
    drift_deg_per_root_s: float = 0.1
    noise_m_s_per_root_s: float = 0.01


@dataclass(frozen=True, eq=False, slots=True)
class Repaired:
    """The same samples once more for the filter.

    Args:
        turning: (n, 3) rates, rad/s, in which the holes turn by what they had missed.
        feed: the samples, with `missed_deg` as it is now.
    """

    turning: Floats
    feed: Feed


def repaired(feed: Feed, turning: Floats, bias_rad_s: Floats, period_s: float, params: RepairParams) -> Repaired | None:
    """Repair the holes of a run.

    Args:
        feed: samples of one segment, gaps filled.
        turning: (n, 3) rates at the filter's period, rad/s.
        bias_rad_s: (n, 3) or (3,) what a first run of the filter found of an offset in them.
        period_s: the filter's period.
        params: what is known of bodies and gyroscopes.

    Returns:
        None where there is no hole that matters.
    """
    if feed.made is None or feed.missed_deg is None or feed.missed_m_s is None:
        return None
    ends = np.flatnonzero(feed.missed_deg > params.least_deg)
    if len(ends) == 0:
        return None
    turning, missed_deg = turning.copy(), feed.missed_deg.copy()
    carried = _carried(turning - bias_rad_s, period_s)
    steps = _StepVariances.of(feed, period_s, params)
    breaks = np.concatenate([[0], np.flatnonzero(np.isnan(feed.dt_s)), [len(feed)]])
    n_around = round(params.around_s / period_s)
    for end in ends.tolist():
        first = end - int(np.argmin(feed.made[:end][::-1]))
        at = int(np.searchsorted(breaks, first, "right"))
        part = slice(max(first - n_around, int(breaks[at - 1])), min(end + n_around, int(breaks[at])))
        frame = Rotation.from_quat(carried[part][:, [1, 2, 3, 0]])
        hole = (first - part.start, end - part.start)
        turn, var = _missed_turn(frame.apply(feed.acc[part]), hole, steps[part], period_s, params)
        turning[first:end] += frame[hole[0] : hole[1]].apply(turn, inverse=True) / ((end - first) * period_s)
        missed_deg[end] = min(missed_deg[end], float(np.degrees(np.sqrt(2 * var)) / STANDARD_GRAVITY_M_S2))
    return Repaired(turning, replace(feed, missed_deg=missed_deg))


@dataclass(frozen=True, eq=False, slots=True)
class _StepVariances:
    """How far each row may step along one axis: gravity (n,), (m/s²)², and what the speed's change may be off, (m/s)².

    A hole's variance is spread over its rows, so that their sum has it.
    """

    gravity: Floats
    speed: Floats

    def __getitem__(self, part: slice) -> _StepVariances:
        return _StepVariances(self.gravity[part], self.speed[part])

    @classmethod
    def of(cls, feed: Feed, period_s: float, params: RepairParams) -> _StepVariances:
        """Those of a run with holes."""
        if feed.made is None or feed.missed_deg is None or feed.missed_m_s is None:
            raise RuntimeError("there is no hole to repair")
        drift = (np.radians(params.drift_deg_per_root_s) * STANDARD_GRAVITY_M_S2) ** 2 * period_s
        missed = _spread(np.radians(feed.missed_deg) * STANDARD_GRAVITY_M_S2, feed.made)
        return cls(drift + missed, params.noise_m_s_per_root_s**2 * period_s + _spread(feed.missed_m_s, feed.made))


def _spread(missed_sd: Floats, made: NDArray[np.bool_]) -> Floats:
    """(n,) the variance along one of two axes of what each hole missed, told at its end, in equal parts on its rows."""
    real = np.flatnonzero(~made)
    rows = np.diff(real, prepend=-1) - 1
    shares = missed_sd[real] ** 2 / 2 / np.maximum(rows, 1)
    each = np.zeros(len(made))
    each[made] = np.repeat(shares, rows)
    return each


def _carried(turning: Floats, period_s: float) -> Floats:
    """(n, 4) quaternions by the rates alone: vqf passes over samples without force."""
    filter_ = VQF(period_s, restBiasEstEnabled=False, motionBiasEstEnabled=False)
    quat: Floats = filter_.updateBatch(np.ascontiguousarray(turning), np.zeros_like(turning))["quat6D"]
    return quat


def _missed_turn(
    force: Floats, hole: tuple[int, int], steps: _StepVariances, period_s: float, params: RepairParams
) -> tuple[Floats, float]:
    """The turn that a hole missed.

    Args:
        force: (n, 3) m/s², in the frame that the rates carry.
        hole: its first row and the one after.
        steps: how far each row may step.
        period_s: from row to row.
        params: what is known of bodies.

    Returns:
        (3,) rotation vector, rad, in that frame; and the variance of the step of gravity along one axis, (m/s²)².
    """
    matrix, right = _least_squares(force, steps, period_s, params)
    before, after = 2 * (hole[0] - 1), 2 * (hole[1] - 1)
    contrast = np.zeros((len(right), 1))
    contrast[[before, after], 0] = -1.0, 1.0
    found = solveh_banded(matrix, np.concatenate([right, contrast], axis=1), check_finite=False)
    old, new = found[before, :3], found[after, :3]
    turn = np.cross(new, old) / max(np.linalg.norm(new) * np.linalg.norm(old), 1e-9)
    return turn, float(found[after, 3] - found[before, 3])


def _least_squares(
    force: Floats, steps: _StepVariances, period_s: float, params: RepairParams
) -> tuple[Floats, Floats]:
    """The normal equations for gravity and speed, row after row: (3, 2n) upper bands, and (2n, 3) right sides."""
    keep = np.exp(-period_s / params.speed_memory_s)
    felt, stays = 1 / steps.speed[1:], 1 / steps.gravity[1:]
    returns = 1 / (params.speed_m_s**2 * (1 - keep**2))
    bands, right = np.zeros((3, 2 * len(force))), np.zeros((2 * len(force), 3))
    far, near, own = bands  # two columns before, one before, and the diagonal
    own[2::2] += felt * period_s**2 + stays
    own[:-2:2] += stays
    own[3::2] += felt + returns
    own[1:-2:2] += felt + keep**2 * returns
    own[1] += 1 / params.speed_m_s**2
    near[2::2] = -felt * period_s
    near[3::2] = felt * period_s
    far[2::2] = -stays
    far[3::2] = -felt - keep * returns
    change = felt[:, None] * force[1:] * period_s
    right[2::2] += change * period_s
    right[3::2] += change
    right[1:-2:2] -= change
    return bands, right
