"""What samples themselves show of a sensor's health: axes that are stuck, ranges that are full, a rate that changed.

Samples are judged by whole seconds of UNIX time. A few samples of each second are looked at first, and all of them only
where those raise a doubt, so that a day of healthy data costs next to nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.marks import HealthKind, HealthMark
from spinewatch_signal.samples import Floats, ImuBatch, SampleFlag, SensorInfo, concatenate

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

_FEWEST = 8
"""Samples in a second that say something about it."""
_RUN = 4
"""Steps between samples that a rate is taken from: long enough for clocks that are read in milliseconds."""


@dataclass(frozen=True, slots=True)
class SampleWatchParams:
    """Limits.

    Args:
        stuck_s: an axis is stuck when it kept one value for so many seconds,
        moving_acc, moving_gyr_deg_s: within each of which another axis of its kind changed by this much (m/s², °/s):
            noise alone then moves a sound axis.
        clipped_percent: so much of a second at the limits is clipping; a sample or two may be a knock.
        full_acc, full_gyr_deg_s: where the device flags nothing: neighbouring samples of one value beyond this are at
            the limit (m/s², °/s). The smallest ranges of such sensors are 2 g and 245 °/s.
        apart_s: clipped seconds that are less than this apart are one mark: steps and knocks clip now and then.
        rate_s: a rate is the median of so many seconds.
        rate_percent: it changed when it is off by this from that of the first seconds. A filter period that was off by
            0.74 % cost 0.7° to 1.7° on a real sensor.
    """

    stuck_s: int = 10
    moving_acc: float = 0.5
    moving_gyr_deg_s: float = 5.0
    clipped_percent: float = 5.0
    full_acc: float = 19.0
    full_gyr_deg_s: float = 240.0
    apart_s: int = 10
    rate_s: int = 30
    rate_percent: float = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class _Whole:
    """Samples of whole seconds.

    Args:
        samples: all of them.
        second: (q,) which; seconds without a sample are left out.
        first, end: (q,) where the samples of each lie.
    """

    samples: ImuBatch
    second: Whole
    first: Whole
    end: Whole

    @classmethod
    def of(cls, samples: ImuBatch) -> _Whole:
        oldest, newest = int(samples.t_s[0] // 1), int(samples.t_s[-1] // 1)
        if newest - oldest < len(samples):
            second = np.arange(oldest, newest + 1)
        else:  # a gap may be of years
            second = np.unique(samples.t_s // 1).astype(np.int64)
        edges = np.searchsorted(samples.t_s, np.append(second, second[-1] + 1))
        filled = np.diff(edges) > 0
        return cls(samples, second[filled], edges[:-1][filled], edges[1:][filled])

    @property
    def n(self) -> Whole:
        """(q,) samples in each second."""
        return self.end - self.first


class SampleWatch:
    """Samples of one sensor in, marks out; causal, and the same for any chunking.

    Attributes:
        marks: all so far; one that goes on has no end yet.

    Args:
        info: the sensor.
        params: limits.
    """

    def __init__(self, info: SensorInfo, params: SampleWatchParams | None = None) -> None:
        self.params = params or SampleWatchParams()
        self.marks: list[HealthMark] = []
        self._sensor = info.id
        self._open: list[ImuBatch] = []
        self._second = -(2**62)
        self._kept_s = np.zeros(6, np.int64)
        self._kept_value = np.full(6, np.nan)
        self._rates: deque[float] = deque(maxlen=self.params.rate_s)
        self._usual_hz: float | None = None
        self._going_on: dict[tuple[HealthKind, int], int] = {}
        self._past = 0
        self._clipped_s: deque[int] = deque()

    def update(self, batch: ImuBatch) -> list[HealthMark]:
        """Marks that began or ended with the seconds that these samples complete.

        Args:
            batch: samples of the sensor, later than all before.
        """
        if len(batch) == 0:
            return []
        newest, open_second = int(batch.t_s[-1] // 1), self._second
        self._open.append(batch)
        self._second = newest
        if newest == open_second:
            return []
        samples = concatenate(self._open) if len(self._open) > 1 else batch
        done = int(np.searchsorted(samples.t_s, newest))
        self._open = [samples[done:]]
        if done == 0:
            return []
        whole = _Whole.of(samples[:done])
        return [*self._stuck(whole), *self._clipped(whole), *self._rate(whole)]

    def doubtful(self, t_s: Floats) -> Mask:
        """(m,) which moments (UNIX seconds) lie in a stuck axis or at the limits, as known by then.

        That a second was clipped is known in the one after it.

        Args:
            t_s: (m,) moments in time order, none before the first of an earlier call.
        """
        result = np.zeros(len(t_s), np.bool_)
        while self._past < len(self.marks) and _ends_s(self.marks[self._past]) < t_s[0]:
            self._past += 1  # a day at the limits has thousands of them
        for mark in self.marks[self._past :]:
            if mark.kind is HealthKind.STUCK_AXIS:
                result |= (t_s > mark.told_s) & (t_s <= _ends_s(mark))
        while self._clipped_s and self._clipped_s[0] + 2 < t_s[0]:
            self._clipped_s.popleft()
        if self._clipped_s:  # second by second: what lies between the clipped seconds of a mark is sound
            result |= np.isin(np.ceil(t_s) - 2, np.array(self._clipped_s))
        return result

    # -- stuck axes -------------------------------------------------------------------------------------------------

    def _stuck(self, whole: _Whole) -> list[HealthMark]:
        same = self._same_at_a_glance(whole)
        suspect = np.any(same, axis=1)
        after = np.append(bool(self._kept_s.any()), suspect[:-1])
        news: list[HealthMark] = []
        for i in np.flatnonzero(suspect | after).tolist():
            part, second = slice(int(whole.first[i]), int(whole.end[i])), int(whole.second[i])
            news += self._axes(whole.samples.acc[part], 0, self.params.moving_acc, second)
            if whole.samples.gyr is not None:
                limit = float(np.radians(self.params.moving_gyr_deg_s))
                news += self._axes(whole.samples.gyr[part], 3, limit, second)
        return news

    def _same_at_a_glance(self, whole: _Whole) -> Mask:
        """(q, axes) whether five samples of a second have one value."""
        quarter = whole.n // 4
        looks = (whole.first, whole.first + quarter, whole.first + 2 * quarter, whole.end - 1 - quarter, whole.end - 1)
        sources = [source for source in (whole.samples.acc, whole.samples.gyr) if source is not None]
        kept = [np.all([source[look] == source[looks[0]] for look in looks[1:]], axis=0) for source in sources]
        same: Mask = np.concatenate(kept, axis=1)
        same[whole.n < _FEWEST] = False
        return same

    def _axes(self, values: Floats, first_axis: int, moving: float, second: int) -> list[HealthMark]:
        """Count the seconds in which an axis keeps its value while others of its kind move."""
        news: list[HealthMark] = []
        spread = np.ptp(values, axis=0)
        for axis, width in enumerate(spread.tolist(), first_axis):
            value = float(values[0, axis - first_axis])
            keeps = width == 0.0 and len(values) >= _FEWEST
            if not keeps or value != self._kept_value[axis]:
                self._kept_s[axis] = 0
                news += self._end(HealthKind.STUCK_AXIS, axis, second)
            self._kept_value[axis] = value
            if keeps and spread.max() > moving:  # a sensor that nobody moves says nothing about its axes
                self._kept_s[axis] += 1
                if self._kept_s[axis] >= self.params.stuck_s:
                    news += self._begin(HealthKind.STUCK_AXIS, axis, second - self.params.stuck_s + 1, second, None)
        return news

    # -- clipping ---------------------------------------------------------------------------------------------------

    def _clipped(self, whole: _Whole) -> list[HealthMark]:
        percent = np.zeros(len(whole.second))
        samples = whole.samples
        if samples.flags.any():
            flagged = (samples.flags & SampleFlag.SATURATED).astype(np.int64)
            percent = 100.0 * np.add.reduceat(flagged, whole.first) / whole.n
        full_gyr = float(np.radians(self.params.full_gyr_deg_s))
        for source, limit in ((samples.acc, self.params.full_acc), (samples.gyr, full_gyr)):
            if source is not None and max(float(source.max()), -float(source.min())) >= limit:
                percent = np.maximum(percent, _percent_at_limit(source, limit, whole))
        clipped = np.flatnonzero(percent >= self.params.clipped_percent).tolist()
        self._clipped_s.extend(whole.second[clipped].tolist())
        return [self._clip(float(whole.second[i]), float(percent[i])) for i in clipped]

    def _clip(self, second: float, percent: float) -> HealthMark:
        """One clipped second; those near each other are one mark."""
        mark = HealthMark(HealthKind.CLIPPING, self._sensor, second, second + 1, second + 1, percent)
        at = self._going_on.get((HealthKind.CLIPPING, 0))
        last = None if at is None else self.marks[at]
        if at is not None and last is not None and second - _ends_s(last) < self.params.apart_s:
            self.marks[at] = replace(last, end_s=second + 1, size=max(percent, last.size or 0.0))
            return self.marks[at]
        self._going_on[HealthKind.CLIPPING, 0] = len(self.marks)
        self.marks.append(mark)
        return mark

    # -- rate -------------------------------------------------------------------------------------------------------

    def _rate(self, whole: _Whole) -> list[HealthMark]:
        found_hz = _rates_hz(whole)
        known = ~np.isnan(found_hz)
        rates_hz = found_hz[known]
        if self._is_usual(rates_hz):
            self._rates.extend(rates_hz[-self.params.rate_s :].tolist())
            return []
        news: list[HealthMark] = []
        for second, hz in zip(whole.second[known].tolist(), rates_hz.tolist(), strict=True):
            self._rates.append(hz)
            if len(self._rates) < self.params.rate_s:
                continue
            if self._usual_hz is None:
                self._usual_hz = float(np.median(self._rates))
            news += self._judge_rate(second, self._usual_hz)
        return news

    def _is_usual(self, rates_hz: Floats) -> bool:
        """Whether nothing has to be judged one by one, as in nearly all minutes of a healthy day."""
        if self._usual_hz is None or (HealthKind.RATE_CHANGED, 0) in self._going_on:
            return False
        off_hz = np.abs(rates_hz - self._usual_hz)
        return bool(np.all(off_hz <= self._usual_hz * self.params.rate_percent / 100))

    def _judge_rate(self, second: int, usual_hz: float) -> list[HealthMark]:
        limit_hz = usual_hz * self.params.rate_percent / 100
        if abs(self._rates[-1] - usual_hz) <= limit_hz and (HealthKind.RATE_CHANGED, 0) not in self._going_on:
            return []  # of a healthy day no median is needed
        now_hz = float(np.median(self._rates))
        if abs(now_hz - usual_hz) > limit_hz:
            half = self.params.rate_s // 2
            new_hz = float(np.median(list(self._rates)[half:]))  # the older half may still be of the rate before
            return self._begin(HealthKind.RATE_CHANGED, 0, second - half, second, new_hz)
        return self._end(HealthKind.RATE_CHANGED, 0, second)

    # -- marks that go on -------------------------------------------------------------------------------------------

    def _begin(self, kind: HealthKind, which: int, start: int, second: int, size: float | None) -> list[HealthMark]:
        if (kind, which) in self._going_on:
            return []
        self._going_on[kind, which] = len(self.marks)
        self.marks.append(HealthMark(kind, self._sensor, float(start), None, second + 1.0, size))
        return self.marks[-1:]

    def _end(self, kind: HealthKind, which: int, second: int) -> list[HealthMark]:
        at = self._going_on.pop((kind, which), None)
        if at is None:
            return []
        self.marks[at] = replace(self.marks[at], end_s=second + 1.0)
        return [self.marks[at]]


def _ends_s(mark: HealthMark) -> float:
    """The end of a mark, UNIX seconds; infinite while it goes on."""
    return float("inf") if mark.end_s is None else mark.end_s


def _percent_at_limit(source: Floats, limit: float, whole: _Whole) -> Floats:
    """(q,) percent of each second in which an axis repeats one value beyond `limit`, sample after sample."""
    repeats = np.zeros(source.shape, np.bool_)
    repeats[1:] = (np.abs(source[1:]) >= limit) & (source[1:] == source[:-1])
    repeats[whole.first] = False  # seconds stand for themselves, so that chunks do not matter
    repeats[:-1] |= repeats[1:]
    percent: Floats = 100.0 * np.add.reduceat(repeats.any(axis=1).astype(np.int64), whole.first) / whole.n
    return percent


def _rates_hz(whole: _Whole) -> Floats:
    """(q,) samples per second in each second; NaN with too few.

    Of the fastest of three short runs: lost samples make a sensor seem slow, and nothing makes it seem fast.
    """
    enough = whole.n >= 3 * _RUN + 1
    hz = np.full((3, len(enough)), np.nan)
    t_s, third = whole.samples.t_s, (whole.n[enough] - 1 - _RUN) // 2
    for part in range(3):
        begin = whole.first[enough] + part * third
        hz[part, enough] = _RUN / (t_s[begin + _RUN] - t_s[begin])
    found: Floats = np.fmax.reduce(hz, axis=0)
    return found
