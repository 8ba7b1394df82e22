"""The last seconds of what each sensor measures, thinned for the eye: what the page Sensors draws. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import degrees, hypot

import numpy as np

from spinewatch_bridge.blocks import SensorChannel
from spinewatch_signal.pipeline import Pipeline
from spinewatch_signal.samples import Floats, ImuBatch

SPAN_S = 10.0
MOST_HZ = 25.0
MOST_SENSORS = 4
"""A session has two; more would be a fault, and must not grow without end."""


@dataclass(frozen=True, eq=False, slots=True)
class LiveSignals:
    """At most `SPAN_S` of one sensor at no more than `MOST_HZ`; a missing sample is missing, so gaps show in ``t_s``.

    Args:
        t_s: (n,) UNIX seconds, increasing.
        acc_m_s2: (n, 3) specific force in the sensor's frame.
        gyr_deg_s: (n, 3) angular rate, or None for a sensor without gyroscope.
        bias_deg_s: size of the angular rate at rest that was taken off; None where it is not known.
    """

    t_s: Floats
    acc_m_s2: Floats
    gyr_deg_s: Floats | None
    bias_deg_s: float | None = None


class SignalTails:
    """Keeps the newest seconds of every sensor; however the samples are cut into batches, the result is the same."""

    def __init__(self) -> None:
        self._tails: dict[str, _Tail] = {}

    def update(self, batch: ImuBatch) -> None:
        """Take in samples; those of a sensor beyond the fourth are left out."""
        tail = self._tails.get(batch.sensor)
        if tail is None:
            if len(self._tails) >= MOST_SENSORS:
                return
            tail = self._tails[batch.sensor] = _Tail()
        tail.update(batch)

    def clear(self) -> None:
        """Forget everything (a replay that jumps)."""
        self._tails.clear()

    def signals(self, bias_deg_s: Mapping[str, float] | None = None) -> Mapping[str, LiveSignals]:
        """What there is now, by sensor; the arrays are never changed afterwards.

        Args:
            bias_deg_s: size of the angular rate at rest that is taken off, by sensor, where it is known.
        """
        known = bias_deg_s or {}
        return {
            sensor: replace(tail.signals(), bias_deg_s=known.get(sensor))
            for sensor, tail in self._tails.items()
            if tail.rows
        }


class _Tail:
    """One sensor: the first sample of every step of 1 / `MOST_HZ`."""

    def __init__(self) -> None:
        self.rows: deque[tuple[float, Floats, Floats | None]] = deque()
        self._step = -1

    def update(self, batch: ImuBatch) -> None:
        if not len(batch):
            return
        if self.rows and batch.t_s[0] < self.rows[-1][0]:  # the clock went back, or a replay did
            self.rows.clear()
            self._step = -1
        steps = np.floor(batch.t_s * MOST_HZ).astype(np.int64)
        first = np.flatnonzero(np.diff(steps, prepend=self._step) > 0)
        self._step = int(steps[-1])
        for i in first.tolist():
            gyr = None if batch.gyr is None else np.degrees(batch.gyr[i])
            self.rows.append((float(batch.t_s[i]), batch.acc[i].copy(), gyr))
        oldest_s = float(batch.t_s[-1]) - SPAN_S
        while self.rows and self.rows[0][0] < oldest_s:
            self.rows.popleft()

    def signals(self) -> LiveSignals:
        gyrs = [gyr for _, _, gyr in self.rows if gyr is not None]
        return LiveSignals(
            np.array([t_s for t_s, _, _ in self.rows]),
            np.array([acc for _, acc, _ in self.rows]),
            np.array(gyrs) if len(gyrs) == len(self.rows) else None,
        )


def resting_bias_deg_s(pipeline: Pipeline | None, channels: Mapping[str, SensorChannel]) -> dict[str, float]:
    """Size of the angular rate at rest that is taken off, by sensor; those without gyroscope are left out."""
    if pipeline is None:
        return {}
    with_gyro = [sensor for sensor, channel in channels.items() if channel.gyr_rad_s_per_count is not None]
    return {sensor: degrees(hypot(*pipeline.tracker(sensor).gyro_bias_rad_s)) for sensor in with_gyro}
