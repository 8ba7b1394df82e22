"""Sensor time to host time where packets carry the sensor's own time, but nobody answers what time it is.

A line under (sensor time, arrival): delay only ever adds, and the sensor's clock is a crystal, so the line is nearly
1 : 1 and its slope needs minutes of arrivals to be told from chance. The index adds the sampling period. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.clock_envelope import lower_hull_slope
from spinewatch_bridge.clock_stamper import BlockStamper, SampleClock, StampParams
from spinewatch_bridge.protocols.base import SampleGroup
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class StampedParams:
    """Of the line under the arrivals."""

    tick_s: float = 1e-9
    window_s: float = 120.0  # long enough that a crowd of late arrivals cannot lift the line
    bucket_s: float = 1.0  # only the earliest arrival of each second counts
    max_drift: float = 300e-6  # a crystal is within 100 ppm old and warm; twice that at both ends is no crystal
    min_span_s: float = 30.0  # below this a millisecond of chance is more drift than there can be
    absent_s: float = 60.0  # after so long without samples a slope that is 50 ppm off is 3 ms off, and the line too old
    settle_s: float = 1.0  # held back at the start: the earliest of a second is not from within a stall


@dataclass(frozen=True, slots=True)
class _Point:
    """A group: index and sensor time of its first sample, steps to its newest, arrival (s from their origins)."""

    index: int
    device_s: float
    steps: int
    arrival_s: float


class StampedClock(SampleClock):
    """For sensors that stamp their packets.

    Args:
        rate_hz: stated rate, until sensor time and index have told the real one.
        after_s: newest time that was given out before.
    """

    def __init__(self, rate_hz: float, after_s: float = -np.inf, params: StampedParams | None = None) -> None:
        self.params = params or StampedParams()
        self.tick_s, self.settle_s = self.params.tick_s, self.params.settle_s
        buckets = round(self.params.window_s / self.params.bucket_s)
        self._points: deque[_Point] = deque(maxlen=buckets)  # the least late of each bucket
        self._bucket: int | None = None
        self._heard: _Point | None = None
        self._origin: tuple[int, float] | None = None  # (ticks, arrival s): keeps the numbers small
        self._period_s = 1 / rate_hz  # by the sensor's clock
        self._slope = 0.0
        self._line_s = np.inf  # lateness at sensor time 0
        self._spread_s: float | None = None
        self._stamper = BlockStamper(StampParams(), after_s)

    def resume(self, away_s: float) -> bool:
        """A crystal is the same after a lost link; what became of it in a long absence the first arrivals show."""
        if not self._points:
            return False
        is_old = away_s > self.params.absent_s
        self.settle_s = self.params.settle_s if is_old else 0.0
        if is_old:
            self._forget_line()
        return True

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._period_s * (1 + self._slope)

    @property
    def ppm(self) -> float | None:
        """How much faster the sensor's clock runs than the host's; None before minutes of arrivals told."""
        return None if self._slope == 0.0 else -1e6 * self._slope

    @property
    def error_s(self) -> float | None:
        """How far above their line the earliest arrivals lie; how long even the quickest took cannot be known."""
        return self._spread_s

    def listen(self, group: SampleGroup) -> None:
        """Take a group that is stamped later: the line begins at the earliest of them, with the period they show."""
        point = self._point(group)
        if point is not None:
            self._heard = self._heard or point
            self._measure(self._heard, point)
            self._line_s = min(self._line_s, self._above_line_s(point))

    def stamp(self, group: SampleGroup) -> Floats:
        """Times of the group: where the line puts the sensor's time."""
        point = self._point(group)
        if point is None or self._origin is None:  # the sensor told no time
            wished_s = group.arrival_s - (len(group) - 1) * self.period_s
        else:
            self._take(point)
            wished_s = self._origin[1] + point.device_s * (1 + self._slope) + self._line_s
        return self._stamper.stamp(group.first_index, len(group), wished_s, self.period_s)

    def _point(self, group: SampleGroup) -> _Point | None:
        if group.ticks is None:
            return None
        if self._origin is None:
            self._origin = (group.ticks, group.arrival_s)
        device_s = (group.ticks - self._origin[0]) * self.params.tick_s
        return _Point(group.first_index, device_s, len(group) - 1, group.arrival_s - self._origin[1])

    def _above_line_s(self, point: _Point) -> float:
        """How late the newest sample of the group came, which waited least, less what the drift made of it."""
        newest_s = point.device_s + point.steps * self._period_s
        return point.arrival_s - newest_s * (1 + self._slope)

    def _take(self, point: _Point) -> None:
        if self._points and point.device_s - self._points[-1].device_s > self.params.absent_s:
            self._forget_line()
        bucket = int(point.device_s / self.params.bucket_s)
        if bucket != self._bucket or not self._points:
            self._bucket = bucket
            self._fit()
            self._points.append(point)
        elif self._above_line_s(point) < self._above_line_s(self._points[-1]):
            self._points[-1] = point
        self._line_s = min(self._line_s, self._above_line_s(point))

    def _forget_line(self) -> None:
        """All but its slope."""
        self._points.clear()
        self._heard, self._line_s = None, np.inf

    def _measure(self, older: _Point, newer: _Point) -> None:
        """The sampling period by the sensor's clock, between two groups."""
        if newer.index > older.index and newer.device_s > older.device_s:
            self._period_s = (newer.device_s - older.device_s) / (newer.index - older.index)

    def _fit(self) -> None:
        """Draw the line anew, once a bucket is full."""
        if len(self._points) < 2:
            return
        self._measure(self._points[0], self._points[-1])
        newest_s = np.array([p.device_s + p.steps * self._period_s for p in self._points])
        arrival_s = np.array([p.arrival_s for p in self._points])
        if newest_s[-1] - newest_s[0] >= self.params.min_span_s:
            slope, limit = lower_hull_slope(np.stack([newest_s, arrival_s - newest_s], axis=1)), self.params.max_drift
            self._slope = min(max(slope, -limit), limit)
        above_s = arrival_s - newest_s * (1 + self._slope)
        self._line_s = float(above_s.min())
        self._spread_s = float(np.median(above_s)) - self._line_s
