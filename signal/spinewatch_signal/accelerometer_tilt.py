"""Tilt of a sensor without gyroscope: the vertical only while it is still; while it moves, that it moves."""

from __future__ import annotations

import numpy as np

from spinewatch_signal.accelerometer_calibration import AccelerometerCalibration
from spinewatch_signal.gyro_bias import turn_rad
from spinewatch_signal.samples import STANDARD_GRAVITY_M_S2, Floats, ImuBatch, SensorInfo
from spinewatch_signal.segments import GapSpan, Run, SegmentParams, Splitter, gap_spans, join_runs, still_window_ends
from spinewatch_signal.up_vectors import UpBatch, along, concatenate_ups, empty_ups, norms

STILL_UNCERTAINTY_DEG = 1.5
"""95 % half-width while still: accelerometer offset (10 mg are 0.57°) and sway that passes as stillness."""

TREND_SHARE = 1.5
"""Of what the direction changed from the first half of the window to its second, added near movement: in a steady turn
the newest sample is that far from the mean, in one that begins (with the square of time) 1.3 times as far."""


class AccelerometerTilt:
    """The mean specific force of the last half second, where that half second was still.

    Args:
        info: the sensor.
        params: what counts as still, and which gaps end a segment.
        accelerometer: sets the readings right; None takes them as they are.
    """

    def __init__(
        self, info: SensorInfo, params: SegmentParams, accelerometer: AccelerometerCalibration | None = None
    ) -> None:
        self._info, self._accelerometer = info, accelerometer
        self._params = params
        self._splitter = Splitter(params, 1 / info.nominal_rate_hz)
        self._n_window = max(2, round(params.still_s * info.nominal_rate_hz))
        self._tail: Run | None = None
        self._number = -1
        self.gaps: list[GapSpan] = []

    def update(self, batch: ImuBatch) -> UpBatch:
        """The verticals of the samples of `batch`; NaN for those in motion.

        Left out are those of which neither is known: the first half second, and what a dead accelerometer says.
        """
        if len(batch) == 0:
            return empty_ups(batch.sensor)
        acc = batch.acc if self._accelerometer is None else self._accelerometer.apply(batch.acc)
        no_rate = ImuBatch(batch.sensor, batch.t_s, acc, np.zeros((len(batch), 3)), batch.flags)
        parts = []
        for begins, run in self._splitter.split(no_rate):
            if begins:
                self._tail = None
                self._number += 1
            self.gaps += gap_spans(run, 1 / self._info.nominal_rate_hz, self._params)
            parts.append(self._tilt(run))
        return concatenate_ups(batch.sensor, parts)

    def _tilt(self, run: Run) -> UpBatch:
        known = 0 if self._tail is None else len(self._tail)
        joined = run if self._tail is None else join_runs(self._tail, run)
        self._tail = joined[-(self._n_window - 1) :]
        still = np.flatnonzero(still_window_ends(joined.acc, None, self._n_window, self._params)[known:])
        up = np.full((len(run), 3), np.nan)
        unsure_deg = np.full(len(run), STILL_UNCERTAINTY_DEG)
        is_told = np.arange(known, len(joined)) >= self._n_window - 1
        if len(still):
            half = self._n_window // 2
            first = _window_mean(joined.acc, still + known - half, self._n_window - half)
            second = _window_mean(joined.acc, still + known, half)
            share = half / self._n_window
            mean = (1 - share) * first + share * second
            length = norms(mean)
            unsure_deg[still] = np.hypot(STILL_UNCERTAINTY_DEG, TREND_SHARE * np.degrees(turn_rad(first, second)))
            is_told[still] = length > STANDARD_GRAVITY_M_S2 / 2  # a dead accelerometer is as still as can be
            up[still] = mean / np.maximum(length, 1e-9)[:, None]
        found = UpBatch(
            self._info.id,
            run.t_s.copy(),
            up,
            norms(run.acc),
            along(run.acc, up),
            np.zeros(len(run)),
            unsure_deg,
            np.full(len(run), self._number, np.int64),
        )
        return found[is_told]


def _window_mean(rows: Floats, ends: np.ndarray, n_window: int) -> Floats:
    windows = np.lib.stride_tricks.sliding_window_view(rows, n_window, axis=0)
    mean: Floats = windows[ends - n_window + 1].mean(axis=-1)
    return mean
