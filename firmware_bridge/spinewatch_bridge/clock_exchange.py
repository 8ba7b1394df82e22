"""Sensor time to host time where the sensor answers TIME and stamps its packets.

The quickest exchange of each burst gives a point (device clock, host clock), and a weighted line through the recent
points gives the map, as NTP and LSL do. Pure.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from spinewatch_bridge.clock_stamper import BlockStamper, SampleClock, StampParams
from spinewatch_bridge.protocols.base import SampleGroup, TimeProbe
from spinewatch_signal.samples import Floats


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


class TimeExchangeClock(SampleClock):
    """For sensors that answer TIME and stamp their packets.

    Args:
        rate_hz: stated rate, until ticks and index have told the real one.
        after_s: newest time that was given out before.
    """

    def __init__(self, rate_hz: float, after_s: float = -np.inf, params: TimeClockParams | None = None) -> None:
        self.params = params or TimeClockParams()
        self.tick_s = self.params.tick_s
        self._line = _ForgettingLine(self.params)
        self._best: TimeProbe | None = None
        self._in_burst = 0
        self._origin: tuple[float, float] | None = None  # (device s, host s) of the first point: keeps the sums small
        self._shortest_s: deque[float] = deque(maxlen=15)  # round trips of the last bursts, about a minute
        self._residual_s2: float | None = None  # mean square distance of the good points from the line before them
        self._ticks_per_sample = 1 / (rate_hz * self.params.tick_s)
        self._last: tuple[int, int] | None = None
        self._measured_s = 0.0
        self._newest: float | None = None  # the newest measurement, ticks per sample
        self._stamper = BlockStamper(StampParams(), after_s)

    @property
    def drift(self) -> float:
        """How much faster host time runs than device time, relative."""
        return self._line.slope

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._ticks_per_sample * self.params.tick_s * (1 + self._line.slope)

    @property
    def ppm(self) -> float | None:
        """How much faster the device clock runs, parts per million; None before two points."""
        return None if self._residual_s2 is None else -1e6 * self._line.slope

    @property
    def error_s(self) -> float | None:
        """Half the shortest round trip, which nothing can split, and how far points lay off the line."""
        if not self._shortest_s:
            return None
        return min(self._shortest_s) / 2 + math.sqrt(self._residual_s2 or 0.0)

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
            self._residual_s2 = None
        elif round_trip_s <= 2 * min(self._shortest_s):
            off_s2 = (host_s - self.to_host_s(device_s / self.params.tick_s)) ** 2
            old_s2 = off_s2 if self._residual_s2 is None else self._residual_s2
            self._residual_s2 = old_s2 + RESIDUAL_GAIN * (off_s2 - old_s2)
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


RESIDUAL_GAIN = 0.1  # per burst: remembered for about a minute
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
