"""Min/max pyramid of a long series, so that a view of any width hands the plot a few thousand points. Pure numpy.

Buckets are fixed in time (whole multiples of the grid period times a power of two), never in the view: panning moves
the same buckets along and nothing wiggles. A bucket without samples does not exist, so a gap stays a gap at every
level and memory follows the samples, not the span.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinewatch_signal.posture import FRAME_PERIOD_S
from spinewatch_signal.samples import Floats

Indices = NDArray[np.int64]

_MOST_LEVELS = 40  # a bucket of the last one spans 1,700 years of a 10 Hz grid


@dataclass(frozen=True, eq=False, slots=True)
class EnvelopeView:
    """The buckets of one window.

    Args:
        t_s: (n,) centres of the buckets, s.
        low, high: (n,) smallest and largest value in each bucket.
        starts: first index of every unbroken run, beginning with 0; empty when there are no buckets.
        bucket_s: length of a bucket, s.
        raw: True when a bucket is one sample, so that low is high and the samples themselves are drawn.
    """

    t_s: Floats
    low: Floats
    high: Floats
    starts: Indices
    bucket_s: float
    raw: bool

    def __len__(self) -> int:
        return len(self.t_s)

    def runs(self) -> list[slice]:
        """The unbroken runs of buckets."""
        edges = [*self.starts.tolist(), len(self)]
        return [slice(first, last) for first, last in itertools.pairwise(edges)]

    def polyline(self) -> tuple[Floats, Floats]:
        """One line through all buckets, with NaN between runs (for ``connect="finite"``).

        Returns:
            x (s) and y. Each bucket gives its low and high, in turn from below and from above, so that neighbours
            join without a diagonal through the band.
        """
        if self.raw:
            x, y, starts = self.t_s, self.low, self.starts
        else:
            upward = np.arange(len(self)) % 2 == 0
            x = np.repeat(self.t_s, 2)
            y = np.empty(len(x))
            y[0::2] = np.where(upward, self.low, self.high)
            y[1::2] = np.where(upward, self.high, self.low)
            starts = self.starts * 2
        breaks = starts[1:]
        return np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class _Level:
    ids: Indices
    low: Floats
    high: Floats


class Pyramid:
    """Smallest and largest values of a series in buckets of 1, 2, 4, … grid periods.

    Args:
        t_s: (n,) increasing times near whole multiples of ``period_s``, s.
        low: (n,) values; samples that are NaN are left out.
        high: (n,) upper values where the series is a band; None for a line.
        period_s: grid period, s.
    """

    def __init__(self, t_s: Floats, low: Floats, high: Floats | None = None, period_s: float = FRAME_PERIOD_S) -> None:
        top = low if high is None else high
        known = np.isfinite(low) & np.isfinite(top)
        ids = np.round(t_s[known] / period_s).astype(np.int64)
        self.period_s = period_s
        self._levels = [_Level(ids, low[known], top[known])]
        while len(self._levels[-1].ids) > 1 and len(self._levels) < _MOST_LEVELS:
            self._levels.append(_coarser(self._levels[-1]))

    def __len__(self) -> int:
        return len(self._levels[0].ids)

    def view(self, start_s: float, end_s: float, max_buckets: int) -> EnvelopeView:
        """The buckets that meet ``[start_s, end_s]``, at most ``max_buckets`` wide, and one more on each side.

        Args:
            start_s: beginning of the window, s.
            end_s: its end, s; the buckets beyond the edges let lines leave the view.
            max_buckets: bound on the buckets that lie in the window, normally its width in pixels.
        """
        wanted = max(end_s - start_s, self.period_s) / self.period_s / max(max_buckets, 1)
        level = min(max(math.ceil(math.log2(wanted)), 0), len(self._levels) - 1)
        part, width = self._levels[level], 2**level
        first = np.searchsorted(part.ids, math.floor(start_s / self.period_s / width) - 1)
        last = np.searchsorted(part.ids, math.ceil(end_s / self.period_s / width) + 1, side="right")
        ids = part.ids[first:last]
        centres = (ids * width + (width - 1) / 2) * self.period_s
        starts = np.flatnonzero(np.diff(ids, prepend=ids[:1] - 2) > 1)
        return EnvelopeView(
            centres, part.low[first:last], part.high[first:last], starts, width * self.period_s, raw=level == 0
        )

    def extremes(self) -> tuple[float, float] | None:
        """Smallest and largest value of all, or None without samples."""
        base = self._levels[0]
        return (float(base.low.min()), float(base.high.max())) if len(base.ids) else None


def _coarser(level: _Level) -> _Level:
    ids = level.ids >> 1
    firsts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 1))
    return _Level(ids[firsts], np.minimum.reduceat(level.low, firsts), np.maximum.reduceat(level.high, firsts))
