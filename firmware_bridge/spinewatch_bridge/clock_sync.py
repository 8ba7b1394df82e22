"""Sensor time to host time. Two ways, one result: block times that are affine and never run back.

Where the sensor answers TIME, the quickest exchange of each burst gives a point (device clock, host clock) and a
weighted line through the recent points gives the map (as NTP and LSL do). Where it does not, the line lies under the
arrivals against the sample count: delay only ever adds. Arrival time alone is never a time stamp. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from spinewatch_bridge.protocols.base import SampleGroup, TimeProbe
from spinewatch_signal.samples import Floats


class SampleClock(Protocol):
    """Gives every sample of a stream its host time."""

    def probe(self, probe: TimeProbe) -> None:
        """An exchange of clock readings; ignored where the family has none."""

    def stamp(self, group: SampleGroup) -> Floats:
        """(n,) UNIX seconds, affine within the group, strictly increasing over groups fed in order of index."""

    @property
    def period_s(self) -> float:
        """Measured sampling period."""

    @property
    def presumed_lost(self) -> int:
        """Samples that must have been lost without a trace in the index; 0 where the sensor counts."""


@dataclass(frozen=True, slots=True)
class StampParams:
    """How fast given times may move towards better knowledge, relative to time passed."""

    slew: float = 0.01
    jump_s: float = 1.0  # further off than this: the clock itself jumped, and following slowly would mislead


class BlockStamper:
    """Turns wished-for block times into times that never run back and never jump without a gap.

    Args:
        after_s: all times come after this one, the newest that was given out before.
    """

    def __init__(self, params: StampParams, after_s: float = -np.inf) -> None:
        self._params = params
        self._next_index: int | None = None
        self._next_s = 0.0
        self._last_s = after_s

    def stamp(self, index: int, n: int, wished_s: float, period_s: float) -> Floats:
        """Times of samples `index` to `index` + n - 1, the first of which should lie at `wished_s`.

        In an unbroken run the first lies one step after the last before, and the steps are stretched a little.
        """
        error_s = wished_s - self._next_s
        if index != self._next_index or error_s > self._params.jump_s:
            start_s = wished_s
        else:
            start_s, limit_s = self._next_s, self._params.slew * period_s
            period_s += min(max(error_s / n, -limit_s), limit_s)
        start_s = max(start_s, self._last_s + period_s / 2)
        times: Floats = start_s + period_s * np.arange(n, dtype=np.float64)
        self._last_s = float(times[-1])
        self._next_index, self._next_s = index + n, self._last_s + period_s
        return times


@dataclass(frozen=True, slots=True)
class TimeClockParams:
    """Of the TIME map."""

    tick_s: float = 1 / 32768
    half_life_s: float = 90.0  # liblsl forgets its clock points with this half-life
    max_drift: float = 200e-6  # a crystal is within 20 ppm new, 100 ppm old and warm; beyond is no crystal
    drift_prior: float = 100e-6  # how far off a crystal is expected to be, before anything was measured
    point_noise_s: float = 1e-3  # what the quickest exchange is expected to be off
    probes_per_burst: int = 8
    jump_s: float = 0.1  # what drift and noise may add to that before a clock is said to have jumped


class TimeExchangeClock:
    """For sensors that answer TIME and stamp their packets.

    Args:
        rate_hz: stated rate, until ticks and index have told the real one.
        after_s: newest time that was given out before.
    """

    def __init__(self, rate_hz: float, after_s: float = -np.inf, params: TimeClockParams | None = None) -> None:
        self.params = params or TimeClockParams()
        self._line = _ForgettingLine(self.params)
        self._best: TimeProbe | None = None
        self._in_burst = 0
        self._origin: tuple[float, float] | None = None  # (device s, host s) of the first point: keeps the sums small
        self._shortest_s: deque[float] = deque(maxlen=15)  # round trips of the last bursts, about a minute
        self._ticks_per_sample = 1 / (rate_hz * self.params.tick_s)
        self._last: tuple[int, int] | None = None
        self._measured_s = 0.0
        self._newest: float | None = None  # the newest measurement, ticks per sample
        self._stamper = BlockStamper(StampParams(), after_s)

    presumed_lost = 0

    @property
    def drift(self) -> float:
        """How much faster host time runs than device time, relative."""
        return self._line.slope

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._ticks_per_sample * self.params.tick_s * (1 + self._line.slope)

    def probe(self, probe: TimeProbe) -> None:
        """Take one exchange; the quickest of each burst becomes a point when the burst is over."""
        if self._best is not None and probe.burst != self._best.burst:
            self._commit()
        if self._best is None or self._round_trip_s(probe) < self._round_trip_s(self._best):
            self._best = probe
        self._in_burst += 1
        if self._in_burst >= self.params.probes_per_burst:
            self._commit()

    def stamp(self, group: SampleGroup) -> Floats:
        """Times of the group by its ticks; by its arrival while no exchange has succeeded yet."""
        latest_s = group.arrival_s - (len(group) - 1) * self.period_s
        if group.ticks is None or (self._best is None and self._origin is None):
            wished_s = latest_s
        else:
            if self._origin is None:
                self._commit()
            self._measure_period(group.first_index, group.ticks)
            wished_s = min(self.to_host_s(group.ticks), latest_s + FUTURE_S)
        return self._stamper.stamp(group.first_index, len(group), wished_s, self.period_s)

    def to_host_s(self, ticks: float) -> float:
        """Host time of a device clock reading; only after a point was taken."""
        device0_s, host0_s = self._origin or (0.0, 0.0)
        x = ticks * self.params.tick_s - device0_s
        return host0_s + x + self._line.at(x)

    def _round_trip_s(self, p: TimeProbe) -> float:
        return max(p.received_s - p.sent_s - (p.tx_ticks - p.rx_ticks) * self.params.tick_s, 0.0)

    def _commit(self) -> None:
        best, self._best, self._in_burst = self._best, None, 0
        if best is None:
            return
        device_s = (best.rx_ticks + best.tx_ticks) / 2 * self.params.tick_s
        host_s = (best.sent_s + best.received_s) / 2
        round_trip_s = self._round_trip_s(best)
        if self._origin is None or self._jumped(device_s, host_s, round_trip_s):
            self._origin, self._line = (device_s, host_s), _ForgettingLine(self.params)
            self._shortest_s.clear()
        self._shortest_s.append(round_trip_s)
        doubt_s = (round_trip_s - min(self._shortest_s)) / 2  # the midpoint may be off by half of what was waited
        noise_s = self.params.point_noise_s
        weight = (noise_s / (noise_s + doubt_s)) ** 2
        x = device_s - self._origin[0]
        self._line.add(x, host_s - self._origin[1] - x, weight)

    def _jumped(self, device_s: float, host_s: float, round_trip_s: float) -> bool:
        """Whether one of the clocks jumped: a point cannot be off the line by more than half its round trip."""
        error_s = abs(host_s - self.to_host_s(device_s / self.params.tick_s))
        return error_s > round_trip_s / 2 + self.params.jump_s

    def _measure_period(self, index: int, ticks: int) -> None:
        if self._last is None:
            self._last = (index, ticks)
            return
        samples, passed = index - self._last[0], ticks - self._last[1]
        if samples <= 0:
            return
        self._last = (index, ticks)
        if passed <= 0:  # the clock stands still, or jumped back
            return
        measured = passed / samples
        if self._newest is not None and _alike(measured, self._newest) and not _alike(measured, self._ticks_per_sample):
            self._ticks_per_sample, self._measured_s = measured, 0.0  # twice the same: the stated rate is wrong
        self._newest = measured
        if _alike(measured, self._ticks_per_sample):  # else the clock jumped
            self._measured_s += samples * self.period_s
            gain = min(samples * self.period_s / min(self._measured_s, PERIOD_MEMORY_S), 1.0)
            self._ticks_per_sample += gain * (measured - self._ticks_per_sample)


def _alike(one: float, other: float) -> bool:
    """Whether two periods can be of one oscillator."""
    return abs(one / other - 1) < 0.1


FUTURE_S = 0.1  # a sample cannot be later than its arrival by more than the map may be off
PERIOD_MEMORY_S = 5.0  # one tick of rounding in 5 s is 6 ppm; an oscillator does not change faster


class _ForgettingLine:
    """Weighted least squares line with exponential forgetting, kept as means and centred sums (recursive, stable)."""

    def __init__(self, params: TimeClockParams) -> None:
        self._params = params
        self._ridge = (params.point_noise_s / params.drift_prior) ** 2
        self._weight = self._mean_x = self._mean_y = self._sxx = self._sxy = 0.0
        self._newest_x = 0.0

    @property
    def slope(self) -> float:
        slope = self._sxy / (self._sxx + self._ridge)
        return min(max(slope, -self._params.max_drift), self._params.max_drift)

    def at(self, x: float) -> float:
        return self._mean_y + self.slope * (x - self._mean_x)

    def add(self, x: float, y: float, weight: float) -> None:
        forget = 0.5 ** (max(x - self._newest_x, 0.0) / self._params.half_life_s)
        self._newest_x = max(x, self._newest_x)
        old = self._weight * forget
        self._weight = old + weight
        dx, dy = x - self._mean_x, y - self._mean_y
        self._mean_x += weight / self._weight * dx
        self._mean_y += weight / self._weight * dy
        shared = weight * old / self._weight
        self._sxx = self._sxx * forget + shared * dx * dx
        self._sxy = self._sxy * forget + shared * dx * dy


@dataclass(frozen=True, slots=True)
class EnvelopeParams:
    """Of the line under the arrivals."""

    window_s: float = 120.0  # long enough that a crowd of late arrivals cannot lift the line
    bucket_s: float = 1.0  # only the earliest arrival of each second counts
    max_rate_error: float = 0.03  # inertial sensors were measured up to 1.1 % off their stated rate
    min_span_s: float = 3.0  # below this the stated rate is better than the measured
    lost_s: float = 0.15  # when even the earliest arrivals of three buckets running are this late, samples were lost
    lost_buckets: int = 3


@dataclass(frozen=True, slots=True)
class _Skip:
    """Samples that were presumed lost: how many, from which count and time on, and the line of that moment."""

    lost: int
    start: int
    at_s: float
    period_s: float
    intercept_s: float


class EnvelopeClock:
    """For sensors without clock or counter: a line under (sample count, arrival).

    Args:
        rate_hz: stated rate.
        after_s: newest time that was given out before.
    """

    def __init__(self, rate_hz: float, after_s: float = -np.inf, params: EnvelopeParams | None = None) -> None:
        self.params = params or EnvelopeParams()
        self._stated_period_s = self._period_s = 1 / rate_hz
        buckets = round(self.params.window_s / self.params.bucket_s)
        self._points: deque[tuple[int, float]] = deque(maxlen=buckets)  # (count, arrival s), earliest per bucket
        self._bucket = -1
        self._origin: tuple[int, float] | None = None
        self._intercept_s = 0.0
        self._skipped = 0
        self._skip: _Skip | None = None
        self._stamper = BlockStamper(StampParams(slew=0.02), after_s)  # its first guesses are further off

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._period_s

    @property
    def presumed_lost(self) -> int:
        """Samples that must have been lost unseen, because all later ones came late by as much.

        It falls again when they turn out to have been late only, because what follows comes in time.
        """
        return self._skipped

    def probe(self, probe: TimeProbe) -> None:
        """These sensors do not answer."""

    def stamp(self, group: SampleGroup) -> Floats:
        """Times of the group: where the line puts its count."""
        if self._origin is None:
            self._origin = (group.first_index, group.arrival_s)
        arrival_s = group.arrival_s - self._origin[1]
        bucket = int(arrival_s / self.params.bucket_s)
        if new_bucket := bucket != self._bucket:
            self._bucket = bucket
            self._skip_lost()
            self._fit()
        count = group.first_index - self._origin[0]
        self._take_back(count + len(group) - 1, arrival_s)
        first = count + self._skipped
        self._take(first + len(group) - 1, arrival_s, new_bucket=new_bucket)
        wished_s = self._origin[1] + self._intercept_s + self._period_s * first
        return self._stamper.stamp(first, len(group), wished_s, self._period_s)

    def _take(self, last: int, arrival_s: float, *, new_bucket: bool) -> None:
        late_s = arrival_s - self._period_s * last  # the newest sample of a group waited least
        if new_bucket:
            self._points.append((last, arrival_s))
        elif late_s < self._points[-1][1] - self._period_s * self._points[-1][0]:
            self._points[-1] = (last, arrival_s)
        self._intercept_s = min(self._intercept_s, late_s) if len(self._points) > 1 else late_s

    def _skip_lost(self) -> None:
        """Where all recent arrivals are late by one amount, that many samples are missing from the count."""
        n = self.params.lost_buckets
        if len(self._points) < 2 * n:
            return
        recent = [self._points[i] for i in range(-n, 0)]
        late_s = min(y - self._period_s * x for x, y in recent) - self._intercept_s
        if late_s < self.params.lost_s:
            return
        lost = round(late_s / self._period_s)
        start = self._points[-n][0]
        self._skip = _Skip(lost, start + lost, recent[-1][1], self._period_s, self._intercept_s)
        self._shift(start, lost)

    def _take_back(self, last: int, arrival_s: float) -> None:
        """Nothing arrives before its time: what does, by the line before a skip, shows that the way was only slow."""
        skip = self._skip
        if skip is None:
            return
        early_s = skip.intercept_s + skip.period_s * (last + self._skipped) - arrival_s
        if early_s > skip.lost * skip.period_s / 2:
            self._skip = None
            self._shift(skip.start, -skip.lost)
            self._fit()
        elif arrival_s - skip.at_s > self.params.window_s:
            self._skip = None

    def _shift(self, start: int, by: int) -> None:
        """Take `by` more samples for lost before the count `start`."""
        self._skipped += by
        for i, (x, y) in enumerate(self._points):
            if x >= start:
                self._points[i] = (x + by, y)

    def _fit(self) -> None:
        """Draw the line anew: the edge of the lower hull below the middle of the window."""
        if len(self._points) < 2:
            return
        points = np.array(self._points)
        if points[-1, 1] - points[0, 1] >= self.params.min_span_s:
            limit = self.params.max_rate_error * self._stated_period_s
            slope = _lower_hull_slope(points)
            self._period_s = min(max(slope, self._stated_period_s - limit), self._stated_period_s + limit)
        self._intercept_s = float(np.min(points[:, 1] - self._period_s * points[:, 0]))


def _lower_hull_slope(points: Floats) -> float:
    """Slope of the line under all points that is nearest to them in the mean: the hull's edge at the mean count."""
    hull: list[tuple[float, float]] = []
    for x, y in points.tolist():
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    middle = float(points[:, 0].mean())
    for (x0, y0), (x1, y1) in pairwise(hull):
        if x1 >= middle:
            return (y1 - y0) / (x1 - x0)
    return 0.0


def _turns_down(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
