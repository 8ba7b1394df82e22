"""Segments: stretches of samples that one filter may run through, with short gaps bridged for the filter alone.

A gap is a step in the sample times of more than 1.5 periods. Up to `SegmentParams.bridge_s` the missing samples are
filled in for the filter by `gap_filling.py` (no output, counted as lost): glued samples cost 0.87° → 10.5°. A longer
gap, up to `pose_bridge_s`, is bridged where the sensor reads the same on its other side: who sits at a desk while one
packet more is lost need not wait for a filter that starts anew. Any other gap ends the segment. Samples taken while the
vibration motor runs, and a short time after, are held: the filter does not see them and nothing comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from spinewatch_signal.samples import POSSIBLE_RATES_HZ, BadSamplesError, Floats, ImuBatch, SampleFlag

Mask = NDArray[np.bool_]

GAP_PERIODS = 1.5
"""A step of more than this many periods means that at least one sample is missing."""
LOOK_SAMPLES = 17
"""Samples seen before a segment's period is chosen: enough for a median step, 0.17 s at 100 Hz."""


@dataclass(frozen=True, slots=True)
class SegmentParams:
    """Rules of a segment.

    Args:
        bridge_s: longest gap that is bridged inside the filter; beyond it the filter starts anew.
        pose_bridge_s: longest gap that is bridged when the sensor is the same before and after; within a second people
            hardly bend and come back.
        pose_bridge_share: share of its samples that a sensor must have given in a time of `pose_bridge_s` before such
            a gap: fewer are no stream, and what is bridged would be nearly all made up.
        same_acc, same_gyr_deg_s: it is when both readings differ by less, m/s² (3° of tilt, and noise) and °/s.
        still_s: stillness that starts a filter: long enough to average sway and noise, short enough to occur often.
        still_gyr_sd_deg_s: largest SD of the angular rate (root sum of the axes' variances) that counts as still. The
            SD and not the size: real sensors had offsets of 12-69 °/s at rest.
        still_acc_sd: the same for the specific force, m/s².
        start_anyway_s: without stillness the filter starts after this time: as long as vqf averages the
            accelerometer at its start, so that the first angle that comes out is settled as well as motion allows.
        motor_tail_s: time after a motor-on sample in which the case still shakes.
        motor_restart_s: after a longer hold the filter starts anew, because the wearer has moved meanwhile.
        measure_s: samples of this total time make a measured rate (time stamps of 1 ms jitter: 0.01 %).
        wrong_rate_ratio: a nominal rate further than this from the median step is taken as wrong.
        countable_gap_s: in a longer gap the sensor may have been off, so its lost samples are not counted.
    """

    bridge_s: float = 0.25
    pose_bridge_s: float = 1.0
    pose_bridge_share: float = 0.1
    same_acc: float = 0.5
    same_gyr_deg_s: float = 5.0
    still_s: float = 0.5
    still_gyr_sd_deg_s: float = 2.0
    still_acc_sd: float = 0.2
    start_anyway_s: float = 3.0
    motor_tail_s: float = 0.2
    motor_restart_s: float = 1.0
    measure_s: float = 10.0
    wrong_rate_ratio: float = 1.2
    countable_gap_s: float = 10.0


@dataclass(frozen=True, slots=True)
class GapSpan:
    """Missing samples in ``[start_s, end_s)``; `lost_samples` is None where the sensor may have been off."""

    start_s: float
    end_s: float
    lost_samples: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """Consecutive samples of one segment, prepared for a filter.

    Args:
        t_s: (n,) UNIX seconds.
        acc, gyr: (n, 3) m/s² and rad/s.
        step_s: (n,) clock time since the sample before, infinite before the first of all.
        dt_s: (n,) the same where a filter may turn over it; NaN where not (long gap, stepped clock, after a hold).
        saturated: (n,) at least one axis was at its limit.
        resumed: (n,) first sample after a hold.
    """

    t_s: Floats
    acc: Floats
    gyr: Floats
    step_s: Floats
    dt_s: Floats
    saturated: Mask
    resumed: Mask

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, part: slice | Mask) -> Run:
        """The samples of `part`."""
        return Run(
            self.t_s[part],
            self.acc[part],
            self.gyr[part],
            self.step_s[part],
            self.dt_s[part],
            self.saturated[part],
            self.resumed[part],
        )


def join_runs(first: Run, second: Run) -> Run:
    """Two runs of one segment, in time order."""
    return Run(
        np.concatenate([first.t_s, second.t_s]),
        np.concatenate([first.acc, second.acc]),
        np.concatenate([first.gyr, second.gyr]),
        np.concatenate([first.step_s, second.step_s]),
        np.concatenate([first.dt_s, second.dt_s]),
        np.concatenate([first.saturated, second.saturated]),
        np.concatenate([first.resumed, second.resumed]),
    )


Readings = tuple[list[float], list[float]]
"""Specific force and angular rate of one sample."""


