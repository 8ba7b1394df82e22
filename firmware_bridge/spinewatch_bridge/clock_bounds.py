"""A straight line between lower and upper bounds: where host time must lie, given device time. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from spinewatch_signal.samples import Floats

Point = tuple[float, float]  # device time, and by how much host time is ahead of it; seconds from the first bound


@dataclass(frozen=True, slots=True)
class BoundParams:
    """Of the line."""

    window_s: float = 120.0  # a crystal keeps its rate for so long, and some exchange in it was quick
    bucket_s: float = 4.0  # of each only the tightest bound is kept
    max_drift: float = 200e-6  # a crystal is within 20 ppm new, 100 ppm old and warm; beyond is no crystal
    min_span_s: float = 10.0  # below this the clock is taken to run as the host's: better than a guess
    halvings: int = 16  # of the range of drifts: to 10 parts in a thousand million


class ClockBounds:
    """Bounds of one pair of clocks, and the line midway where they leave most room."""

    def __init__(self, params: BoundParams | None = None) -> None:
        self._params = params or BoundParams()
        buckets = round(self._params.window_s / self._params.bucket_s)
        self._lower: deque[Point] = deque(maxlen=buckets)
        self._upper: deque[Point] = deque(maxlen=buckets)
        self._origin: Point | None = None  # keeps the numbers small
        self._offset_s = 0.0
        self.slope = 0.0
        self.half_width_s: float | None = None

    @property
    def known(self) -> bool:
        """Whether there is a line."""
        return self.half_width_s is not None

    @property
    def span_s(self) -> float:
        """Device time between the oldest and the newest lower bound."""
        return self._lower[-1][0] - self._lower[0][0] if self._lower else 0.0

    def host_s(self, device_s: float) -> float:
        """Host time of a device time."""
        device0_s, host0_s = self._origin or (0.0, 0.0)
        x = device_s - device0_s
        return host0_s + x + self._offset_s + self.slope * x

    def not_before(self, device_s: float, host_s: float) -> bool:
        """At this device time it was this host time, or later. Whether that is news."""
        x, y = self._place(device_s, host_s)
        return self._keep(self._lower, x, y, sign=-1)

    def not_after(self, device_s: float, host_s: float) -> bool:
        """At this device time it was this host time, or earlier. Whether that is news."""
        x, y = self._place(device_s, host_s)
        return self._keep(self._upper, x, y, sign=1)

    def _place(self, device_s: float, host_s: float) -> Point:
        if self._origin is None:
            self._origin = (device_s, host_s)
        x = device_s - self._origin[0]
        return x, host_s - self._origin[1] - x

    def _keep(self, bounds: deque[Point], x: float, y: float, sign: int) -> bool:
        bucket_s = self._params.bucket_s
        if not bounds or x // bucket_s > bounds[-1][0] // bucket_s:
            bounds.append((x, y))
            return True
        if x // bucket_s == bounds[-1][0] // bucket_s and sign * (y - bounds[-1][1]) < 0:
            bounds[-1] = (x, y)
            return True
        return False

    def fit(self) -> None:
        """Draw the line anew, once both kinds of bound are there."""
        newest = max((bounds[-1][0] for bounds in (self._lower, self._upper) if bounds), default=0.0)
        for bounds in (self._lower, self._upper):
            while bounds and bounds[0][0] < newest - self._params.window_s:
                bounds.popleft()
        if not self._lower or not self._upper:
            return
        lower, upper = np.array(self._lower), np.array(self._upper)
        self.slope = self._widest(lower, upper) if self.span_s >= self._params.min_span_s else 0.0
        low_s, high_s = _edges(lower, upper, self.slope)
        self._offset_s = (low_s + high_s) / 2
        self.half_width_s = abs(high_s - low_s) / 2  # bounds that cross show by how much a clock was not steady

    def _widest(self, lower: Floats, upper: Floats) -> float:
        """The drift that leaves most room: the room is a concave function of it, so its rise is followed by halving."""
        low, high = -self._params.max_drift, self._params.max_drift
        for _ in range(self._params.halvings):
            middle = (low + high) / 2
            touching_low = int(np.argmax(lower[:, 1] - middle * lower[:, 0]))
            touching_high = int(np.argmin(upper[:, 1] - middle * upper[:, 0]))
            if lower[touching_low, 0] > upper[touching_high, 0]:  # turning it forward gives room at both
                low = middle
            else:
                high = middle
        return (low + high) / 2


def _edges(lower: Floats, upper: Floats, slope: float) -> tuple[float, float]:
    """Highest lower and lowest upper offset of a line of this slope."""
    return float((lower[:, 1] - slope * lower[:, 0]).max()), float((upper[:, 1] - slope * upper[:, 0]).min())
