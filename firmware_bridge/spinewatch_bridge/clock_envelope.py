"""Sensor time to host time where the sensor only sends: a line under the arrivals against the sample count.

Delay only ever adds, so the earliest arrivals tell the truth. Arrival time alone is never a time stamp. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from spinewatch_bridge.clock_stamper import BlockStamper, SampleClock, StampParams, UnseenLoss
from spinewatch_bridge.protocols.base import SampleGroup
from spinewatch_signal.samples import Floats


@dataclass(frozen=True, slots=True)
class EnvelopeParams:
    """Of the line under the arrivals."""

    window_s: float = 120.0  # long enough that a crowd of late arrivals cannot lift the line
    bucket_s: float = 1.0  # only the earliest arrival of each second counts
    max_rate_error: float = 0.03  # inertial sensors were measured up to 1.1 % off their stated rate
    min_span_s: float = 3.0  # below this the stated rate is better than the measured
    lost_s: float = 0.15  # when even the earliest arrivals of three buckets running are this late, samples were lost
    lost_buckets: int = 3
    sure_s: float = 30.0  # later ones that stay late for so long were not held up: samples are missing
    settle_s: float = 1.0  # held back at the start: the earliest of a second is not from within a stall


@dataclass(frozen=True, slots=True)
class _Skip:
    """Samples that seem lost: how many, from which count and time on, the line of that moment, and the hole made."""

    lost: int
    start: int
    at_s: float
    period_s: float
    intercept_s: float
    hole_s: tuple[float, float] | None = None  # until the sample behind it is stamped


class EnvelopeClock(SampleClock):
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
        self.settle_s = self.params.settle_s
        self._earliest_s = self._intercept_s = np.inf
        self._spread_s: float | None = None
        self._skipped = 0  # of the count: samples that seem lost, and those that surely are
        self._skips: deque[_Skip] = deque()  # those that may still turn out to be late only
        self._sure: list[UnseenLoss] = []
        self._stamper = BlockStamper(StampParams(slew=0.02), after_s)  # its first guesses are further off

    @property
    def period_s(self) -> float:
        """Measured sampling period."""
        return self._period_s

    @property
    def presumed_lost(self) -> int:
        """Samples that were lost unseen, because all later ones came late by as much, and stayed so."""
        return self._skipped - sum(skip.lost for skip in self._skips)

    @property
    def error_s(self) -> float | None:
        """How far above their line the earliest arrivals lie; how long even the quickest took cannot be known."""
        return self._spread_s

    def unseen_losses(self) -> list[UnseenLoss]:
        """Losses that became certain since the last call."""
        sure, self._sure = self._sure, []
        return sure

    def ended(self) -> None:
        """Nothing will show any more that what seems lost was only late, and the times already leave room for it.

        What went missing in the last `lost_buckets` is never suspected: a way that is about to break brings all late,
        too. The break behind it covers that time, and how much it lost is not known either.
        """
        self._believe(np.inf)

    def listen(self, group: SampleGroup) -> None:
        """Take the arrival of a group that is stamped later: the line begins at the earliest of them."""
        late_s, _ = self._late_s(group)
        self._earliest_s = min(self._earliest_s, late_s)

    def _late_s(self, group: SampleGroup) -> tuple[float, int]:
        """Arrival of the newest sample less its time by the stated count alone, and its number."""
        if self._origin is None:
            self._origin = (group.first_index, group.arrival_s)
        last = group.first_index - self._origin[0] + len(group) - 1  # the newest sample of a group waited least
        return group.arrival_s - self._origin[1] - self._period_s * last, last

    def stamp(self, group: SampleGroup) -> Floats:
        """Times of the group: where the line puts its count."""
        _, last = self._late_s(group)
        origin_s = self._origin[1] if self._origin else 0.0
        arrival_s = group.arrival_s - origin_s
        bucket = int(arrival_s / self.params.bucket_s)
        if new_bucket := bucket != self._bucket:
            self._bucket = bucket
            self._skip_lost()
            self._fit()
        self._take_back(last, arrival_s)
        self._take(last + self._skipped, arrival_s, new_bucket=new_bucket)
        first = last + 1 - len(group) + self._skipped
        before_s = self._stamper.next_s
        wished_s = origin_s + self._intercept_s + self._period_s * first
        times = self._stamper.stamp(first, len(group), wished_s, self._period_s)
        if self._skips and self._skips[-1].hole_s is None:
            self._skips[-1] = replace(self._skips[-1], hole_s=(before_s, float(times[0])))
        return times

    def _take(self, last: int, arrival_s: float, *, new_bucket: bool) -> None:
        late_s = arrival_s - self._period_s * last  # the newest sample of a group waited least
        if new_bucket:
            self._points.append((last, arrival_s))
        elif late_s < self._points[-1][1] - self._period_s * self._points[-1][0]:
            self._points[-1] = (last, arrival_s)
        self._intercept_s = min(self._intercept_s, self._earliest_s, late_s)

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
        start, now_s = self._points[-n][0], recent[-1][1]
        self._skips.append(_Skip(lost, start + lost, now_s, self._period_s, self._intercept_s))
        self._shift(start, lost)

    def _take_back(self, last: int, arrival_s: float) -> None:
        """Nothing arrives before its time: what does, by the line before a skip, shows that the way was only slow."""
        while self._skips and _is_early(self._skips[-1], last + self._skipped, arrival_s):
            skip = self._skips.pop()
            self._shift(skip.start, -skip.lost)
            self._fit()
        self._believe(arrival_s - self.params.sure_s)

    def _believe(self, before_s: float) -> None:
        """Take what has seemed lost since before then for lost."""
        while self._skips and self._skips[0].at_s < before_s and (hole_s := self._skips[0].hole_s) is not None:
            self._sure.append(UnseenLoss(self._skips.popleft().lost, *hole_s))

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
            slope = lower_hull_slope(points)
            self._period_s = min(max(slope, self._stated_period_s - limit), self._stated_period_s + limit)
        late_s = points[:, 1] - self._period_s * points[:, 0]
        self._intercept_s = float(late_s.min())
        self._spread_s = float(np.median(late_s)) - self._intercept_s
        self._earliest_s = np.inf  # its arrivals are among the points by now


def _is_early(skip: _Skip, number: int, arrival_s: float) -> bool:
    early_s = skip.intercept_s + skip.period_s * number - arrival_s
    return early_s > skip.lost * skip.period_s / 2


def lower_hull_slope(points: Floats) -> float:
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