@dataclass(slots=True)
class SplitterState:
    """What the splitter remembers of the samples before: their last times, and the last readings.

    ``recent_s`` are the times of the last few; infinite where there were none, since what is not known is no reproach.
    """

    recent_s: list[float]
    last_s: float = -np.inf
    last_motor_s: float = -np.inf
    last_free_s: float = -np.inf
    last_long_gap_s: float = -np.inf
    last_held: bool = False
    last_readings: Readings = field(default_factory=lambda: ([math.inf] * 3, [math.inf] * 3))


class Splitter:
    """Cuts batches into runs; the same for any chunking.

    Args:
        params: rules of a segment.
        nominal_s: the sensor's stated period. A gap is what is missing, so the step across it is one period longer;
            half a period more is left to a jittering clock.
    """

    def __init__(self, params: SegmentParams, nominal_s: float) -> None:
        self._params = params
        self._longest_step_s = params.bridge_s + GAP_PERIODS * nominal_s
        self._longest_pose_step_s = params.pose_bridge_s + GAP_PERIODS * nominal_s
        n_recent = max(1, math.ceil(params.pose_bridge_share * params.pose_bridge_s / nominal_s))
        self.state = SplitterState([math.inf] * n_recent)

    def split(self, batch: ImuBatch) -> list[tuple[bool, Run]]:
        """The runs of `batch` (one sample at least), each with whether it begins a segment; held ones are left out.

        Raises:
            BadSamplesError: the batch does not follow the one before.
        """
        state, t_s = self.state, batch.t_s
        steps = np.empty(len(t_s))
        steps[0] = t_s[0] - state.last_s
        np.subtract(t_s[1:], t_s[:-1], out=steps[1:])
        if steps[0] <= 0:
            raise BadSamplesError(f"samples of {batch.sensor} go back by {-steps[0]:.3f} s")
        if self._is_plain(batch, steps):
            state.last_s = state.last_free_s = float(t_s[-1])
            self._remember_last(batch)
            never = np.zeros(len(t_s), bool)
            return [(False, Run(t_s, batch.acc, _gyr(batch), steps, steps, never, never))]
        held = self._held(batch)
        held_before = np.concatenate([[state.last_held], held[:-1]])
        long = self._is_long(batch, steps, held | held_before)
        begins = self._begins(t_s, held, held_before, long) if held.any() or state.last_held else long
        stepped = (batch.flags & SampleFlag.CLOCK_STEPPED) != 0
        dt_s = np.where(held_before | stepped | long, np.nan, steps)
        saturated = (batch.flags & SampleFlag.SATURATED) != 0
        run = Run(t_s, batch.acc, _gyr(batch), steps, dt_s, saturated, held_before)
        self._remember(t_s, held, long)
        self._remember_last(batch)
        return _cut(run, begins, held)

    def _is_plain(self, batch: ImuBatch, steps: Floats) -> bool:
        """Whether nothing but samples is in the batch, as nearly always."""
        motor_s = batch.t_s[0] - self.state.last_motor_s
        return bool(
            not self.state.last_held
            and not batch.flags.any()
            and steps.max() <= self._longest_step_s
            and motor_s > self._params.motor_tail_s
        )

    def _is_long(self, batch: ImuBatch, steps: Floats, shaken: Mask) -> Mask:
        """(n,) samples before which lies a gap that nothing may bridge; `shaken` (n,) ones on either side of a hold."""
        long: Mask = steps > self._longest_step_s
        for i in np.flatnonzero(long & (steps <= self._longest_pose_step_s) & ~shaken).tolist():
            long[i] = not (self._came_often(batch.t_s, i) and self._is_as_before(batch, i))
        return long

    def _came_often(self, t_s: Floats, i: int) -> bool:
        """Whether the last few samples before sample `i` came within `pose_bridge_s`."""
        recent_s = self.state.recent_s
        n = len(recent_s)
        first_s = t_s[i - n] if i >= n else recent_s[i - n]
        last_s = t_s[i - 1] if i else recent_s[-1]
        return bool(first_s == math.inf or last_s - first_s <= self._params.pose_bridge_s)

    def _is_as_before(self, batch: ImuBatch, i: int) -> bool:
        """Whether sample `i` reads as the one before it."""
        acc, gyr = self.state.last_readings if i == 0 else _readings(batch, i - 1)
        acc_now, gyr_now = _readings(batch, i)
        is_turning_alike = math.dist(gyr_now, gyr) < math.radians(self._params.same_gyr_deg_s)
        return is_turning_alike and math.dist(acc_now, acc) < self._params.same_acc

    def _begins(self, t_s: Floats, held: Mask, held_before: Mask, long: Mask) -> Mask:
        """(n,) samples that begin a segment, where some are held: after a long hold, or a gap, also within one."""
        state = self.state
        free_s = np.maximum.accumulate(np.concatenate([[state.last_free_s], _at(~held, t_s)]))[:-1]
        gap_s = np.maximum.accumulate(np.concatenate([[state.last_long_gap_s], _at(long, t_s)]))[1:]
        held_long = held_before & (t_s - free_s > self._params.motor_restart_s)
        begins: Mask = ~held & (held_long | (gap_s > free_s))
        return begins

    def _remember_last(self, batch: ImuBatch) -> None:
        state = self.state
        n = len(state.recent_s)
        state.recent_s = (state.recent_s + batch.t_s[-n:].tolist())[-n:]
        state.last_readings = _readings(batch, -1)

    def _remember(self, t_s: Floats, held: Mask, long: Mask) -> None:
        state = self.state
        state.last_s, state.last_held = float(t_s[-1]), bool(held[-1])
        state.last_free_s = _last(t_s, ~held, state.last_free_s)
        state.last_long_gap_s = _last(t_s, long, state.last_long_gap_s)

    def _held(self, batch: ImuBatch) -> Mask:
        """(n,) samples under the motor or shortly after it."""
        motor = (batch.flags & SampleFlag.MOTOR_ON) != 0
        if not motor.any() and batch.t_s[0] - self.state.last_motor_s > self._params.motor_tail_s:
            return np.zeros(len(batch), bool)
        last_on = np.maximum.accumulate(_at(motor, batch.t_s))
        last_on = np.maximum(last_on, self.state.last_motor_s)
        self.state.last_motor_s = float(last_on[-1])
        held: Mask = batch.t_s - last_on <= self._params.motor_tail_s
        return held


def _readings(batch: ImuBatch, i: int) -> Readings:
    return batch.acc[i].tolist(), _gyr(batch)[i].tolist()


def _at(where: Mask, t_s: Floats) -> Floats:
    """The times where `where` holds, minus infinity elsewhere."""
    return np.where(where, t_s, -np.inf)


def _last(t_s: Floats, where: Mask, otherwise_s: float) -> float:
    """The last time where `where` holds."""
    last = len(where) - 1 - int(np.argmax(where[::-1]))
    return float(t_s[last]) if where[last] else otherwise_s


def _gyr(batch: ImuBatch) -> Floats:
    if batch.gyr is None:
        raise ValueError(f"sensor {batch.sensor} has no gyroscope; use AccelerometerTilt")
    return batch.gyr


def _cut(run: Run, begins: Mask, held: Mask) -> list[tuple[bool, Run]]:
    edges = [0, *np.flatnonzero(begins).tolist(), len(run)]
    pieces = []
    for first, last in pairwise(edges):
        part = slice(first, last)
        piece = run[part] if not held[part].any() else run[part][~held[part]]
        if len(piece):
            pieces.append((bool(begins[first]), piece))
    return pieces


def still_window_ends(acc: Floats, gyr: Floats | None, n_window: int, params: SegmentParams) -> Mask:
    """(n,) whether the `n_window` samples that end at each sample are still; the first ``n_window - 1`` are not."""
    still = np.zeros(len(acc), bool)
    if len(acc) < n_window:
        return still
    calm = _window_sd(acc, n_window) < params.still_acc_sd
    if gyr is not None:
        calm &= _window_sd(gyr, n_window) < np.radians(params.still_gyr_sd_deg_s)
    still[n_window - 1 :] = calm
    return still


def _window_sd(rows: Floats, n_window: int) -> Floats:
    sd: Floats = np.sqrt(sliding_window_view(rows, n_window, axis=0).var(axis=-1).sum(axis=-1))
    return sd


def missing_before(dt_s: Floats, period_s: float) -> NDArray[np.int64]:
    """(n,) samples that are missing before each sample, by the clock; NaN steps miss none."""
    missing = np.zeros(len(dt_s), np.int64)
    wide = dt_s > GAP_PERIODS * period_s
    missing[wide] = np.rint(dt_s[wide] / period_s).astype(np.int64) - 1
    return missing


def choose_period(expected_s: float, first_steps_s: Floats, params: SegmentParams) -> float:
    """The period of a new segment: the expected one, unless its first steps show that it is plainly wrong."""
    steps = first_steps_s[np.isfinite(first_steps_s)]
    if len(steps) == 0:
        return expected_s
    median_s = float(np.median(steps))
    wrong = not 1 / params.wrong_rate_ratio < median_s / expected_s < params.wrong_rate_ratio
    return median_s if wrong and _is_possible(median_s) else expected_s


def measured_period(steps_s: float, steps: int, otherwise_s: float) -> float:
    """The mean of `steps` usual steps that took `steps_s`; where that can be no sensor's period, the other one."""
    return steps_s / steps if steps and _is_possible(steps_s / steps) else otherwise_s


def _is_possible(period_s: float) -> bool:
    return 1 / POSSIBLE_RATES_HZ[1] <= period_s <= 1 / POSSIBLE_RATES_HZ[0]


def gap_spans(run: Run, period_s: float, params: SegmentParams) -> list[GapSpan]:
    """The gaps before the samples of `run`; the start of a recording is none."""
    gaps = []
    for i in np.flatnonzero((run.step_s > GAP_PERIODS * period_s) & np.isfinite(run.step_s)).tolist():
        step_s, end_s = float(run.step_s[i]), float(run.t_s[i])
        lost = round(step_s / period_s) - 1 if step_s <= params.countable_gap_s else None
        gaps.append(GapSpan(end_s - step_s + period_s, end_s, lost))
    return gaps
